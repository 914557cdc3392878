/// One bound to meet, judged by what a run measured.
package struct Objective: Sendable, Hashable {
  /// What can be bounded so far: the default objectives of a run with a rollout.
  package enum Rule: Sendable, Hashable {
    /// `votes.lost == 0`: no accepted vote is missing from the tally.
    case nothingLost
    /// `votes.altered == 0`: no vote was counted for another choice.
    case nothingAltered
    /// `change: error-rate == 0` (or `total:` without a rollout): every vote was accepted.
    case nothingFailed(change: Bool)
    /// `rollout.outcome == complete`.
    case rolloutComplete
  }

  /// What an objective came to.
  package struct Result: Sendable, Hashable {
    /// The objective as written.
    package var expression: String
    /// The votes it speaks of, `change` or `total`; nil for those that speak of the run.
    package var phase: String?
    /// The value seen, nil when there is none.
    package var observed: String?
    /// How many votes or rollouts stand behind it.
    package var sample: Int
    /// Pass, fail or inconclusive.
    package var verdict: Verdict
    /// Why, in a sentence.
    package var reason: String
  }

  /// How votes came, as far as it decides what they could have missed.
  package enum Arrivals: Sendable, Hashable {
    /// Evenly spaced.
    case even(perSecond: Double)
    /// Independently of one another (Poisson).
    case random(perSecond: Double)
    /// When a user was free (closed loop): a system that hangs is asked nothing.
    case whenFree

    /// The probability that all votes miss an outage of this length that hits this share of them.
    package func missProbability(windowSeconds: Double, share: Double) -> Double {
      switch self {
      case .even(let rate): Objective.missProbability(rate: rate, windowSeconds: windowSeconds, share: share)
      case .random(let rate): Objective.missProbability(meanHits: rate * windowSeconds * share)
      case .whenFree: 1
      }
    }
  }

  /// What a run measured, as far as objectives need it.
  package struct Measured: Sendable {
    /// Rollout, settle, rollback and recovered together.
    package var change: PhaseFigures
    /// Baseline to recovered.
    package var total: PhaseFigures
    /// What the consistency check came to.
    package var consistency: ConsistencyReport
    /// Every change and rollback, in the order in which they began; empty when none was begun.
    package var rollouts: [RolloutRecord]
    /// How votes came over `change` at their scarcest.
    package var changeArrivals: Arrivals
    /// How votes came over `total` at their scarcest.
    package var totalArrivals: Arrivals

    /// What a run measured; see the members.
    package init(
      change: PhaseFigures, total: PhaseFigures, consistency: ConsistencyReport, rollouts: [RolloutRecord],
      changeArrivals: Arrivals, totalArrivals: Arrivals
    ) {
      self.change = change
      self.total = total
      self.consistency = consistency
      self.rollouts = rollouts
      self.changeArrivals = changeArrivals
      self.totalArrivals = totalArrivals
    }
  }

  /// The bound.
  package let rule: Rule

  /// An objective with this bound.
  package init(_ rule: Rule) {
    self.rule = rule
  }

  /// The objectives of a run for which none are given.
  package static func defaults(duringRollout: Bool) -> [Objective] {
    let common = [
      Objective(.nothingLost), Objective(.nothingAltered), Objective(.nothingFailed(change: duringRollout)),
    ]
    return duringRollout ? common + [Objective(.rolloutComplete)] : common
  }

  /// The objective as written in the language of objectives.
  package var expression: String {
    switch rule {
    case .nothingLost: "votes.lost == 0"
    case .nothingAltered: "votes.altered == 0"
    case .nothingFailed(let change): change ? "change: error-rate == 0" : "total: error-rate == 0"
    case .rolloutComplete: "rollout.outcome == complete"
    }
  }

  /// Judges the objective.
  ///
  /// Nothing seen is never a pass.
  package func judge(_ measured: Measured) -> Result {
    switch rule {
    case .nothingLost: judgeLost(measured.consistency)
    case .nothingAltered: judgeAltered(measured.consistency)
    case .nothingFailed(let change):
      change
        ? judgeFailed(measured.change, phase: "change", measured.changeArrivals)
        : judgeFailed(measured.total, phase: "total", measured.totalArrivals)
    case .rolloutComplete: judgeRollouts(measured.rollouts)
    }
  }

  private func judgeLost(_ consistency: ConsistencyReport) -> Result {
    let (least, most) = (consistency.lostMinimum, consistency.lostMaximum)
    // Missing from the tally at its rest, whatever the export or the totals say.
    let missing = consistency.findings.first { $0.code == .lostOrStuck }
    let unknown = consistency.findings.first { $0.code.verdict == .inconclusive }
    let verdict: Verdict =
      least > 0 || missing != nil ? .fail : most == 0 && unknown == nil ? .pass : .inconclusive
    let reason =
      switch verdict {
      case .fail:
        least > 0
          ? "\(least) of \(consistency.accepted) accepted votes never reached the tally" : missing?.detail ?? ""
      case .pass: "each of \(consistency.accepted) accepted votes is in the tally"
      case .inconclusive: unknown?.detail ?? "up to \(most) losses cannot be excluded"
      }
    return result(observed: least == most ? "\(least)" : "\(least)...\(most)", consistency.accepted, verdict, reason)
  }

  private func judgeAltered(_ consistency: ConsistencyReport) -> Result {
    guard let altered = consistency.altered else {
      guard consistency.choicesMatch, consistency.accepted > 0 else {
        return result(
          observed: nil, 0, .inconclusive, "no export of voter ids, and the totals do not show each vote's choice")
      }
      return result(
        observed: "0", consistency.accepted, .pass, "by totals: each choice shows exactly its accepted votes")
    }
    let verdict: Verdict = altered == 0 ? (consistency.accepted > 0 ? .pass : .inconclusive) : .fail
    let reason =
      altered == 0 ? "each vote was counted for its own choice" : "\(altered) votes were counted for another choice"
    return result(observed: "\(altered)", consistency.accepted, verdict, reason)
  }

  /// A census of this run, with the power to see a short partial outage: w = 100 ms of a third of the votes at 95 %.
  ///
  /// Source: SLO statistics, section 1: P(miss) = (1 - share)^floor(rate * w).
  private func judgeFailed(_ figures: PhaseFigures, phase: String, _ arrivals: Arrivals) -> Result {
    let votes = figures.votes
    let missed = arrivals.missProbability(windowSeconds: 0.1, share: 1.0 / 3)
    // Fewer votes than fall into such an outage cannot have seen it, at whatever rate they came.
    let isTooFew = votes.due < Self.votesToSeeOutage
    // What the generator did not send says nothing of the system, nor does what failed while the control target did.
    let (unsent, beside) = (figures.droppedByGenerator, figures.failedWithControl)
    let failed = votes.failed - unsent
    let isUnknown = isTooFew || missed > 0.05 || unsent > 0 || beside > 0
    let verdict: Verdict = failed > beside ? .fail : isUnknown ? .inconclusive : .pass
    let percent = votes.due == 0 ? nil : Self.percent(failed, of: votes.due)
    let reason =
      switch verdict {
      case .fail:
        "\(failed) of \(votes.due) votes failed"
          + (beside > 0 ? ", \(beside) of them while the control target did" : "")
      case .pass: "no outage of 100 ms or more that hits a third of the votes (95 %)"
      case .inconclusive: Self.whyUndecided(due: votes.due, unsent: unsent, besideControl: beside, arrivals)
      }
    return result(phase: phase, observed: percent, votes.due, verdict, reason)
  }

  private static func whyUndecided(due: Int, unsent: Int, besideControl: Int, _ arrivals: Arrivals) -> String {
    if due == 0 { return "no vote was due" }
    if besideControl > 0 {
      return
        "all \(besideControl) votes that failed did so while the control target failed too: trouble on the way there"
    }
    if unsent > 0 { return "\(unsent) votes were not sent in time by the generator itself" }
    if due < votesToSeeOutage { return "no vote failed, but \(due) votes are too few to see an outage" }
    switch arrivals {
    case .even: return "no vote failed, but this rate is too low to see an outage of 100 ms: at least 80/s"
    case .random: return "no vote failed, but this mean rate is too low to see an outage of 100 ms: at least 90/s"
    case .whenFree:
      return "no vote failed, but users of a closed loop ask nothing while they wait: use --rate or --stages"
    }
  }

  /// The first that did not complete decides; a rollback that did not has left the cluster changed, and goes before all.
  private func judgeRollouts(_ rollouts: [RolloutRecord]) -> Result {
    let unfinished = rollouts.filter { $0.outcome != .complete }
    guard let decisive = unfinished.first(where: \.isRollback) ?? unfinished.first ?? rollouts.first else {
      return result(observed: nil, 0, .inconclusive, "no rollout was begun")
    }
    let outcome = decisive.outcome ?? .interrupted
    let which = rollouts.count(where: { !$0.isRollback }) > 1 && outcome != .complete ? "\(decisive.workload): " : ""
    guard !decisive.isRollback || outcome == .complete else {
      return result(
        observed: outcome.rawValue, rollouts.count, .fail,
        "the cluster is NOT as before: rolling back, \(which)\(outcome.sentence)")
    }
    let verdict: Verdict = outcome == .complete ? .pass : outcome == .interrupted ? .inconclusive : .fail
    return result(observed: outcome.rawValue, rollouts.count, verdict, which + outcome.sentence)
  }

  private func result(
    phase: String? = nil, observed: String?, _ sample: Int, _ verdict: Verdict, _ reason: String
  ) -> Result {
    Result(
      expression: expression, phase: phase, observed: observed, sample: sample, verdict: verdict, reason: reason)
  }

  /// ln 0.05 / ln(1 - 1/3), rounded up: 80/s for 100 ms.
  private static let votesToSeeOutage = 8

  /// A share to a thousandth of a percent; whatever is above 0 does not read as 0.
  private static func percent(_ part: Int, of whole: Int) -> String {
    let thousandths = (Double(part) / Double(whole) * 1e5).rounded()
    return "\(max(thousandths, part > 0 ? 1 : 0) / 1e3)%"
  }

  /// The probability of no hit where they come independently, so many in the mean: e^-m, by (1 - m/n)^n.
  private static func missProbability(meanHits: Double) -> Double {
    (0..<20).reduce(1 - min(1, meanHits / 0x1p20)) { power, _ in power * power }
  }

  /// The probability that evenly spaced votes all miss an outage of this length that hits this share of them.
  package static func missProbability(rate: Double, windowSeconds: Double, share: Double) -> Double {
    let probes = Int(rate * windowSeconds + 1e-9)
    return (0..<probes).reduce(1.0) { product, _ in product * (1 - share) }
  }
}
