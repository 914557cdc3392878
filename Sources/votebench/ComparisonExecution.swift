import ArgumentParser
import Bench
import FoundationEssentials
import Kubernetes
import Sandbox

/// Makes the rollouts of a comparison that are still to be made, one run each, and puts the workload back.
final class ComparisonExecution {
  /// How often a load is sent to see whether the system answers as before an earlier rollout.
  private static let probes = 6

  private let folder: ComparisonFolder
  private let style: ProgressView.Style
  private let progress: ProgressView
  private let interrupts = Interrupts()
  private let begun = ContinuousClock.now
  private var made = 0

  private var request: ComparisonRequest { folder.log.request }

  init(_ folder: ComparisonFolder, style: ProgressView.Style) {
    self.folder = folder
    self.style = style
    progress = ProgressView(style: style)
  }

  /// Runs; gives why not all rollouts were made, nil when all were.
  func run() async -> RunFailure? {
    if style != .none, !folder.log.remaining.isEmpty {
      Console.progress(ComparisonPlanText(request, made: folder.log.rollouts.count).text + "\n")
    }
    do {
      try await begin()
      return nil
    } catch {
      let isOver = error.status == ExitStatus.usage || folder.discardUnlessBegun()
      let way = isOver ? "" : " Go on with: votebench compare --resume \(folder.path)"
      return RunFailure(error.message + way, status: error.status)
    }
  }

  private func begin() async throws(RunFailure) {
    // Also after the last rollout: it is before the putting back that a comparison may have been killed.
    try await putBackWhatIsLeft()
    if folder.log.remaining.isEmpty { return }
    guard request.profile.target == .sandbox else {
      return try await compare(on: nil, Surroundings(request.profile))
    }
    let sandbox = try await RunExecution.startSandbox(request.profile, progress)
    do throws(RunFailure) {
      try await compare(on: sandbox, Surroundings(request.profile, sandbox: sandbox.info))
    } catch {
      await sandbox.stop()
      throw error
    }
    await sandbox.stop()
  }

  /// What an earlier process left changed when it was killed.
  private func putBackWhatIsLeft() async throws(RunFailure) {
    let header: JournalHeader?
    do {
      header = folder.journal.exists ? try folder.journal.read().header : nil
    } catch {
      throw RunFailure(error)
    }
    if header?.isRunning == true {
      throw RunFailure("the comparison in \(folder.path) goes on in another process.", status: ExitStatus.usage)
    }
    // The sandbox that a killed process had is gone, and what was changed in it.
    if request.profile.target != .sandbox, folder.journals.contains(where: { Journal(folder: $0).hasOpen }) {
      progress.note("putting back what was left: votebench restore \(folder.path)")
      do {
        var command = try RestoreCommand.parse([folder.path])
        try await command.run()
      } catch {
        throw RunFailure("what was left could not be put back: see above.")
      }
    }
    try? FileManager.default.removeItem(atPath: folder.journal.path)
    for rollout in folder.log.remaining { folder.discard(folder.run(rollout)) }
  }

  private func compare(on sandbox: SandboxChild?, _ surroundings: Surroundings) async throws(RunFailure) {
    guard let kubectl = surroundings.kubectl, let rollout = request.profile.rollout,
      let change = rollout.changes.first
    else { return }
    let workload = ComparedWorkload(
      kubectl: kubectl, change: change, journal: folder.journal, limit: rollout.timeout,
      tell: { [style] line in if style != .none { Console.error("          \(line)") } })
    do {
      let access = try await Preflight(
        kubectl: kubectl, changes: rollout.changes, strategy: rollout.strategy
      ).run()
      let left = LeftOpen.find(below: RunFolder.neighbourhoods(of: folder.path), access)
      if let first = left.first { throw first.failure }
      try await workload.begin(access, request.question.settings)
    } catch let failure as RunFailure {
      throw failure
    } catch {
      throw RunFailure("\(error)")
    }
    let failure = await rollAll(workload, sandbox)
    // A sandbox of its own ends now, with all that was changed in it.
    if sandbox != nil {
      try? FileManager.default.removeItem(atPath: folder.journal.path)
      if let failure { throw failure }
      return
    }
    let restored = await workload.restore()
    for line in restored.notes { progress.note(line) }
    if !restored.problems.isEmpty {
      throw RunFailure(
        (failure.map { "\($0.message) " } ?? "") + "The cluster is NOT as before: "
          + restored.problems.joined(separator: "; ") + ". Put it back with: votebench restore \(folder.path)")
    }
    if let failure { throw failure }
  }

  /// Makes what is still to be made; gives what kept it from the end.
  private func rollAll(_ workload: ComparedWorkload, _ sandbox: SandboxChild?) async -> RunFailure? {
    do throws(RunFailure) {
      for rollout in folder.log.remaining {
        try stopIfInterrupted()
        progress.note(heading(rollout))
        try await roll(rollout, workload, sandbox)
        made += 1
      }
      return nil
    } catch {
      return error
    }
  }

  private func roll(
    _ rollout: ComparisonPlan.Rollout, _ workload: ComparedWorkload, _ sandbox: SandboxChild?
  ) async throws(RunFailure) {
    let setting = request.question.settings[rollout.setting]
    let name = folder.run(rollout)
    let (profile, hasNewPods): (RunProfile, Bool)
    do {
      hasNewPods = try await prepare(rollout, workload)
      let image = try await workload.image(after: setting, isForward: rollout.isForward)
      profile = try request.profile(of: rollout, image: image, out: "\(folder.path)/\(name)")
    } catch let list as ProblemList {
      throw RunFailure(list.problems.map(\.description).joined(separator: "; "))
    } catch {
      try stopIfInterrupted()
      throw RunFailure("\(error)")
    }
    try stopIfInterrupted()
    let beganSettled = try await settle(before: rollout, hasNewPods: hasNewPods, sandbox)
    let run: FinishedRun
    do throws(RunFailure) {
      run = try await measure(profile, sandbox)
    } catch {
      // It is made again, and nothing half-done is taken for a result.
      discard(name)
      throw error
    }
    guard var figures = RolloutFigures(rollout, run, folder: name) else {
      discard(name)
      throw RunFailure("rollout \(rollout.number) changed nothing: see what the run said.")
    }
    figures.beganSettled = beganSettled
    try folder.add(figures)
    progress.note(
      "rollout \(rollout.number): \(figures.failedVotes) failed votes of \(figures.dueVotes), "
        + (figures.durationS.map { "\(decimal($0, 1)) s" } ?? figures.outcome.rawValue))
  }

  /// Brings the workload to where a rollout begins; true when it has other pods by that.
  ///
  /// An interrupt ends the wait.
  private func prepare(_ rollout: ComparisonPlan.Rollout, _ workload: ComparedWorkload) async throws -> Bool {
    let setting = request.question.settings[rollout.setting]
    let preparing = Task { try await workload.prepare(setting, isForward: rollout.isForward) }
    let watching = Task { [signals = interrupts.signals(), style] in
      for await _ in signals {
        preparing.cancel()
        if style == .none { continue }
        Console.error(
          "          interrupted: putting the cluster back; once more ends at once, and leaves it as it is then")
      }
    }
    defer { watching.cancel() }
    return try await preparing.value
  }

  /// What a run left may still have to be put back.
  private func discard(_ name: String) {
    if !Journal(folder: "\(folder.path)/\(name)").hasOpen { folder.discard(name) }
  }

  /// One run, with its report in its folder; throws what kept it from its end.
  private func measure(_ profile: RunProfile, _ sandbox: SandboxChild?) async throws(RunFailure) -> FinishedRun {
    let execution = RunExecution(profile: profile, progress: ProgressView(style: style), interrupts: interrupts)
    let run = try RunFolder(profile.out, name: execution.name, profile)
    let ended: RunExecution.Ended
    do {
      ended = try await execution.run(in: run, on: sandbox)
    } catch {
      throw error as? RunFailure ?? RunFailure("a fault of votebench itself: \(error)", status: ExitStatus.fault)
    }
    try run.write(ended.run)
    if let interruption {
      // What could not be put back must not be lost in it.
      throw RunFailure(
        ([interruption.message] + [ended.failure?.message].compactMap(\.self)).joined(separator: " "),
        status: interruption.status)
    }
    if let failure = ended.failure { throw failure }
    return ended.run
  }

  /// Waits, under load, until the system answers as it did before an earlier rollout, where it has other pods since, or
  /// did not when that ended; nil where there is nothing to wait for.
  ///
  /// After some time it goes on all the same, since the blocks of the plan take what is left, and gives false.
  private func settle(
    before rollout: ComparisonPlan.Rollout, hasNewPods: Bool, _ sandbox: SandboxChild?
  ) async throws(RunFailure) -> Bool? {
    let earlier = folder.log.rollouts
    // One that was stopped was put back, and its pods are new ones, too.
    let isResumed = made == 0 && !earlier.isEmpty
    guard hasNewPods || isResumed || earlier.last?.isSettled == false else { return nil }
    // Settings may answer each at a pace of their own.
    let before = earlier.last { $0.setting == rollout.setting } ?? earlier.last
    for _ in 0..<Self.probes {
      progress.note("waiting, under load, until the system answers as before")
      let times = try await probe(sandbox).report.total.responseTime.milliseconds
      // Before the first rollout there is nothing to hold it against: the new pods have had a load.
      guard let before else { return nil }
      if before.answersAsBefore(p50: times?.p50, p90: times?.p90) { return true }
    }
    progress.note("going on all the same")
    return false
  }

  /// A load without a rollout.
  private func probe(_ sandbox: SandboxChild?) async throws(RunFailure) -> FinishedRun {
    let out = "\(folder.path)/settling"
    defer { try? FileManager.default.removeItem(atPath: out) }
    let profile: RunProfile
    do {
      profile = try request.probe(out: out)
    } catch {
      throw RunFailure(error.problems.map(\.description).joined(separator: "; "))
    }
    return try await measure(profile, sandbox)
  }

  /// Why no more rollouts are made; nil while nobody interrupts.
  private var interruption: RunFailure? {
    interrupts.first.map { signal in
      RunFailure(
        "interrupted: \(folder.log.rollouts.count) of \(request.question.plan.rollouts.count) rollouts were made.",
        status: ExitStatus.interrupted(by: signal))
    }
  }

  private func stopIfInterrupted() throws(RunFailure) {
    if let interruption { throw interruption }
  }

  private func heading(_ rollout: ComparisonPlan.Rollout) -> String {
    let plan = request.question.plan
    let remaining = folder.log.remaining.count
    let left: String
    if made > 0 {
      left = ", about \(ComparisonPlanText.time((ContinuousClock.now - begun) / made * remaining)) left"
    } else {
      left = ", at least \(ComparisonPlanText.time(request.lengthOfRun.lowerBound * remaining)) left"
    }
    return "rollout \(rollout.number) of \(plan.rollouts.count), repetition \(rollout.repetition) of "
      + "\(plan.repetitions): \(request.question.settings[rollout.setting].label), "
      + (rollout.isForward ? "forth" : "back") + left
  }
}
