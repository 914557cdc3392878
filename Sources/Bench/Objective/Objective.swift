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
    package var verdict: Verdict
    /// Why, in a sentence.
    package var reason: String
  }

  /// What a run measured, as far as objectives need it.
  package struct Measured: Sendable {
    package var change: PhaseFigures
    package var total: PhaseFigures
    package var consistency: ConsistencyReport
    /// Nil when the run had no rollout.
    package var rollout: RolloutOutcome?
    package var rate: ArrivalRate

    /// What a run measured; see the members.
    package init(
      change: PhaseFigures, total: PhaseFigures, consistency: ConsistencyReport, rollout: RolloutOutcome?,
      rate: ArrivalRate
    ) {
      self.change = change
      self.total = total
      self.consistency = consistency
      self.rollout = rollout
      self.rate = rate
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
      judgeFailed(change ? measured.change : measured.total, phase: change ? "change" : "total", rate: measured.rate)
    case .rolloutComplete: judgeRollout(measured.rollout)
    }
  }

  private func judgeLost(_ consistency: ConsistencyReport) -> Result {
    let (least, most) = (consistency.lostMinimum, consistency.lostMaximum)
    let proven =
      least > 0
      && (consistency.isExact || consistency.converged || consistency.findings.contains { $0.code == .lostOrStuck })
    let verdict: Verdict = proven ? .fail : most == 0 && consistency.verdict != .inconclusive ? .pass : .inconclusive
    let reason =
      switch verdict {
      case .fail: "\(least) of \(consistency.accepted) accepted votes never reached the tally"
      case .pass: "each of \(consistency.accepted) accepted votes is in the tally"
      case .inconclusive:
        consistency.findings.first { $0.code.verdict == .inconclusive }?.detail
          ?? "up to \(most) losses cannot be excluded"
      }
    return result(observed: least == most ? "\(least)" : "\(least)...\(most)", consistency.accepted, verdict, reason)
  }

  private func judgeAltered(_ consistency: ConsistencyReport) -> Result {
    guard let altered = consistency.altered else {
      return result(observed: nil, 0, .inconclusive, "no export of voter ids: choices of single votes cannot be seen")
    }
    let verdict: Verdict = altered == 0 ? (consistency.accepted > 0 ? .pass : .inconclusive) : .fail
    let reason =
      altered == 0 ? "each vote was counted for its own choice" : "\(altered) votes were counted for another choice"
    return result(observed: "\(altered)", consistency.accepted, verdict, reason)
  }

  /// A census of this run, with the power to see a short partial outage: w = 100 ms of a third of the votes at 95 %.
  ///
  /// Source: SLO statistics, section 1: P(miss) = (1 - share)^floor(rate * w).
  private func judgeFailed(_ figures: PhaseFigures, phase: String, rate: ArrivalRate) -> Result {
    let votes = figures.votes
    let missed = Self.missProbability(rate: rate.perSecond, windowSeconds: 0.1, share: 1.0 / 3)
    let verdict: Verdict = votes.failed > 0 ? .fail : votes.due == 0 || missed > 0.05 ? .inconclusive : .pass
    let percent = votes.due == 0 ? nil : "\((Double(votes.failed) / Double(votes.due) * 1e5).rounded() / 1e3)%"
    let reason =
      switch verdict {
      case .fail: "\(votes.failed) of \(votes.due) votes failed"
      case .pass: "no outage of 100 ms or more that hits a third of the votes (95 %)"
      case .inconclusive:
        votes.due == 0
          ? "no vote was due" : "no vote failed, but this rate is too low to see an outage of 100 ms: at least 74/s"
      }
    return result(phase: phase, observed: percent, votes.due, verdict, reason)
  }

  private func judgeRollout(_ outcome: RolloutOutcome?) -> Result {
    guard let outcome else { return result(observed: nil, 0, .inconclusive, "no rollout was begun") }
    let verdict: Verdict = outcome == .complete ? .pass : outcome == .interrupted ? .inconclusive : .fail
    return result(observed: outcome.rawValue, 1, verdict, outcome.sentence)
  }

  private func result(
    phase: String? = nil, observed: String?, _ sample: Int, _ verdict: Verdict, _ reason: String
  ) -> Result {
    Result(
      expression: expression, phase: phase, observed: observed, sample: sample, verdict: verdict, reason: reason)
  }

  /// The probability that evenly spaced votes all miss an outage of this length that hits this share of them.
  package static func missProbability(rate: Double, windowSeconds: Double, share: Double) -> Double {
    let probes = Int(rate * windowSeconds + 1e-9)
    return (0..<probes).reduce(1.0) { product, _ in product * (1 - share) }
  }
}
