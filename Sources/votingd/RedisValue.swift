import NIOCore

/// A reply in Redis' protocol (RESP2).
enum RedisValue: Sendable, Equatable {
  case simple(String)
  case error(String)
  case integer(Int)
  case bulk(ByteBuffer)
  case array([RedisValue])
  /// The null bulk string and the null array: no value.
  case null

  /// What breaks the protocol, so that the connection cannot be read any further.
  struct Malformed: Error {
    var line: String
  }

  /// Takes one whole reply off the buffer; nil, with the buffer untouched, when it has not all arrived yet.
  static func take(from buffer: inout ByteBuffer) throws -> RedisValue? {
    let start = buffer
    if let value = try next(&buffer, depth: 0) { return value }
    buffer = start
    return nil
  }

  private static func next(_ buffer: inout ByteBuffer, depth: Int) throws -> RedisValue? {
    guard let line = line(&buffer) else { return nil }
    let rest = String(line.dropFirst())
    switch line.first {
    case "+": return .simple(rest)
    case "-": return .error(rest)
    case ":": return .integer(try number(rest, in: line))
    case "$": return try bulk(length: number(rest, in: line), &buffer)
    case "*" where depth < 8: return try array(count: number(rest, in: line), &buffer, depth: depth)
    default: throw Malformed(line: line)
    }
  }

  private static func line(_ buffer: inout ByteBuffer) -> String? {
    guard let end = buffer.readableBytesView.firstIndex(of: UInt8(ascii: "\r")) else { return nil }
    let length = end - buffer.readerIndex
    guard buffer.readableBytes >= length + 2, let text = buffer.readString(length: length) else { return nil }
    buffer.moveReaderIndex(forwardBy: 2)
    return text
  }

  private static func number(_ text: String, in line: String) throws -> Int {
    guard let value = Int(text) else { throw Malformed(line: line) }
    return value
  }

  private static func bulk(length: Int, _ buffer: inout ByteBuffer) throws -> RedisValue? {
    guard length >= 0 else { return .null }
    guard buffer.readableBytes >= length + 2, let bytes = buffer.readSlice(length: length) else { return nil }
    buffer.moveReaderIndex(forwardBy: 2)
    return .bulk(bytes)
  }

  private static func array(count: Int, _ buffer: inout ByteBuffer, depth: Int) throws -> RedisValue? {
    guard count >= 0 else { return .null }
    var values: [RedisValue] = []
    for _ in 0..<count {
      guard let value = try next(&buffer, depth: depth + 1) else { return nil }
      values.append(value)
    }
    return .array(values)
  }
}

/// A command in Redis' protocol, ready to be written.
struct RedisCommand: Sendable {
  /// One word of a command; a string literal is a text.
  enum Word: Sendable, ExpressibleByStringInterpolation {
    case text(String)
    case bytes(ByteBuffer)
    case number(Int)

    init(stringLiteral value: String) {
      self = .text(value)
    }
  }

  private let words: [Word]

  init(_ words: Word...) {
    self.words = words
  }

  /// The name of the command, for messages.
  var name: String {
    if case .text(let name)? = words.first { return name }
    return "command"
  }

  func write(to buffer: inout ByteBuffer) {
    buffer.writeString("*\(words.count)\r\n")
    for word in words {
      var bytes =
        switch word {
        case .text(let text): ByteBuffer(string: text)
        case .bytes(let bytes): bytes
        case .number(let number): ByteBuffer(string: String(number))
        }
      buffer.writeString("$\(bytes.readableBytes)\r\n")
      buffer.writeBuffer(&bytes)
      buffer.writeString("\r\n")
    }
  }
}
