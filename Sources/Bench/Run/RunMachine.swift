/// Decides what a run does next: phases, rollout, rollback and end.
///
/// A pure state machine: events with `now` go in, actions come out, and one place executes them.
///
///     warmup -> baseline -> rollout -> settle -> rollback -> recovered -> drain
///
/// A rollout that fails is undone at once, without settling. Without a rollout: warmup -> baseline -> drain. An
/// interrupt ends the load at once; a change that has been made is put back before the drain. Only a change that was
/// made is undone: an undo of nothing would bring back a revision that nobody asked for.
package struct RunMachine: Sendable {
  /// What happened.
  package enum Event: Sendable, Hashable {
    /// Time has passed; nothing else.
    case tick
    /// The change that is under way (rollout or rollback) has ended.
    case changeEnded(RolloutOutcome)
    /// The change could not be made, or was given up before it was: there is nothing to undo.
    case changeNotMade
    /// Somebody wants the run to end.
    case interrupted
  }

  /// What to do.
  package enum Action: Sendable, Hashable {
    /// The phase begins now.
    case begin(Phase)
    /// Change the cluster.
    case startRollout
    /// Follow the change no longer, and do not make it if it has not been made.
    case abandonRollout
    /// Undo the change.
    case startRollback
    /// No vote due from now on is sent.
    case endVotes
  }

  /// Lengths of the phases.
  package struct Plan: Sendable, Hashable {
    /// Load that is never counted.
    package var warmup: Duration
    /// Without a rollout: the duration of the whole measurement.
    package var baseline: Duration
    /// From the end of the rollout to the rollback.
    package var settle: Duration
    /// From the end of the rollback to the drain.
    package var recovered: Duration
    /// True when the cluster is changed after the baseline.
    package var duringRollout: Bool
    /// True when the change is undone after settling; an interrupt undoes it in any case while it is under way.
    package var rollback: Bool

    /// A plan; see the members.
    package init(
      warmup: Duration, baseline: Duration, settle: Duration, recovered: Duration, duringRollout: Bool, rollback: Bool
    ) {
      self.warmup = warmup
      self.baseline = baseline
      self.settle = settle
      self.recovered = recovered
      self.duringRollout = duringRollout
      self.rollback = rollback
    }
  }

  private let plan: Plan
  /// The phase that the run is in; nil before the first event.
  package private(set) var phase: Phase?
  /// When the phase ends by itself; nil when something else ends it.
  package private(set) var deadline: MonotonicTime?
  /// True once somebody wanted the run to end.
  package private(set) var isInterrupted = false

  /// When the load ends, as soon as the last of its phases has begun; nil before, and when it ends by something else.
  package var plannedEnd: MonotonicTime? {
    let isLast =
      switch phase {
      case .baseline: !plan.duringRollout
      case .settle: !plan.rollback
      case .recovered: true
      default: false
      }
    return isLast ? deadline : nil
  }

  /// A run by this plan, not begun.
  package init(plan: Plan) {
    self.plan = plan
  }

  /// What to do about `event` at `now`, in this order.
  package mutating func handle(_ event: Event, now: MonotonicTime) -> [Action] {
    guard let phase else { return enter(.warmup, now: now, lasting: plan.warmup) }
    switch event {
    case .interrupted:
      guard !isInterrupted else { return [] }
      isInterrupted = true
      return interrupt(phase, now: now)
    case .changeEnded(let outcome):
      return changeEnded(phase, outcome, now: now)
    case .changeNotMade:
      return phase == .rollout ? drain(now: now) : []
    case .tick:
      guard let deadline, now >= deadline else { return [] }
      return phaseEnded(phase, now: now)
    }
  }

  private mutating func phaseEnded(_ phase: Phase, now: MonotonicTime) -> [Action] {
    switch phase {
    case .warmup: enter(.baseline, now: now, lasting: plan.baseline)
    case .baseline: plan.duringRollout ? enter(.rollout, now: now, lasting: nil) + [.startRollout] : drain(now: now)
    case .settle: plan.rollback ? rollback(now: now) : drain(now: now)
    case .recovered: drain(now: now)
    case .rollout, .rollback, .drain: []
    }
  }

  private mutating func changeEnded(_ phase: Phase, _ outcome: RolloutOutcome, now: MonotonicTime) -> [Action] {
    switch phase {
    case .rollout where isInterrupted: rollback(now: now)
    case .rollout where outcome == .complete: enter(.settle, now: now, lasting: plan.settle)
    case .rollout: plan.rollback ? rollback(now: now) : drain(now: now)
    case .rollback: isInterrupted ? drain(now: now) : enter(.recovered, now: now, lasting: plan.recovered)
    default: []
    }
  }

  private mutating func interrupt(_ phase: Phase, now: MonotonicTime) -> [Action] {
    switch phase {
    // The driver says whether the change was made, and it is undone then.
    case .rollout: [.abandonRollout, .endVotes]
    case .settle: plan.rollback ? rollback(now: now) : drain(now: now)
    case .warmup, .baseline, .recovered: drain(now: now)
    case .rollback: [.endVotes]
    case .drain: []
    }
  }

  private mutating func rollback(now: MonotonicTime) -> [Action] {
    enter(.rollback, now: now, lasting: nil) + [.startRollback] + (isInterrupted ? [.endVotes] : [])
  }

  private mutating func drain(now: MonotonicTime) -> [Action] {
    enter(.drain, now: now, lasting: nil) + [.endVotes]
  }

  private mutating func enter(_ phase: Phase, now: MonotonicTime, lasting: Duration?) -> [Action] {
    self.phase = phase
    deadline = lasting.map { now + $0 }
    return [.begin(phase)]
  }
}
