import FoundationEssentials
import Glibc

/// How much memory a process and its descendants hold.
enum ProcessMemory {
  // A tree that is deeper or wider is no container's.
  private static let mostProcesses = 512

  /// Bytes: what each holds for itself, and the most that one of them shares with others; 0 for none.
  ///
  /// That is near to what a control group counts, where a page that several use counts once.
  static func bytes(of pid: Int32) -> Int {
    var own = 0
    var shared = 0
    var waiting = [pid]
    var seen = 0
    while let next = waiting.popLast(), seen < mostProcesses {
      seen += 1
      guard let pages = numbers("/proc/\(next)/statm"), pages.count > 2 else { continue }
      own += pages[1] - pages[2]
      shared = max(shared, pages[2])
      waiting += (numbers("/proc/\(next)/task/\(next)/children") ?? []).compactMap { Int32(exactly: $0) }
    }
    return (own + shared) * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  private static func numbers(_ path: String) -> [Int]? {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
    return text.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
  }
}
