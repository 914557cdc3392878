/// Failures that come in bursts, block by block of time: how much less they say than as many independent ones.
///
/// Source: SLO statistics, section 4.1.
package struct ClusteredRate: Sendable, Hashable {
  /// Failures and attempts of a block.
  package struct Block: Sendable, Hashable {
    /// Failures of the block.
    package var failures: Double
    /// Attempts of the block, at least as many.
    package var attempts: Double

    /// A block.
    package init(failures: Double, attempts: Double) {
      self.failures = failures
      self.attempts = attempts
    }
  }

  /// The blocks in order.
  package let blocks: [Block]
  /// All together.
  package let rate: FailureRate
  /// The variance of the rate, by the blocks; 0 for fewer than two.
  package let variance: Double

  /// The rate over `blocks`.
  package init(_ blocks: [Block]) {
    self.blocks = blocks
    let failures = blocks.reduce(0) { $0 + $1.failures }
    let attempts = blocks.reduce(0) { $0 + $1.attempts }
    rate = FailureRate(failures: failures, attempts: attempts)
    let share = attempts > 0 ? failures / attempts : 0
    let squares = blocks.reduce(0) { sum, block in
      let rest = block.failures - share * block.attempts
      return sum + rest * rest
    }
    let count = Double(blocks.count)
    variance = count > 1 && attempts > 0 ? count / (count - 1) * squares / (attempts * attempts) : 0
  }

  /// How many times as much the blocks vary as independent attempts would; at least 1, and 1 without a failure.
  package var designEffect: Double {
    guard rate.failures > 0, rate.failures < rate.attempts else { return 1 }
    let share = rate.failures / rate.attempts
    return max(1, variance / (share * (1 - share) / rate.attempts))
  }

  /// As many independent attempts as say the same.
  package var effective: FailureRate {
    FailureRate(failures: rate.failures / designEffect, attempts: rate.attempts / designEffect)
  }

  /// The difference later - `factor` * earlier, by Satterthwaite: estimate, and one-sided bounds of error `alpha` each.
  ///
  /// Nil for fewer than two blocks on a side. A side whose blocks do not vary, such as one without a failure, shows no
  /// variance, which does not make its rate certain: its Wilson limits, as of independent attempts, stand in.
  package static func difference(
    _ later: ClusteredRate, minus earlier: ClusteredRate, times factor: Double = 1, alpha: Double
  ) -> (estimate: Double, bounds: ClosedRange<Double>, degrees: Double)? {
    guard later.blocks.count > 1, earlier.blocks.count > 1, later.rate.attempts > 0, earlier.rate.attempts > 0 else {
      return nil
    }
    let estimate =
      later.rate.failures / later.rate.attempts - factor * earlier.rate.failures / earlier.rate.attempts
    let parts = [(later, later.variance), (earlier, factor * factor * earlier.variance)]
    let variance = parts.reduce(0) { $0 + $1.1 }
    let shares = parts.reduce(0) { $0 + $1.1 * $1.1 / Double($1.0.blocks.count - 1) }
    let degrees = shares > 0 ? variance * variance / shares : .infinity
    let half = variance > 0 ? Quantiles.student(1 - alpha, degrees: degrees) * variance.squareRoot() : 0
    let spare = (later: later.spareErrors(alpha: alpha), earlier: earlier.spareErrors(alpha: alpha))
    let down = (half * half + squared(spare.later.down) + squared(factor * spare.earlier.up)).squareRoot()
    let up = (half * half + squared(spare.later.up) + squared(factor * spare.earlier.down)).squareRoot()
    return (estimate, (estimate - down)...(estimate + up), degrees)
  }

  /// How likely so much `excess`, or more, would be if there were none.
  ///
  /// It is one of a difference whose one-sided bound of error `alpha` is `halfWidth` away from its estimate.
  package static func probability(
    of excess: Double, halfWidth: Double, degrees: Double, alpha: Double
  ) -> Double {
    guard halfWidth > 0 else { return excess > 0 ? 0 : 1 }
    return Quantiles.studentTail(excess / halfWidth * Quantiles.student(1 - alpha, degrees: degrees), degrees: degrees)
  }

  private static func squared(_ value: Double) -> Double { value * value }

  /// How far the rate may be from its estimate by Wilson, where the blocks themselves do not say; else 0.
  private func spareErrors(alpha: Double) -> (down: Double, up: Double) {
    guard variance <= 0 else { return (0, 0) }
    let share = rate.failures / rate.attempts
    let limits = rate.wilson(alpha: 2 * alpha)
    return (max(0, share - limits.lowerBound), max(0, limits.upperBound - share))
  }
}
