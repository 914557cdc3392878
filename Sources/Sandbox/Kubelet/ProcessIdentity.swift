import FoundationEssentials
import Glibc

/// One process for good: its pid and when it started, since the system uses pids again.
package struct ProcessIdentity: Codable, Sendable, Hashable {
  /// Its number.
  package var pid: Int32
  /// When it started, in clock ticks since the machine's start (field 22 of `/proc/PID/stat`).
  package var startTime: UInt64

  /// A process that was met before.
  package init(pid: Int32, startTime: UInt64) {
    self.pid = pid
    self.startTime = startTime
  }

  /// The process that has this pid now; nil if there is none, or only its remains (a zombie).
  package init?(pid: Int32) {
    guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
      let end = text.lastIndex(of: ")")
    else { return nil }
    // The name in parentheses may hold anything; the fields after it begin with the third, the state.
    let fields = text[text.index(after: end)...].split(separator: " ")
    guard fields.count > 19, fields[0] != "Z", fields[0] != "X", let startTime = UInt64(fields[19]) else { return nil }
    self.init(pid: pid, startTime: startTime)
  }

  /// The calling process.
  package static var current: ProcessIdentity? { ProcessIdentity(pid: getpid()) }

  /// Whether it still runs.
  package var isAlive: Bool { ProcessIdentity(pid: pid) == self }

  /// Sends it a signal; a process that has ended, or another under its pid, is left alone.
  package func send(_ signal: Int32) {
    if isAlive { _ = kill(pid, signal) }
  }
}
