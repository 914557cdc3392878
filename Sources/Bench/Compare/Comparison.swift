/// What a comparison came to: settings by every metric, and which of them is to be recommended.
///
/// A pure function of the plan and of the rollouts that were made, whichever process made them and in how many goes.
package struct Comparison: Sendable {
  /// What was asked for.
  package struct Question: Sendable, Hashable {
    /// The settings, at least two, with different labels.
    package var settings: [ComparedSetting]
    /// In which order they roll.
    package var plan: ComparisonPlan
    /// What they are judged by; fixed before the first rollout.
    package var primary: ComparisonMetric
    /// Differences of it below this are none; nil for the metric's own.
    package var margin: Double?
    /// The share of comparisons in which settings that are alike may be called different.
    package var alpha: Double

    /// A question; see the members.
    package init(
      settings: [ComparedSetting], plan: ComparisonPlan, primary: ComparisonMetric = .failedVotes,
      margin: Double? = nil, alpha: Double = 0.05
    ) {
      precondition(settings.count == plan.settings, "the plan is of these settings")
      self.settings = settings
      self.plan = plan
      self.primary = primary
      self.margin = margin
      self.alpha = alpha
    }
  }

  /// What follows from it.
  package enum Recommendation: Sendable, Hashable {
    /// This one: none is better, and every other that is fit is surely worse than one that is fit.
    case best(Int)
    /// This one: it is equivalent to the others, and surely faster.
    case fastest(Int, among: [Int])
    /// Any of these: they are equivalent, and none is surely the fastest.
    case either([Int])
    /// One of these, nobody can say yet which.
    case undecided([Int])
    /// None: each lost votes, or did not complete.
    case none
    /// Nothing: there is no repetition that is whole.
    case noData
  }

  /// What was asked for.
  package let question: Question
  /// The rollouts that were made, by their number.
  package let rollouts: [RolloutFigures]
  /// By each metric, the primary one first.
  package let metrics: [MetricComparison]
  /// Rollouts without a failed vote that completed: a row for each whole repetition.
  package let clean: [[Bool]]
  /// What follows.
  package let recommendation: Recommendation

  /// Judges the `rollouts` made so far; of several with one number the first counts.
  package init(_ question: Question, _ rollouts: [RolloutFigures]) {
    self.question = question
    let planned = Set(question.plan.rollouts.map(\.number))
    var made: [Int: RolloutFigures] = [:]
    for rollout in rollouts where planned.contains(rollout.number) && made[rollout.number] == nil {
      made[rollout.number] = rollout
    }
    let repetitions = (1...question.plan.repetitions).compactMap { repetition -> [RolloutFigures]? in
      let places = question.plan.rollouts.filter { $0.repetition == repetition }.sorted { $0.setting < $1.setting }
      let figures = places.compactMap { made[$0.number] }
      return figures.count == places.count ? figures : nil
    }
    self.rollouts = made.values.sorted { $0.number < $1.number }
    let due = made.values.map(\.dueVotes).sorted()
    let dueVotes = due.isEmpty ? 0 : Double(due[due.count / 2])
    metrics = ([question.primary] + ComparisonMetric.allCases.filter { $0 != question.primary }).map { metric in
      let rows = repetitions.map { $0.compactMap(metric.value(of:)) }.filter { $0.count == question.settings.count }
      return MetricComparison(
        metric, rows: rows, settings: question.settings.count,
        margin: metric == question.primary ? question.margin : nil, dueVotes: dueVotes, alpha: question.alpha)
    }
    clean = repetitions.map { $0.map(\.isClean) }
    let unfit = Self.unfit(self.rollouts)
    recommendation = Self.recommendation(question, metrics, unfit)
  }

  /// The comparison by this metric.
  package func by(_ metric: ComparisonMetric) -> MetricComparison {
    metrics.first { $0.metric == metric } ?? metrics[0]
  }

  /// The primary metric.
  package var primary: MetricComparison { metrics[0] }

  /// True when every rollout of the plan was made.
  package var isComplete: Bool { rollouts.count == question.plan.rollouts.count }

  /// The settings that lost votes, or whose rollouts did not all complete.
  package var unfit: Set<Int> { Self.unfit(rollouts) }

  private static func unfit(_ rollouts: [RolloutFigures]) -> Set<Int> {
    Set(rollouts.filter { $0.outcome != .complete || $0.lostVotes > 0 }.map(\.setting))
  }

  private static func recommendation(
    _ question: Question, _ metrics: [MetricComparison], _ unfit: Set<Int>
  ) -> Recommendation {
    let primary = metrics[0]
    guard !primary.rows.isEmpty else { return .noData }
    let fit = question.settings.indices.filter { !unfit.contains($0) }
    if fit.isEmpty { return .none }
    // Those that no other is surely better than.
    let front = fit.filter { setting in
      !fit.contains { $0 != setting && primary.against($0, setting)?.answer == .better }
    }
    func all(_ answer: SettingPair.Answer, _ setting: Int, _ others: [Int], by metric: MetricComparison) -> Bool {
      others.allSatisfy { $0 == setting || metric.against(setting, $0)?.answer == answer }
    }
    // Every other one is surely worse than one that is fit.
    if front.count == 1 { return .best(front[0]) }
    guard front.allSatisfy({ all(.equivalent, $0, front, by: primary) }) else { return .undecided(front) }
    guard let speed = metrics.first(where: { $0.metric == .duration }),
      let fastest = front.first(where: { all(.better, $0, front, by: speed) })
    else { return .either(front) }
    // A second chance to be wrong: where the first metric could have told settings apart by chance, a fifth is left of it.
    let level = primary.isWorthTelling ? question.alpha / 5 : question.alpha
    let isSure = speed.pairs.allSatisfy { pair in
      ![pair.first, pair.second].contains(fastest) || !front.contains(pair.first) || !front.contains(pair.second)
        || pair.adjusted <= level
    }
    return isSure ? .fastest(fastest, among: front) : .either(front)
  }

  /// Exit status: 0 for an answer, 1 where no setting is fit, 2 where nobody can say.
  package var exitCode: Int32 {
    switch recommendation {
    case .best, .fastest, .either: 0
    case .none: 1
    case .undecided, .noData: 2
    }
  }
}

extension RolloutFigures {
  /// True when it completed and nobody's vote failed.
  package var isClean: Bool { outcome == .complete && failedVotes == 0 }
}
