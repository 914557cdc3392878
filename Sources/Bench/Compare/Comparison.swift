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
    /// The outage that is to be seen where the votes are too few to see it; nil where they are not.
    package var unseen: UnseenOutage?

    /// A question; see the members.
    package init(
      settings: [ComparedSetting], plan: ComparisonPlan, primary: ComparisonMetric = .failedVotes,
      margin: Double? = nil, alpha: Double = 0.05, unseen: UnseenOutage? = nil
    ) {
      precondition(settings.count == plan.settings, "the plan is of these settings")
      self.settings = settings
      self.plan = plan
      self.primary = primary
      self.margin = margin
      self.alpha = alpha
      self.unseen = unseen
    }
  }

  /// What follows from it.
  package enum Recommendation: Sendable, Hashable {
    /// This one: none is better, and every other that is fit is surely worse than one that is fit; or no other is fit.
    case best(Int)
    /// This one: it is equivalent to the others, and it alone failed nothing in any rollout.
    case cleanest(Int, among: [Int])
    /// This one: it is equivalent to the others, and surely faster than those of them that failed as little.
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
      MetricComparison(
        metric, rows: repetitions.map { $0.map(metric.value(of:)) }, settings: question.settings.count,
        margin: metric == question.primary ? question.margin : nil, dueVotes: dueVotes, alpha: question.alpha,
        canBeEquivalent: question.unseen == nil || !metric.isSeenByVotes)
    }
    clean = repetitions.map { $0.map(\.isClean) }
    recommendation = Self.recommendation(question, metrics, self.rollouts, repetitions: repetitions.count)
  }

  /// The comparison by this metric.
  package func by(_ metric: ComparisonMetric) -> MetricComparison {
    metrics.first { $0.metric == metric } ?? metrics[0]
  }

  /// The primary metric.
  package var primary: MetricComparison { metrics[0] }

  /// The fewest repetitions from which anything follows: with less no settings can be told apart.
  package var leastRepetitions: Int { Self.leastRepetitions(question) }

  private static func leastRepetitions(_ question: Question) -> Int {
    PairedTests.repetitions(settings: question.settings.count, alpha: question.alpha)
  }

  /// True when every rollout of the plan was made.
  package var isComplete: Bool { rollouts.count == question.plan.rollouts.count }

  /// The settings that lost votes or were proven inconsistent, or whose rollouts did not all complete.
  package var unfit: Set<Int> { Self.unfit(rollouts) }

  private static func unfit(_ rollouts: [RolloutFigures]) -> Set<Int> {
    Set(
      rollouts.filter { $0.outcome != .complete || $0.lostVotes > 0 || $0.inconsistencies != nil }.map(\.setting))
  }

  private static func recommendation(
    _ question: Question, _ metrics: [MetricComparison], _ rollouts: [RolloutFigures], repetitions: Int
  ) -> Recommendation {
    let (primary, unfit) = (metrics[0], unfit(rollouts))
    guard repetitions > 0 else { return .noData }
    let fit = question.settings.indices.filter { !unfit.contains($0) }
    if fit.isEmpty { return .none }
    // That so few rollouts lost nothing says nothing of the next one.
    if repetitions < leastRepetitions(question) { return .undecided(fit) }
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
    // A vote that failed within the margin has failed all the same: speed does not make it up.
    let clean = front.filter { setting in rollouts.allSatisfy { $0.setting != setting || $0.isClean } }
    if clean.count == 1 { return .cleanest(clean[0], among: front) }
    let among = clean.isEmpty ? front : clean
    guard let speed = metrics.first(where: { $0.metric == .duration }),
      let fastest = among.first(where: { all(.better, $0, among, by: speed) })
    else { return .either(among) }
    let level = question.speedLevel(primary)
    let isSure = speed.pairs.allSatisfy { pair in
      ![pair.first, pair.second].contains(fastest) || !among.contains(pair.first) || !among.contains(pair.second)
        || pair.adjusted <= level
    }
    return isSure ? .fastest(fastest, among: among) : .either(among)
  }

  /// Exit status: 0 for an answer, 1 where no setting is fit, 2 where nobody can say.
  package var exitCode: Int32 {
    switch recommendation {
    case .best, .cleanest, .fastest, .either: 0
    case .none: 1
    case .undecided, .noData: 2
    }
  }
}

extension Comparison.Question {
  /// The adjusted p up to which a speed decides between settings that are equivalent by `primary`.
  ///
  /// A second chance to be wrong: where the first metric could have told settings apart by chance, a fifth is left of it.
  package func speedLevel(_ primary: MetricComparison) -> Double { primary.isWorthTelling ? alpha / 5 : alpha }
}

extension RolloutFigures {
  /// True when it completed and nobody's vote failed, as far as all were sent.
  package var isClean: Bool { outcome == .complete && failedVotes == 0 && unsentVotes == nil }
}
