import ArgumentParser
import Bench
import FoundationEssentials
import Kubernetes
import LoadEngine

/// A run from its first event to its last: takes events, asks `RunMachine` what to do, does it.
struct RunInProgress {
  private let profile: RunProfile
  private let ballot: Ballot
  private let engine: LoadEngine
  private let session: RolloutSession?
  private let export: VoteExport?
  private let progress: ProgressView
  private let log: AppendedFile
  private let ledgerFile: LedgerFile
  private let environment: RunEnvironment
  private let send: AsyncStream<RunExecution.Event>.Continuation

  private var machine: RunMachine
  private var recorder: Recorder?
  /// Opened before there was a recorder.
  private var openedBefore: [ConnectionTimes] = []
  private var ledger: Ledger? { recorder?.ledger }
  private var isConnected = false
  private var baseline: Baseline
  private var samples: [TallySample] = []
  private var sources: TallySources
  private var rollouts: [RolloutRecord] = []
  /// The change that goes on, as it was seen last.
  private var underWay: RolloutRecord?
  private var changing: Task<Void, Never>?
  private var votesEndedAt: MonotonicTime?
  private var drain: Drain?
  private var drainState: Drain.State?
  private var lastIndeterminate: MonotonicTime?
  private var audit: VoteAudit?
  private var exportError: String?
  private var figures: GeneratorFigures?
  /// Nil without `--abort-on-fail`.
  private var watch: AbortWatch?
  private var aborted: Abortion?
  /// Why the run ended before its time; what was measured until then is still reported.
  private(set) var failure: RunFailure?
  /// How the run was set up; nil until the first vote has its moment: then there is something to report.
  private var heading: LedgerHeading?

  /// The signal that asked the run to end, nil when none did.
  private(set) var interrupted: Int32?
  /// True when nothing more is to be done but to restore.
  private(set) var isOver = false
  private var isRestored = false
  /// True when there is no cluster any more.
  private var isBlind = false

  init(
    profile: RunProfile, ballot: Ballot, engine: LoadEngine, session: RolloutSession?, export: VoteExport?,
    progress: ProgressView, log: AppendedFile, ledgerFile: LedgerFile, environment: RunEnvironment,
    send: AsyncStream<RunExecution.Event>.Continuation
  ) {
    self.profile = profile
    self.ballot = ballot
    self.engine = engine
    self.session = session
    self.export = export
    self.progress = progress
    self.log = log
    self.ledgerFile = ledgerFile
    self.environment = environment
    self.send = send
    baseline = Baseline(choices: ballot.choices)
    sources = TallySources(profile.tallySources, labels: profile.hasPrivateLabels ? ballot.choices : nil)
    machine = RunMachine(plan: RunMachine.Plan(profile))
    watch =
      profile.abortsOnFail
      ? AbortWatch(profile.objectives) { PhasePlan(profile).mostVotes($0, of: profile.schedule) } : nil
  }

  /// Takes one event into account.
  mutating func handle(_ event: RunExecution.Event, indeterminateSettle: Duration) async throws(RunFailure) {
    switch event {
    case .engine(let event): try await handle(event, indeterminateSettle: indeterminateSettle)
    case .changeEnded(_, .success(let record)): changeEnded(record)
    case .changing(let record):
      underWay = record
      progress.see(record)
      ledgerFile.add(changing: record, at: .now)
    case .command(let line): progress.note(line, at: elapsed(.now))
    case .restored(let restored): self.restored(restored)
    case .changeEnded(let phase, .failure(let error)): changeRefused(error, of: phase)
    case .sandboxEnded(let reason): sandboxEnded(reason)
    case .interrupted(let signal): interrupt(signal)
    case .tick: await tick()
    }
  }

  private mutating func sandboxEnded(_ reason: String) {
    isBlind = true
    failure = RunFailure(
      "the sandbox ended in the middle of the run: \(reason). What was measured until then is in the report; run again."
    )
    engine.quit()
  }

  // MARK: Engine

  private mutating func handle(_ event: EngineEvent, indeterminateSettle: Duration) async throws(RunFailure) {
    switch event {
    case .connected:
      isConnected = true
      progress.note("connected: \(profile.connections) connections; reading the tally before the first vote")
    case .connections(let opened): record(opened)
    case .votes(let observations, let sent): record(observations, sent: sent)
    case .tally(let sample, let pod): try await tally(sample, pod, indeterminateSettle: indeterminateSettle)
    case .tallyFailed(let source, let reason): try tallyFailed(source, reason)
    case .votesEnded: votesEnded()
    case .failed(let error):
      // What was measured until then is worth a report.
      guard heading != nil else { throw RunFailure(error) }
      failure = RunFailure(error)
      isOver = true
    case .stopped(let figures):
      self.figures = figures
      if let drainState { ledgerFile.add(.drained(state: drainState)) }
      ledgerFile.add(.generator(figures: figures))
      log.write(recorder?.finish() ?? [])
      isOver = true
    }
  }

  private mutating func record(_ observations: [Observation], sent: Int) {
    passPhases(until: .now)
    for vote in observations {
      recorder?.record(vote)
      if vote.outcome == .indeterminate { lastIndeterminate = max(lastIndeterminate ?? vote.actual, vote.actual) }
    }
    progress.add(observations, sent: sent)
    log.write(recorder?.closedLines(now: .now) ?? [])
    ledgerFile.add(observations)
    lookForViolation(observations)
  }

  /// Ends the run once an objective is surely violated, where that was asked for.
  private mutating func lookForViolation(_ observations: [Observation]) {
    guard var watch, let recorder, aborted == nil else { return }
    var violation: (objective: Objective, reason: String)?
    for vote in observations where violation == nil {
      violation = recorder.edges.phase(at: vote.intended).flatMap { watch.add(vote, phase: $0) }
    }
    violation = violation ?? watch.search(recorder.ledger, recorder.edges)
    self.watch = watch
    guard let violation else { return }
    let now = MonotonicTime.now
    let actions = machine.handle(.violated, now: now)
    // Once changes are being put back there is nothing that it would shorten.
    guard !actions.isEmpty else { return }
    aborted = Abortion(
      expression: violation.objective.expression, reason: violation.reason, at: now - recorder.ledger.origin)
    progress.note("ending the run: \(violation.objective.expression): \(violation.reason)", at: elapsed(now))
    act(actions, now: now)
  }

  private mutating func record(_ opened: [ConnectionTimes]) {
    guard recorder != nil else {
      openedBefore += opened
      return
    }
    for connection in opened {
      recorder?.record(connection)
      ledgerFile.add(LedgerRecord.connection(connection))
    }
  }

  private mutating func tally(
    _ sample: TallySample, _ pod: String, indeterminateSettle: Duration
  ) async throws(RunFailure) {
    let known = sources.traits.count
    let sample = sources.take(sample, pod: pod)
    guard ledger != nil else {
      // Threads of the engine may still be connecting while the first one polls.
      if isConnected, baseline.add(sample), sources.allAnswered { begin() }
      return
    }
    for traits in sources.traits[known...] { ledgerFile.add(.source(traits: traits)) }
    samples.append(sample)
    if let base = baseline.samples.last { progress.see(visible: sample.total - base.total) }
    ledgerFile.add(.poll(sample: sample, isBaseline: false))
    guard drain != nil, let votesEndedAt, sample.sent >= votesEndedAt else { return }
    drainState = drain?.add(sample)
    // The votes of an interrupted run end before its rollback does.
    guard machine.phase == .drain else { return }
    if case .waiting = drainState { return }
    if let last = lastIndeterminate, sample.sent < last + indeterminateSettle, interrupted == nil { return }
    await finish()
  }

  private mutating func tallyFailed(_ source: Int, _ reason: String) throws(RunFailure) {
    sources.failed(source, reason)
    if ledger == nil, let source = sources.hopeless {
      throw RunFailure(
        "reading the tally at \(source.name): \(source.reasons), and no tally in between. Check --tally (or "
          + "--result-path), and that the answer is what it says, such as {\"a\":N,\"b\":N} for json:.")
    }
  }

  private mutating func begin() {
    // Early enough for the engine to be waiting when the first vote is due.
    let origin = MonotonicTime.now + .milliseconds(50)
    let start = Date.now + 0.05
    recorder = Recorder(profile, origin: origin)
    sources.learnPeriods()
    let heading = LedgerHeading(
      version: Votebench.version, startedAt: start.formatted(.iso8601), origin: origin, ballot: ballot, rules: rules,
      startS: start.timeIntervalSince1970, profile: ProfileText(profile, hidesSecrets: true).text,
      environment: environment)
    self.heading = heading
    progress.begin(
      LiveFigures(origin: origin, schedule: profile.schedule, revoters: heading.revoters),
      phases: PhasePlan(profile).phases)
    log.begin()
    log.write(LatencyLog.header(version: heading.version, start: start.timeIntervalSince1970))
    ledgerFile.begin(heading, baseline: baseline.samples)
    record(openedBefore)
    openedBefore = []
    engine.begin(at: origin)
    act(machine.handle(.tick, now: origin), now: origin)
  }

  private mutating func votesEnded() {
    guard let ledger, let base = ConsistencyReport.Evidence.base(of: baseline.samples) else { return }
    let now = MonotonicTime.now
    votesEndedAt = now
    ledgerFile.add(.votesEnded(at: now))
    drain = Drain(
      of: VoteHistory(ledger, ballot), rules: rules, base: base, begin: now, limit: profile.drainMaximum)
  }

  // MARK: Cluster

  private mutating func changeEnded(_ record: RolloutRecord?) {
    let now = MonotonicTime.now
    underWay = nil
    if let record {
      rollouts.append(record)
      ledgerFile.add(changed: record)
    }
    let outcome = record.map { $0.outcome ?? .interrupted } ?? .complete
    progress.note(
      record == nil ? "nothing to put back" : "\(outcome.rawValue): \(outcome.sentence)", at: elapsed(now))
    act(machine.handle(.changeEnded(outcome), now: now), now: now)
  }

  private mutating func changeRefused(_ error: KubectlError, of phase: Phase) {
    let now = MonotonicTime.now
    progress.note(error.description, at: elapsed(now))
    let isUnknown = error.code == .noAnswer
    if phase == .rollback {
      failure = RunFailure("the rollback could not be made, so nobody knows what it would have done to users: \(error)")
    } else if isUnknown {
      failure = RunFailure("nobody knows whether the change was made, look at the cluster: \(error)")
    } else if interrupted == nil, aborted == nil {
      failure = RunFailure(error)
    }
    // What perhaps was made is put back.
    if isUnknown, phase == .rollout { act(machine.handle(.interrupted, now: now), now: now) }
    let event: RunMachine.Event = isUnknown && phase == .rollout ? .changeEnded(.interrupted) : .changeNotMade
    act(machine.handle(event, now: now), now: now)
  }

  private mutating func change(
    _ perform: @escaping @Sendable (RolloutSession) async throws(KubectlError) -> RolloutRecord?
  ) {
    guard let session, let phase = machine.phase else { return }
    changing = Task { [send] in
      do throws(KubectlError) {
        send.yield(.changeEnded(phase, .success(try await perform(session))))
      } catch {
        send.yield(.changeEnded(phase, .failure(error)))
      }
    }
  }

  private func startRestore() {
    guard let session else { return }
    // In a task of its own: the tally is read on meanwhile.
    Task { [send] in send.yield(.restored(await session.restore())) }
  }

  private mutating func restored(_ restored: RolloutSession.Restored) {
    isRestored = true
    let now = MonotonicTime.now
    for line in restored.notes { progress.note(line, at: elapsed(now)) }
    if !restored.problems.isEmpty {
      let before = failure.map { "\($0.message) " } ?? ""
      failure = RunFailure("\(before)The cluster is NOT as before: " + restored.problems.joined(separator: "; "))
    }
    act(machine.handle(.restored, now: now), now: now)
  }

  /// Follows a change that is under way no longer, and waits until nothing is being changed.
  func stopChanging() async {
    changing?.cancel()
    await changing?.value
  }

  /// Sees to it that the cluster is as it was, however the run ended.
  mutating func restore() async {
    await stopChanging()
    guard let session, !isRestored, !isBlind else { return }
    restored(await session.restore())
  }

  // MARK: Time and phases

  private mutating func tick() async {
    let now = MonotonicTime.now
    if machine.phase == .drain, let drain, drain.isBlind(at: now, patience: max(.seconds(30), profile.pollInterval * 3))
    {
      progress.note("the tally cannot be read any more: ending without it", at: elapsed(now))
      return await finish()
    }
    ledgerFile.tick(at: now)
    guard let ledger, now >= ledger.origin else { return }
    passPhases(until: now)
    progress.show(now)
  }

  /// Begins the phases that are due.
  ///
  /// One begins when the one before was to end, not when somebody looked: then it has exactly the votes of its length.
  /// The engine knows the end of the load before it comes, for the same reason.
  private mutating func passPhases(until now: MonotonicTime) {
    while let deadline = machine.deadline, deadline <= now {
      act(machine.handle(.tick, now: deadline), now: deadline)
    }
  }

  private mutating func interrupt(_ signal: Int32) {
    interrupted = signal
    progress.note(
      "interrupted: ending the load and putting the cluster back; once more ends at once, and leaves it as it is then")
    guard let ledger else {
      failure = RunFailure("interrupted before the first vote", status: ExitStatus.interrupted(by: signal))
      engine.quit()
      return
    }
    // The first vote may not be due yet.
    let now = max(.now, ledger.origin)
    act(machine.handle(.interrupted, now: now), now: now)
  }

  private mutating func act(_ actions: [RunMachine.Action], now: MonotonicTime) {
    for action in actions {
      switch action {
      case .begin(let phase):
        recorder?.begin(phase, at: now)
        ledgerFile.add(.phase(name: phase, at: now))
        progress.begin(phase, at: now, until: machine.deadline)
        if let end = machine.plannedEnd { engine.endVotes(at: end) }
      case .startRollout(let index): change { session throws(KubectlError) in try await session.make(index) }
      case .abandonRollout: changing?.cancel()
      case .startRollback(let index): change { session throws(KubectlError) in try await session.putBack(index) }
      case .endVotes: engine.endVotes(at: now)
      case .restore: startRestore()
      }
    }
  }

  private var rules: ConsistencyRules {
    ConsistencyRules(profile, semantics: export?.semantics ?? profile.semantics, sources: sources.traits)
  }

  private func elapsed(_ now: MonotonicTime) -> Duration? {
    ledger.map { now - $0.origin }
  }

  // MARK: End

  /// The tally has come to rest (or will not): the votes are counted one by one, and the engine ends.
  private mutating func finish() async {
    guard let ledger, audit == nil, exportError == nil else { return }
    if let export {
      switch await export.audit(ledger, ballot, ledgerFile) {
      case .success(let audit): self.audit = audit
      case .failure(let failure): exportError = failure.message
      }
      ledgerFile.add(.exported(problem: exportError))
    }
    drain = nil
    engine.quit()
  }

  /// The run once it is over; nil when it had no vote, and there is nothing to report.
  ///
  /// The ledger gets its last note.
  func finished() -> FinishedRun? {
    guard let heading, var recorder else { return nil }
    log.write(recorder.finish())
    progress.end()
    // Nobody saw the end of a change whose cluster went away: what was seen of it belongs to the run all the same.
    if let underWay { ledgerFile.add(changed: underWay) }
    let rollouts = rollouts + [underWay].compactMap(\.self)
    let consistency = ConsistencyReport(
      ConsistencyReport.Evidence(
        history: VoteHistory(recorder.ledger, ballot), baseline: baseline.samples, samples: samples,
        votesEnded: votesEndedAt, drain: drainState, audit: audit, exportError: exportError, rules: rules,
        course: RunCourse(recorder, pods: figures?.responders.map(\.pod) ?? [])))
    var ending = RunEnding(
      at: .now, tallySources: sources.figures, peakMemoryMegabytes: PeakMemory.megabytes,
      isInterrupted: interrupted != nil, aborted: aborted, failure: failure?.message, exitCode: 0)
    let report = RunReport(
      heading: RunReport.Heading(heading, profile),
      material: RunReport.Material(
        recorder: recorder, rollouts: rollouts, consistency: consistency, generator: figures, ending: ending),
      demands: RunReport.Demands(profile))
    let status = interrupted.map(ExitStatus.interrupted(by:)) ?? failure?.status ?? ExitCode(report.exitCode)
    ending.exitCode = status.rawValue
    ledgerFile.add(.ended(ending: ending))
    return FinishedRun(report: report, exitCode: ending.exitCode, profile: heading.profile ?? "")
  }
}
