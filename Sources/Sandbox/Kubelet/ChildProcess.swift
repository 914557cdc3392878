import FoundationEssentials
import Glibc
import Synchronization

/// A process of the sandbox: started, watched until its end, and never left behind.
///
/// Each child has a thread of its own that starts it and then waits for it. That makes the parent-death signal
/// right, which the kernel sends when the *thread* that forked ends, not the process: the thread lives as
/// long as the child. So a sandbox that is killed takes its children with it.
package final class ChildProcess: Sendable {
  /// What to start, and how.
  package struct Plan: Sendable {
    /// What it is, in a word or two, for logs and errors.
    package var what: String
    /// The path of the program and its arguments.
    package var command: [String]
    /// Its whole environment: nothing is inherited.
    package var environment: [String: String] = ["PATH": "/usr/bin:/bin", "LC_ALL": "C"]
    /// The file that standard output and standard error are appended to.
    package var log: String
    /// The signal it gets when the sandbox's process dies, by name.
    package var deathSignal = "KILL"
    /// Programs that make its surroundings, each of which becomes the next; before the user is changed.
    package var surroundings: [String] = []
    /// The user it runs as; nil for the sandbox's own.
    package var account: UnprivilegedAccount?

    /// A plan with the least environment, and death by SIGKILL.
    package init(_ what: String, _ command: [String], log: String, account: UnprivilegedAccount?) {
      self.what = what
      self.command = command
      self.log = log
      self.account = account
    }
  }

  /// How a process ended.
  package enum Ending: Sendable, Equatable {
    /// By itself, with this exit code.
    case exited(Int32)
    /// By a signal.
    case signaled(Int32)

    /// What a shell shows: the code, or 128 + the signal.
    package var exitCode: Int32 {
      switch self {
      case .exited(let code): code
      case .signaled(let signal): 128 + signal
      }
    }
  }

  private struct State {
    var ending: Ending?
    var waiters: [CheckedContinuation<Ending, Never>] = []
  }

  /// What it is, in a word or two.
  package let what: String
  /// Its pid and start time.
  package let identity: ProcessIdentity
  private let state = Mutex(State())

  private init(_ what: String, _ identity: ProcessIdentity) {
    self.what = what
    self.identity = identity
  }

  /// Starts a process and records it in the journal.
  ///
  /// Throws `startFailed` if it cannot be started, or `noSpace`. That the program then fails is no error: see ``ending``.
  package static func start(_ plan: Plan, journal: ProcessJournal?) async throws(SandboxError) -> ChildProcess {
    try await start(ProcessSpawn(plan), journal: journal)
  }

  /// The same for a process that is not one of the sandbox's own, but the sandbox itself.
  static func start(_ spawn: ProcessSpawn, journal: ProcessJournal?) async throws(SandboxError) -> ChildProcess {
    let result: Result<ChildProcess, SandboxError> = await withCheckedContinuation { continuation in
      do throws(SandboxError) {
        try DedicatedThread.start { live(spawn, journal, continuation) }
      } catch {
        continuation.resume(returning: .failure(error))
      }
    }
    return try result.get()
  }

  /// Starts a process, waits for its end and throws `startFailed` with its last lines unless it exits with 0.
  package static func run(_ plan: Plan, journal: ProcessJournal?) async throws(SandboxError) {
    let child = try await start(plan, journal: journal)
    let ending = await child.ending
    guard ending == .exited(0) else {
      throw SandboxError(
        .startFailed, attempted: "running \(plan.what)",
        cause: "it ended with \(ending.exitCode): \(LogFile.lastLines(of: plan.log))",
        remedy: "Look at what it says; a full disk or a limit on processes are the usual causes.")
    }
  }

  /// How it ended; waits until it does.
  package var ending: Ending {
    get async {
      await withCheckedContinuation { continuation in
        let ending = state.withLock { state -> Ending? in
          if state.ending == nil { state.waiters.append(continuation) }
          return state.ending
        }
        if let ending { continuation.resume(returning: ending) }
      }
    }
  }

  /// How it ended, or nil while it runs.
  package var endingSoFar: Ending? { state.withLock(\.ending) }

  /// Sends a signal; nothing happens if the process has ended.
  package func send(_ signal: Int32) {
    // Under the lock: until `ending` is set the pid is not reaped, so it cannot be another process's.
    state.withLock { state in
      if state.ending == nil { _ = kill(identity.pid, signal) }
    }
  }

  /// Ends the process: the signal, and SIGKILL if that has not worked within the limit; waits for the end.
  package func stop(_ signal: Int32 = SIGTERM, within limit: Duration) async {
    send(signal)
    let killer = Task {
      try? await Task.sleep(for: limit)
      if !Task.isCancelled { send(SIGKILL) }
    }
    _ = await ending
    killer.cancel()
  }

  // The life of the child's thread.
  private static func live(
    _ spawn: ProcessSpawn, _ journal: ProcessJournal?,
    _ started: CheckedContinuation<Result<ChildProcess, SandboxError>, Never>
  ) {
    // The generator goes first where both want a processor: its lateness would otherwise be the sandbox's doing. A
    // child inherits the niceness of the thread that starts it, and tasks run on threads of any niceness.
    _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 5)
    do throws(SandboxError) {
      let pid = try spawn.start()
      // A process that has ended already has no start time any more; it needs none either.
      let identity = ProcessIdentity(pid: pid) ?? ProcessIdentity(pid: pid, startTime: 0)
      journal?.record(identity, spawn.what)
      let child = ChildProcess(spawn.what, identity)
      started.resume(returning: .success(child))
      child.waitForEnd()
    } catch {
      started.resume(returning: .failure(error))
    }
  }

  private func waitForEnd() {
    var info = siginfo_t()
    // Without reaping, so that the pid stays ours until the ending is known.
    while waitid(P_PID, id_t(identity.pid), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
    // What a killed process may leave of its own children. The group is still surely the child's.
    _ = kill(-identity.pid, SIGKILL)
    let waiters = state.withLock { state in
      var status: Int32 = 0
      _ = waitpid(identity.pid, &status, 0)
      // As WIFSIGNALED, WTERMSIG and WEXITSTATUS have it.
      let signal = status & 0x7f
      let ending: Ending = signal == 0 ? .exited(status >> 8 & 0xff) : .signaled(signal)
      state.ending = ending
      defer { state.waiters = [] }
      return state.waiters.map { ($0, ending) }
    }
    for (waiter, ending) in waiters { waiter.resume(returning: ending) }
  }
}
