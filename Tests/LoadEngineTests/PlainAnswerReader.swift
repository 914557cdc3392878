/// Reads an HTTP/1.1 answer that is there as a whole, in the most obvious way, however slow: a second opinion on the
/// engine's reader.
struct PlainAnswerReader {
  /// What the bytes are.
  enum Result: Equatable {
    /// The beginning of an answer, or none at all.
    case unfinished
    case malformed
    /// An answer of `count` bytes; what follows is another's.
    case complete(status: Int, body: [UInt8], count: Int)
  }

  private struct Malformed: Error {}
  private struct Unfinished: Error {}

  private let bytes: [UInt8]
  private let isClosed: Bool
  private var place = 0
  private var lines = 0

  /// The answer at the beginning of `bytes`; `isClosed` says that no more will come.
  static func read(_ bytes: [UInt8], isClosed: Bool) -> Result {
    var reader = PlainAnswerReader(bytes: bytes, isClosed: isClosed)
    do {
      return try reader.answer()
    } catch is Unfinished {
      return .unfinished
    } catch {
      return .malformed
    }
  }

  private init(bytes: [UInt8], isClosed: Bool) {
    self.bytes = bytes
    self.isClosed = isClosed
  }

  private mutating func answer() throws -> Result {
    while true {
      let status = try statusLine()
      let header = try header()
      if status < 200 { continue }
      var body: [UInt8] = []
      if status != 204, status != 304 {
        if header.isChunked {
          body = try chunks()
        } else if let length = header.length {
          body = try take(length)
        } else if isClosed {
          body = try take(bytes.count - place)
        } else {
          throw Unfinished()
        }
      }
      return .complete(status: status, body: body, count: place)
    }
  }

  private mutating func line() throws -> [UInt8] {
    guard let end = bytes[place...].firstIndex(of: 10) else { throw Unfinished() }
    var line = Array(bytes[place..<end])
    if line.last == 13 { line.removeLast() }
    place = end + 1
    return line
  }

  private mutating func take(_ count: Int) throws -> [UInt8] {
    guard count <= bytes.count - place else { throw Unfinished() }
    defer { place += count }
    return Array(bytes[place..<(place + count)])
  }

  private mutating func statusLine() throws -> Int {
    let line = try line()
    let versions = [Array("HTTP/1.0 ".utf8), Array("HTTP/1.1 ".utf8)]
    guard versions.contains(Array(line.prefix(9))), line.count >= 12, line.count == 12 || line[12] == 32,
      let status = number(line[9..<12], digits: "0123456789"), (100...599).contains(status), status != 101
    else { throw Malformed() }
    return status
  }

  private mutating func header() throws -> (length: Int?, isChunked: Bool) {
    var (length, isChunked): (Int?, Bool) = (nil, false)
    while true {
      let line = try line()
      if line.isEmpty { return (length, isChunked) }
      try count()
      if line[0] == 32 || line[0] == 9 { continue }
      guard let colon = line.firstIndex(of: 58), colon > 0, line[..<colon].allSatisfy(Self.isTokenByte),
        !line.contains(0)
      else { throw Malformed() }
      let value = trimmed(line[(colon + 1)...])
      switch lower(line[..<colon]) {
      case "content-length":
        guard value.count <= 18, let number = number(value, digits: "0123456789"), length ?? number == number else {
          throw Malformed()
        }
        length = number
      case "transfer-encoding":
        guard !isChunked, lower(value) == "chunked" else { throw Malformed() }
        isChunked = true
      default: break
      }
    }
  }

  private mutating func chunks() throws -> [UInt8] {
    var body: [UInt8] = []
    while true {
      let line = try line()
      let digits = line.prefix { !([59, 32, 9] as [UInt8]).contains($0) }
      guard digits.count <= 15, let size = number(digits, digits: "0123456789abcdef") else { throw Malformed() }
      if size == 0 { break }
      body += try take(size)
      guard try self.line().isEmpty else { throw Malformed() }
    }
    while try !line().isEmpty { try count() }
    return body
  }

  private mutating func count() throws {
    lines += 1
    if lines > 256 { throw Malformed() }
  }

  private func number(_ text: ArraySlice<UInt8>, digits: String) -> Int? {
    if text.isEmpty { return nil }
    var number = 0
    for byte in text {
      let letter = (65...90).contains(byte) ? byte + 32 : byte
      guard let value = Array(digits.utf8).firstIndex(of: letter) else { return nil }
      number = number * digits.utf8.count + value
    }
    return number
  }

  private func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var text = text
    while let first = text.first, first == 32 || first == 9 { text.removeFirst() }
    while let last = text.last, last == 32 || last == 9 { text.removeLast() }
    return text
  }

  private func lower(_ text: ArraySlice<UInt8>) -> String {
    String(decoding: text.map { (65...90).contains($0) ? $0 + 32 : $0 }, as: UTF8.self)
  }

  private static let tokenBytes = Set(
    "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)

  private static func isTokenByte(_ byte: UInt8) -> Bool { tokenBytes.contains(byte) }
}
