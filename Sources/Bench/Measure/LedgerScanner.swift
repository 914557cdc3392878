import FoundationEssentials

/// Reads the records of a ledger from pieces of the file, in order.
///
/// A run that was killed may leave half a record at the end: what is whole before it counts.
package struct LedgerScanner: Sendable {
  /// Why a file is no ledger.
  package struct Damage: Error, CustomStringConvertible {
    /// Where, in bytes from the beginning.
    package var offset: Int
    /// What is there, in a sentence.
    package var description: String
  }

  /// A run has at most as many: its voters have seven digits of base 36.
  private static let mostVotes: UInt64 = 78_364_164_096

  private let readsNotes: Bool
  private var rest: [UInt8] = []
  private var offset = 0
  private var origin = MonotonicTime(nanoseconds: 0)
  private var choices: [String]?
  private var hasMagic = false

  /// Nothing has been read; polls and other notes but the heading are passed over where nobody needs them.
  package init(readsNotes: Bool = true) {
    self.readsNotes = readsNotes
  }

  /// Bytes at the end that are no whole record.
  package var torn: Int { rest.count }

  /// Takes the next piece of the file; gives every record that is whole now.
  package mutating func read(_ piece: [UInt8], _ body: (LedgerRecord) -> Void) throws(Damage) {
    let bytes = rest.isEmpty ? piece : rest + piece
    var place = 0
    if !hasMagic {
      guard bytes.count >= LedgerRecord.magic.count else {
        rest = bytes
        return
      }
      guard bytes.starts(with: LedgerRecord.magic) else {
        throw Damage(offset: 0, description: "it is no ledger: it does not begin with VBLEDGR1")
      }
      hasMagic = true
      place = LedgerRecord.magic.count
    }
    while place < bytes.count, let width = try width(bytes, place), place + width <= bytes.count {
      if let record = try record(bytes, place, width) { body(record) }
      place += width
    }
    offset += place
    rest = Array(bytes[place...])
  }

  /// How long the record at `place` is; nil when that cannot be seen yet.
  private func width(_ bytes: [UInt8], _ place: Int) throws(Damage) -> Int? {
    switch LedgerRecord.Kind(rawValue: bytes[place]) {
    case .vote: return LedgerRecord.voteWidth
    case .row: return LedgerRecord.rowWidth
    case .connection: return LedgerRecord.connectionWidth
    case .note:
      guard place + LedgerRecord.noteWidth <= bytes.count else { return nil }
      let length = Int(Self.number(bytes, place + 4, as: UInt32.self))
      guard length <= LedgerRecord.noteLimit else { throw damage(place, "a note of \(length) bytes") }
      return LedgerRecord.noteWidth + length
    case .poll:
      guard let choices else { throw damage(place, "a poll before the heading") }
      return LedgerRecord.pollWidth + 8 * choices.count
    case nil: throw damage(place, "a record of unknown kind \(bytes[place])")
    }
  }

  private mutating func record(_ bytes: [UInt8], _ place: Int, _ width: Int) throws(Damage) -> LedgerRecord? {
    switch LedgerRecord.Kind(rawValue: bytes[place]) {
    case .vote: return .vote(try vote(bytes, place))
    case .row:
      let voter = Self.number(bytes, place + 8, as: UInt64.self)
      guard voter < Self.mostVotes else { throw damage(place, "a row of voter number \(voter)") }
      return .row(voter: Int(voter), choice: Int(bytes[place + 1]))
    case .poll: return readsNotes ? .note(try poll(bytes, place)) : nil
    case .connection: return readsNotes ? .connection(try connection(bytes, place)) : nil
    case .note, nil: return try text(bytes, place, width)
    }
  }

  private mutating func text(_ bytes: [UInt8], _ place: Int, _ width: Int) throws(Damage) -> LedgerRecord? {
    let text = Data(bytes[place + LedgerRecord.noteWidth..<place + width])
    if let note = try? JSONDecoder().decode(LedgerNote.self, from: text) {
      guard note.isSound else { throw damage(place, "a note with a number that no run has") }
      if case .begin(let heading) = note {
        guard !heading.choices.isEmpty else { throw damage(place, "a heading without a choice") }
        (origin, choices) = (heading.origin, heading.choices)
      }
      return .note(note)
    }
    guard let row = try? JSONDecoder().decode(LedgerRecord.StrangeRow.self, from: text) else {
      throw damage(place, "a note that this version of votebench cannot read")
    }
    return .strangeRow(voter: row.voter, choice: row.choice)
  }

  private func poll(_ bytes: [UInt8], _ place: Int) throws(Damage) -> LedgerNote {
    let choices = choices ?? []
    guard Int(Self.number(bytes, place + 4, as: UInt32.self)) == choices.count else {
      throw damage(place, "a poll of other choices than the heading's")
    }
    func moment(_ offset: Int) -> MonotonicTime {
      MonotonicTime(nanoseconds: Self.number(bytes, place + offset, as: Int64.self))
    }
    var counts: [String: Int] = [:]
    for (number, choice) in choices.enumerated() {
      let count = Self.number(bytes, place + LedgerRecord.pollWidth + 8 * number, as: UInt64.self)
      guard count <= 1 << 44 else { throw damage(place, "a poll that shows \(count) votes") }
      counts[choice] = Int(count)
    }
    let source = Int(Self.number(bytes, place + 2, as: UInt16.self))
    let note = LedgerNote.poll(
      sample: TallySample(sent: moment(8), received: moment(16), counts: counts, source: source),
      isBaseline: bytes[place + 1] == 1)
    guard note.isSound else { throw damage(place, "a poll with a number that no run has") }
    return note
  }

  private func connection(_ bytes: [UInt8], _ place: Int) throws(Damage) -> ConnectionTimes {
    let flags = bytes[place + 1]
    let began = MonotonicTime(nanoseconds: Self.number(bytes, place + 8, as: Int64.self))
    guard began.nanoseconds.magnitude < LedgerNote.farthest else { throw damage(place, "a connection of no run") }
    func part(_ number: Int) -> Duration? {
      flags & (2 << UInt8(number)) == 0
        ? nil : .microseconds(Self.number(bytes, place + 16 + 4 * number, as: UInt32.self))
    }
    let vote = Int(Self.number(bytes, place + 4, as: UInt32.self)) | Int(bytes[place + 3]) << 32
    return ConnectionTimes(
      began: began, vote: flags & 1 == 1 ? vote : nil, nameLookup: part(0), connect: part(1), tls: part(2),
      firstByte: part(3))
  }

  private func vote(_ bytes: [UInt8], _ place: Int) throws(Damage) -> Observation {
    guard let outcome = Outcome(rawValue: bytes[place + 1]) else {
      throw damage(place, "a vote of unknown outcome \(bytes[place + 1])")
    }
    let index = Int(Self.number(bytes, place + 8, as: UInt32.self)) | Int(bytes[place + 7]) << 32
    // Votes come back in about their order: far ahead of those before it is damage, which would cost much memory.
    guard index < 100_000_000 + 2 * offset else { throw damage(place, "a vote of number", index) }
    let planned = Self.number(bytes, place + 16, as: Int64.self)
    guard planned.magnitude < LedgerNote.farthest else { throw damage(place, "a vote due at", Int(planned)) }
    let due = origin.nanoseconds &+ planned
    func moment(_ offset: Int) -> MonotonicTime {
      MonotonicTime(nanoseconds: due &+ Int64(Self.number(bytes, place + offset, as: UInt32.self)) * 1000)
    }
    return Observation(
      index: index, intended: MonotonicTime(nanoseconds: due), actual: moment(24), completed: moment(28),
      startLag: Int64(Self.number(bytes, place + 12, as: UInt32.self)) * 1000, outcome: outcome,
      cause: Cause(rawValue: Self.number(bytes, place + 4, as: UInt16.self)), resends: bytes[place + 2],
      isFresh: bytes[place + 3] & 1 == 1, pod: bytes[place + 6])
  }

  // Apart from what is done for every vote.
  @inline(never)
  private func damage(_ place: Int, _ what: String, _ number: Int) -> Damage {
    damage(place, "\(what) \(number)")
  }

  private func damage(_ place: Int, _ what: String) -> Damage {
    Damage(offset: offset + place, description: "at byte \(offset + place) there is \(what)")
  }

  private static func number<Number: FixedWidthInteger>(_ bytes: [UInt8], _ place: Int, as type: Number.Type) -> Number
  {
    Number(littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: type) })
  }
}
