/// Who votes for what: voter and choice of vote k, both derived from the run and the seed, so that no list is kept
/// and an export of voter ids can be judged by decoding it.
///
/// A voter id is `vb<run>-<ordinal, 7 digits of base 36><check character>`: fixed width, so that every request of a
/// run has the same length and an incomplete send can be told from a complete one.
package struct Ballot: Sendable, Hashable {
  /// Names the run in voter ids and request ids: 8 characters of base 36.
  package let run: String
  /// Seed of the choices.
  package let seed: UInt64
  /// What can be voted for, at least one, all of the same length in bytes.
  package let choices: [String]

  private static let digits = Array("0123456789abcdefghijklmnopqrstuvwxyz".utf8)
  private static let ordinalWidth = 7

  /// A ballot for one run.
  ///
  /// `choices` must not be empty.
  package init(run: String, seed: UInt64, choices: [String]) {
    precondition(!choices.isEmpty, "a ballot has at least one choice")
    self.run = run
    self.seed = seed
    self.choices = choices
  }

  /// What all voter ids of this run begin with; contains no pattern character of SQL.
  package var voterPrefix: String { "vb\(run)-" }

  /// The voter of vote `index`; each id is used once.
  package func voter(of index: Int) -> String {
    let ordinal = Self.base36(index)
    return voterPrefix + String(decoding: ordinal + [Self.check(ordinal)], as: UTF8.self)
  }

  /// The vote that `voter` was made for, or nil when the id is not one of this run (bad prefix, width or check).
  package func index(of voter: some StringProtocol) -> Int? {
    guard voter.hasPrefix(voterPrefix) else { return nil }
    let tail = Array(voter.utf8.dropFirst(voterPrefix.utf8.count))
    guard tail.count == Self.ordinalWidth + 1 else { return nil }
    let ordinal = Array(tail.prefix(Self.ordinalWidth))
    guard Self.check(ordinal) == tail[Self.ordinalWidth] else { return nil }
    return ordinal.reduce(Optional(0)) { value, byte in
      guard let value, let digit = Self.digits.firstIndex(of: byte) else { return nil }
      return value * 36 + digit
    }
  }

  /// Which of `choices` vote `index` is for: uniform, from the seed alone (SplitMix64 of seed and index).
  package func choiceIndex(of index: Int) -> Int {
    let mixed = IndexedRandom.bits(seed: seed, index: index, stream: .choices)
    return Int(mixed % UInt64(choices.count))
  }

  /// The choice of vote `index`.
  package func choice(of index: Int) -> String {
    choices[choiceIndex(of: index)]
  }

  /// Joins the vote with ingress logs: `vb-<run>-<ordinal>`.
  package func requestID(of index: Int) -> String {
    "vb-\(run)-" + String(decoding: Self.base36(index), as: UTF8.self)
  }

  private static func base36(_ index: Int) -> [UInt8] {
    var result = [UInt8](repeating: digits[0], count: ordinalWidth)
    var rest = index
    for place in stride(from: ordinalWidth - 1, through: 0, by: -1) {
      result[place] = digits[rest % 36]
      rest /= 36
    }
    precondition(rest == 0, "a run has at most 36^7 votes")
    return result
  }

  /// A weighted sum modulo 37 of the digits: finds every single wrong digit and every exchange of two neighbours.
  private static func check(_ ordinal: [UInt8]) -> UInt8 {
    var sum = 0
    for (place, byte) in ordinal.enumerated() {
      sum += (place + 2) * (digits.firstIndex(of: byte) ?? 0)
    }
    let value = sum % 37
    return value < 36 ? digits[value] : UInt8(ascii: ".")
  }
}
