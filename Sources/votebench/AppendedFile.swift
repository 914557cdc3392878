import Glibc

/// A file that is written while a run goes on (`latency.hlog`, `votes.ledger`), so that a killed run leaves what it saw.
///
/// Each batch is handed to the kernel at once. Where that fails, the file ends with the last whole batch, and `problem`
/// says why: a full disk is no reason to end a run.
final class AppendedFile {
  /// Where it is.
  let path: String
  private var descriptor: Int32?
  /// What kept the file from being whole, nil when it is.
  private(set) var problem: String?

  /// The file at `path`, which is not touched before `begin`.
  init(path: String) {
    self.path = path
  }

  deinit {
    if let descriptor { close(descriptor) }
  }

  /// Makes the file, in place of an older one; or goes on behind what it holds.
  ///
  /// Others can tell a file that `isLocked` (flock, where the file system has it) while this process lives.
  func begin(keeping: Bool = false, isLocked: Bool = false) {
    let file = open(path, O_WRONLY | O_CREAT | (keeping ? O_APPEND : O_TRUNC) | O_CLOEXEC, 0o644)
    guard file >= 0 else {
      problem = String(cString: strerror(errno))
      return
    }
    descriptor = file
    if isLocked { flock(file, LOCK_EX | LOCK_NB) }
  }

  /// Takes away what follows so many bytes: half a line, say, that a killed process left.
  func cut(to length: Int) {
    guard let descriptor, problem == nil, ftruncate(descriptor, off_t(length)) != 0 else { return }
    problem = String(cString: strerror(errno))
  }

  /// Adds lines at the end.
  func write(_ lines: [String]) {
    if !lines.isEmpty { write(Array((lines.joined(separator: "\n") + "\n").utf8)) }
  }

  /// Adds bytes at the end.
  func write(_ bytes: [UInt8]) {
    guard let descriptor, problem == nil, !bytes.isEmpty else { return }
    let whole = lseek(descriptor, 0, SEEK_END)
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else {
        problem = String(cString: strerror(errno))
        // Readers stop at half a line, or half a record.
        ftruncate(descriptor, whole)
        return
      }
      rest = rest.dropFirst(written)
    }
  }
}
