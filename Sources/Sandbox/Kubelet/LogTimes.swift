import FoundationEssentials
import Glibc
import Synchronization

/// When what stands in the logs was written, to about a tenth of a second.
///
/// Containers write into their log files themselves, so that no process of ours stands between them and the disk. What
/// is kept here is how long each file was at which time; `--timestamps` and `--since` go by that.
final class LogTimes: Sendable {
  /// How long a file was at a time.
  struct Mark: Sendable, Equatable {
    var size: Int
    var time: Date
  }

  /// How often a file is looked at.
  static let every = Duration.milliseconds(100)
  /// How many marks are kept of a file; beyond that every other one is dropped.
  static let mostMarks = 4_096
  /// How many files are known at a time; beyond that the oldest are forgotten.
  static let mostFiles = 1_024

  private struct State {
    var marks: [String: [Mark]] = [:]
    var order: [String] = []
  }

  private let state = Mutex(State())

  /// Follows a container's log until the container has ended.
  func keep(_ path: String, of child: ChildProcess) async {
    note(0, of: path, at: Date())
    var isOver = false
    while !isOver, !Task.isCancelled {
      isOver = child.endingSoFar != nil
      if let size = Self.size(of: path) { note(size, of: path, at: Date()) }
      if !isOver { try? await Task.sleep(for: Self.every) }
    }
  }

  /// Takes down how long a file is at a time; what is not longer than before is no news.
  func note(_ size: Int, of path: String, at time: Date) {
    state.withLock { state in
      if state.marks[path] == nil {
        state.order.append(path)
        if state.order.count > Self.mostFiles { state.marks[state.order.removeFirst()] = nil }
      }
      var marks = state.marks.removeValue(forKey: path) ?? []
      if size > marks.last?.size ?? -1 { marks.append(Mark(size: size, time: time)) }
      if marks.count > Self.mostMarks {
        marks = marks.enumerated().filter { $0.offset.isMultiple(of: 2) || $0.offset == marks.count - 1 }.map(\.element)
      }
      state.marks[path] = marks
    }
  }

  /// When the byte at an offset was written; now for what is newer than the last mark.
  func time(ofByteAt offset: Int, in path: String, now: Date) -> Date {
    state.withLock { state in
      let marks = state.marks[path] ?? []
      let place = Self.firstIndex(in: marks) { $0.size > offset }
      return place < marks.count ? marks[place].time : now
    }
  }

  /// Where that begins which was written at a time or later.
  func offset(since time: Date, in path: String) -> Int {
    state.withLock { state in
      let marks = state.marks[path] ?? []
      let place = Self.firstIndex(in: marks) { $0.time >= time }
      return place == 0 ? 0 : marks[place - 1].size
    }
  }

  // Sizes and times both grow, so a binary search will do.
  private static func firstIndex(in marks: [Mark], where holds: (Mark) -> Bool) -> Int {
    var (low, high) = (0, marks.count)
    while low < high {
      let middle = (low + high) / 2
      if holds(marks[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  private static func size(of path: String) -> Int? {
    var information = stat()
    return stat(path, &information) == 0 ? Int(information.st_size) : nil
  }
}
