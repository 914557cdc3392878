import Glibc

/// What so many failures of so many attempts say of the failure rate behind them: exact bounds, and a verdict of three.
///
/// Counts need not be whole: those of clustered failures are divided by their design effect first (`ClusteredRate`).
/// Source: SLO statistics, section 2 (Clopper and Pearson; Wilson for display).
package struct FailureRate: Sendable, Hashable {
  /// Failures.
  package var failures: Double
  /// Attempts, at least as many.
  package var attempts: Double

  /// `failures` of `attempts`.
  package init(failures: Double, attempts: Double) {
    self.failures = failures
    self.attempts = attempts
  }

  /// The rate that would show so many failures, or more, with probability `alpha` only: lower rates are less likely.
  package func lower(alpha: Double) -> Double {
    failures <= 0 ? 0 : Beta.quantile(alpha, failures, attempts - failures + 1)
  }

  /// The rate that would show so few failures, or fewer, with probability `alpha` only.
  package func upper(alpha: Double) -> Double {
    failures >= attempts ? 1 : Beta.quantile(1 - alpha, failures + 1, attempts - failures)
  }

  /// Wilson's interval, `alpha` outside of it on both sides together: for display, not for verdicts.
  package func wilson(alpha: Double) -> ClosedRange<Double> {
    guard attempts > 0 else { return 0...1 }
    let (share, z) = (failures / attempts, Quantiles.normal(1 - alpha / 2))
    let weight = 1 + z * z / attempts
    let centre = (share + z * z / (2 * attempts)) / weight
    let half = z * (share * (1 - share) / attempts + z * z / (4 * attempts * attempts)).squareRoot() / weight
    // At the ends the sums come out exactly but for their last digit.
    return (failures <= 0 ? 0 : max(0, centre - half))...(failures >= attempts ? 1 : min(1, centre + half))
  }

  /// The probability of so few failures, or fewer, at a rate of `limit`.
  package func tailBelow(_ limit: Double) -> Double {
    failures >= attempts ? 1 : Beta.cumulative(1 - limit, attempts - failures, failures + 1)
  }

  /// The probability of so many failures, or more, at a rate of `limit`.
  package func tailAbove(_ limit: Double) -> Double {
    failures <= 0 ? 1 : Beta.cumulative(limit, failures, attempts - failures + 1)
  }

  /// Whether the rate is at most `limit`, with an error of at most `alpha` on each side.
  ///
  /// Passes where `upper` is at most `limit`, and fails where `lower` is above it: equal is not above.
  package func verdict(atMost limit: Double, alpha: Double) -> Verdict {
    guard attempts > 0 else { return .inconclusive }
    if isBelow(limit, alpha) { return .pass }
    return isAbove(limit, alpha) ? .fail : .inconclusive
  }

  private func isBelow(_ limit: Double, _ alpha: Double) -> Bool {
    limit >= 1 || tailBelow(limit) <= alpha * (1 + Self.lastDigits)
  }

  private func isAbove(_ limit: Double, _ alpha: Double) -> Bool {
    tailAbove(limit) < alpha * (1 - Self.lastDigits)
  }

  /// Tails that differ by so little are equal: which is larger depends on rounding alone.
  private static let lastDigits = 1e-12

  /// How many attempts without a failure it takes to say that the rate is at most `limit`.
  package static func attemptsWithoutFailure(atMost limit: Double, alpha: Double) -> Int {
    let count = limit >= 1 ? 1 : limit <= 0 ? .infinity : log(alpha) / log1p(-limit)
    // Where it comes out whole, the last digit of the quotient must not add an attempt.
    return count < 1e18 ? max(1, Int((count * (1 - lastDigits)).rounded(.up))) : .max
  }

  /// The most failures of `attempts` that pass, nil where none does, and the fewest that fail.
  ///
  /// Where not even all attempts failing would fail, the fewest are `attempts` + 1.
  package static func limits(
    attempts: Int, atMost limit: Double, alpha: Double
  ) -> (passing: Int?, failing: Int) {
    func first(_ isTrue: (Int) -> Bool) -> Int {
      var (low, high) = (0, attempts + 1)
      while low < high {
        let middle = (low + high) / 2
        if isTrue(middle) { high = middle } else { low = middle + 1 }
      }
      return low
    }
    func rate(_ failures: Int) -> FailureRate { FailureRate(failures: Double(failures), attempts: Double(attempts)) }
    let notPassing = first { !rate($0).isBelow(limit, alpha) }
    return (notPassing == 0 ? nil : notPassing - 1, first { rate($0).isAbove(limit, alpha) })
  }
}
