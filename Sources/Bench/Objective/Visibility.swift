/// The smallest outage that a run could have seen: what it says of anything shorter is nothing.
package struct Visibility: Sendable, Hashable {
  /// Over which part of the run.
  package var part: Objective.Part
  /// Votes per second at their scarcest; nil in a closed loop.
  package var perSecond: Double?
  /// The share of votes that the outage is to be searched for.
  package var share: Double
  /// The shortest one that hits every vote; nil where none could be seen for sure.
  package var ofAll: Duration?
  /// The shortest one that hits `share` of them; nil likewise.
  package var ofShare: Duration?

  /// What votes that came like this could have seen, with 95 %.
  package init(_ arrivals: Arrivals, part: Objective.Part, share: Double) {
    self.part = part
    self.share = share
    ofAll = arrivals.shortestSeen(share: 1)
    ofShare = arrivals.shortestSeen(share: share)
    perSecond = arrivals.perSecond
  }

  /// For people.
  package var sentence: String {
    guard let perSecond, let ofAll, let ofShare else {
      return perSecond == nil
        ? "no outage could have been seen for sure: users of a closed loop ask nothing while they wait"
        : "no outage could have been seen for sure: there were moments with hardly a vote"
    }
    func milliseconds(_ duration: Duration) -> String {
      decimal(duration.milliseconds, duration < .milliseconds(10) ? 1 : 0)
    }
    return
      "\(decimal(perSecond, perSecond < 10 ? 1 : 0))/s could see an outage of \(milliseconds(ofAll)) ms of all votes,"
      + " or \(milliseconds(ofShare)) ms of \(decimal(share * 100, 0))% of them (95 %)"
  }
}

/// What of a service's error budget a part of a run has spent, at the rate of the run.
package struct SpentBudget: Sendable, Hashable {
  /// The objective and its time.
  package var plan: BudgetPlan
  /// Over which part of the run.
  package var part: Objective.Part
  /// Votes that failed.
  package var failed: Int
  /// Votes that were due.
  package var votes: Int
  /// What the plan allows at the rate of this run.
  package var budget: FailureBudget

  /// The budget, and what the failed ones of these votes, due within `seconds`, have spent of it.
  package init(_ plan: BudgetPlan, part: Objective.Part, failed: Int, of votes: Int, seconds: Double) {
    self.plan = plan
    self.part = part
    self.failed = failed
    self.votes = votes
    budget = FailureBudget(
      objective: plan.objective, window: plan.window, perSecond: seconds > 0 ? Double(votes) / seconds : 0)
  }

  /// The share of the budget that is spent; nil where there is none.
  package var spentShare: Double? { votes > 0 ? budget.share(spentBy: Double(failed)) : nil }

  /// How many times as fast as the budget allows it was spent; nil where there is none.
  package var burnRate: Double? {
    votes > 0 ? budget.burnRate(failures: Double(failed), attempts: Double(votes)) : nil
  }

  /// For people.
  package var sentence: String {
    guard let spentShare, let burnRate else { return "no vote was due" }
    let spent =
      "\(failed) of \(decimal(budget.failures, 0)) failures that \(plan.description) allows at this rate: "
      + "\(decimal(spentShare * 100, 4))%, burn rate \(decimal(burnRate, 2))"
    guard failed > 0 else { return spent }
    return spent + ", room for \(decimal((1 / spentShare).rounded(.down), 0)) of these"
  }
}

/// Why a run was ended before its time by `--abort-on-fail`.
package struct Abortion: Sendable, Hashable, Codable {
  /// The objective, as written.
  package var expression: String
  /// What was seen, in a sentence.
  package var reason: String
  /// When, after the first vote was due.
  package var at: Duration

  /// An abortion; see the members.
  package init(expression: String, reason: String, at: Duration) {
    self.expression = expression
    self.reason = reason
    self.at = at
  }
}
