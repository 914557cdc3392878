/// Watches the objectives while a run goes on, for `--abort-on-fail`: says when one is violated, whatever follows.
///
/// A census is given up by a fact alone: so many votes are beyond the bound already that even if no other is, and the
/// phase lasts as long as it may, the figure stays beyond it. What is judged as a sample is given up when the evidence
/// against it, an e-value, which may be looked at again and again, reaches 1/alpha; failures in bursts count for as many
/// independent ones as say the same. Source: SLO statistics, sections 4.1 and 7.
///
/// Only phases in which something changes are watched. Windows, pods and comparisons are judged at the end.
package struct AbortWatch: Sendable {
  /// One objective, for one cohort where it names any.
  fileprivate struct Watched: Sendable {
    var objective: Objective
    var cohort: Objective.Cohort?
    var limit: Double
    /// How many votes its part of the run can have at most; nil where nobody knows.
    var most: Int?
    /// Votes beyond the bound so far.
    var bad = 0
    /// Of times: seconds that are not over, since a late one is only known as such at its end.
    var open: [Int: Second] = [:]
    /// Seconds in which the generator was late.
    var late: Set<Int> = []
    /// Seconds that are over.
    var blocks: [ClusteredRate.Block] = []

    /// The votes that were due in a second.
    struct Second: Sendable {
      var votes = 0
      var bad = 0
      var failed = 0
    }
  }

  private var watched: [Watched]
  private var outages: [Watched]
  private var search = OutageSearch()
  /// Votes below this index have been searched for outages.
  private var searched = 0

  /// Watches those of `objectives` for which there is a rule; `most` says how many votes a part can have at most.
  package init(_ objectives: [Objective], most: (Objective.Part) -> Int?) {
    let changing: [Objective.Part] = [.rollout, .settle, .rollback, .change, .total]
    let all = objectives.filter {
      changing.contains($0.scope.part) && $0.scope.every == nil && $0.scope.answering == nil
    }
    .flatMap { objective -> [Watched] in
      guard case .value(let limit) = objective.bound, ![.atLeast, .above].contains(objective.comparison) else {
        return []
      }
      let cohorts: [Objective.Cohort?] = objective.scope.cohorts.isEmpty ? [nil] : objective.scope.cohorts
      return cohorts.map {
        Watched(objective: objective, cohort: $0, limit: limit, most: most(objective.scope.part))
      }
    }
    watched = all.filter { watched in
      switch watched.objective.metric {
      case .errors, .errorRate, .time(_, .percentile), .time(_, .max): true
      default: false
      }
    }
    outages = all.filter { $0.objective.metric == .outageMaximum && $0.cohort == nil }
  }

  /// Takes a vote into account that was due in `phase`; gives the objective that it violates, and why.
  package mutating func add(_ vote: Observation, phase: Phase) -> (objective: Objective, reason: String)? {
    guard vote.cause != .generatorLate else { return nil }
    for place in watched.indices {
      let one = watched[place]
      guard one.objective.scope.part.contains(phase), one.cohort.map({ ($0 == .fresh) == vote.isFresh }) ?? true,
        let isBad = Self.isBad(vote, one.objective, one.limit)
      else { continue }
      if watched[place].count(vote, isBad: isBad), let reason = watched[place].violation {
        return (one.objective, reason)
      }
    }
    return nil
  }

  /// Looks for an outage that is too long among the votes that have ended, as far as all before them have, too.
  ///
  /// What is still on its way may be the success that ends an outage.
  package mutating func search(_ ledger: Ledger, _ edges: PhaseEdges) -> (objective: Objective, reason: String)? {
    guard !outages.isEmpty, !ledger.schedule.isClosed else { return nil }
    while let vote = ledger[searched] {
      searched += 1
      guard vote.cause != .generatorLate else { continue }
      if vote.outcome == .accepted {
        search.addAccepted(vote) {
          ledger.schedule.ratePerSecond(at: ($0 - ledger.origin).nanoseconds) ?? .infinity
        }
      } else {
        search.addFailed(vote)
      }
      guard let outage = search.current else { continue }
      for one in outages {
        // What of it lies in the part that the objective speaks of.
        let first = edges.edges.first { one.objective.scope.part.contains($0.phase) }?.start
        guard let first, let phase = edges.phase(at: outage.lastFailed), one.objective.scope.part.contains(phase) else {
          continue
        }
        let lasted = Double(min(outage.lower, outage.lastFailed - max(first, outage.start)).nanoseconds)
        guard !one.objective.isMet(lasted, limit: one.limit) else { continue }
        return (one.objective, "an outage has lasted \(Objective.time(lasted)) already")
      }
    }
    return nil
  }

  /// Whether a vote is beyond the bound; nil when it says nothing of it.
  private static func isBad(_ vote: Observation, _ objective: Objective, _ limit: Double) -> Bool? {
    switch objective.metric {
    case .errors(let kind), .errorRate(let kind): return vote.outcome != .accepted && kind.includes(vote.cause)
    case .time(.startLag, _):
      return vote.outcome == .dropped ? nil : !objective.isMet(Double(vote.startLag), limit: limit)
    case .time(let time, _):
      return vote.outcome != .accepted || !objective.isMet(Double(time.nanoseconds(of: vote)), limit: limit)
    default: return nil
    }
  }
}

extension AbortWatch.Watched {
  private var isCensus: Bool { objective.isCensus(duringRollout: true) }

  /// Counts a vote; true when there may be something new to be said.
  fileprivate mutating func count(_ vote: Observation, isBad: Bool) -> Bool {
    var isTime = false
    if case .time = objective.metric { isTime = true }
    if isCensus, !isTime {
      bad += isBad ? 1 : 0
      return isBad
    }
    let number = Int(vote.intended.nanoseconds / 1_000_000_000)
    var second = open[number] ?? Second()
    second.votes += 1
    second.bad += isBad ? 1 : 0
    second.failed += vote.outcome == .accepted ? 0 : 1
    open[number] = second
    if isTime, objective.metric.isOfSystem, vote.isLate { late.insert(number) }
    return close(before: number - 2)
  }

  /// Seconds that are over: of a late one, and of those beside it, only failures count.
  private mutating func close(before number: Int) -> Bool {
    var isNew = false
    for over in open.keys.filter({ $0 < number }).sorted() {
      guard let second = open.removeValue(forKey: over) else { continue }
      let isLate = !late.isDisjoint(with: over - 1...over + 1)
      let (votes, beyond) = isLate ? (second.failed, second.failed) : (second.votes, second.bad)
      bad += beyond
      blocks.append(ClusteredRate.Block(failures: Double(beyond), attempts: Double(votes)))
      isNew = true
    }
    return isNew
  }

  /// Why the bound is violated whatever follows; nil while it may still be met.
  fileprivate var violation: String? {
    // Times of a generator that is late all the time are its own doing.
    guard bad > 0, Double(late.count) <= 0.05 * Double(max(blocks.count, 1)) || late.isEmpty else { return nil }
    switch objective.metric {
    case .errors:
      return Double(bad) > limit || !objective.isMet(Double(bad), limit: limit) && objective.comparison == .below
        ? "\(bad) votes have failed" : nil
    case .errorRate where limit == 0: return "a vote has failed"
    case .errorRate: return violation(ofShare: limit, "failed")
    case .time(_, .max): return "a vote took longer, or failed"
    case .time(_, .percentile(let percentile)):
      return violation(ofShare: TimeFigures.rest(percentile), "took longer, or failed")
    default: return nil
    }
  }

  private func violation(ofShare share: Double, _ what: String) -> String? {
    guard share < 1 else { return nil }
    if isCensus {
      guard let most, Double(bad) > share * Double(most) else { return nil }
      return "\(bad) votes \(what), more than \(Objective.percent(share)) of all that there can be"
    }
    // One second shows no bursts.
    guard blocks.count >= 6 else { return nil }
    let rate = ClusteredRate(blocks).effective
    let (failures, attempts) = (Int(rate.failures), Int(rate.attempts.rounded(.up)))
    guard attempts > failures, failures > 0,
      EvidenceValue.failing(failures: failures, attempts: attempts, limit: share) >= 1 / Objective.alpha
    else { return nil }
    return "\(bad) votes \(what), which \(Objective.percent(share)) does not bring about"
  }
}

extension Objective.Metric {
  /// False for the start lag, which is the generator's own.
  fileprivate var isOfSystem: Bool {
    if case .time(.startLag, _) = self { false } else { true }
  }
}
