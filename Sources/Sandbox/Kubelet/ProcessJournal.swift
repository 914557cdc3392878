import FoundationEssentials
import Glibc

/// The file in a sandbox's folder that lists every process it started, so that the next start can end what
/// a sandbox that was killed may have left.
///
/// A line is `PID STARTTIME WHAT`. The first is the sandbox's own process, the owner.
package struct ProcessJournal: Sendable {
  private static let name = "processes"
  private let path: String

  /// The journal of the sandbox in that folder.
  package init(folder: String) {
    path = "\(folder)/\(Self.name)"
  }

  /// Adds a process.
  ///
  /// A line that cannot be written is left out: the parent-death signal still holds.
  package func record(_ process: ProcessIdentity, _ what: String) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    let line = Array("\(process.pid) \(process.startTime) \(what)\n".utf8)
    // One write, so that lines of several threads do not mix.
    _ = write(descriptor, line, line.count)
  }

  /// What it lists, the owner first; empty if there is no journal.
  package func processes() -> [ProcessIdentity] {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [] }
    return text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ")
      guard fields.count >= 2, let pid = Int32(fields[0]), let start = UInt64(fields[1]) else { return nil }
      return ProcessIdentity(pid: pid, startTime: start)
    }
  }

  /// The process that serves the sandbox; nil if it has not been recorded.
  package var owner: ProcessIdentity? { processes().first }
}
