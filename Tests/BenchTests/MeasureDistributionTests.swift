import Bench
import Histogram
import Testing

/// The histogram's layout and figures, against the vectors of other implementations and against the Swift port.
@Suite("Distributions")
struct MeasureDistributionTests {
  /// Example A of the format tests: microseconds, and its text.
  static var exampleA: Distribution {
    var example = Distribution(BucketLayout(lowest: 1, highest: 3_600_000_000, digits: 3))
    let values: [(Int64, Int)] = [
      (0, 1), (1000, 3), (1001, 1), (1003, 1), (2047, 1), (2048, 2), (2500, 4), (10000, 1), (1_000_000, 1),
    ]
    for (value, count) in values { example.record(value, count: count) }
    return example
  }

  private static let microseconds = BucketLayout(lowest: 1, highest: 3_600_000_000, digits: 3)
  private static let nanoseconds = BucketLayout(lowest: 1000, highest: 60_000_000_000, digits: 3)

  @Test("slots of a layout from 1 on are those of the other implementations")
  func slotsFromOne() {
    let layout = Self.microseconds
    #expect(layout.bucketCount == 22)
    #expect(layout.slotCount == 23552)
    let vectors: [(Int64, Int, Int64, Int64)] = [
      (0, 0, 0, 0), (1000, 1000, 1000, 1000), (2047, 2047, 2047, 2047), (2048, 2048, 2048, 2049),
      (2500, 2274, 2500, 2501), (10000, 4322, 10000, 10007), (1_000_000, 11169, 999_936, 1_000_447),
    ]
    for (value, slot, lowest, highest) in vectors {
      #expect(layout.slot(of: value) == slot)
      #expect(layout.lowestValue(of: slot) == lowest)
      #expect(layout.highestValue(of: slot) == highest)
    }
  }

  @Test("slots of a layout from 1000 on, whose unit is 512, are those of the other implementations")
  func slotsFromThousand() {
    let layout = Self.nanoseconds
    #expect(layout.bucketCount == 17)
    #expect(layout.slotCount == 18432)
    let vectors: [(Int64, Int, Int64, Int64)] = [
      (0, 0, 0, 511), (700, 1, 512, 1023), (1000, 1, 512, 1023), (1_500_000, 2488, 1_499_136, 1_500_159),
      (2_345_678, 3193, 2_344_960, 2_347_007), (5_000_000, 4292, 4_997_120, 5_001_215),
      (1_000_000_000, 12147, 999_817_216, 1_000_341_503), (59_999_999_999, 18172, 59_995_324_416, 60_028_878_847),
    ]
    for (value, slot, lowest, highest) in vectors {
      #expect(layout.slot(of: value) == slot)
      #expect(layout.lowestValue(of: slot) == lowest)
      #expect(layout.highestValue(of: slot) == highest)
    }
  }

  @Test("the first bucket is as large as the digits ask for", arguments: zip(1...5, [32, 256, 2048, 32768, 262_144]))
  func digits(digits: Int, slots: Int) {
    #expect(BucketLayout(lowest: 1, highest: 1_000_000, digits: digits).subBucketCount == slots)
  }

  @Test("each slot begins where the one before it ends, up to the last value that a run can have")
  func slotsAreGapless() {
    let layout = BucketLayout.votes
    for slot in 1..<layout.slotCount {
      #expect(layout.lowestValue(of: slot) == layout.highestValue(of: slot - 1) + 1)
    }
    #expect(layout.slot(of: layout.highest) < layout.slotCount)
    #expect(layout.highestValue(of: layout.slotCount - 1) >= layout.highest)
  }

  @Test("an empty distribution has no figures, which is not 0")
  func empty() {
    #expect(Distribution().milliseconds == nil)
    #expect(Distribution().microseconds == nil)
    #expect(Distribution().slots.isEmpty)
  }

  @Test("a value out of range is clamped and counted, on either side")
  func outOfRange() throws {
    var distribution = Distribution()
    for value: Int64 in [-1, 7_200_000_000_000, 5_000_000] { distribution.record(nanoseconds: value) }
    let summary = try #require(distribution.milliseconds)
    #expect(summary.outOfRange == 2)
    #expect(summary.count == 3)
    #expect(summary.min == 0)
    #expect(summary.max == 3_600_000)
    #expect(distribution.slots.reduce(0) { $0 + $1.count } == 3)
    var both = distribution
    both.add(distribution)
    #expect(both.outOfRange == 4)
  }

  @Test("a distribution that was reset is as good as new")
  func reset() {
    var distribution = Self.exampleA
    distribution.reset()
    #expect(distribution.count == 0)
    #expect(distribution.slots.isEmpty)
    distribution.record(nanoseconds: 2048)
    #expect(distribution.slots.map(\.slot) == [2048])
    #expect(distribution.highestRecorded == 2049)
  }

  /// Values as votes have them: many around a few milliseconds, some at a timeout.
  private func values(seed: UInt64, _ count: Int) -> [Int64] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let exponent = 12 + (state >> 59) % 23
      return Int64(1) << Int64(exponent) + Int64(state >> 20 & (1 << exponent - 1))
    }
  }

  @Test("slots, percentiles and the whole text are the Swift port's, for any values", arguments: UInt64(1)...8)
  func asThePort(seed: UInt64) throws {
    var port = Histogram<UInt64>(
      lowestDiscernibleValue: 1000, highestTrackableValue: 3_600_000_000_000, numberOfSignificantValueDigits: .three)
    var ours = Distribution()
    var parts = [Distribution(), Distribution()]
    for (place, value) in values(seed: seed, 1 + Int(seed * seed)).enumerated() {
      port.record(UInt64(value))
      ours.record(nanoseconds: value)
      parts[place % 2].record(nanoseconds: value)
    }
    let summary = try #require(ours.milliseconds)
    for (percentile, value) in [(50, summary.p50), (90, summary.p90), (99, summary.p99), (99.9, summary.p999)] {
      #expect(value == Double(port.valueAtPercentile(percentile)) / 1e6, "seed \(seed), p\(percentile)")
    }
    #expect(summary.max == Double(port.maxRecorded) / 1e6)
    #expect(abs(summary.mean - port.mean / 1e6) < 1e-9 * summary.mean)
    var text = ""
    port.outputPercentileDistribution(
      to: &text, outputValueUnitScalingRatio: 1e6, percentileTicksPerHalfDistance: 5)
    #expect(PercentileText(ours).text == text, "seed \(seed)")
    parts[0].add(parts[1])
    #expect(PercentileText(parts[0]).text == text, "the sum of two halves is the whole")
    #expect(parts[0].milliseconds == summary)
  }

  @Test("the text is Java's, byte for byte")
  func text() {
    #expect(PercentileText(Self.exampleA, scale: 1000).text == Self.textOfA)
  }

  @Test("the text of nothing has a head and a footer")
  func textOfNothing() {
    let text = PercentileText(Distribution(BucketLayout(lowest: 1, highest: 3_600_000_000, digits: 3))).text
    #expect(
      text == """
               Value     Percentile TotalCount 1/(1-Percentile)

        #[Mean    =        0.000, StdDeviation   =        0.000]
        #[Max     =        0.000, Total count    =            0]
        #[Buckets =           22, SubBuckets     =         2048]

        """)
  }

  @Test("the text shows counts beyond 32 bits as they are")
  func largeCounts() {
    var distribution = Distribution(Self.nanoseconds)
    distribution.record(5_000_000, count: 1 << 40)
    distribution.record(10_000_000, count: 3)
    let text = PercentileText(distribution).text
    #expect(text.contains("       5.001 0.000000000000 1099511627776           1.00\n"))
    #expect(text.contains("Total count    = 1099511627779]"))
  }

  private static let textOfA = """
           Value     Percentile TotalCount 1/(1-Percentile)

           0.000 0.000000000000          1           1.00
           1.000 0.100000000000          4           1.11
           1.000 0.200000000000          4           1.25
           1.001 0.300000000000          5           1.43
           1.003 0.400000000000          6           1.67
           2.049 0.500000000000          9           2.00
           2.049 0.550000000000          9           2.22
           2.049 0.600000000000          9           2.50
           2.501 0.650000000000         13           2.86
           2.501 0.700000000000         13           3.33
           2.501 0.750000000000         13           4.00
           2.501 0.775000000000         13           4.44
           2.501 0.800000000000         13           5.00
           2.501 0.825000000000         13           5.71
           2.501 0.850000000000         13           6.67
          10.007 0.875000000000         14           8.00
          10.007 0.887500000000         14           8.89
          10.007 0.900000000000         14          10.00
          10.007 0.912500000000         14          11.43
          10.007 0.925000000000         14          13.33
        1000.447 0.937500000000         15          16.00
        1000.447 1.000000000000         15
    #[Mean    =       68.757, StdDeviation   =      248.946]
    #[Max     =     1000.447, Total count    =           15]
    #[Buckets =           22, SubBuckets     =         2048]

    """
}
