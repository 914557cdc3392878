/// All settings of a comparison by one metric.
///
/// A difference is that of rollouts made side by side: of two settings those repetitions count in which both have a value.
package struct MetricComparison: Sendable {
  /// What the rollouts of one setting came to.
  package struct Summary: Sendable, Hashable {
    /// The middle of its values (the median of their pairs' means) with the interval of it; nil without a value.
    package var middle: Shift?
    /// The mean.
    package var mean: Double
    /// The least.
    package var min: Double
    /// The most.
    package var max: Double
    /// How many rollouts.
    package var count: Int
  }

  /// By what.
  package let metric: ComparisonMetric
  /// A row for each repetition, as wide as there are settings; nil where a rollout has no value.
  package let rows: [[Double?]]
  /// Differences below this are none that matter.
  package let margin: Double
  /// Each setting, in the order of the list.
  package let summaries: [Summary]
  /// Every pair, the earlier setting first.
  package let pairs: [SettingPair]
  /// Whether the settings differ at all, by the `whole` rows; nil for two settings, or without such a row.
  package let friedman: Friedman?
  /// The rows in which every setting has a value.
  package let whole: [[Double]]

  /// The comparison of `rows`.
  ///
  /// A `margin` of nil is the metric's own, of failed votes a thousandth of `dueVotes`, or 1 where that is more.
  ///
  /// Without `canBeEquivalent` settings that seem alike are not called so.
  package init(
    _ metric: ComparisonMetric, rows: [[Double?]], settings: Int, margin: Double? = nil, dueVotes: Double = 0,
    alpha: Double = 0.05, canBeEquivalent: Bool = true
  ) {
    self.metric = metric
    self.rows = rows
    let margin = margin ?? metric.margin ?? max(1, dueVotes / 1000)
    self.margin = margin
    summaries = (0..<settings).map { setting in Summary(rows.compactMap { $0[setting] }, alpha: alpha) }
    whole = rows.map { $0.compactMap(\.self) }.filter { $0.count == settings }
    friedman = settings > 2 && !whole.isEmpty ? Friedman(whole) : nil
    let places = (0..<settings).flatMap { first in ((first + 1)..<max(settings, first + 1)).map { (first, $0) } }
    let differences = places.map { first, second in
      rows.compactMap { row in row[first].flatMap { one in row[second].map { $0 - one } } }
    }
    let probabilities = differences.enumerated().map { PairedTests.signFlip($1, seed: UInt64($0)) }
    let adjusted = MultipleTests.holm(probabilities)
    pairs = places.indices.map { place in
      SettingPair(
        places[place].0, places[place].1, differences[place], adjusted: adjusted[place], p: probabilities[place],
        SettingPair.Rule(margin: margin, alpha: alpha, pairs: places.count, canBeEquivalent: canBeEquivalent))
    }
  }

  /// True when not every rollout came to the same.
  package var isWorthTelling: Bool { Set(rows.flatMap(\.self).compactMap(\.self)).count > 1 }

  /// What is said of `setting` against `other`, and by how much it differs.
  package func against(_ setting: Int, _ other: Int) -> (answer: SettingPair.Answer, estimate: Double)? {
    for pair in pairs {
      guard let estimate = pair.shift?.estimate else { continue }
      if pair.first == other, pair.second == setting { return (pair.answer, estimate) }
      if pair.first == setting, pair.second == other { return (pair.answer.reversed, -estimate) }
    }
    return nil
  }
}

extension SettingPair.Answer {
  /// What is said of the first against the second.
  package var reversed: Self {
    switch self {
    case .better: .worse
    case .worse: .better
    case .equivalent, .inconclusive: self
    }
  }
}

extension MetricComparison.Summary {
  fileprivate init(_ values: [Double], alpha: Double) {
    middle = values.isEmpty ? nil : Shift(paired: values, alpha: alpha)
    mean = values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
    (min, max, count) = (values.min() ?? 0, values.max() ?? 0, values.count)
  }
}
