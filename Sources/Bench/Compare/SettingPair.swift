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
    /// It differs surely by less than the margin.
    case equivalent
    /// Nobody can say.
    case inconclusive
  }

  /// The place of the first setting.
  package let first: Int
  /// The place of the second.
  package let second: Int
  /// Second less first, of each repetition that has both.
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

  init(
    _ first: Int, _ second: Int, _ differences: [Double], adjusted: Double, p: Double, margin: Double, alpha: Double,
    pairs: Int
  ) {
    (self.first, self.second, self.differences) = (first, second, differences)
    (self.p, self.adjusted) = (p, adjusted)
    shift = differences.isEmpty ? nil : Shift(paired: differences, alpha: alpha)
    let within = differences.isEmpty ? nil : Shift(paired: differences, alpha: 2 * alpha).interval
    if adjusted <= alpha, let interval = shift?.interval, !interval.contains(0) {
      answer = interval.lowerBound > 0 ? .worse : .better
    } else if let within, within.lowerBound > -margin, within.upperBound < margin {
      answer = .equivalent
    } else {
      answer = .inconclusive
    }
    repetitions =
      answer == .inconclusive
      ? ComparisonPower.repetitions(deciding: differences, margin: margin, pairs: pairs, alpha: alpha) : nil
  }
}

/// What a number of repetitions can tell apart.
///
/// Estimates, for normal differences: the plan and the words on what would decide rest on them, no verdict does.
package enum ComparisonPower {
  /// The share in which a difference in the mean of so many standard `deviations` of the differences is found at the
  /// first step of Holm's procedure over `pairs`.
  ///
  /// By 500 seeded draws of the test itself up to 10 repetitions, by Student's approximation above.
  package static func power(repetitions: Int, deviations: Double, pairs: Int, alpha: Double = 0.05) -> Double {
    let level = alpha / Double(max(1, pairs))
    guard repetitions >= PairedTests.repetitions(pairs: pairs, alpha: alpha) else { return 0 }
    if repetitions > 10 {
      let limit = Quantiles.student(1 - level / 2, degrees: Double(repetitions - 1))
      return 1 - Quantiles.normalTail(deviations * Double(repetitions).squareRoot() - limit)
    }
    var random = SeededGenerator(seed: 1)
    let found = (0..<500).count { _ in
      let draws = (0..<repetitions).map { _ in deviations + Quantiles.normal(random.unit()) }
      return PairedTests.signFlip(draws) <= level * (1 + 1e-12)
    }
    return Double(found) / 500
  }

  /// The smallest difference, in standard deviations of the differences, that is found in four of five comparisons; nil
  /// where none is.
  package static func smallest(repetitions: Int, pairs: Int, alpha: Double = 0.05) -> Double? {
    stride(from: 0.2, through: 4, by: 0.1).first { deviations in
      power(repetitions: repetitions, deviations: deviations, pairs: pairs, alpha: alpha) >= 0.8
    }
  }

  /// How many repetitions decide in four of five comparisons, if the differences go on as these: the settings are told
  /// apart, or shown to be equivalent, whichever takes fewer.
  static func repetitions(deciding differences: [Double], margin: Double, pairs: Int, alpha: Double) -> Int? {
    let count = Double(differences.count)
    let least = PairedTests.repetitions(pairs: pairs, alpha: alpha)
    guard count > 1 else { return least }
    let mean = differences.reduce(0, +) / count
    let variance = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
    let room = margin - abs(mean)
    let levels = [
      (abs(mean), Quantiles.normal(1 - alpha / Double(max(1, pairs)) / 2) + Quantiles.normal(0.8)),
      (room, Quantiles.normal(1 - alpha) + Quantiles.normal(0.9)),
    ]
    let needed = levels.compactMap { distance, quantiles -> Double? in
      // The ranks of few values need a little more than the normal distribution says.
      distance > 0 ? variance * quantiles * quantiles / (distance * distance) * 1.05 + 2 : nil
    }
    guard let fewest = needed.min(), fewest <= 1000 else { return nil }
    return max(least, differences.count + 1, Int(fewest.rounded(.up)))
  }
}
