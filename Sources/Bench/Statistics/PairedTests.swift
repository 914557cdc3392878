import Glibc

/// Tests of settings that were tried in the same repetitions, one beside the other.
///
/// Source: SLO statistics, section 6.2.
package enum PairedTests {
  /// The probability of a sum of `differences` so far from 0, if each had its sign by chance; two-sided.
  ///
  /// Of all signs up to 16 differences that are not 0, of 20 000 choices by `seed` beyond; keeps ties. 1 for none.
  package static func signFlip(_ differences: [Double], seed: UInt64 = 0) -> Double {
    let observed = abs(differences.reduce(0, +))
    return share(ofFlips: differences, seed: seed) { sum, slack in abs(sum) >= observed - slack }
  }

  /// The probability of a sum of `differences` so far below 0, if each had its sign by chance; one-sided.
  ///
  /// Counted as in `signFlip`; 1 for none.
  package static func signFlipBelow(_ differences: [Double], seed: UInt64 = 0) -> Double {
    // No other choice of signs has a sum so low.
    if !differences.isEmpty, differences.allSatisfy({ $0 < 0 }) { return exp2(-Double(differences.count)) }
    let observed = differences.reduce(0, +)
    return share(ofFlips: differences, seed: seed) { sum, slack in sum <= observed + slack }
  }

  /// The share of all choices of signs whose sum is meant; sums that are equal may differ by the slack.
  private static func share(
    ofFlips differences: [Double], seed: UInt64, _ isMeant: (_ sum: Double, _ slack: Double) -> Bool
  ) -> Double {
    // In an order of their own, so that the answer does not depend on the order or the sign they came with.
    // Zeros keep their place in every sum, whatever their sign: without them the share is the same.
    let sizes = differences.map(abs).filter { $0 > 0 }.sorted()
    // Sums that are equal may come out different in their last digits.
    let slack = 1e-9 * sizes.reduce(0, +)
    guard slack > 0 else { return 1 }
    if sizes.count <= 16 {
      var sums = [0.0]
      for size in sizes { sums = sums.map { $0 + size } + sums.map { $0 - size } }
      return Double(sums.count { isMeant($0, slack) }) / Double(sums.count)
    }
    var random = SeededGenerator(seed: seed)
    let (draws, few) = (20_000, smallestP(repetitions: sizes.count))
    let found = (0..<draws).count { _ in
      var (sum, bits) = (0.0, UInt64(0))
      for (place, size) in sizes.enumerated() {
        if place % 64 == 0 { bits = random.next() }
        sum += bits & 1 == 0 ? size : -size
        bits >>= 1
      }
      return isMeant(sum, slack)
    }
    // The choice that was observed is one of them: never 0.
    return max(few, Double(found + 1) / Double(draws + 1))
  }

  /// The smallest probability that the sign-flip test of so many `repetitions` can come to.
  package static func smallestP(repetitions: Int) -> Double { exp2(1 - Double(repetitions)) }

  /// How many repetitions it takes so that Holm's first step can reject at all, between `settings` or against one.
  package static func repetitions(settings: Int, againstOne: Bool = false, alpha: Double = 0.05) -> Int {
    repetitions(pairs: againstOne ? settings - 1 : settings * (settings - 1) / 2, alpha: alpha)
  }

  /// The same for so many `pairs`.
  package static func repetitions(pairs: Int, alpha: Double = 0.05) -> Int {
    let level = alpha / Double(max(1, pairs)) * (1 + 1e-12)
    return (1...).first { smallestP(repetitions: $0) <= level } ?? 1
  }

  /// Cochran's Q for yes-or-no results: a row for each repetition, as wide as there are settings.
  package static func cochran(_ rows: [[Bool]]) -> (statistic: Double, p: Double) {
    guard let settings = rows.first?.count, settings > 1 else { return (0, 1) }
    let columns = (0..<settings).map { column in Double(rows.count { $0[column] }) }
    let sums = rows.map { row in Double(row.count { $0 }) }
    let (total, k) = (columns.reduce(0, +), Double(settings))
    let spread = k * total - sums.reduce(0) { $0 + $1 * $1 }
    // Repetitions in which all are alike say nothing.
    guard spread > 0 else { return (0, 1) }
    let statistic = (k - 1) * (k * columns.reduce(0) { $0 + $1 * $1 } - total * total) / spread
    return (statistic, Quantiles.chiSquareTail(statistic, degrees: k - 1))
  }

  /// McNemar's exact test, two-sided: in how many repetitions only the one or only the other said yes.
  package static func mcNemar(onlyFirst: Int, onlySecond: Int) -> Double {
    let rate = FailureRate(
      failures: Double(min(onlyFirst, onlySecond)), attempts: Double(onlyFirst + onlySecond))
    return min(1, 2 * rate.tailBelow(0.5))
  }
}
