/// A distribution as HdrHistogram's percentile text (`.hgrm`), in milliseconds: what its plotters read.
///
/// Byte for byte as the Java implementation prints it, with 5 ticks per half distance: plotters that lay several files
/// over one another match rows by their number, so the ticks must be the same in all.
package struct PercentileText: Sendable {
  private static let ticksPerHalfDistance = 5.0
  private static let head = "       Value     Percentile TotalCount 1/(1-Percentile)"

  private let distribution: Distribution
  private let slots: [(slot: Int, count: UInt64)]
  /// Recorded units in one that is printed.
  private let scale: Double

  /// The text of `distribution`, whose values are divided by `scale`: nanoseconds become milliseconds.
  package init(_ distribution: Distribution, scale: Double = 1e6) {
    self.distribution = distribution
    self.scale = scale
    slots = distribution.slots
  }

  /// The text, with a line break at its end.
  package var text: String {
    ([Self.head, ""] + rows + footer).joined(separator: "\n") + "\n"
  }

  /// A row for each tick that is reached, up to the first at which all values are, and that one again as the last.
  private var rows: [String] {
    var rows: [String] = []
    var level = 0.0
    var reached: UInt64 = 0
    let total = UInt64(distribution.count)
    for (slot, count) in slots {
      reached += count
      while 100 * Double(reached) / Double(total) >= level {
        rows.append(row(slot, level / 100, reached) + " " + Self.right(decimal(1 / (1 - level / 100), 2), 14))
        if reached == total { return rows + [row(slot, 1, reached)] }
        level = Self.next(after: level)
      }
    }
    return rows
  }

  private func row(_ slot: Int, _ fraction: Double, _ count: UInt64) -> String {
    let value = scaled(Double(distribution.layout.highestValue(of: slot)))
    return "\(Self.right(value, 12)) \(decimal(fraction, 12)) \(Self.right("\(count)", 10))"
  }

  /// The percentiles of all ticks that one of `count` values or more is above, and 100.
  static func levels(upTo count: Int) -> [Double] {
    var levels: [Double] = []
    var level = 0.0
    while (100 - level) / 100 * Double(count) >= 1 {
      levels.append(level)
      level = next(after: level)
    }
    return levels + [100]
  }

  /// Ticks come closer to one another each time the rest to 100 % has halved.
  private static func next(after level: Double) -> Double {
    var halvings = 1
    var rest = 100 / (100 - level)
    while rest >= 2 {
      rest /= 2
      halvings += 1
    }
    return level + 100 / (ticksPerHalfDistance * Double(UInt64(1) << UInt64(halvings)))
  }

  private var footer: [String] {
    let layout = distribution.layout
    let mean = distribution.mean(of: slots)
    let squares = slots.reduce(0.0) { sum, entry in
      let deviation = Double(layout.medianValue(of: entry.slot)) - mean
      return sum + deviation * deviation * Double(entry.count)
    }
    let deviation = distribution.count == 0 ? 0 : (squares / Double(distribution.count)).squareRoot()
    let highest = scaled(Double(distribution.highestRecorded))
    return [
      "#[Mean    = \(Self.right(scaled(mean), 12)), StdDeviation   = \(Self.right(scaled(deviation), 12))]",
      "#[Max     = \(Self.right(highest, 12)), Total count    = \(Self.right("\(distribution.count)", 12))]",
      "#[Buckets = \(Self.right("\(layout.bucketCount)", 12)), SubBuckets     = "
        + "\(Self.right("\(layout.subBucketCount)", 12))]",
    ]
  }

  private func scaled(_ value: Double) -> String {
    decimal(value / scale, distribution.layout.digits)
  }

  private static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
}
