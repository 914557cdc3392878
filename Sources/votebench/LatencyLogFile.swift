import Glibc

/// The histogram log of a run (`latency.hlog`), written while the run goes on, so that a killed one leaves its seconds.
///
/// Each batch of lines is handed to the kernel at once. Where that fails, the log ends with the last whole line, and
/// `problem` says why: a full disk is no reason to end a run.
final class LatencyLogFile {
  private let path: String
  private var descriptor: Int32?
  /// What kept the log from being whole, nil when it is.
  private(set) var problem: String?

  /// The log at `path`, which is not touched before `begin`.
  init(path: String) {
    self.path = path
  }

  deinit {
    if let descriptor { close(descriptor) }
  }

  /// Makes the file, in place of an older one, with these lines.
  func begin(_ header: [String]) {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else {
      problem = String(cString: strerror(errno))
      return
    }
    descriptor = file
    write(header)
  }

  /// Adds lines at the end.
  func write(_ lines: [String]) {
    guard let descriptor, problem == nil, !lines.isEmpty else { return }
    let whole = lseek(descriptor, 0, SEEK_CUR)
    var rest = Array((lines.joined(separator: "\n") + "\n").utf8)[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else {
        problem = String(cString: strerror(errno))
        // Readers stop at half a line.
        ftruncate(descriptor, whole)
        return
      }
      rest = rest.dropFirst(written)
    }
  }
}
