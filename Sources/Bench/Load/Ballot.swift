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
  /// What can be voted for, at least one.
  package let choices: [String]
  /// Who votes more than once.
  package let electorate: Electorate

  /// Digits of an ordinal, in base 36; a check character follows them in a voter id.
  package static let ordinalWidth = 7

  /// A ballot for one run.
  ///
  /// `choices` must not be empty.
  package init(run: String, seed: UInt64, choices: [String], electorate: Electorate = .unique) {
    precondition(!choices.isEmpty, "a ballot has at least one choice")
    self.run = run
    self.seed = seed
    self.choices = choices
    self.electorate = electorate
  }

  /// What all voter ids of this run begin with; contains no pattern character of SQL.
  package var voterPrefix: String { "vb\(run)-" }

  /// The number of the voter of vote `index`: that of the voter's first vote.
  package func voterNumber(of index: Int) -> Int {
    electorate.isUnique ? index : electorate.firstVote(of: index, seed: seed)
  }

  /// The voter of vote `index`.
  package func voter(of index: Int) -> String { id(ofVoter: voterNumber(of: index)) }

  /// The id of a voter by number.
  package func id(ofVoter number: Int) -> String {
    voterPrefix + text(of: number, count: Self.ordinalWidth + 1)
  }

  /// The number of `voter`, or nil when the id is not one of this run (bad prefix, width or check).
  package func index(of voter: some StringProtocol) -> Int? {
    guard voter.hasPrefix(voterPrefix) else { return nil }
    let tail = Array(voter.utf8.dropFirst(voterPrefix.utf8.count))
    guard tail.count == Self.ordinalWidth + 1 else { return nil }
    var index = 0
    for byte in tail.prefix(Self.ordinalWidth) {
      guard let value = Self.value(of: byte) else { return nil }
      index = index * 36 + value
    }
    return UInt8(truncatingIfNeeded: ordinal(of: index) >> 56) == tail[Self.ordinalWidth] ? index : nil
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
    "vb-\(run)-" + text(of: index, count: Self.ordinalWidth)
  }

  private func text(of index: Int, count: Int) -> String {
    withUnsafeBytes(of: ordinal(of: index).littleEndian) { String(decoding: $0.prefix(count), as: UTF8.self) }
  }

  /// The digits of an ordinal and its check character, as they end a voter id: eight characters, the first in the
  /// lowest byte.
  package func ordinal(of index: Int) -> UInt64 {
    // Seven zeros.
    var result: UInt64 = 0x0030_3030_3030_3030
    var (rest, sum, place) = (UInt64(index), UInt64(0), UInt64(Self.ordinalWidth))
    while rest > 0 {
      precondition(place > 0, "a run has at most 36^7 votes")
      place &-= 1
      let (quotient, value) = rest.quotientAndRemainder(dividingBy: 36)
      result &+= (Self.digit(value) &- 0x30) &<< (place &* 8)
      sum &+= (place &+ 2) &* value
      rest = quotient
    }
    // A weighted sum modulo 37: finds every single wrong digit and every exchange of two neighbours.
    let check = sum % 37
    return result | (check < 36 ? Self.digit(check) : 0x2E) &<< 56
  }

  private static func digit(_ value: UInt64) -> UInt64 {
    value < 10 ? 0x30 &+ value : 0x57 &+ value
  }

  private static func value(of digit: UInt8) -> Int? {
    switch digit {
    case 0x30...0x39: Int(digit) - 0x30
    case 0x61...0x7A: Int(digit) - 0x61 + 10
    default: nil
    }
  }
}
