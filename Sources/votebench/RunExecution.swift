import ArgumentParser
import Bench
import FoundationEssentials
import Kubernetes
import LoadEngine
import Sandbox

/// Executes what `RunMachine` decides: the one place where engine, cluster and sandbox meet.
///
/// Everything that happens comes in through one stream and is handled by one task, in order: a phase that begins at
/// `now` therefore begins after every vote that had come back before.
final class RunExecution {
  /// Everything that can happen during a run.
  enum Event: Sendable {
    case engine(EngineEvent)
    /// A change (or its rollback, in that phase) has ended; without a record when there was nothing to put back.
    case changeEnded(Phase, Result<RolloutRecord?, KubectlError>)
    /// A change as it stands.
    case changing(RolloutRecord)
    /// A command that changes the cluster is about to be run.
    case command(String)
    /// The cluster is as it was, or as near as it could be brought.
    case restored(RolloutSession.Restored)
    case sandboxEnded(String)
    case interrupted(Int32)
    case tick
  }

  /// What a run came to.
  struct Ended {
    var run: FinishedRun
    /// Why it ended before its time, nil when it did not.
    var failure: RunFailure?
  }

  private let profile: RunProfile
  private let progress: ProgressView
  private let interrupts: Interrupts
  private let events: AsyncStream<Event>
  private let send: AsyncStream<Event>.Continuation
  private var background: [Task<Void, Never>] = []

  init(profile: RunProfile, progress: ProgressView, interrupts: Interrupts) {
    self.profile = profile
    self.progress = progress
    self.interrupts = interrupts
    (events, send) = AsyncStream.makeStream()
  }

  /// For the run's folder: `rollout` or `load`.
  var name: String { profile.rollout == nil ? "load" : "rollout" }

  /// Runs everything and puts everything back; gives the report and the exit status.
  ///
  /// The folder's log and journal get their lines while the run goes on. A `sandbox` that is given goes on afterwards;
  /// without one, where the profile asks for it, the run has its own.
  func run(in folder: RunFolder, on sandbox: SandboxChild? = nil) async throws -> Ended {
    background.append(
      Task { [signals = interrupts.signals(), send] in
        for await signal in signals { send.yield(.interrupted(signal)) }
      })
    defer { for task in background { task.cancel() } }
    guard profile.target == .sandbox else { return try await measure(on: Surroundings(profile), in: folder) }
    if let sandbox { return try await measure(on: sandbox, in: folder) }
    let own = try await Self.startSandbox(profile, progress)
    do {
      let result = try await measure(on: own, in: folder)
      await own.stop()
      return result
    } catch {
      await own.stop()
      throw error
    }
  }

  private func measure(on sandbox: SandboxChild, in folder: RunFolder) async throws -> Ended {
    background.append(
      Task { [send] in
        while sandbox.isAlive, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(500)) }
        if !Task.isCancelled { send.yield(.sandboxEnded("its process is gone")) }
      })
    return try await measure(on: Surroundings(profile, sandbox: sandbox.info), in: folder)
  }

  /// A sandbox for runs by `profile`; the caller stops it.
  static func startSandbox(_ profile: RunProfile, _ progress: ProgressView) async throws(RunFailure) -> SandboxChild {
    progress.note("sandbox: starting nginx, redis, postgres, the API server and the voting system")
    do {
      let began = MonotonicTime.now
      let child = try await SandboxChild.start(
        SandboxConfiguration(profile.podTraits),
        executable: Program.path)
      progress.note("sandbox: ready after \(decimal((MonotonicTime.now - began).seconds, 1)) s at \(child.info.url)")
      progress.note("sandbox: KUBECONFIG=\(child.info.kubeconfig) kubectl -n \(child.info.namespace) get pods")
      return child
    } catch {
      throw RunFailure(error)
    }
  }

  /// However the measurement ends, the cluster is put back before this does.
  private func measure(on surroundings: Surroundings, in folder: RunFolder) async throws -> Ended {
    let session = try await session(surroundings, folder)
    do {
      return try await measure(on: surroundings, session, in: folder)
    } catch {
      await report(session?.restore())
      throw error
    }
  }

  /// Looks at the cluster, names it, and sets the strategy of the run; nil without a rollout.
  private func session(_ surroundings: Surroundings, _ folder: RunFolder) async throws(RunFailure) -> RolloutSession? {
    guard let kubectl = surroundings.kubectl, let rollout = profile.rollout else { return nil }
    let session = RolloutSession(
      kubectl: kubectl, rollout: rollout, journal: folder.journal, now: { .now },
      tell: { [send] in send.yield(.command($0)) }, seen: { [send] in send.yield(.changing($0)) })
    let access: ClusterAccess
    do {
      access = try await session.prepare()
    } catch {
      throw RunFailure(error)
    }
    // Before the changes are checked: what a killed run left may be why they make no sense.
    for left in LeftOpen.find(below: folder.neighbourhoods, access) {
      guard await left.isPutBack() else { throw left.failure }
      return try await self.session(surroundings, folder)
    }
    do {
      try await session.check(access)
    } catch {
      throw RunFailure(error)
    }
    if profile.target != .sandbox { for line in access.lines { progress.note("cluster: \(line)") } }
    do {
      try await session.begin(access)
    } catch {
      await report(session.restore())
      throw RunFailure(error)
    }
    return session
  }

  private func report(_ restored: RolloutSession.Restored?) {
    guard let restored else { return }
    for line in restored.notes { progress.note(line) }
    for line in restored.problems { Console.error("votebench: the cluster is NOT as before: \(line)") }
  }

  private func measure(
    on surroundings: Surroundings, _ session: RolloutSession?, in folder: RunFolder
  ) async throws -> Ended {
    let name = Self.freshRunName()
    let choices = profile.hasPrivateLabels ? profile.choices.map { "vb-\(name)-\($0)" } : profile.choices
    let ballot = Ballot(run: name, seed: profile.seed, choices: choices, electorate: profile.electorate)
    let environment = await surroundings.environment
    let engine = LoadEngine(surroundings.engine(profile, ballot))
    background.append(
      Task { [events = engine.events, send] in
        for await event in events { send.yield(.engine(event)) }
      })
    background.append(
      Task { [send] in
        while !Task.isCancelled {
          send.yield(.tick)
          try? await Task.sleep(for: .milliseconds(20))
        }
      })
    for (number, source) in profile.tallySources.enumerated() where source.kind == .command {
      let poll = TallyCommand(
        command: source.place, picking: source.picking, number: number, choices: choices,
        interval: profile.pollInterval, limit: profile.timeout)
      background.append(Task { [send] in await poll.run { send.yield(.engine($0)) } })
    }
    var run = RunInProgress(
      profile: profile, ballot: ballot, engine: engine, session: session, export: surroundings.export,
      progress: progress, log: folder.latencyLog, ledgerFile: folder.ledger, environment: environment, send: send)
    do {
      for await event in events {
        try await run.handle(event, indeterminateSettle: surroundings.indeterminateSettle)
        if run.isOver { break }
      }
    } catch {
      await run.stopChanging()
      throw error
    }
    await run.restore()
    if let finished = run.finished() { return Ended(run: finished, failure: run.failure) }
    throw run.failure ?? RunFailure("the engine ended before the first vote")
  }

  private static func freshRunName() -> String {
    String((0..<8).map { _ in "0123456789abcdefghijklmnopqrstuvwxyz".randomElement() ?? "0" })
  }
}
