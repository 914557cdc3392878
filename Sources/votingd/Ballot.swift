/// One vote as a request brings it: the choice from the form, the voter from the cookie.
///
/// Pure text, no I/O.
struct Ballot: Sendable, Equatable {
  /// Why a request is not a vote: a plain sentence for the answer.
  struct Problem: Error, Equatable {
    var sentence: String
  }

  var choice: String
  var voter: String
  /// The client sent no voter id, so this one was made for it and has to be handed out.
  var voterIsNew: Bool

  init(form: some Sequence<UInt8>, cookies: [String], choices: [String]) throws(Problem) {
    guard let choice = try Self.field("vote", form: form) else {
      throw Problem(sentence: "The form has no field 'vote'.")
    }
    guard choices.contains(choice) else {
      throw Problem(sentence: "The vote is none of the choices: \(choices.joined(separator: ", ")).")
    }
    self.choice = choice
    let sent = Self.cookie("voter_id", headers: cookies)
    voterIsNew = sent == nil
    voter = sent ?? Self.randomIdentifier()
    guard Self.isVoter(voter) else {
      throw Problem(sentence: "The cookie voter_id has to be 1 to 128 characters of A-Z a-z 0-9 . _ -")
    }
  }

  /// Whether a text can be a voter id; it then needs no escaping anywhere.
  static func isVoter(_ text: String) -> Bool {
    let allowed = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
      case UInt8(ascii: "0")...UInt8(ascii: "9"): true
      case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
      default: false
      }
    }
    return allowed && (1...128).contains(text.utf8.count)
  }

  /// 128 random bits as 32 hexadecimal digits.
  static func randomIdentifier() -> String {
    let digits = Array("0123456789abcdef".utf8)
    var bits = UInt128(UInt64.random(in: .min ... .max)) << 64 | UInt128(UInt64.random(in: .min ... .max))
    return String(unsafeUninitializedCapacity: 32) { buffer in
      for index in 0..<32 {
        buffer[index] = digits[Int(truncatingIfNeeded: bits & 15)]
        bits >>= 4
      }
      return 32
    }
  }

  /// By bytes, since every vote comes through here and going by characters costs several times as much.
  private static func cookie(_ name: String, headers: [String]) -> String? {
    for header in headers {
      for pair in header.utf8.split(separator: UInt8(ascii: ";")) {
        guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { continue }
        guard trimmed(pair[..<equals]).elementsEqual(name.utf8) else { continue }
        return String(Substring(trimmed(pair[pair.index(after: equals)...])))
      }
    }
    return nil
  }

  private static func trimmed(_ text: Substring.UTF8View) -> Substring.UTF8View {
    let isSpace: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    var rest = text.drop(while: isSpace)
    while let last = rest.last, isSpace(last) { rest.removeLast() }
    return rest
  }

  private static func field(_ name: String, form: some Sequence<UInt8>) throws(Problem) -> String? {
    for pair in Array(form).split(separator: UInt8(ascii: "&")) {
      let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, try decoded(parts[0]) == name else { continue }
      return try decoded(parts[1])
    }
    return nil
  }

  private static func decoded(_ bytes: ArraySlice<UInt8>) throws(Problem) -> String {
    var result: [UInt8] = []
    var rest = bytes
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "+"): result.append(UInt8(ascii: " "))
      case UInt8(ascii: "%"):
        guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else {
          throw Problem(sentence: "The form has a '%' that two hexadecimal digits do not follow.")
        }
        result.append(high << 4 | low)
      default: result.append(byte)
      }
    }
    guard let text = String(validating: result, as: UTF8.self) else {
      throw Problem(sentence: "The form is not UTF-8.")
    }
    return text
  }

  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    UInt8(String(UnicodeScalar(byte)), radix: 16)
  }
}
