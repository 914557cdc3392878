/// What a number of repetitions can tell apart.
///
/// Estimates, for normal differences: the plan and the words on what would decide rest on them, no verdict does.
package enum ComparisonPower {
  /// The share in which a difference in the mean of so many standard `deviations` of the differences is found at the
  /// first step of Holm's procedure over `pairs`: the test rejects, and the interval of 1 - `alpha` is without 0.
  ///
  /// By 2 000 seeded draws of the rule itself up to 10 repetitions, by Student's approximation above.
  package static func power(repetitions: Int, deviations: Double, pairs: Int, alpha: Double = 0.05) -> Double {
    let level = alpha / Double(max(1, pairs))
    guard repetitions >= PairedTests.repetitions(pairs: pairs, alpha: alpha) else { return 0 }
    if repetitions > 10 {
      let limit = Quantiles.student(1 - level / 2, degrees: Double(repetitions - 1))
      return 1
        - Quantiles.normalTail(deviations * (Double(repetitions) * efficiency(pairs: pairs)).squareRoot() - limit)
    }
    var random = SeededGenerator(seed: 1)
    let found = (0..<2_000).count { _ in
      let draws = (0..<repetitions).map { _ in deviations + Quantiles.normal(random.unit()) }
      guard PairedTests.signFlip(draws) <= level * (1 + 1e-12) else { return false }
      return Shift(paired: draws, alpha: alpha).interval?.contains(0) == false
    }
    return Double(found) / 2_000
  }

  /// How many repetitions of Student's test one of this rule is worth, for normal differences.
  ///
  /// Measured in 4 000 draws each of 11 to 30 repetitions: with one pair it is the interval that decides, which is at its
  /// whole level; with more it is the test.
  private static func efficiency(pairs: Int) -> Double { pairs > 1 ? 0.97 : 0.9 }

  /// The smallest difference, in standard deviations of the differences, that is found in four of five comparisons; nil
  /// where none is.
  package static func smallest(repetitions: Int, pairs: Int, alpha: Double = 0.05) -> Double? {
    let tenths = Array(2...40)
    // More is found of a larger difference: halving finds the first that is found often enough.
    var (low, high) = (0, tenths.count)
    while low < high {
      let middle = (low + high) / 2
      let share = power(
        repetitions: repetitions, deviations: Double(tenths[middle]) / 10, pairs: pairs, alpha: alpha)
      if share >= 0.8 { high = middle } else { low = middle + 1 }
    }
    return low < tenths.count ? Double(tenths[low]) / 10 : nil
  }

  /// How many repetitions decide in four of five comparisons, if the differences go on as these: the settings are told
  /// apart, or shown to be equivalent, whichever takes fewer.
  static func repetitions(deciding differences: [Double], _ rule: SettingPair.Rule) -> Int? {
    let count = Double(differences.count)
    if differences.isEmpty { return nil }
    let least = PairedTests.repetitions(pairs: rule.pairs, alpha: rule.alpha)
    guard count > 1 else { return least }
    let mean = differences.reduce(0, +) / count
    let variance = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
    let room = rule.margin - abs(mean)
    let apart = Quantiles.normal(1 - rule.alpha / Double(max(1, rule.pairs)) / 2) + Quantiles.normal(0.8)
    let alike = Quantiles.normal(1 - rule.alpha) + Quantiles.normal(0.9)
    let ways = [
      (abs(mean), apart, efficiency(pairs: rule.pairs)), (rule.canBeEquivalent ? room : 0, alike, 0.95),
    ]
    let needed = ways.compactMap { distance, quantiles, efficiency -> Double? in
      // The ranks of few values need a little more than the normal distribution says.
      distance > 0 ? variance * quantiles * quantiles / (distance * distance) / efficiency + 2 : nil
    }
    guard let fewest = needed.min(), fewest <= 1000 else { return nil }
    return max(least, differences.count + 1, Int(fewest.rounded(.up)))
  }
}
