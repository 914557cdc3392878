import Bench
import Testing

@Suite("Run machine")
struct RunMachineTests {
  private func at(_ seconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: seconds * 1_000_000_000) }

  private func machine(changes: [Bool] = [true], setsStrategy: Bool = false, rollback: Bool = true) -> RunMachine {
    RunMachine(
      plan: RunMachine.Plan(
        warmup: .seconds(10), baseline: .seconds(30), settle: .seconds(10), recovered: .seconds(20),
        changes: changes, setsStrategy: setsStrategy, rollback: rollback))
  }

  /// A run whose first change is under way.
  private func changing(changes: [Bool] = [true], rollback: Bool = true) -> RunMachine {
    var run = machine(changes: changes, rollback: rollback)
    for second in [0, 10, 40] as [Int64] { _ = run.handle(.tick, now: at(second)) }
    return run
  }

  private let drained: [RunMachine.Action] = [.begin(.drain), .endVotes, .restore]

  @Test("a rollout that completes goes through every phase, and what is not measured is restored at the end")
  func whole() {
    var run = machine()
    #expect(run.handle(.tick, now: at(0)) == [.begin(.warmup)])
    #expect(run.handle(.tick, now: at(9)) == [])
    #expect(run.handle(.tick, now: at(10)) == [.begin(.baseline)])
    #expect(run.handle(.tick, now: at(40)) == [.begin(.rollout), .startRollout(change: 0)])
    #expect(run.handle(.tick, now: at(400)) == [], "a rollout ends by what the cluster says, not by time")
    #expect(run.handle(.changeEnded(.complete), now: at(401)) == [.begin(.settle)])
    #expect(run.handle(.tick, now: at(411)) == [.begin(.rollback), .startRollback(change: 0)])
    #expect(run.handle(.changeEnded(.complete), now: at(420)) == [.begin(.recovered)])
    #expect(!run.isRestoring)
    #expect(run.handle(.tick, now: at(440)) == drained)
    #expect(run.isRestoring)
    #expect(run.handle(.restored, now: at(441)) == [])
    #expect(!run.isRestoring)
    #expect(run.handle(.tick, now: at(999)) == [])
  }

  @Test("the end of the load is known as soon as its last phase begins, and not before")
  func plannedEnd() {
    var plain = machine(changes: [])
    _ = plain.handle(.tick, now: at(0))
    #expect(plain.plannedEnd == nil)
    _ = plain.handle(.tick, now: at(10))
    #expect(plain.plannedEnd == at(40))
    for (rollback, after) in [(true, at(76)), (false, at(60))] {
      var run = changing(rollback: rollback)
      #expect(run.plannedEnd == nil)
      _ = run.handle(.changeEnded(.complete), now: at(50))
      if rollback {
        #expect(run.plannedEnd == nil)
        _ = run.handle(.tick, now: at(60))
        _ = run.handle(.changeEnded(.complete), now: at(56))
      }
      #expect(run.plannedEnd == after)
      _ = run.handle(.tick, now: at(99))
      #expect(run.plannedEnd == nil)
    }
  }

  @Test("several changes are made in turn, and put back last first; a pod that was deleted is not")
  func several() {
    var run = changing(changes: [true, false, true])
    #expect(run.handle(.changeEnded(.complete), now: at(45)) == [.startRollout(change: 1)])
    #expect(run.phase == .rollout)
    #expect(run.handle(.changeEnded(.complete), now: at(46)) == [.startRollout(change: 2)])
    #expect(run.handle(.changeEnded(.complete), now: at(50)) == [.begin(.settle)])
    #expect(run.handle(.tick, now: at(60)) == [.begin(.rollback), .startRollback(change: 2)])
    #expect(run.handle(.changeEnded(.complete), now: at(65)) == [.startRollback(change: 0)])
    #expect(run.handle(.changeEnded(.complete), now: at(70)) == [.begin(.recovered)])
    #expect(run.handle(.tick, now: at(90)) == drained)
  }

  @Test("without anything to put back recovered follows on settle")
  func nothingToPutBack() {
    var run = changing(changes: [false])
    #expect(run.handle(.changeEnded(.complete), now: at(45)) == [.begin(.settle)])
    #expect(run.handle(.tick, now: at(55)) == [.begin(.recovered)])
    #expect(run.plannedEnd == at(75))
    #expect(run.handle(.tick, now: at(75)) == drained)
  }

  @Test("a change that fails is undone at once", arguments: RolloutOutcome.allCases.filter { $0 != .complete })
  func failed(outcome: RolloutOutcome) {
    var run = changing()
    #expect(run.handle(.changeEnded(outcome), now: at(50)) == [.begin(.rollback), .startRollback(change: 0)])
  }

  @Test("a change that fails ends the list, and those before it are put back, too")
  func failedSecond() {
    var run = changing(changes: [true, true, true])
    _ = run.handle(.changeEnded(.complete), now: at(45))
    #expect(run.handle(.changeEnded(.crashLoop), now: at(50)) == [.begin(.rollback), .startRollback(change: 1)])
    #expect(run.handle(.changeEnded(.complete), now: at(55)) == [.startRollback(change: 0)])
    #expect(run.handle(.changeEnded(.complete), now: at(60)) == [.begin(.recovered)])
  }

  @Test(
    "a rollback that fails does not keep the next one from being tried",
    arguments: [.changeEnded(.timedOut), .changeNotMade] as [RunMachine.Event])
  func failedRollback(event: RunMachine.Event) {
    var run = changing(changes: [true, true])
    _ = run.handle(.changeEnded(.complete), now: at(45))
    _ = run.handle(.changeEnded(.complete), now: at(46))
    #expect(run.handle(.tick, now: at(56)) == [.begin(.rollback), .startRollback(change: 1)])
    #expect(run.handle(event, now: at(60)) == [.startRollback(change: 0)])
    #expect(run.handle(event, now: at(61)) == [.begin(.recovered)])
  }

  @Test("without --rollback the change stays, and the load ends after settling, or after the change that failed")
  func noRollback() {
    var run = changing(rollback: false)
    #expect(run.handle(.changeEnded(.complete), now: at(50)) == [.begin(.settle)])
    #expect(run.handle(.tick, now: at(60)) == drained)
    var failing = changing(rollback: false)
    #expect(failing.handle(.changeEnded(.imagePull), now: at(50)) == drained)
  }

  @Test("without a rollout the baseline is the measurement, and there is nothing to restore")
  func loadAlone() {
    var run = machine(changes: [])
    #expect(run.handle(.tick, now: at(0)) == [.begin(.warmup)])
    #expect(run.handle(.tick, now: at(10)) == [.begin(.baseline)])
    #expect(run.handle(.tick, now: at(40)) == [.begin(.drain), .endVotes])
    #expect(!run.isRestoring)
  }

  @Test("an interrupt before anything was changed restores the strategy alone", arguments: [true, false])
  func interruptedEarly(setsStrategy: Bool) {
    let expected: [RunMachine.Action] = setsStrategy ? drained : [.begin(.drain), .endVotes]
    for seconds in [[], [0], [0, 10]] as [[Int64]] {
      var run = machine(setsStrategy: setsStrategy)
      for second in seconds { _ = run.handle(.tick, now: at(second)) }
      #expect(run.handle(.interrupted, now: at(13)) == expected)
      #expect(run.isRestoring == setsStrategy)
      #expect(run.handle(.interrupted, now: at(14)) == [])
      #expect(run.handle(.tick, now: at(99)) == [])
    }
  }

  @Test(
    "an interrupt puts back the change that is under way; those before it only with --rollback",
    arguments: [true, false])
  func interruptedChange(rollback: Bool) {
    var run = changing(changes: [true, true, true], rollback: rollback)
    _ = run.handle(.changeEnded(.complete), now: at(42))
    #expect(run.handle(.interrupted, now: at(42)) == [.abandonRollout, .endVotes])
    #expect(run.handle(.interrupted, now: at(43)) == [])
    #expect(
      run.handle(.changeEnded(.interrupted), now: at(43)) == [
        .begin(.rollback), .startRollback(change: 1), .endVotes,
      ])
    let after = run.handle(.changeEnded(.complete), now: at(50))
    #expect(after == (rollback ? [.startRollback(change: 0)] : drained))
    if rollback { #expect(run.handle(.changeEnded(.complete), now: at(55)) == drained) }
  }

  @Test("an objective that is surely violated undoes all changes, also where none was to be undone, and ends the run")
  func violated() {
    for rollback in [true, false] {
      var run = changing(rollback: rollback)
      #expect(run.handle(.violated, now: at(42)) == [.abandonRollout, .endVotes])
      #expect(run.handle(.violated, now: at(43)) == [] && run.handle(.interrupted, now: at(43)) == [])
      #expect(
        run.handle(.changeEnded(.interrupted), now: at(44)) == [
          .begin(.rollback), .startRollback(change: 0), .endVotes,
        ])
      // Nothing is left to be shortened.
      #expect(run.handle(.violated, now: at(45)) == [])
      #expect(run.handle(.changeEnded(.complete), now: at(46)) == drained)
    }
  }

  @Test(
    "an interrupt while settling puts everything back with --rollback, and nothing without", arguments: [true, false])
  func interruptedSettle(rollback: Bool) {
    var run = changing(rollback: rollback)
    _ = run.handle(.changeEnded(.complete), now: at(50))
    #expect(
      run.handle(.interrupted, now: at(51))
        == (rollback ? [.begin(.rollback), .startRollback(change: 0), .endVotes] : drained))
  }

  @Test("an interrupt in the rollback ends the load at once, and the rollback goes on to its end")
  func interruptedRollback() {
    var run = changing(changes: [true, true])
    _ = run.handle(.changeEnded(.complete), now: at(42))
    _ = run.handle(.changeEnded(.imagePull), now: at(45))
    #expect(run.handle(.interrupted, now: at(46)) == [.endVotes])
    #expect(run.handle(.tick, now: at(99)) == [])
    #expect(run.handle(.changeEnded(.complete), now: at(99)) == [.startRollback(change: 0)])
    #expect(run.handle(.changeEnded(.complete), now: at(100)) == drained)
    #expect(run.handle(.interrupted, now: at(101)) == [])
  }

  @Test("an interrupt after the rollback ends the run")
  func interruptedRecovered() {
    var run = changing()
    _ = run.handle(.changeEnded(.imagePull), now: at(45))
    _ = run.handle(.changeEnded(.complete), now: at(50))
    #expect(run.handle(.interrupted, now: at(51)) == drained)
  }

  @Test(
    "a change that was not made is not undone, and those before it are, unless they are to stay",
    arguments: [(true, true), (true, false), (false, true), (false, false)])
  func notMade(isInterrupted: Bool, rollback: Bool) {
    var alone = changing(rollback: rollback)
    var second = changing(changes: [true, true], rollback: rollback)
    _ = second.handle(.changeEnded(.complete), now: at(42))
    if isInterrupted {
      #expect(alone.handle(.interrupted, now: at(43)) == [.abandonRollout, .endVotes])
      #expect(second.handle(.interrupted, now: at(43)) == [.abandonRollout, .endVotes])
    }
    #expect(alone.handle(.changeNotMade, now: at(44)) == [.begin(.drain), .endVotes])
    #expect(
      second.handle(.changeNotMade, now: at(44))
        == (rollback ? [.begin(.rollback), .startRollback(change: 0), .endVotes] : drained))
    if rollback { #expect(second.handle(.changeEnded(.complete), now: at(50)) == drained) }
  }

  @Test("whatever happens and when: what was made is put back or stays by rule, and restore comes once")
  func property() {
    for seed in 0..<2000 as Range<UInt64> {
      var random = SplitMix(seed: seed)
      let plan = RunMachine.Plan(
        warmup: .seconds(1), baseline: .seconds(2), settle: .seconds(1), recovered: .seconds(1),
        changes: (0..<Int.random(in: 0...3, using: &random)).map { _ in Bool.random(using: &random) },
        setsStrategy: Bool.random(using: &random), rollback: Bool.random(using: &random))
      var history = RunHistory(plan: plan)
      history.play(&random)
      let flaws = history.flaws
      #expect(flaws.isEmpty, "seed \(seed): \(flaws) in \(history.actions) of \(plan)")
    }
  }

  @Test("the plan of a profile knows what leaves something to put back")
  func plan() throws {
    let settings = try Settings.read(
      yaml: "during-rollout: true\nstrategy: maxSurge=1\nrollouts:\n- restart: true\n- delete-pod: true\n", name: "a"
    ).get()
    let plan = RunMachine.Plan(try RunProfile.validate(settings, freshSeed: 7).get())
    #expect(plan.changes == [true, false])
    #expect(plan.setsStrategy && plan.rollback)
    #expect(plan.settle == .seconds(10) && plan.recovered == .seconds(20))
    let alone = RunMachine.Plan(try RunProfile.validate(Settings(), freshSeed: 7).get())
    #expect(alone.changes.isEmpty && !alone.setsStrategy)
  }
}

/// A run under events at random, and what was seen of it.
private struct RunHistory {
  let plan: RunMachine.Plan
  var machine: RunMachine
  var actions: [RunMachine.Action] = []
  /// The change whose command or rollback is under way.
  var underWay: RunMachine.Action?
  var made: [Int] = []
  var isInterrupted = false
  var underWayAtInterrupt: Int?
  var isCutShort = false
  var isViolated = false

  init(plan: RunMachine.Plan) {
    self.plan = plan
    machine = RunMachine(plan: plan)
  }

  mutating func play(_ random: inout SplitMix) {
    var now = MonotonicTime(nanoseconds: 0)
    handle(.tick, now)
    while machine.phase != .drain || machine.isRestoring, actions.count < 100 {
      now = now + .milliseconds(Int.random(in: 0...900, using: &random))
      handle(event(&random), now)
    }
    // What comes late changes nothing any more.
    for event in [.tick, .interrupted, .violated, .changeEnded(.complete), .changeNotMade, .restored]
      as [RunMachine.Event]
    {
      handle(event, now + .seconds(9))
    }
  }

  private mutating func event(_ random: inout SplitMix) -> RunMachine.Event {
    switch Int.random(in: 0..<12, using: &random) {
    case 0: return Bool.random(using: &random) ? .interrupted : .violated
    case 1...4: return machine.isRestoring ? .restored : .tick
    case _ where underWay == nil: return .tick
    case 5: return .changeNotMade
    case 6: return .changeEnded(RolloutOutcome.allCases.randomElement(using: &random) ?? .complete)
    default: return .changeEnded(.complete)
    }
  }

  private mutating func handle(_ event: RunMachine.Event, _ now: MonotonicTime) {
    if event == .interrupted, !isInterrupted {
      isInterrupted = true
      if case .startRollout(let change) = underWay { underWayAtInterrupt = change }
    }
    if case .startRollout(let change) = underWay {
      if case .changeEnded(let outcome) = event {
        made.append(change)
        isCutShort = outcome != .complete
      }
      if event == .changeNotMade { isCutShort = true }
    }
    switch event {
    case .changeEnded, .changeNotMade: underWay = nil
    case .tick, .restored, .interrupted, .violated: break
    }
    let asked = machine.handle(event, now: now)
    if event == .violated, !asked.isEmpty { isViolated = true }
    for action in asked {
      actions.append(action)
      switch action {
      case .startRollout, .startRollback: underWay = action
      default: break
      }
    }
  }

  var flaws: [String] {
    var flaws: [String] = []
    func expect(_ holds: Bool, _ flaw: String) { if !holds { flaws.append(flaw) } }
    let started = actions.compactMap { if case .startRollout(let change) = $0 { change } else { nil as Int? } }
    let putBack = actions.compactMap { if case .startRollback(let change) = $0 { change } else { nil as Int? } }
    let stays = plan.rollback || isViolated ? [] : made.filter { $0 != underWayAtInterrupt }
    let owed = made.filter { plan.changes[$0] && !stays.contains($0) }
    expect(machine.phase == .drain && !machine.isRestoring, "did not end")
    expect(started == Array(0..<started.count), "changes out of order")
    expect(isInterrupted || isViolated || isCutShort || started.count == plan.changes.count, "a change was left out")
    expect(putBack == owed.reversed(), "put back \(putBack), owed \(owed)")
    let restores = actions.filter { $0 == .restore }.count
    expect(restores == (plan.setsStrategy || !made.isEmpty ? 1 : 0), "\(restores) times restored")
    let lastChange = actions.lastIndex { if case .startRollback = $0 { true } else { false } } ?? 0
    expect((actions.firstIndex(of: .restore) ?? .max) > lastChange, "restored before the last rollback")
    let phases = actions.compactMap { if case .begin(let phase) = $0 { phase } else { nil as Phase? } }
    let order = phases.compactMap(Phase.allCases.firstIndex)
    expect(zip(order, order.dropFirst()).allSatisfy { $0 < $1 }, "phases out of order: \(phases)")
    expect(actions.contains(.endVotes), "votes did not end")
    return flaws
  }
}
