import FoundationEssentials

/// One record of `votes.ledger`: the file of everything that a run's verdict on its votes rests on.
///
/// The file begins with eight bytes, `VBLEDGR1`. Records follow one another; the first byte of each tells its kind. All
/// numbers are little-endian.
///
///     vote  32 bytes   1, outcome, re-sends, flags (1: a fresh connection), cause u16, pod, bits 32...39 of the index,
///                      index u32, start lag u32 (us), due i64 (ns since the origin), start u32, end u32 (us after due)
///     row   16 bytes   2, choice, 6 zeros, number of the voter u64
///     note  8 + n      3, 3 zeros, n u32, then n bytes of JSON
///     poll  24 + 8 m   4, 1 for one before the first vote, source u16, m u32, sent i64, received i64, then the counts
///                      of the m choices u64; a poll that shows anything else is a note
///     opened  32 bytes 5, flags (1: for a vote; 2, 4, 8, 16: the parts that were reached), 0, bits 32...39 of the vote's
///                      index, index u32, began i64 (ns), look-up, connect, TLS, first byte u32 (us)
///
/// Starts are rounded down and ends up, so that no interval is shorter than it was: the same values as `Ledger` keeps.
package enum LedgerRecord: Sendable, Hashable {
  /// A vote has come back.
  case vote(Observation)
  /// A row of the export, of a voter of this run and a choice of its ballot.
  case row(voter: Int, choice: Int)
  /// A row of the export that is neither: as it was printed.
  case strangeRow(voter: String, choice: String)
  /// A connection was opened.
  case connection(ConnectionTimes)
  /// Anything else.
  indirect case note(LedgerNote)

  /// A row of an export: by number where it is of this run's voters and choices.
  package init(voter: Substring, choice: Substring, of ballot: Ballot) {
    if let number = ballot.index(of: voter), let place = ballot.choices.firstIndex(where: { $0 == choice }),
      place <= UInt8.max
    {
      self = .row(voter: number, choice: place)
    } else {
      self = .strangeRow(voter: String(voter), choice: String(choice))
    }
  }

  /// The first bytes of a ledger.
  package static let magic = Array("VBLEDGR1".utf8)

  static let voteWidth = 32
  static let rowWidth = 16
  static let noteWidth = 8
  static let pollWidth = 24
  static let connectionWidth = 32
  /// A note beyond that is damage: the longest, a poll of 256 kB whose every byte is escaped, has 1.5 MB.
  static let noteLimit = 1 << 21

  enum Kind: UInt8 {
    case vote = 1
    case row = 2
    case note = 3
    case poll = 4
    case connection = 5
  }

  /// A row that is no voter's, in JSON.
  struct StrangeRow: Codable {
    var voter: String
    var choice: String
  }

  /// Appends the record to those of the ledger with this heading.
  package func append(to bytes: inout [UInt8], of heading: LedgerHeading) {
    switch self {
    case .vote(let vote): bytes += Self.bytes(of: [vote], origin: heading.origin)
    case .note(.poll(let sample, let isBaseline)) where Self.isPlain(sample, heading.choices):
      Self.append(sample, isBaseline, to: &bytes, heading.choices)
    case .row(let voter, let choice):
      bytes += [Kind.row.rawValue, UInt8(choice), 0, 0, 0, 0, 0, 0]
      Self.append(UInt64(voter), to: &bytes)
    case .strangeRow(let voter, let choice): Self.append(json: StrangeRow(voter: voter, choice: choice), to: &bytes)
    case .connection(let connection): Self.append(connection, to: &bytes)
    case .note(let note): Self.append(json: note, to: &bytes)
    }
  }

  private static func append(_ connection: ConnectionTimes, to bytes: inout [UInt8]) {
    let parts = [connection.nameLookup, connection.connect, connection.tls, connection.firstByte]
    var flags: UInt8 = connection.vote == nil ? 0 : 1
    for (place, part) in parts.enumerated() where part != nil { flags |= 2 << UInt8(place) }
    let vote = UInt64(connection.vote ?? 0)
    bytes += [Kind.connection.rawValue, flags, 0, UInt8(truncatingIfNeeded: vote >> 32)]
    append(UInt32(truncatingIfNeeded: vote), to: &bytes)
    append(connection.began.nanoseconds, to: &bytes)
    for part in parts { append(UInt32(clamping: ((part?.nanoseconds ?? 0) + 999) / 1000), to: &bytes) }
  }

  /// The records of votes, of a ledger whose first vote was due at `origin`: four words each.
  ///
  /// Done for every vote of a run, so it is written for few instructions.
  package static func bytes(of votes: [Observation], origin: MonotonicTime) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: votes.count * voteWidth) { bytes, count in
      let memory = UnsafeMutableRawBufferPointer(bytes)
      for vote in votes {
        // Swift runs on little-endian machines only, so the words lie as they are written.
        memory.storeBytes(of: words(vote, origin.nanoseconds), toByteOffset: count, as: SIMD4<UInt64>.self)
        count &+= voteWidth
      }
    }
  }

  private static func words(_ vote: Observation, _ origin: Int64) -> SIMD4<UInt64> {
    let due = vote.intended.nanoseconds
    let index = UInt64(truncatingIfNeeded: vote.index)
    let start = UInt32(clamping: (vote.actual.nanoseconds &- due) / 1000)
    let end = UInt32(clamping: (vote.completed.nanoseconds &- due &+ 999) / 1000)
    let lag = UInt32(clamping: (vote.startLag &+ 999) / 1000)
    let head =
      UInt64(Kind.vote.rawValue) | UInt64(vote.outcome.rawValue) << 8 | UInt64(vote.resends) << 16
      | (vote.isFresh ? 1 << 24 : 0) | UInt64(vote.cause.rawValue) << 32 | UInt64(vote.pod) << 48
      | (index >> 32 & 0xFF) << 56
    return SIMD4(
      head, index & 0xFFFF_FFFF | UInt64(lag) << 32, UInt64(bitPattern: due &- origin),
      UInt64(start) | UInt64(end) << 32)
  }

  /// True for a poll that shows the choices and nothing else.
  private static func isPlain(_ sample: TallySample, _ choices: [String]) -> Bool {
    sample.rounding == nil && sample.source <= UInt16.max && sample.counts.count == choices.count
      && choices.allSatisfy { sample.counts[$0].map { $0 >= 0 } ?? false }
  }

  private static func append(
    _ sample: TallySample, _ isBaseline: Bool, to bytes: inout [UInt8], _ choices: [String]
  ) {
    bytes += [Kind.poll.rawValue, isBaseline ? 1 : 0]
    append(UInt16(sample.source), to: &bytes)
    append(UInt32(choices.count), to: &bytes)
    append(sample.sent.nanoseconds, to: &bytes)
    append(sample.received.nanoseconds, to: &bytes)
    for choice in choices { append(UInt64(sample[choice]), to: &bytes) }
  }

  private static func append(json value: some Encodable, to bytes: inout [UInt8]) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    // Its values are numbers and texts: there is nothing that JSON cannot say.
    let text = (try? encoder.encode(value)).map { Array($0) } ?? []
    bytes += [Kind.note.rawValue, 0, 0, 0]
    append(UInt32(text.count), to: &bytes)
    bytes += text
  }

  private static func append(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
  }
}
