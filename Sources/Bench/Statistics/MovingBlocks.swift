/// A statistic of each block of time, in order, resampled by runs of blocks: what neighbours have in common stays.
///
/// Circular moving blocks (Künsch 1989; Politis and Romano 1994). Source: SLO statistics, section 5.3.
package struct MovingBlocks: Sendable, Hashable {
  /// The statistic of each block.
  package var values: [Double]

  /// The blocks' `values`.
  package init(_ values: [Double]) { self.values = values }

  /// As many values as there are, made of runs of `blockLength` from `starts` on, around the end where need be.
  package func resample(blockLength: Int, starts: [Int]) -> [Double] {
    let count = values.count
    let drawn = starts.flatMap { start in (start..<start + blockLength).map { values[$0 % count] } }
    return Array(drawn.prefix(count))
  }

  /// A resample at random.
  package func resample(blockLength: Int, using random: inout SeededGenerator) -> [Double] {
    guard blockLength > 0, !values.isEmpty else { return values }
    let runs = (values.count + blockLength - 1) / blockLength
    return resample(blockLength: blockLength, starts: (0..<runs).map { _ in random.index(below: values.count) })
  }

  /// The interval of `statistic` over `draws` resamples, with `alpha` outside on both sides together.
  ///
  /// It covers less than it says where blocks are few: for display, or with half the alpha.
  package func interval(
    blockLength: Int, alpha: Double, seed: UInt64, draws: Int = 2000, of statistic: ([Double]) -> Double
  ) -> ClosedRange<Double>? {
    var random = SeededGenerator(seed: seed)
    return Self.percentiles(
      (0..<draws).map { _ in statistic(resample(blockLength: blockLength, using: &random)) }, alpha: alpha)
  }

  /// The interval of a `statistic` of two phases, each resampled by itself with its own length of runs.
  package static func interval(
    _ later: MovingBlocks, _ laterLength: Int, against earlier: MovingBlocks, _ earlierLength: Int,
    alpha: Double, seed: UInt64, draws: Int = 2000, of statistic: ([Double], [Double]) -> Double
  ) -> ClosedRange<Double>? {
    var random = SeededGenerator(seed: seed)
    let drawn = (0..<draws).map { _ in
      let first = later.resample(blockLength: laterLength, using: &random)
      return statistic(first, earlier.resample(blockLength: earlierLength, using: &random))
    }
    return percentiles(drawn, alpha: alpha)
  }

  /// Nil without draws, and where one of them is no number.
  private static func percentiles(_ drawn: [Double], alpha: Double) -> ClosedRange<Double>? {
    guard !drawn.isEmpty, !drawn.contains(where: \.isNaN) else { return nil }
    let sorted = drawn.sorted()
    let outside = min(Int(alpha / 2 * Double(sorted.count)), (sorted.count - 1) / 2)
    return sorted[outside]...sorted[sorted.count - 1 - outside]
  }
}
