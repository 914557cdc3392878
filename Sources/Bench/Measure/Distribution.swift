internal import Histogram

/// The distribution of one time over many votes: an HDR histogram of microseconds, 3 significant digits.
///
/// Values from 0 to an hour are kept within 0.1 %; a longer one is counted at an hour and in `outOfRange`, never lost.
package struct Distribution: Sendable {
  /// One configuration for the whole program: histograms of different configurations cannot be added.
  private static let highest: UInt64 = 3_600_000_000

  /// The histogram, of microseconds.
  private var histogram: Histogram<UInt64>
  /// Values above an hour: each is recorded as an hour, so every figure has it there; reports do not show the number.
  package private(set) var outOfRange = 0

  /// An empty distribution.
  package init() {
    histogram = Histogram(
      lowestDiscernibleValue: 1, highestTrackableValue: Self.highest, numberOfSignificantValueDigits: .three)
  }

  /// Values recorded.
  package var count: Int { Int(histogram.totalCount) }

  /// Adds one value in nanoseconds, rounded up to microseconds; a negative one counts as 0.
  package mutating func record(nanoseconds: Int64) {
    let microseconds = UInt64(max(0, nanoseconds) + 999) / 1000
    if microseconds > Self.highest { outOfRange += 1 }
    histogram.record(min(microseconds, Self.highest))
  }

  /// The figures that reports show, in microseconds; nil without values, which is not the same as 0.
  package var summary: Summary? {
    guard count > 0 else { return nil }
    return Summary(
      min: Double(histogram.min), mean: histogram.mean, p50: Double(histogram.valueAtPercentile(50)),
      p90: Double(histogram.valueAtPercentile(90)), p99: Double(histogram.valueAtPercentile(99)),
      p999: Double(histogram.valueAtPercentile(99.9)), max: Double(histogram.maxRecorded), count: count)
  }

  /// The percentile distribution as HdrHistogram's text (`.hgrm`), in milliseconds, 5 ticks per half distance: what
  /// HdrHistogram's plotters read.
  package var hgrm: String {
    var text = ""
    histogram.outputPercentileDistribution(
      to: &text, outputValueUnitScalingRatio: 1000, percentileTicksPerHalfDistance: 5)
    return text
  }

  /// Seven figures and the number of values behind them, in the unit that the owner's name says.
  package struct Summary: Sendable, Hashable, Codable {
    /// The smallest value.
    package var min: Double
    /// The arithmetic mean.
    package var mean: Double
    /// The median: the 50th percentile.
    package var p50: Double
    /// The 90th percentile.
    package var p90: Double
    /// The 99th percentile.
    package var p99: Double
    /// The 99.9th percentile.
    package var p999: Double
    /// The largest value.
    package var max: Double
    /// How many values stand behind the figures.
    package var count: Int

    /// The same figures in milliseconds, when these are microseconds.
    package var inMilliseconds: Summary {
      Summary(
        min: min / 1000, mean: mean / 1000, p50: p50 / 1000, p90: p90 / 1000, p99: p99 / 1000, p999: p999 / 1000,
        max: max / 1000, count: count)
    }
  }
}
