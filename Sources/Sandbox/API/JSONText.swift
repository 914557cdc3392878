/// JSON as text (RFC 8259): a reader and a writer of our own, since whole numbers must stay whole, `true`
/// must not become 1, and a malformed body must be told apart from one of another shape.
package struct JSONSyntaxError: Error, Equatable, CustomStringConvertible {
  /// What was expected, and what was there.
  package var problem: String
  /// How many bytes before the problem.
  package var offset: Int

  /// The problem with its place, for a message.
  package var description: String { "\(problem) at offset \(offset)" }
}

extension JSON {
  /// Reads one JSON text.
  ///
  /// Throws on anything else, also on text after it and on more than 200 levels.
  package init(parsing text: some Collection<UInt8>) throws(JSONSyntaxError) {
    var reader = JSONReader(bytes: [UInt8](text))
    self = try reader.document()
  }

  /// Reads one JSON text.
  package init(parsing text: String) throws(JSONSyntaxError) {
    try self.init(parsing: text.utf8)
  }

  /// The text, with keys in order so that equal values give equal texts, and nothing between tokens.
  package var text: String {
    String(decoding: bytes, as: UTF8.self)
  }

  /// The text as UTF-8.
  package var bytes: [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(1024)
    write(to: &out)
    return out
  }

  private func write(to out: inout [UInt8]) {
    switch self {
    case .null: out += "null".utf8
    case .bool(let value): out += (value ? "true" : "false").utf8
    case .int(let value): out += "\(value)".utf8
    // JSON has no such numbers; null is what browsers write for them.
    case .double(let value): out += (value.isFinite ? "\(value)" : "null").utf8
    case .string(let value): JSON.write(value, to: &out)
    case .array(let elements): write(elements, to: &out)
    case .object(let fields): write(fields, to: &out)
    }
  }

  private func write(_ elements: [JSON], to out: inout [UInt8]) {
    out.append(UInt8(ascii: "["))
    for (index, element) in elements.enumerated() {
      if index > 0 { out.append(UInt8(ascii: ",")) }
      element.write(to: &out)
    }
    out.append(UInt8(ascii: "]"))
  }

  private func write(_ fields: [String: JSON], to out: inout [UInt8]) {
    out.append(UInt8(ascii: "{"))
    for (index, field) in fields.sorted(by: { $0.key < $1.key }).enumerated() {
      if index > 0 { out.append(UInt8(ascii: ",")) }
      JSON.write(field.key, to: &out)
      out.append(UInt8(ascii: ":"))
      field.value.write(to: &out)
    }
    out.append(UInt8(ascii: "}"))
  }

  private static func write(_ string: String, to out: inout [UInt8]) {
    out.append(UInt8(ascii: "\""))
    for byte in string.utf8 {
      switch byte {
      case UInt8(ascii: "\""): out += "\\\"".utf8
      case UInt8(ascii: "\\"): out += "\\\\".utf8
      case UInt8(ascii: "\n"): out += "\\n".utf8
      case UInt8(ascii: "\r"): out += "\\r".utf8
      case UInt8(ascii: "\t"): out += "\\t".utf8
      case 0..<0x20:
        let hex = String(byte, radix: 16)
        out += ("\\u" + String(repeating: "0", count: 4 - hex.count) + hex).utf8
      default: out.append(byte)
      }
    }
    out.append(UInt8(ascii: "\""))
  }
}

/// The reader: one pass over the bytes.
private struct JSONReader {
  let bytes: [UInt8]
  var at = 0
  static let deepest = 200

  mutating func document() throws(JSONSyntaxError) -> JSON {
    let value = try value(depth: 0)
    skipSpace()
    guard at == bytes.count else { throw unexpected("the end") }
    return value
  }

  private func unexpected(_ wanted: String) -> JSONSyntaxError {
    guard at < bytes.count else { return JSONSyntaxError(problem: "expected \(wanted), found the end", offset: at) }
    let found = String(decoding: [bytes[at]], as: UTF8.self)
    return JSONSyntaxError(problem: "expected \(wanted), found '\(found)'", offset: at)
  }

  private mutating func skipSpace() {
    while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x0a || bytes[at] == 0x0d || bytes[at] == 0x09 { at += 1 }
  }

  private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

  private mutating func take(_ byte: UInt8) -> Bool {
    skipSpace()
    guard next == byte else { return false }
    at += 1
    return true
  }

  private mutating func value(depth: Int) throws(JSONSyntaxError) -> JSON {
    guard depth < Self.deepest else { throw JSONSyntaxError(problem: "nested too deeply", offset: at) }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func word(_ word: String, _ value: JSON) throws(JSONSyntaxError) -> JSON {
    guard bytes[at...].starts(with: word.utf8) else { throw unexpected(word) }
    at += word.utf8.count
    return value
  }

  private mutating func object(depth: Int) throws(JSONSyntaxError) -> JSON {
    at += 1
    var fields: [String: JSON] = [:]
    if take(UInt8(ascii: "}")) { return .object(fields) }
    repeat {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw unexpected("a key") }
      let key = try string()
      guard take(UInt8(ascii: ":")) else { throw unexpected("':'") }
      fields[key] = try value(depth: depth + 1)
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw unexpected("'}' or ','") }
    return .object(fields)
  }

  private mutating func array(depth: Int) throws(JSONSyntaxError) -> JSON {
    at += 1
    var elements: [JSON] = []
    if take(UInt8(ascii: "]")) { return .array(elements) }
    repeat {
      elements.append(try value(depth: depth + 1))
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw unexpected("']' or ','") }
    return .array(elements)
  }

  private mutating func number() throws(JSONSyntaxError) -> JSON {
    let start = at
    let allowed = Set("+-.eE0123456789".utf8)
    while let byte = next, allowed.contains(byte) { at += 1 }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    if let whole = Int(text), !text.hasPrefix("+") { return .int(whole) }
    if let first = text.utf8.first, first != UInt8(ascii: "+"), first != UInt8(ascii: "."), let value = Double(text) {
      return .double(value)
    }
    at = start
    throw unexpected("a value")
  }

  private mutating func string() throws(JSONSyntaxError) -> String {
    at += 1
    var out: [UInt8] = []
    while let byte = next {
      at += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: out, as: UTF8.self)
      case UInt8(ascii: "\\"): try escape(into: &out)
      case 0..<0x20: throw JSONSyntaxError(problem: "a control character in a string", offset: at - 1)
      default: out.append(byte)
      }
    }
    throw unexpected("'\"'")
  }

  private static let escapes: [UInt8: UInt8] = [
    UInt8(ascii: "\""): 0x22, UInt8(ascii: "\\"): 0x5c, UInt8(ascii: "/"): 0x2f, UInt8(ascii: "b"): 0x08,
    UInt8(ascii: "f"): 0x0c, UInt8(ascii: "n"): 0x0a, UInt8(ascii: "r"): 0x0d, UInt8(ascii: "t"): 0x09,
  ]

  private mutating func escape(into out: inout [UInt8]) throws(JSONSyntaxError) {
    guard let kind = next else { throw unexpected("an escape") }
    at += 1
    if let plain = Self.escapes[kind] {
      out.append(plain)
      return
    }
    guard kind == UInt8(ascii: "u") else { throw JSONSyntaxError(problem: "an unknown escape", offset: at - 1) }
    var code = try fourHex()
    if (0xd800..<0xdc00).contains(code), next == UInt8(ascii: "\\"), at + 1 < bytes.count,
      bytes[at + 1] == UInt8(ascii: "u")
    {
      at += 2
      let low = try fourHex()
      code = (0xdc00..<0xe000).contains(low) ? 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00) : 0xfffd
    }
    out += String(Character(Unicode.Scalar(code) ?? "\u{fffd}")).utf8
  }

  private mutating func fourHex() throws(JSONSyntaxError) -> UInt32 {
    guard at + 4 <= bytes.count,
      let code = UInt32(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16)
    else { throw JSONSyntaxError(problem: "four hexadecimal digits expected", offset: at) }
    at += 4
    return code
  }
}
