import Bench

@testable import LoadEngine

/// What the engine's reader makes of bytes, given to it in pieces.
struct ReadAnswer: Equatable {
  var part: AnswerReader.Part
  var status = 0
  /// The beginning of the body, as far as it is kept.
  var body: [UInt8] = []
  /// Bytes that belong to the answer.
  var count = 0
  var keepsConnection = false
  var pod = ""
  var version = ""

  var text: String { String(decoding: body, as: UTF8.self) }

  /// What `PlainAnswerReader` would call it.
  var plain: PlainAnswerReader.Result {
    switch part {
    case .complete: .complete(status: status, body: body, count: count)
    case .malformed: .malformed
    default: .unfinished
    }
  }
}

/// A reader and the heads that it knows, used for one answer after another as a connection does.
struct ReaderBench: ~Copyable {
  private var reader = AnswerReader()
  private var heads: KnownHeads

  /// A reader that looks for pods as `configuration` says.
  init(_ configuration: EngineConfiguration = .plain(port: 1)) {
    heads = KnownHeads(HeaderNames(configuration))
  }

  deinit {
    reader.free()
    heads.free()
  }

  /// Reads `bytes`, cut at `cuts` (rising, within the bytes), after which the peer may close.
  mutating func read(_ bytes: [UInt8], cuts: [Int] = [], thenClosed: Bool = false) -> ReadAnswer {
    reader.rewind()
    var count = 0
    bytes.withUnsafeBufferPointer { whole in
      var begin = 0
      for end in cuts + [bytes.count] {
        let piece = UnsafeBufferPointer(rebasing: whole[begin..<end])
        let taken = reader.take(piece, &heads)
        count += taken
        if taken < piece.count || reader.part == .complete || reader.part == .malformed { return }
        begin = end
      }
    }
    if thenClosed, reader.part != .complete, reader.part != .malformed { _ = reader.closed() }
    reader.findResponder(heads.names)
    return ReadAnswer(
      part: reader.part, status: reader.status, body: Array(reader.answer), count: count,
      keepsConnection: reader.keepsConnection, pod: String(decoding: reader.responder.pod, as: UTF8.self),
      version: String(decoding: reader.responder.version, as: UTF8.self))
  }
}

/// Steele, Lea, Flood 2014: enough for tests, and the same numbers for a seed everywhere.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }
}
