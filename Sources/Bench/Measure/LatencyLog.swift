internal import FoundationEssentials

/// The lines of a histogram log (`latency.hlog`, HdrHistogram's format, version 1.3).
///
/// Each interval is a second of the schedule: it has the votes that were *due* in it. Untagged lines hold the response
/// times of `total`, so that tools that read nothing else see the run; tagged ones a phase's response time, service time
/// and start lag, and the response time of its fresh connections.
package enum LatencyLog {
  /// What of a phase's votes a tagged line holds.
  package enum Metric: String, Sendable, CaseIterable {
    /// Response time of all of them.
    case response
    /// Service time of all of them.
    case service
    /// Start lag of all of them.
    case lag
    /// Response time of those that opened a connection of their own.
    case fresh
  }

  /// The lines before the first interval; `start` is when the first vote was due, in seconds since 1970.
  package static func header(version: String, start: Double) -> [String] {
    let seconds = decimal(start, 3)
    return [
      "#[Logged with votebench \(version)]", "#[Histogram log format version 1.3]",
      "#[BaseTime: \(seconds) (seconds since epoch)]",
      "#[StartTime: \(seconds) (seconds since epoch), \(date(start))]",
      "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"",
    ]
  }

  /// The tag of a phase's metric: `rollout.response`.
  package static func tag(_ phase: Phase, _ metric: Metric) -> String {
    "\(phase.rawValue).\(metric.rawValue)"
  }

  /// The line of the second that begins `second` seconds after the first vote was due; untagged without a `tag`.
  package static func line(second: Int, tag: String? = nil, _ distribution: Distribution) -> String {
    let longest = decimal(Double(distribution.highestRecorded) / 1e6, 3)
    let interval = "\(second).000,1.000,\(longest),\(HistogramBlob(distribution).base64)"
    return tag.map { tagged(interval, $0) } ?? interval
  }

  /// An untagged line with a tag.
  package static func tagged(_ line: String, _ tag: String) -> String { "Tag=\(tag),\(line)" }

  /// UTC, as Java prints a date: `Tue Nov 14 22:13:20 UTC 2023`.
  private static func date(_ start: Double) -> String {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    let parts = calendar.dateComponents(
      [.year, .month, .day, .weekday, .hour, .minute, .second], from: Date(timeIntervalSince1970: start))
    func two(_ number: Int?) -> String { (number ?? 0) < 10 ? "0\(number ?? 0)" : "\(number ?? 0)" }
    let day = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][(parts.weekday ?? 1) - 1]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let time = [parts.hour, parts.minute, parts.second].map(two).joined(separator: ":")
    return "\(day) \(months[(parts.month ?? 1) - 1]) \(two(parts.day)) \(time) UTC \(parts.year ?? 1970)"
  }
}
