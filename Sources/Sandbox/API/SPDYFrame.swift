/// One frame of SPDY/3.1: 8 bytes of head, then what it carries.
struct SPDYFrame: Sendable, Equatable {
  /// What a frame is.
  enum Kind: Sendable, Equatable {
    /// Data of that stream.
    case data(stream: Int)
    /// About the connection or a stream, by its number in the specification.
    case control(UInt16)
  }

  static let openStream: UInt16 = 1
  static let streamOpened: UInt16 = 2
  static let ping: UInt16 = 6
  static let goodbye: UInt16 = 7
  static let headers: UInt16 = 8
  /// The mark of a stream's last frame.
  static let last: UInt8 = 1
  /// kubectl's frames are a few ten kilobytes long; what claims to be longer than this is not its.
  static let longest = 4 << 20

  var kind: Kind
  var flags: UInt8 = 0
  var payload: [UInt8]

  /// Takes the first whole frame off what came; nil if there is none yet.
  static func next(in bytes: inout [UInt8]) throws(ExecFault) -> SPDYFrame? {
    guard bytes.count >= 8 else { return nil }
    let word = number(bytes[0..<4])
    let length = number(bytes[5..<8])
    guard length <= longest else { throw ExecFault("a SPDY frame of \(length) bytes") }
    guard bytes.count >= 8 + length else { return nil }
    let isControl = word >> 31 == 1
    guard !isControl || word >> 16 & 0x7fff == 3 else { throw ExecFault("no frame of SPDY/3.1") }
    let frame = SPDYFrame(
      kind: isControl ? .control(UInt16(word & 0xffff)) : .data(stream: word), flags: bytes[4],
      payload: [UInt8](bytes[8..<(8 + length)]))
    bytes.removeFirst(8 + length)
    return frame
  }

  /// Its bytes.
  var bytes: [UInt8] {
    let word =
      switch kind {
      case .data(let stream): stream
      case .control(let type): 0x8003_0000 | Int(type)
      }
    return Self.number(word) + [flags] + Self.number(payload.count).dropFirst() + payload
  }

  /// A number as four bytes.
  static func number(_ value: Int) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
  }

  /// The number that some bytes are.
  static func number(_ bytes: ArraySlice<UInt8>) -> Int {
    bytes.reduce(0) { $0 << 8 | Int($1) }
  }
}
