/// Whether a planned run can decide an objective at all, known before any load.
///
/// It cannot where even a run in which nothing goes wrong would be inconclusive.
package struct Prospect: Sendable, Hashable {
  /// What can be said before.
  package enum Answer: String, Sendable, Hashable {
    /// If nothing goes wrong the objective passes.
    case can
    /// It depends on what nobody knows before: how long the rollout takes, or how votes vary.
    case depends
    /// It will be inconclusive, however well all goes.
    case cannot
  }

  /// Whether it can.
  package var answer: Answer
  /// Why, or on what it depends, and what would do; empty where nothing is to be said.
  package var reason: String

  /// What a run of `profile` by this plan can say of `objective`.
  package init(_ objective: Objective, _ profile: RunProfile, _ plan: PhasePlan) {
    self = Planned(objective: objective, profile: profile, plan: plan).prospect
  }

  fileprivate init(_ answer: Answer, _ reason: String) {
    self.answer = answer
    self.reason = reason
  }
}

private struct Planned {
  let objective: Objective
  let profile: RunProfile
  let plan: PhasePlan

  var prospect: Prospect {
    switch objective.metric {
    case .votes(.refused), .votes(.indeterminate), .votes(.dropped), .votes(.resent):
      return visible(profile.detection)
    case .errorRate, .errors, .time:
      if case .relative(_, let part, let plus) = objective.bound { return comparison(part, plus) }
      if [.eachPod, .eachVersion].contains(objective.scope.answering) {
        return Prospect(.depends, "nobody knows before who answers, and how often")
      }
      return objective.isCensus(duringRollout: profile.rollout != nil) ? census : sample
    case .outageMaximum: return outage
    case .outageCount: return visible(profile.detection)
    case .votes(.duplicated) where profile.target != .sandbox && profile.semantics == .upsert:
      return Prospect(.cannot, "each voter has one row: duplicates are not observable (--semantics count)")
    case .freshness(.percentile(let percentile)) where profile.rollout == nil: return polls(percentile)
    case .votes, .freshness, .rollout: return Prospect(.can, "")
    }
  }

  // MARK: What there will be

  private var parts: [PhasePlan.Part] { parts(objective.scope.part) }

  private func parts(_ part: Objective.Part) -> [PhasePlan.Part] {
    plan.phases.filter(part.contains).compactMap { plan.parts[$0] }
  }

  /// The share of the votes that the objective speaks of, for its scarcest cohort.
  private var share: Double {
    objective.scope.cohorts.map { $0 == .fresh ? profile.newConnections : 1 - profile.newConnections }.min() ?? 1
  }

  /// Votes at least and at most; nil in a closed loop.
  private func votes(_ part: Objective.Part) -> ClosedRange<Double>? {
    let counts = parts(part).compactMap(\.votes)
    guard counts.count == parts(part).count else { return nil }
    let (least, most) = (counts.reduce(0) { $0 + $1.lowerBound }, counts.reduce(0) { $0 + $1.upperBound })
    return Double(least) * share...Double(most) * share
  }

  private func seconds(_ part: Objective.Part) -> ClosedRange<Double> {
    let lengths = parts(part).map(\.length)
    return lengths.reduce(0) { $0 + $1.lowerBound.seconds }...lengths.reduce(0) { $0 + $1.upperBound.seconds }
  }

  private var arrivals: Arrivals {
    let all = plan.arrivals(objective.scope.part, of: profile.schedule)
    return share < 1 ? all.thinned(to: share) : all
  }

  /// Whether there are as many votes as that.
  private func enough(_ needed: Int, _ what: String, within seconds: Double? = nil) -> Prospect {
    guard let votes = votes(objective.scope.part) else {
      return Prospect(.depends, "\(needed) votes \(what); nobody knows how many a closed loop makes")
    }
    let factor = seconds.map { $0 / max(self.seconds(objective.scope.part).lowerBound, 0.001) } ?? 1
    let (least, most) = (votes.lowerBound * min(1, factor), votes.upperBound * min(1, factor))
    if least >= Double(needed) {
      return Prospect(.can, "\(needed) votes \(what), and there are \(decimal(least, 0)) or more")
    }
    if most >= Double(needed) {
      return Prospect(
        .depends,
        "\(needed) votes \(what), and there are \(decimal(least, 0)) to \(decimal(most, 0)), as long as it takes")
    }
    return Prospect(
      .cannot, "\(needed) votes \(what), and there are \(decimal(most, 0)) at most: a longer phase, or a higher rate")
  }

  // MARK: Rules

  private func visible(_ outage: Detection) -> Prospect {
    let arrivals = arrivals
    guard let rate = arrivals.rateNeeded(outage) else {
      return Prospect(.cannot, "users of a closed loop ask nothing while they wait: use --rate or --stages")
    }
    guard arrivals.missProbability(outage) <= Detection.missable else {
      return Prospect(
        .cannot,
        "its rate is too low to see an outage of \(outage.description): at least \(decimal(rate.rounded(.up), 0))/s")
    }
    let enough = enough(Arrivals.votesNeeded(outage.share), "can show an outage of \(outage.description)")
    return enough.answer == .can ? Prospect(.can, "an outage of \(outage.description) would be seen") : enough
  }

  private var census: Prospect {
    let every = objective.scope.every.map(Double.init)
    switch objective.metric {
    case .time(_, .percentile(let percentile)):
      return enough(
        FailureRate.attemptsWithoutFailure(atMost: TimeFigures.rest(percentile), alpha: Objective.alpha),
        every == nil ? "bound this percentile" : "in a window bound this percentile", within: every)
    case .time: return enough(1, "are enough for a fact")
    default:
      if [.atLeast, .above].contains(objective.comparison) || objective.scope.answering != nil {
        return enough(1, "are enough for a fact")
      }
      return visible(profile.detection)
    }
  }

  private var sample: Prospect {
    guard case .value(let limit) = objective.bound else { return Prospect(.cannot, "the bound is no number") }
    let seconds = seconds(objective.scope.part)
    var (needed, what, shortest) = (1, "are needed", 30.0)
    switch objective.metric {
    case .time(_, .percentile(let percentile)):
      needed = FailureRate.attemptsWithoutFailure(atMost: TimeFigures.rest(percentile), alpha: Objective.alpha)
      what = "bound this percentile"
    case .errorRate:
      needed = FailureRate.attemptsWithoutFailure(atMost: limit, alpha: Objective.alpha)
      what = "without a failure show \(Objective.percent(limit))"
      shortest = 6
    default: break
    }
    if seconds.upperBound < shortest {
      return Prospect(
        .cannot, "it needs six blocks of \(Int(shortest / 6)) s: a phase of \(Int(shortest)) s or more")
    }
    let enough = enough(needed, what)
    guard enough.answer == .can else { return enough }
    if case .errorRate = objective.metric {
      let visible = visible(profile.detection)
      guard visible.answer == .can else { return visible }
    }
    return Prospect(.can, enough.reason + "; with failures, or in bursts, it takes more")
  }

  /// Whether there are polls enough for a percentile of the ages that they show.
  private func polls(_ percentile: Int) -> Prospect {
    let needed = FailureRate.attemptsWithoutFailure(atMost: TimeFigures.rest(percentile), alpha: Objective.alpha)
    let seconds = plan.total.length.lowerBound.seconds
    let polls = Int(seconds / profile.pollInterval.seconds)
    guard polls >= needed else {
      let interval = decimal((seconds * 1000 / Double(needed)).rounded(.down), 0)
      return Prospect(
        .cannot,
        "\(needed) polls bound this percentile, and there are \(polls): --poll-interval \(interval)ms, or a longer run")
    }
    return Prospect(
      .depends, "\(needed) polls that do not show every vote bound this percentile, and there are \(polls) at most")
  }

  /// Whether votes are due as often in both phases; nil where they are, or where a closed loop has no rate.
  private func sameLoad(as part: Objective.Part) -> Prospect? {
    guard let one = plan.rates(objective.scope.part, of: profile.schedule),
      let other = plan.rates(part, of: profile.schedule)
    else { return nil }
    func text(_ rates: ClosedRange<Double>) -> String {
      decimal(rates.lowerBound, 0) + (rates.upperBound > rates.lowerBound ? "..." + decimal(rates.upperBound, 0) : "")
    }
    let reason =
      "phases are compared at the same rate, and \(objective.scope.part.rawValue) has \(text(one))/s, \(part.rawValue) "
      + "\(text(other))/s"
    if one.lowerBound > 1.05 * other.upperBound || other.lowerBound > 1.05 * one.upperBound {
      return Prospect(.cannot, reason)
    }
    let isSame =
      max(one.upperBound, other.upperBound) <= 1.05 * min(one.lowerBound, other.lowerBound)
    return isSame ? nil : Prospect(.depends, reason)
  }

  private func comparison(_ part: Objective.Part, _ plus: Double) -> Prospect {
    if case .errorRate = objective.metric, plus <= 0 {
      return Prospect(.cannot, "it takes a margin, such as + 0.1%: no finite run shows that two shares are the same")
    }
    let load = sameLoad(as: part)
    if let load, load.answer == .cannot { return load }
    var least = 4.0
    if case .time(_, let statistic) = objective.metric {
      least = 20
      if case .percentile(let percentile) = statistic, let rate = arrivals.streamPerSecond, rate > 0 {
        least = 4 * max(5, (2 / TimeFigures.rest(percentile) / rate).rounded(.up))
      }
    }
    let parts = [objective.scope.part, part]
    if let short = parts.first(where: { seconds($0).upperBound < least }) {
      return Prospect(
        .cannot,
        "\(short.rawValue) lasts \(decimal(seconds(short).upperBound, 0)) s at most, and four blocks take "
          + "\(decimal(least, 0)) s")
    }
    if let load { return load }
    if let open = parts.first(where: { seconds($0).lowerBound < least }) {
      return Prospect(.depends, "\(open.rawValue) must last \(decimal(least, 0)) s for four blocks of time")
    }
    return Prospect(
      .depends,
      "both phases have four blocks; how much they vary is known afterwards"
        + (profile.schedule.isClosed ? ", and whether users of a closed loop ask as often in both" : ""))
  }

  private var outage: Prospect {
    guard case .value(let limit) = objective.bound else { return Prospect(.cannot, "the bound is no number") }
    return visible(Detection(window: .nanoseconds(Int64(max(1, limit))), share: profile.detection.share))
  }
}

extension PhasePlan {
  /// How votes come at their scarcest in a part of the run, however long its changes take.
  func arrivals(_ part: Objective.Part, of schedule: Schedule) -> Arrivals {
    guard !schedule.isClosed else { return .whenFree }
    let rate = rates(part, of: schedule)?.lowerBound ?? 0
    return schedule.isRandom ? .random(perSecond: rate) : .even(perSecond: rate)
  }
}
