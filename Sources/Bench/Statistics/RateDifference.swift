/// By how much one failure rate is above another, or above a multiple of it, where failures are independent.
///
/// Newcombe's hybrid score interval, with a factor as Zou and Donner's MOVER has it; for failures in bursts take
/// `ClusteredRate.difference`. Source: SLO statistics, section 5.2.
package enum RateDifference {
  /// The difference later - `factor` * earlier, `factor` at least 0, with one-sided bounds of error `alpha` each.
  package static func newcombe(
    _ later: FailureRate, minus earlier: FailureRate, times factor: Double = 1, alpha: Double
  ) -> (estimate: Double, bounds: ClosedRange<Double>) {
    let (high, low) = (share(later), factor * share(earlier))
    let (highs, lows) = (later.wilson(alpha: 2 * alpha), earlier.wilson(alpha: 2 * alpha))
    func length(_ one: Double, _ other: Double) -> Double { (one * one + other * other).squareRoot() }
    // Nobody knows anything of a rate without attempts.
    guard later.attempts > 0, earlier.attempts > 0 else { return (high - low, -factor...1) }
    let down = length(high - highs.lowerBound, factor * lows.upperBound - low)
    let up = length(highs.upperBound - high, low - factor * lows.lowerBound)
    return (high - low, (high - low - down)...(high - low + up))
  }

  /// Whether what `bounds` enclose is less than `margin`: fails only where all of it is above.
  ///
  /// A pass has to reject "worse by the margin": no significant difference is no pass. Where an `estimate` is given the
  /// strict rule holds: it fails also above half the margin, where the bounds leave out no difference.
  package static func verdict(
    _ bounds: ClosedRange<Double>?, margin: Double, strictly estimate: Double? = nil
  ) -> Verdict {
    guard let bounds else { return .inconclusive }
    if bounds.upperBound < margin { return .pass }
    if let estimate, bounds.lowerBound > 0, estimate > margin / 2 { return .fail }
    return bounds.lowerBound > margin ? .fail : .inconclusive
  }

  private static func share(_ rate: FailureRate) -> Double { rate.attempts > 0 ? rate.failures / rate.attempts : 0 }
}

/// Fisher's exact test: whether two groups fail equally often, given how many failed of both together.
///
/// Source: SLO statistics, sections 5.2 and 6.3.
package enum Fisher {
  /// The probability of so many failures of the first group, or more, if both were alike.
  package static func above(
    _ failures: Int, of attempts: Int, against otherFailures: Int, of otherAttempts: Int
  ) -> Double {
    let table = probabilities(failures + otherFailures, attempts, otherAttempts)
    return min(1, table.values[(failures - table.first)...].reversed().reduce(0, +))
  }

  /// The probability of counts no likelier than these, on either side.
  package static func twoSided(
    _ failures: Int, of attempts: Int, against otherFailures: Int, of otherAttempts: Int
  ) -> Double {
    let table = probabilities(failures + otherFailures, attempts, otherAttempts)
    // Counts of one probability may differ in the last digits of it.
    let limit = table.values[failures - table.first] * (1 + 1e-7)
    return min(1, table.values.filter { $0 <= limit }.sorted().reduce(0, +))
  }

  /// How likely each number of failures in the first group is, from the smallest possible number on.
  private static func probabilities(
    _ failures: Int, _ attempts: Int, _ otherAttempts: Int
  ) -> (first: Int, values: [Double]) {
    let first = max(0, failures - otherAttempts)
    let range = first...min(failures, attempts)
    guard range.count > 1 else { return (first, [1]) }
    let all = Double(attempts + otherAttempts)
    let share = Double(failures) / all
    let whole = Beta.binomial(Double(failures), of: all, at: share)
    return (
      first,
      range.map { count in
        Beta.binomial(Double(count), of: Double(attempts), at: share)
          * Beta.binomial(Double(failures - count), of: Double(otherAttempts), at: share) / whole
      }
    )
  }
}
