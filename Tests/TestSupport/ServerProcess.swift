package import Glibc
import Synchronization

/// A program that runs beside a test, in the background, until it ends or is ended.
///
/// It is known by its pid, which stays its own until its ending was collected here.
package final class ServerProcess: Sendable {
  /// How a process ended.
  package enum Ending: Sendable, Equatable {
    case exited(Int32)
    case signaled(Int32)
  }

  package let pid: pid_t
  /// The file that takes its standard output and standard error.
  package let log: String
  private let ending = Mutex<Ending?>(nil)

  /// Starts a program with exactly this environment; throws when it cannot be started.
  package init(_ path: String, _ arguments: [String], environment: [String: String], log: String) throws {
    self.log = log
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    // A thread of Swift's pool may have signals blocked, and its child would inherit that.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    let variables = environment.map { "\($0.key)=\($0.value)" }
    var pid = pid_t()
    let status = Self.withCStrings([path] + arguments) { words in
      Self.withCStrings(variables) { posix_spawn(&pid, path, &actions, &attributes, words, $0) }
    }
    guard status == 0 else { throw StageError("cannot start \(path): \(String(cString: strerror(status)))") }
    self.pid = pid
  }

  /// Sends a signal; nothing when the process has ended.
  package func signal(_ number: Int32) {
    ending.withLock { ending in
      Self.collect(pid, into: &ending)
      if ending == nil { kill(pid, number) }
    }
  }

  /// How it ended; nil while it runs.
  package func poll() -> Ending? {
    ending.withLock { ending in
      Self.collect(pid, into: &ending)
      return ending
    }
  }

  /// Waits for the end of the process.
  package func wait(within limit: Duration = .seconds(20)) async throws -> Ending {
    try await waitUntil("process \(pid) (\(log)) has ended", within: limit) { poll() != nil }
    guard let ending = poll() else { throw StageError("process \(pid) has no ending") }
    return ending
  }

  private static func collect(_ pid: pid_t, into ending: inout Ending?) {
    var status: Int32 = 0
    guard ending == nil, waitpid(pid, &status, WNOHANG) == pid else { return }
    let signal = status & 0x7f
    ending = signal == 0 ? .exited((status >> 8) & 0xff) : .signaled(signal)
  }

  private static func withCStrings<Result>(
    _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let copies: [UnsafeMutablePointer<CChar>?] = texts.map { (text: String) in strdup(text) }
    defer { for copy in copies { free(copy) } }
    return body(copies + [nil])
  }
}
