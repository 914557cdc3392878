/// A command's streams over a WebSocket (RFC 6455): each message begins with a byte that names its stream.
///
/// 0 input, 1 output, 2 errors, 3 the Status, 4 the size of a terminal; 255 with a stream's number ends that stream
/// (v5.channel.k8s.io). A message in several frames has the byte in the first only.
struct WebSocketStreams: ExecStreams {
  /// A client's frames are a few ten kilobytes long; what claims to be longer than this is no client of ours.
  static let longestFrame = 4 << 20

  private var bytes: [UInt8] = []
  // The stream of the message that is not yet at its end.
  private var current: UInt8?

  let areOpen = true

  mutating func take(_ bytes: [UInt8]) throws(ExecFault) -> [ExecEvent] {
    self.bytes += bytes
    var events: [ExecEvent] = []
    while let frame = try nextFrame() {
      switch frame.opcode {
      case 0, 2: if let event = data(frame) { events.append(event) }
      case 8: events += [.reply(Self.frame(8, frame.payload)), .left]
      case 9: events.append(.reply(Self.frame(10, frame.payload)))
      case 10: break
      default: throw ExecFault("a WebSocket frame of type \(frame.opcode)")
      }
    }
    return events
  }

  private mutating func data(_ frame: Frame) -> ExecEvent? {
    var payload = frame.payload[...]
    let stream = frame.opcode == 2 ? payload.popFirst() : current
    current = frame.isLast ? nil : stream
    switch stream {
    case 0: return payload.isEmpty ? nil : .input([UInt8](payload))
    case 255: return payload.first == 0 ? .inputEnded : nil
    default: return nil
    }
  }

  func carrying(_ bytes: [UInt8], of stream: ExecOutput) -> [UInt8] {
    Self.frame(2, [stream == .output ? 1 : 2] + bytes)
  }

  func ending(_ status: JSON) -> [UInt8] {
    // 1000: the purpose is fulfilled.
    Self.frame(2, [3] + status.bytes) + Self.frame(8, [0x03, 0xe8])
  }

  // MARK: Frames

  private struct Frame {
    var opcode: UInt8
    var isLast: Bool
    var payload: [UInt8]
  }

  private mutating func nextFrame() throws(ExecFault) -> Frame? {
    guard bytes.count >= 2 else { return nil }
    guard bytes[1] & 0x80 != 0 else { throw ExecFault("a WebSocket frame without a mask") }
    let short = Int(bytes[1] & 0x7f)
    let extra = short == 126 ? 2 : short == 127 ? 8 : 0
    guard bytes.count >= 6 + extra else { return nil }
    let length = extra == 0 ? short : bytes[2..<(2 + extra)].reduce(0) { $0 << 8 &+ Int($1) }
    guard (0...Self.longestFrame).contains(length) else { throw ExecFault("a WebSocket frame of \(length) bytes") }
    let start = 6 + extra
    guard bytes.count >= start + length else { return nil }
    let mask = bytes[(start - 4)..<start]
    let payload = (0..<length).map { bytes[start + $0] ^ mask[mask.startIndex + $0 % 4] }
    let frame = Frame(opcode: bytes[0] & 0x0f, isLast: bytes[0] & 0x80 != 0, payload: payload)
    bytes.removeFirst(start + length)
    return frame
  }

  /// A frame of a server: whole and without a mask.
  private static func frame(_ opcode: UInt8, _ payload: [UInt8]) -> [UInt8] {
    let count = payload.count
    var head: [UInt8] = [0x80 | opcode]
    switch count {
    case ..<126: head.append(UInt8(count))
    case ..<65_536: head += [126, UInt8(count >> 8), UInt8(count & 0xff)]
    default: head += [127] + (0..<8).map { UInt8(count >> (56 - 8 * $0) & 0xff) }
    }
    return head + payload
  }

  /// What a server answers to a client's `Sec-WebSocket-Key`.
  static func answer(to key: String) -> String {
    Base64.text(SHA1.digest([UInt8]("\(key)258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8)))
  }
}
