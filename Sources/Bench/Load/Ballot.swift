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

  private static let ordinalWidth = 7

  private let prefix: [UInt8]

  /// A ballot for one run.
  ///
  /// `choices` must not be empty.
  package init(run: String, seed: UInt64, choices: [String]) {
    precondition(!choices.isEmpty, "a ballot has at least one choice")
    self.run = run
    self.seed = seed
    self.choices = choices
    prefix = Array("vb\(run)-".utf8)
  }

  /// What all voter ids of this run begin with; contains no pattern character of SQL.
  package var voterPrefix: String { "vb\(run)-" }

  /// The voter of vote `index`; each id is used once.
  package func voter(of index: Int) -> String {
    var bytes = [UInt8](repeating: 0, count: voterWidth)
    var field = bytes.mutableSpan
    writeVoter(of: index, to: &field)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Bytes in every voter id of this run.
  package var voterWidth: Int { prefix.count + Self.ordinalWidth + 1 }

  /// Writes the voter of vote `index` into the first `voterWidth` bytes of `field`, without allocation.
  package func writeVoter(of index: Int, to field: inout MutableSpan<UInt8>) {
    for place in prefix.indices { field[place] = prefix[place] }
    writeEnding(of: index, at: prefix.count, to: &field)
  }

  /// Bytes of `writeEnding`.
  package static let endingWidth = ordinalWidth + 1

  /// Writes the end of the voter id of vote `index`, all that tells it from others of this run, into the
  /// `endingWidth` bytes of `field` from `place` on, without allocation.
  ///
  /// All of it but the last byte is the end of the request id, too.
  package func writeEnding(of index: Int, at place: Int, to field: inout MutableSpan<UInt8>) {
    let sum = Self.writeOrdinal(index, at: place, to: &field)
    field[place + Self.ordinalWidth] = Self.check(sum)
  }

  /// The vote that `voter` was made for, or nil when the id is not one of this run (bad prefix, width or check).
  package func index(of voter: some StringProtocol) -> Int? {
    guard voter.hasPrefix(voterPrefix) else { return nil }
    let tail = Array(voter.utf8.dropFirst(voterPrefix.utf8.count))
    guard tail.count == Self.ordinalWidth + 1 else { return nil }
    var (index, sum) = (0, 0)
    for place in 0..<Self.ordinalWidth {
      guard let value = Self.value(of: tail[place]) else { return nil }
      index = index * 36 + value
      sum += (place + 2) * value
    }
    return Self.check(sum) == tail[Self.ordinalWidth] ? index : nil
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
    var bytes = [UInt8](repeating: 0, count: requestIDWidth)
    var field = bytes.mutableSpan
    writeRequestID(of: index, to: &field)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Bytes in every request id of this run.
  package var requestIDWidth: Int { prefix.count + 1 + Self.ordinalWidth }

  /// Writes the request id of vote `index` into the first `requestIDWidth` bytes of `field`, without allocation.
  package func writeRequestID(of index: Int, to field: inout MutableSpan<UInt8>) {
    field[0] = prefix[0]
    field[1] = prefix[1]
    field[2] = UInt8(ascii: "-")
    for place in 2..<prefix.count { field[place + 1] = prefix[place] }
    _ = Self.writeOrdinal(index, at: prefix.count + 1, to: &field)
  }

  // MARK: Base 36

  /// Writes 7 digits; gives their weighted sum, see `check`.
  private static func writeOrdinal(_ index: Int, at begin: Int, to field: inout MutableSpan<UInt8>) -> Int {
    var rest = UInt64(index)
    var (place, sum) = (ordinalWidth, 0)
    while place > 0 {
      place -= 1
      let (quotient, value) = rest.quotientAndRemainder(dividingBy: 36)
      rest = quotient
      field[begin &+ place] = digit(Int(truncatingIfNeeded: value))
      sum &+= (place &+ 2) &* Int(truncatingIfNeeded: value)
    }
    precondition(rest == 0, "a run has at most 36^7 votes")
    return sum
  }

  private static func digit(_ value: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: value < 10 ? 48 + value : 87 + value)
  }

  private static func value(of digit: UInt8) -> Int? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(digit) - 48
    case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(digit) - 87
    default: nil
    }
  }

  /// A weighted sum modulo 37 of the digits: finds every single wrong digit and every exchange of two neighbours.
  private static func check(_ sum: Int) -> UInt8 {
    let value = sum % 37
    return value < 36 ? digit(value) : UInt8(ascii: ".")
  }
}
