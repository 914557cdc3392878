/// A session of Socket.IO over HTTP polling (Engine.IO 4), seen from the client: what to ask next, and what came.
///
/// A server keeps what it sends while nobody asks, so the events in an answer were sent after the answer before it, which
/// came after the request before it. Requests follow one another.
struct SocketSession: Sendable {
  /// What to ask next.
  enum Request: Sendable, Hashable {
    /// GET the packets that have come, or wait for some.
    case get
    /// POST a packet.
    case post(String)
  }

  /// What an answer brought.
  enum Outcome: Sendable {
    /// The first argument of each event of the name.
    case events([JSONValue])
    /// The session is over; the next request opens another.
    case ended(String)
  }

  private enum State: Sendable, Hashable {
    case closed
    case open
    case connecting
    case connected
    /// A ping is to be answered.
    case pinged
  }

  private let event: String
  private var state = State.closed
  private var id: String?

  /// No session yet, for events of this name.
  init(event: String) {
    self.event = event
  }

  /// What comes after `?` in the URL of the next request.
  var query: String { "EIO=4&transport=polling" + (id.map { "&sid=\($0)" } ?? "") }

  /// What to ask next.
  var next: Request {
    switch state {
    case .closed, .connecting, .connected: .get
    case .open: .post("40")
    case .pinged: .post("3")
    }
  }

  /// Gives the session up; the next request opens another.
  mutating func close() {
    state = .closed
    id = nil
  }

  /// Takes the whole answer to `next` into account.
  mutating func read(_ body: [UInt8]) -> Outcome {
    switch state {
    case .closed: return opened(body)
    case .open, .pinged:
      // In small letters from Node's server, in capitals from Python's.
      guard String(decoding: body.prefix(3), as: UTF8.self).lowercased() == "ok" else {
        return ended("an answer that is not ok")
      }
      state = state == .open ? .connecting : .connected
      return .events([])
    case .connecting, .connected: return packets(body)
    }
  }

  private mutating func ended(_ reason: String) -> Outcome {
    close()
    return .ended(reason)
  }

  private mutating func opened(_ body: [UInt8]) -> Outcome {
    guard body.first == UInt8(ascii: "0"), let open = try? JSONValue(Array(body.dropFirst())),
      case .object(let members) = open, case .text(let sid) = members["sid"], Self.isToken(sid)
    else { return ended("no Engine.IO session") }
    id = sid
    state = .open
    return .events([])
  }

  /// It goes into a URL.
  private static func isToken(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 256
      && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.~".contains($0)) }
  }

  private mutating func packets(_ body: [UInt8]) -> Outcome {
    var events: [JSONValue] = []
    var isPinged = false
    for packet in body.split(separator: 0x1E) {
      let text = String(decoding: packet.prefix(2), as: UTF8.self)
      switch text {
      case "40": state = .connected
      case "42": if let data = Self.argument(of: event, packet.dropFirst(2)) { events.append(data) }
      case "41", "1": return ended("the server closed the session")
      case "44": return ended("the server refused the connection")
      default: if packet.first == UInt8(ascii: "2") { isPinged = true }
      }
    }
    if isPinged { state = .pinged }
    return .events(events)
  }

  /// The first argument of `["name",argument,...]`; nil for another event, and for one without arguments.
  private static func argument(of name: String, _ packet: ArraySlice<UInt8>) -> JSONValue? {
    // An acknowledgement's number may stand before the array.
    let array = packet.drop { (0x30...0x39).contains($0) }
    guard let value = try? JSONValue(Array(array)), case .array(let items) = value, items.count > 1,
      case .text(name) = items[0]
    else { return nil }
    return items[1]
  }
}
