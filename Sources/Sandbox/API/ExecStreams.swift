/// How the streams of a command share one connection.
///
/// Pure: bytes come in, events come out, and for what is to be sent the bytes.
protocol ExecStreams: Sendable {
  /// Whether the client has opened every stream that it asked for, so that they can be written to.
  var areOpen: Bool { get }

  /// Takes what came from the client, in pieces of any size; throws at the first byte that makes no sense.
  mutating func take(_ bytes: [UInt8]) throws(ExecFault) -> [ExecEvent]

  /// The bytes that carry a part of a stream's.
  func carrying(_ bytes: [UInt8], of stream: ExecOutput) -> [UInt8]

  /// The bytes that end every stream, after a Status that says how the command ended.
  func ending(_ status: JSON) -> [UInt8]
}

/// A stream from a command to its client.
enum ExecOutput: Sendable, Equatable {
  case output
  case errors
}

/// What came from a client.
enum ExecEvent: Sendable, Equatable {
  /// A part of the command's standard input.
  case input([UInt8])
  /// Its end.
  case inputEnded
  /// Something that is to be answered at once, with these bytes.
  case reply([UInt8])
  /// The client leaves.
  case left
}

/// What came is not of the protocol.
struct ExecFault: Error, Equatable {
  var what: String

  init(_ what: String) { self.what = what }
}
