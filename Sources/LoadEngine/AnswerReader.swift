internal import CLibcurl

/// Reads one HTTP/1.1 answer, byte by byte as they come: strict where a mistake could make a vote's answer out of
/// something else, and with no memory beyond one line and the beginning of the body.
///
/// Source: RFC 9112. Refused: a status line or header that is none, lengths that contradict each other or are no
/// numbers, codings that were not asked for, chunk sizes out of range. Taken as others do: a bare line feed, and a
/// folded header line (its value is then not looked at).
struct AnswerReader {
  /// How far the answer has come.
  enum Part: UInt8 {
    case statusLine, header, body, chunkSize, chunk, chunkEnd, trailer, untilClose, complete, malformed
  }

  private(set) var part = Part.statusLine
  /// The status, 0 before the status line is whole; that of the final answer, not of an interim one.
  private(set) var status = 0
  /// True when the connection may carry another request after this answer.
  private(set) var keepsConnection = true
  /// Bytes were read.
  private(set) var hasBegun = false
  /// The names of who answers.
  private(set) var responder = ResponderText()

  /// What the header lines say of the body.
  private struct Framing {
    var length: Int?
    var isChunked = false
    var saysClose = false
  }
  private var framing = Framing()
  private var rest = 0
  private var linesSeen = 0
  /// What has come of a line whose end has not.
  private var line: UnsafeMutablePointer<UInt8>
  private var lineCount = 0
  private var lineRoom = Self.usualLine
  private let body: UnsafeMutablePointer<UInt8>
  private var bodyCount = 0

  /// The longest line that is taken, without its line feed: as long as libcurl's own limit.
  static let lineCapacity = 102_400
  /// There is room for such a line from the beginning.
  private static let usualLine = 4096
  /// As much of a body is kept: what proves a vote stands at its beginning.
  static let bodyCapacity = 16384
  /// As many lines of header and trailer are taken.
  static let lineLimit = 256

  init() {
    line = .allocate(capacity: Self.usualLine)
    body = .allocate(capacity: Self.bodyCapacity)
  }

  func free() {
    line.deallocate()
    body.deallocate()
    responder.free()
  }

  /// The beginning of the body.
  var answer: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: body, count: bodyCount) }

  /// Looks for who answers in the body, where a pattern says so.
  mutating func findResponder(_ names: HeaderNames) { responder.take(body: answer, names) }

  /// Waits for the next answer.
  mutating func rewind() {
    part = .statusLine
    status = 0
    keepsConnection = true
    hasBegun = false
    responder.forget()
    framing = Framing()
    linesSeen = 0
    lineCount = 0
    bodyCount = 0
  }

  /// Takes bytes; gives how many belong to this answer.
  ///
  /// Fewer than given only when the answer is complete or malformed.
  mutating func take(_ bytes: UnsafeBufferPointer<UInt8>, _ heads: inout KnownHeads) -> Int {
    guard let start = bytes.baseAddress else { return 0 }
    let count = bytes.count
    var place = 0
    if !hasBegun, let head = heads.head(start, count) {
      hasBegun = true
      place = take(head)
    }
    hasBegun = hasBegun || count > 0
    let isWhole = part == .statusLine && lineCount == 0
    while place < count {
      switch part {
      case .complete, .malformed: return place
      case .body, .chunk: place &+= takeBody(start + place, count &- place)
      case .untilClose: place &+= keep(start + place, count &- place)
      case .statusLine, .header, .chunkSize, .chunkEnd, .trailer:
        let wasHeader = part == .header
        place &+= takeLine(start + place, count &- place, heads.names)
        if wasHeader, isWhole, part != .header, let head { heads.keep(start, place, head) }
      }
    }
    return place
  }

  /// The connection was closed: true when that completes the answer.
  mutating func closed() -> Bool {
    keepsConnection = false
    if part == .untilClose { part = .complete }
    return part == .complete
  }

  // MARK: Body

  private mutating func takeBody(_ start: UnsafePointer<UInt8>, _ available: Int) -> Int {
    let count = keep(start, min(rest, available))
    rest -= count
    if rest == 0 { part = part == .chunk ? .chunkEnd : .complete }
    return count
  }

  private mutating func keep(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int {
    let room = min(count, Self.bodyCapacity - bodyCount)
    if room > 0 {
      memcpy(body + bodyCount, start, room)
      bodyCount += room
    }
    return count
  }

  // MARK: Lines

  /// Takes bytes up to the end of the line, or all of them when it has none.
  private mutating func takeLine(
    _ start: UnsafePointer<UInt8>, _ available: Int, _ names: HeaderNames
  ) -> Int {
    guard let end = memchr(start, 0x0A, available) else {
      stash(start, available)
      return available
    }
    let count = UnsafeRawPointer(end) - UnsafeRawPointer(start)
    if lineCount == 0, count <= Self.lineCapacity {
      act(on: Self.withoutReturn(start, count), names)
    } else {
      stash(start, count)
      if part != .malformed { act(on: Self.withoutReturn(line, lineCount), names) }
      lineCount = 0
    }
    return count &+ 1
  }

  private mutating func stash(_ start: UnsafePointer<UInt8>, _ count: Int) {
    guard lineCount + count <= Self.lineCapacity else {
      part = .malformed
      return
    }
    if lineCount + count > lineRoom { makeRoom() }
    memcpy(line + lineCount, start, count)
    lineCount += count
  }

  private mutating func makeRoom() {
    let longer = UnsafeMutablePointer<UInt8>.allocate(capacity: Self.lineCapacity)
    memcpy(longer, line, lineCount)
    line.deallocate()
    line = longer
    lineRoom = Self.lineCapacity
  }

  private static func withoutReturn(_ start: UnsafePointer<UInt8>, _ count: Int) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: start, count: count > 0 && start[count - 1] == 0x0D ? count - 1 : count)
  }

  private mutating func act(on line: UnsafeBufferPointer<UInt8>, _ names: HeaderNames) {
    switch part {
    case .statusLine: readStatus(line)
    case .header: line.isEmpty ? headEnded() : readHeader(line, names)
    case .chunkSize: readChunkSize(line)
    case .chunkEnd: part = line.isEmpty ? .chunkSize : .malformed
    case .trailer: if line.isEmpty { part = .complete } else { countLine() }
    case .body, .chunk, .untilClose, .complete, .malformed: break
    }
  }

  /// `HTTP/1.1 200 OK`; the reason may be missing.
  private mutating func readStatus(_ line: UnsafeBufferPointer<UInt8>) {
    let prefix: StaticString = "HTTP/1."
    guard line.count >= 12, let start = line.baseAddress, memcmp(start, prefix.utf8Start, 7) == 0,
      line[7] == 0x30 || line[7] == 0x31, line[8] == 0x20, line.count == 12 || line[12] == 0x20
    else {
      part = .malformed
      return
    }
    var value = 0
    for place in 9..<12 {
      guard let digit = Self.digit(line[place]) else {
        part = .malformed
        return
      }
      value = value * 10 + digit
    }
    guard (100...599).contains(value), value != 101 else {
      part = .malformed
      return
    }
    status = value
    keepsConnection = line[7] == 0x31
    part = .header
  }

  private mutating func countLine() {
    linesSeen += 1
    if linesSeen > Self.lineLimit { part = .malformed }
  }

  // MARK: Header

  private mutating func readHeader(_ line: UnsafeBufferPointer<UInt8>, _ names: HeaderNames) {
    countLine()
    guard let start = line.baseAddress, start[0] != 0x20, start[0] != 0x09 else { return }
    let count = HeaderNames.tokenCount(start, line.count)
    guard count > 0, count < line.count, start[count] == 0x3A, memchr(start, 0, line.count) == nil else {
      part = .malformed
      return
    }
    let value = Self.trimmed(start, from: count + 1, to: line.count)
    switch names.kind(of: UnsafeBufferPointer(start: start, count: count)) {
    case .length: readLength(value)
    case .coding: readCoding(value)
    case .connection: readConnection(value)
    case .pod: responder.take(pod: value)
    case .version: responder.take(version: value)
    case .other: break
    }
  }

  private mutating func readLength(_ value: UnsafeBufferPointer<UInt8>) {
    guard (1...18).contains(value.count) else {
      part = .malformed
      return
    }
    var length = 0
    for byte in value {
      guard let digit = Self.digit(byte) else {
        part = .malformed
        return
      }
      length = length * 10 + digit
    }
    if let known = framing.length, known != length {
      part = .malformed
      return
    }
    framing.length = length
  }

  private mutating func readCoding(_ value: UnsafeBufferPointer<UInt8>) {
    guard !framing.isChunked, value.equals(lowercased: "chunked") else {
      part = .malformed
      return
    }
    framing.isChunked = true
  }

  private mutating func readConnection(_ value: UnsafeBufferPointer<UInt8>) {
    if value.equals(lowercased: "keep-alive") {
      keepsConnection = !framing.saysClose
    } else if Self.lists(value, "close") {
      framing.saysClose = true
      keepsConnection = false
    }
  }

  /// True when `word` is one of the words of a list with commas.
  private static func lists(_ value: UnsafeBufferPointer<UInt8>, _ word: StaticString) -> Bool {
    guard let start = value.baseAddress else { return false }
    var first = 0
    for place in 0...value.count where place == value.count || start[place] == 0x2C {
      if trimmed(start, from: first, to: place).equals(lowercased: word) { return true }
      first = place + 1
    }
    return false
  }

  private mutating func headEnded() {
    if (100...199).contains(status) {
      // What an interim answer says is nothing to the final one.
      framing = Framing()
      responder.forget()
      part = .statusLine
      return
    }
    if status == 204 || status == 304 {
      part = .complete
      return
    }
    if framing.isChunked {
      // Both: whoever forwards it may have read it otherwise.
      if framing.length != nil { keepsConnection = false }
      part = .chunkSize
    } else if let length = framing.length {
      rest = length
      part = length == 0 ? .complete : .body
    } else {
      keepsConnection = false
      part = .untilClose
    }
  }

  /// What the head that has just ended said; nil unless it is the final one, and sound.
  private var head: KnownHeads.Head? {
    guard part != .malformed, part != .statusLine else { return nil }
    return KnownHeads.Head(
      part: part, status: status, keepsConnection: keepsConnection, rest: rest, responder: responder)
  }

  /// Takes a whole head that was read before; gives its length.
  private mutating func take(_ known: borrowing KnownHeads.Known) -> Int {
    part = known.head.part
    status = known.head.status
    keepsConnection = known.head.keepsConnection
    rest = known.head.rest
    responder.take(known.head.responder)
    return known.count
  }

  // MARK: Chunks

  private mutating func readChunkSize(_ line: UnsafeBufferPointer<UInt8>) {
    var size = 0
    var digits = 0
    for byte in line {
      guard let digit = Self.hexDigit(byte) else {
        // An extension may follow, after white space perhaps.
        guard byte == 0x3B || byte == 0x20 || byte == 0x09 else {
          part = .malformed
          return
        }
        break
      }
      size = size * 16 + digit
      digits += 1
      guard digits <= 15 else {
        part = .malformed
        return
      }
    }
    guard digits > 0 else {
      part = .malformed
      return
    }
    rest = size
    part = size == 0 ? .trailer : .chunk
  }

  // MARK: Characters

  private static func digit(_ byte: UInt8) -> Int? {
    (0x30...0x39).contains(byte) ? Int(byte) - 0x30 : nil
  }

  private static func hexDigit(_ byte: UInt8) -> Int? {
    if let digit = digit(byte) { return digit }
    let lower = byte | 0x20
    return (0x61...0x66).contains(lower) ? Int(lower) - 0x57 : nil
  }

  private static func trimmed(
    _ line: UnsafePointer<UInt8>, from first: Int, to last: Int
  ) -> UnsafeBufferPointer<UInt8> {
    var (start, end) = (first, last)
    while start < end, line[start] == 0x20 || line[start] == 0x09 { start &+= 1 }
    while end > start, line[end &- 1] == 0x20 || line[end &- 1] == 0x09 { end &-= 1 }
    return UnsafeBufferPointer(start: line + start, count: end &- start)
  }
}
