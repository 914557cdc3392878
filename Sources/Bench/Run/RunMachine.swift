/// Decides what a run does next: phases, changes, rollback, restore and end.
///
/// A pure state machine: events with `now` go in, actions come out, and one place executes them.
///
///     warmup -> baseline -> rollout -> settle -> rollback -> recovered -> drain
///        |         |        | 0 1 .. n   |       | n .. 1 0     |           |
///        |         |        |            |       |              |        restore
///        +---------+--------+------------+-------+--------------+-----------^
///               the run is to end before its time: what was made is put back, then drain
///
/// The rollout makes the changes in order, each when the one before is complete, and the rollback puts them back, the
/// last first. A change that fails ends the list and is undone at once, without settling; a rollback that fails does
/// not keep the next one from being tried. Without anything to put back recovered follows on settle. Without a rollback
/// the load ends with settle, or with the change that fails, and all of them stay. Without changes: warmup -> baseline
/// -> drain.
///
/// A run that is to end before its time sends no vote more, and puts back what was made before it drains: without a
/// rollback only the change that was under way, and all of them where an objective is surely violated; once changes are
/// being put back a violation changes nothing. Only a change that was made is undone: an undo of nothing would bring
/// back what nobody asked for. What is not measured, strategy and annotations, is restored in any case, once, beside
/// the drain.
package struct RunMachine: Sendable {
  /// What happened.
  package enum Event: Sendable, Hashable {
    /// Time has passed; nothing else.
    case tick
    /// The change that is under way, or its rollback, has ended; or nobody knows whether it was made.
    case changeEnded(RolloutOutcome)
    /// The change that is under way was not made: refused, or given up before it was. There is nothing of it to undo,
    /// and the run is to end. In the rollback: it was not put back.
    case changeNotMade
    /// What `restore` asked for was done, or tried in vain.
    case restored
    /// The run is to end before its time: somebody wants it, or it cannot go on.
    case interrupted
    /// An objective is surely violated, and the run is to undo its changes and to end.
    case violated
  }

  /// What to do.
  package enum Action: Sendable, Hashable {
    /// The phase begins now.
    case begin(Phase)
    /// Make the change of this index.
    case startRollout(change: Int)
    /// Follow the change no longer, and do not make it if it has not been made.
    case abandonRollout
    /// Put back the change of this index.
    case startRollback(change: Int)
    /// No vote due from now on is sent.
    case endVotes
    /// Restore strategy and annotations, while the tally converges.
    case restore
  }

  /// Lengths of the phases, and what happens in them.
  package struct Plan: Sendable, Hashable {
    /// Load that is never counted.
    package var warmup: Duration
    /// Without a rollout: the duration of the whole measurement.
    package var baseline: Duration
    /// From the end of the rollout to the rollback.
    package var settle: Duration
    /// From the end of the rollback to the drain.
    package var recovered: Duration
    /// True for each change, in order, that leaves something to put back; empty without a rollout.
    package var changes: [Bool]
    /// True when a strategy is set before the load: then there is something to restore even if no change is made.
    package var setsStrategy: Bool
    /// True when changes are undone after settling; one that is under way when the run is to end is undone in any case.
    package var rollback: Bool

    /// A plan; see the members.
    package init(
      warmup: Duration, baseline: Duration, settle: Duration, recovered: Duration, changes: [Bool],
      setsStrategy: Bool = false, rollback: Bool
    ) {
      self.warmup = warmup
      self.baseline = baseline
      self.settle = settle
      self.recovered = recovered
      self.changes = changes
      self.setsStrategy = setsStrategy
      self.rollback = rollback
    }

    /// The plan of a profile: a pod that was deleted leaves nothing to put back.
    package init(_ profile: RunProfile) {
      let rollout = profile.rollout
      self.init(
        warmup: profile.warmup, baseline: profile.baseline, settle: rollout?.settle ?? .zero,
        recovered: rollout?.recovered ?? .zero, changes: rollout?.changes.map { $0.trigger != .deletePod } ?? [],
        setsStrategy: rollout?.strategy != nil, rollback: rollout?.rollback ?? false)
    }
  }

  private let plan: Plan
  /// The phase that the run is in; nil before the first event.
  package private(set) var phase: Phase?
  /// When the phase ends by itself; nil when something else ends it.
  package private(set) var deadline: MonotonicTime?
  /// True from `restore` to `restored`: the run is not over yet.
  package private(set) var isRestoring = false
  /// True once the run is to end before its time.
  private var isEnding = false
  /// True once changes are to be undone even without a rollback.
  private var undoesAll = false
  /// How many changes have been made: those of the first indices.
  private var made = 0
  /// Changes that are still to be put back, in the order of being made.
  private var toPutBack: [Int] = []

  /// When the load ends, as soon as the last of its phases has begun; nil before, and when it ends by something else.
  package var plannedEnd: MonotonicTime? {
    let isLast =
      switch phase {
      case .baseline: plan.changes.isEmpty
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
  ///
  /// The first event begins the run; when that is `interrupted`, with the drain.
  package mutating func handle(_ event: Event, now: MonotonicTime) -> [Action] {
    guard let phase else {
      isEnding = event == .interrupted || event == .violated
      return isEnding ? drain(now: now) : enter(.warmup, now: now, lasting: plan.warmup)
    }
    switch event {
    case .interrupted:
      guard !isEnding else { return [] }
      isEnding = true
      return interrupt(phase, now: now)
    case .violated:
      guard !isEnding, [.warmup, .baseline, .rollout, .settle].contains(phase) else { return [] }
      (isEnding, undoesAll) = (true, true)
      return interrupt(phase, now: now)
    case .changeEnded(let outcome):
      return changeEnded(phase, outcome, now: now)
    case .changeNotMade:
      return changeNotMade(phase, now: now)
    case .restored:
      isRestoring = false
      return []
    case .tick:
      guard let deadline, now >= deadline else { return [] }
      return phaseEnded(phase, now: now)
    }
  }

  private mutating func phaseEnded(_ phase: Phase, now: MonotonicTime) -> [Action] {
    switch phase {
    case .warmup: enter(.baseline, now: now, lasting: plan.baseline)
    case .baseline where plan.changes.isEmpty: drain(now: now)
    case .baseline: enter(.rollout, now: now, lasting: nil) + [.startRollout(change: 0)]
    case .settle: plan.rollback ? rollback(of: 0..<made, now: now) : drain(now: now)
    case .recovered: drain(now: now)
    case .rollout, .rollback, .drain: []
    }
  }

  private mutating func changeEnded(_ phase: Phase, _ outcome: RolloutOutcome, now: MonotonicTime) -> [Action] {
    guard phase == .rollout else { return phase == .rollback ? putBackNext(now: now) : [] }
    made += 1
    if isEnding { return rollback(of: plan.rollback || undoesAll ? 0..<made : made - 1..<made, now: now) }
    if outcome != .complete { return plan.rollback ? rollback(of: 0..<made, now: now) : drain(now: now) }
    return made < plan.changes.count
      ? [.startRollout(change: made)] : enter(.settle, now: now, lasting: plan.settle)
  }

  private mutating func changeNotMade(_ phase: Phase, now: MonotonicTime) -> [Action] {
    guard phase == .rollout else { return phase == .rollback ? putBackNext(now: now) : [] }
    isEnding = true
    return rollback(of: plan.rollback || undoesAll ? 0..<made : 0..<0, now: now)
  }

  private mutating func interrupt(_ phase: Phase, now: MonotonicTime) -> [Action] {
    switch phase {
    // The driver says whether the change was made, and it is undone then.
    case .rollout: [.abandonRollout, .endVotes]
    case .settle: plan.rollback || undoesAll ? rollback(of: 0..<made, now: now) : drain(now: now)
    case .warmup, .baseline, .recovered: drain(now: now)
    case .rollback: [.endVotes]
    case .drain: []
    }
  }

  private mutating func rollback(of changes: Range<Int>, now: MonotonicTime) -> [Action] {
    toPutBack = changes.filter { plan.changes[$0] }
    guard !toPutBack.isEmpty else { return putBackNext(now: now) }
    return enter(.rollback, now: now, lasting: nil) + putBackNext(now: now) + (isEnding ? [.endVotes] : [])
  }

  private mutating func putBackNext(now: MonotonicTime) -> [Action] {
    if let change = toPutBack.popLast() { return [.startRollback(change: change)] }
    return isEnding ? drain(now: now) : enter(.recovered, now: now, lasting: plan.recovered)
  }

  private mutating func drain(now: MonotonicTime) -> [Action] {
    isRestoring = plan.setsStrategy || made > 0
    return enter(.drain, now: now, lasting: nil) + [.endVotes] + (isRestoring ? [.restore] : [])
  }

  private mutating func enter(_ phase: Phase, now: MonotonicTime, lasting: Duration?) -> [Action] {
    self.phase = phase
    deadline = lasting.map { now + $0 }
    return [.begin(phase)]
  }
}
