import FoundationEssentials
import Glibc

/// A container's log on its way to a client, piece by piece.
///
/// Whoever sends it asks for the next piece when the last is written: a client that does not read holds up nothing but
/// itself, and no more than one piece is in memory.
struct LogFeed: Sendable {
  /// How much is read at a time.
  static let piece = 64 * 1_024
  /// How often the end of a log is looked at for more.
  static let every = Duration.milliseconds(50)

  private let path: String
  private let request: LogRequest
  private let times: LogTimes
  private let isOver: @Sendable () -> Bool
  private var offset: Int?
  private var left: Int
  private var isAtLineStart = true

  /// The log in a file; `isOver` says whether nothing more will be written to it.
  init(path: String, request: LogRequest, times: LogTimes, isOver: @escaping @Sendable () -> Bool) {
    self.path = path
    self.request = request
    self.times = times
    self.isOver = isOver
    left = request.limitBytes ?? .max
  }

  /// The next piece, which is never empty; nil at the end, and when the task is cancelled.
  ///
  /// A log that cannot be read is an empty one.
  mutating func next() async -> [UInt8]? {
    while !Task.isCancelled, left > 0 {
      // Asked before the file is read: else what is written in between would be lost.
      let ends = !request.follows || isOver()
      if let bytes = read(), !bytes.isEmpty { return shown(bytes) }
      if ends { return nil }
      try? await Task.sleep(for: Self.every)
    }
    return nil
  }

  private mutating func read() -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    let from = offset ?? start(descriptor)
    let bytes = Self.bytes(descriptor, at: from, count: Self.piece)
    offset = from + bytes.count
    return bytes
  }

  private mutating func shown(_ bytes: [UInt8]) -> [UInt8] {
    let all = request.timestamps ? stamped(bytes) : bytes
    let shown = all.count <= left ? all : [UInt8](all.prefix(left))
    left -= shown.count
    return shown
  }

  private mutating func stamped(_ bytes: [UInt8]) -> [UInt8] {
    let (from, now) = ((offset ?? 0) - bytes.count, Date())
    var result: [UInt8] = []
    for line in bytes.indices.split(omittingEmptySubsequences: false, whereSeparator: { bytes[$0] == Self.newline })
    where line.lowerBound < bytes.count {
      if isAtLineStart {
        result += Timestamp.preciseText(times.time(ofByteAt: from + line.lowerBound, in: path, now: now)).utf8
        result.append(UInt8(ascii: " "))
      }
      isAtLineStart = line.upperBound < bytes.count
      result += bytes[line]
      if isAtLineStart { result.append(Self.newline) }
    }
    return result
  }

  // MARK: Where to begin

  private static let newline = UInt8(ascii: "\n")

  private func start(_ descriptor: Int32) -> Int {
    let size = Int(lseek(descriptor, 0, SEEK_END))
    var start = 0
    if let since = request.since {
      start = Self.lineStart(descriptor, from: min(size, times.offset(since: since, in: path)), size)
    }
    if let count = request.tailLines { start = max(start, Self.tail(descriptor, count, size)) }
    return start
  }

  // The start of the first line that begins there or later.
  private static func lineStart(_ descriptor: Int32, from: Int, _ size: Int) -> Int {
    var place = from - 1
    while place >= 0, place < size {
      let bytes = bytes(descriptor, at: place, count: piece)
      if let found = bytes.firstIndex(of: newline) { return place + found + 1 }
      if bytes.isEmpty { break }
      place += bytes.count
    }
    return from <= 0 ? 0 : size
  }

  // Backwards from the end, piece by piece; the newline at the very end begins no line.
  private static func tail(_ descriptor: Int32, _ count: Int, _ size: Int) -> Int {
    guard count > 0 else { return size }
    var (end, found) = (size, 0)
    while end > 0 {
      let begin = max(0, end - piece)
      let bytes = bytes(descriptor, at: begin, count: end - begin)
      for place in bytes.indices.reversed() where bytes[place] == newline && begin + place + 1 < size {
        found += 1
        if found == count { return begin + place + 1 }
      }
      end = begin
    }
    return 0
  }

  private static func bytes(_ descriptor: Int32, at offset: Int, count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = max(0, pread(descriptor, buffer.baseAddress, count, off_t(offset)))
    }
  }
}
