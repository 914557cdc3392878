internal import Glibc

/// The limit of open files: each connection is one.
enum OpenFiles {
  /// What the process may have open besides the votes' connections.
  private static let others: UInt64 = 64

  /// Raises this process's soft limit where `connections` need it.
  static func makeRoom(for connections: Int) throws(EngineError) {
    let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    guard getrlimit(kind, &limit) == 0 else { return }
    let needed = UInt64(connections) + others
    guard needed > limit.rlim_cur else { return }
    limit.rlim_cur = rlim_t(needed)
    guard needed <= limit.rlim_max, setrlimit(kind, &limit) == 0 else {
      throw EngineError(
        code: .setUp, attempted: "making room for \(connections) connections",
        cause: "\(needed) open files are needed, and the hard limit is \(limit.rlim_max)",
        remedy: "Raise the hard limit to \(needed) (ulimit -Hn), or lower --connections.")
    }
  }
}
