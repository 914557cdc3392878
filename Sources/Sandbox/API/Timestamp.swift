package import FoundationEssentials

/// Moments as they stand in Kubernetes objects: RFC 3339 in UTC, whole seconds, but microseconds in an Event's
/// `eventTime`.
package enum Timestamp {
  /// A moment to the second, rounded down: `2026-11-22T17:52:20Z`.
  package static func text(_ moment: Date) -> String {
    moment.formatted(.iso8601)
  }

  /// A moment to the microsecond: `2026-11-22T19:03:59.943220Z`.
  package static func preciseText(_ moment: Date) -> String {
    let seconds = moment.timeIntervalSince1970.rounded(.down)
    let micros = Int(((moment.timeIntervalSince1970 - seconds) * 1_000_000).rounded(.down))
    let digits = String(micros)
    let whole = Date(timeIntervalSince1970: seconds).formatted(.iso8601).dropLast()
    return "\(whole).\(String(repeating: "0", count: max(0, 6 - digits.count)))\(digits)Z"
  }

  /// Reads either form; nil for anything else.
  package static func moment(_ text: String) -> Date? {
    guard let dot = text.firstIndex(of: "."), text.hasSuffix("Z") else {
      return try? Date(text, strategy: .iso8601)
    }
    guard let whole = try? Date(text[..<dot] + "Z", strategy: .iso8601),
      let fraction = Double("0" + text[dot...].dropLast())
    else { return nil }
    return whole.addingTimeInterval(fraction)
  }
}
