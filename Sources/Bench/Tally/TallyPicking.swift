/// What of an answer is the tally: a pure reader of bytes.
///
/// Counts are whole numbers from 0 to 2^44, so that as many as an answer holds can be added up; JSON may have them as
/// texts of digits, as drivers of databases do. Anything else is no tally: it is never taken for 0.
package enum TallyPicking: Sendable, Hashable {
  /// An object of JSON that maps labels to counts.
  case json(Pointer)
  /// A value of JSON for each choice.
  case values([String: Pointer])
  /// Numbers in a text, each between two texts.
  case page(Pattern)
  /// A label and its count a line, or an object of JSON.
  case lines

  /// A place in JSON, by RFC 6901: `/votes/0`; the empty one is the whole.
  package struct Pointer: Sendable, Hashable {
    /// The keys, with `~1` and `~0` resolved.
    package private(set) var keys: [String] = []

    /// The whole.
    package init() {}

    /// Nil for a text that does not begin with a slash.
    package init?(_ text: Substring) {
      guard !text.isEmpty else { return }
      guard text.hasPrefix("/") else { return nil }
      keys = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map {
        String($0).replacing("~1", with: "/").replacing("~0", with: "~")
      }
    }
  }

  /// Texts around the numbers of a page: `{choice}` stands for the choice, `*` for its number.
  ///
  /// Any white space equals any other.
  package struct Pattern: Sendable, Hashable {
    fileprivate var before: String
    fileprivate var after: String
    /// The texts around the number of all votes, where the numbers are rounded percents.
    fileprivate var total: [String]?

    /// `BEFORE*AFTER`, or `BEFORE*AFTER#BEFORE*AFTER` for percents and the number of all votes; nil for anything else.
    package init?(_ text: Substring) {
      let parts = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map { part in
        part.split(separator: "*", omittingEmptySubsequences: false).map { TallyPicking.spaced(String($0)) }
      }
      guard parts.allSatisfy({ $0.count == 2 && !$0[0].isEmpty }), parts[0][0].contains("{choice}") else { return nil }
      (before, after) = (parts[0][0], parts[0][1])
      total = parts.count > 1 ? parts[1] : nil
    }
  }

  /// What a tally shows: by label, and where it rounds the most that there may be.
  package struct Counts: Sendable, Hashable {
    /// By label, where the source rounds the least.
    package var counts: [String: Int]
    /// Nil for exact numbers.
    package var rounding: TallySample.Rounding?
  }

  /// Why an answer is no tally: a few words, the same for every answer that is wrong in the same way.
  package struct Unreadable: Error, Sendable, Hashable {
    /// The words.
    package var reason: String

    /// No tally, for this reason.
    package init(reason: String) { self.reason = reason }
  }

  /// True when labels that nobody knows beforehand are shown, with a count that is theirs alone.
  package var hasAnyLabel: Bool {
    switch self {
    case .json, .lines: true
    case .values: false
    case .page(let pattern): pattern.total == nil
    }
  }

  /// The greatest count.
  static let limit = 1 << 44

  /// Pointers as a flag has them: one to an object, or `a=/0,b=/1` for all of `choices`.
  package init?(pointers text: Substring, choices: [String]) {
    if let pointer = Pointer(text) {
      self = .json(pointer)
      return
    }
    var pointers: [String: Pointer] = [:]
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let sign = part.firstIndex(of: "="), let pointer = Pointer(part[part.index(after: sign)...]),
        pointers.updateValue(pointer, forKey: String(part[..<sign])) == nil
      else { return nil }
    }
    guard Set(pointers.keys) == Set(choices) else { return nil }
    self = .values(pointers)
  }

  /// The tally in an answer, of votes for `choices`.
  package func counts(in body: [UInt8], choices: [String]) -> Result<Counts, Unreadable> {
    do throws(Unreadable) {
      switch self {
      case .json, .values: return .success(try read(try JSONValue(body)))
      case .page(let pattern):
        return .success(try Self.counts(pattern, String(decoding: body, as: UTF8.self), choices))
      case .lines: return .success(Counts(counts: try Self.lines(body)))
      }
    } catch {
      return .failure(error)
    }
  }

  /// The tally in JSON; none for a source that shows anything else.
  func counts(in value: JSONValue) -> Result<Counts, Unreadable> {
    do throws(Unreadable) { return .success(try read(value)) } catch { return .failure(error) }
  }

  // MARK: JSON

  private func read(_ value: JSONValue) throws(Unreadable) -> Counts {
    switch self {
    case .json(let pointer): return Counts(counts: try Self.counts(try value.value(at: pointer)))
    case .values(let pointers):
      var counts: [String: Int] = [:]
      for (choice, pointer) in pointers { counts[choice] = try Self.count(try value.value(at: pointer)) }
      return Counts(counts: counts)
    case .page, .lines: throw Unreadable(reason: "JSON")
    }
  }

  private static func counts(_ value: JSONValue) throws(Unreadable) -> [String: Int] {
    guard case .object(let members) = value else { throw Unreadable(reason: "no JSON object with counts") }
    var counts: [String: Int] = [:]
    for (label, member) in members { counts[label] = try count(member) }
    guard let total = counts.removeValue(forKey: "total") else { return counts }
    guard total == counts.values.reduce(0, +) else {
      throw Unreadable(reason: "a total that is not the sum of the counts")
    }
    return counts
  }

  private static func count(_ value: JSONValue) throws(Unreadable) -> Int {
    let number: Int? =
      switch value {
      case .whole(let number): number
      case .text(let text): Int(text)
      case .object, .array, .other: nil
      }
    guard let number, (0...limit).contains(number) else {
      throw Unreadable(reason: "a count that is no whole number from 0 to 2^44")
    }
    return number
  }

  // MARK: Text

  private static func lines(_ body: [UInt8]) throws(Unreadable) -> [String: Int] {
    let text = String(decoding: body, as: UTF8.self)
    if text.first(where: { !$0.isWhitespace }) == "{" { return try counts(JSONValue(body)) }
    var counts: [String: Int] = [:]
    for line in text.split(whereSeparator: \.isNewline) where !line.allSatisfy(\.isWhitespace) {
      let line = line.trimmingWhitespace
      guard let separator = line.lastIndex(where: { $0.isWhitespace || "|,=:".contains($0) }),
        let number = Int(line[line.index(after: separator)...]), (0...limit).contains(number)
      else { throw Unreadable(reason: "a line that is not a choice and its count") }
      let label = line[..<separator].trimmingWhitespace.trimmingSuffix { "|,=:".contains($0) || $0.isWhitespace }
      guard counts.updateValue(number, forKey: String(label)) == nil else {
        throw Unreadable(reason: "a choice that is there twice")
      }
    }
    // An empty table prints nothing, and so does a command that cannot reach it: only its exit status tells.
    return counts
  }

  private static func counts(
    _ pattern: Pattern, _ text: String, _ choices: [String]
  ) throws(Unreadable) -> Counts {
    let text = spaced(text)
    func number(_ before: String, _ after: String) throws(Unreadable) -> Substring {
      var rest = text[...]
      while let found = rest.firstRange(of: before) {
        rest = rest[found.upperBound...]
        let number = leadingNumber(rest.drop(while: \.isWhitespace))
        let end = after.first == " " ? text[number.endIndex...] : text[number.endIndex...].drop(while: \.isWhitespace)
        if !number.isEmpty, end.hasPrefix(after) { return number }
      }
      throw Unreadable(reason: "no number between '\(before)' and '\(after)'")
    }
    var shown: [(choice: String, number: Substring)] = []
    for choice in choices {
      let text = (pattern.before.replacing("{choice}", with: choice), pattern.after.replacing("{choice}", with: choice))
      shown.append((choice, try number(text.0, text.1)))
    }
    guard let total = pattern.total else {
      var counts: [String: Int] = [:]
      for (choice, number) in shown { counts[choice] = try whole(number) }
      return Counts(counts: counts)
    }
    return try rounded(shown, total: try whole(try number(total[0], total[1])))
  }

  /// Digits, and a fraction where more digits follow a point.
  private static func leadingNumber(_ text: Substring) -> Substring {
    func isDigit(_ character: Character) -> Bool { character.isASCII && character.isNumber }
    let whole = text.prefix(while: isDigit)
    let rest = text[whole.endIndex...]
    let fraction = rest.dropFirst().prefix(while: isDigit)
    return rest.first == "." && !fraction.isEmpty ? text[..<fraction.endIndex] : whole
  }

  private static func whole(_ text: Substring) throws(Unreadable) -> Int {
    guard let number = Int(text), (0...limit).contains(number) else {
      throw Unreadable(reason: "a count that is no whole number from 0 to 2^44")
    }
    return number
  }

  private static func rounded(_ shown: [(choice: String, number: Substring)], total: Int) throws(Unreadable) -> Counts {
    var percent: [String: Double] = [:]
    var digits = 0
    for (choice, number) in shown {
      guard let share = Double(number), (0...100).contains(share) else {
        throw Unreadable(reason: "a share that is not from 0 to 100 percent")
      }
      percent[choice] = share
      digits = max(digits, number.split(separator: ".", omittingEmptySubsequences: false).dropFirst().first?.count ?? 0)
    }
    let step = (0..<min(digits, 9)).reduce(1.0) { step, _ in step / 10 }
    let never = MonotonicTime(nanoseconds: 0)
    let sample = TallySample(sent: never, received: never, total: total, percent: percent, step: step)
    return Counts(counts: sample.counts, rounding: sample.rounding)
  }

  /// Runs of white space as one space each.
  fileprivate static func spaced(_ text: String) -> String {
    var result = ""
    var isSpace = false
    for character in text {
      if character.isWhitespace {
        if !isSpace { result.append(" ") }
        isSpace = true
      } else {
        result.append(character)
        isSpace = false
      }
    }
    return result
  }
}

extension Substring {
  fileprivate var trimmingWhitespace: Substring {
    drop(while: \.isWhitespace).trimmingSuffix(while: \.isWhitespace)
  }

  fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> Substring {
    var text = self
    while let last = text.last, predicate(last) { text.removeLast() }
    return text
  }
}
