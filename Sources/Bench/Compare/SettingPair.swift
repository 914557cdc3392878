/// Two settings of a comparison by one metric: what the second differs from the first by, repetition by repetition.
///
/// Source: SLO statistics, section 6.2, items 2, 3 and 5.
package struct SettingPair: Sendable, Hashable {
  /// What is said of the second against the first.
  package enum Answer: String, Sendable, Hashable, Codable {
    /// It has surely less.
    case better
    /// It has surely more.
    case worse
    /// It differs surely by less than the margin, in the middle and in sum.
    case equivalent
    /// Nobody can say.
    case inconclusive
  }

  /// The place of the first setting.
  package let first: Int
  /// The place of the second.
  package let second: Int
  /// Second less first, of each repetition in which both have a value.
  package let differences: [Double]
  /// The middle of the differences with its interval of 1 - alpha; nil without a difference.
  package let shift: Shift?
  /// The probability of a sum so far from 0 if the settings were alike.
  package let p: Double
  /// The same, adjusted for the number of pairs.
  package let adjusted: Double
  /// What follows.
  package let answer: Answer
  /// About how many repetitions would decide; nil where it is decided, or where no number up to 1000 would.
  package let repetitions: Int?

  /// What differences are judged by.
  struct Rule {
    /// Differences below this are none.
    var margin: Double
    /// The share of comparisons in which settings that are alike may be called different.
    var alpha: Double
    /// How many pairs are judged together.
    var pairs: Int
    /// False where settings that seem alike may differ in what nobody could see.
    var canBeEquivalent = true
  }

  init(_ first: Int, _ second: Int, _ differences: [Double], adjusted: Double, p: Double, _ rule: Rule) {
    (self.first, self.second, self.differences) = (first, second, differences)
    (self.p, self.adjusted) = (p, adjusted)
    shift = differences.isEmpty ? nil : Shift(paired: differences, alpha: rule.alpha)
    if adjusted <= rule.alpha, let interval = shift?.interval, !interval.contains(0) {
      answer = interval.lowerBound > 0 ? .worse : .better
    } else {
      answer = Self.isEquivalent(differences, rule) ? .equivalent : .inconclusive
    }
    repetitions = answer == .inconclusive ? ComparisonPower.repetitions(deciding: differences, rule) : nil
  }

  /// Two one-sided tests, each by the middle and by the sum: the middle alone does not see what happens in few
  /// repetitions, however bad it is.
  private static func isEquivalent(_ differences: [Double], _ rule: Rule) -> Bool {
    guard rule.canBeEquivalent, !differences.isEmpty,
      let within = Shift(paired: differences, alpha: 2 * rule.alpha).interval,
      within.lowerBound > -rule.margin, within.upperBound < rule.margin
    else { return false }
    return [differences, differences.map { -$0 }].allSatisfy { values in
      PairedTests.signFlipBelow(values.map { $0 - rule.margin }) <= rule.alpha
    }
  }
}
