import Glibc
import Logging
import Synchronization

/// A server that has to run as long as the sandbox does: one that ends by itself is logged and started again.
///
/// Bounded: after 50 restarts it stays down, so that a server that cannot live does not keep the machine busy.
final class SupervisedProcess: Sendable {
  private struct State {
    var child: ChildProcess?
    var stopped = false
    var watcher: Task<Void, Never>?
  }

  private static let mostRestarts = 50

  private let plan: ChildProcess.Plan
  private let journal: ProcessJournal
  private let logger: Logger
  private let beforeStart: @Sendable () -> Void
  private let afterRestart: @Sendable () async -> Void
  private let state = Mutex(State())

  /// Nothing runs until ``start()``.
  ///
  /// `beforeStart` removes what a killed predecessor may have left; `afterRestart` is called after each start but the
  /// first.
  init(
    _ plan: ChildProcess.Plan, journal: ProcessJournal, logger: Logger,
    beforeStart: @escaping @Sendable () -> Void = {}, afterRestart: @escaping @Sendable () async -> Void = {}
  ) {
    self.plan = plan
    self.journal = journal
    self.logger = logger
    self.beforeStart = beforeStart
    self.afterRestart = afterRestart
  }

  /// Starts the process and its supervision; throws what ``ChildProcess/start(_:journal:)`` throws.
  func start() async throws(SandboxError) {
    beforeStart()
    let child = try await ChildProcess.start(plan, journal: journal)
    state.withLock { state in
      state.child = child
      state.watcher = Task { await supervise(child) }
    }
  }

  /// The process that runs now, or ran last.
  var current: ChildProcess? { state.withLock(\.child) }

  /// Ends it for good: the signal, and SIGKILL after the limit.
  func stop(_ signal: Int32, within limit: Duration) async {
    let watcher = state.withLock { state in
      state.stopped = true
      return state.watcher
    }
    watcher?.cancel()
    await current?.stop(signal, within: limit)
    await watcher?.value
    // A restart that was under way when the end was decided.
    await current?.stop(SIGKILL, within: .seconds(1))
  }

  private func supervise(_ first: ChildProcess) async {
    var child = first
    for restart in 1...Self.mostRestarts {
      let ending = await child.ending
      guard !state.withLock(\.stopped) else { return }
      logger.warning("\(plan.what) ended with \(ending.exitCode); starting it again")
      try? await Task.sleep(for: .milliseconds(min(100 * restart, 2_000)))
      guard !state.withLock(\.stopped) else { return }
      beforeStart()
      do throws(SandboxError) {
        child = try await ChildProcess.start(plan, journal: journal)
        state.withLock { $0.child = child }
        await afterRestart()
      } catch {
        logger.error("\(error)")
      }
    }
    logger.error("\(plan.what) ended \(Self.mostRestarts) times; it stays down")
  }
}
