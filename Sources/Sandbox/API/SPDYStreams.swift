/// A command's streams over SPDY/3.1: each is a stream of its own, whose header `streamtype` says what it is.
///
/// The Status goes over the stream `error`. Windows are not kept, as kubectl's own side keeps none.
struct SPDYStreams: ExecStreams {
  private static let input = "stdin"
  private static let status = "error"

  private let expected: Set<String>
  private var ids: [String: Int] = [:]
  private var bytes: [UInt8] = []
  private var inflater = Inflater(dictionary: SPDYDictionary.bytes)
  private var hasAnswered = false

  /// The streams that such a request opens.
  init(_ request: ExecRequest) {
    var expected: Set = [Self.status]
    if request.hasInput { expected.insert(Self.input) }
    if request.hasOutput { expected.insert(Self.name(of: .output)) }
    if request.hasErrors { expected.insert(Self.name(of: .errors)) }
    self.expected = expected
  }

  private static func name(of stream: ExecOutput) -> String { stream == .output ? "stdout" : "stderr" }

  var areOpen: Bool { expected.isSubset(of: ids.keys) }

  mutating func take(_ bytes: [UInt8]) throws(ExecFault) -> [ExecEvent] {
    self.bytes += bytes
    var events: [ExecEvent] = []
    while let frame = try SPDYFrame.next(in: &self.bytes) {
      switch frame.kind {
      case .data(let stream): events += data(frame, stream)
      case .control(SPDYFrame.openStream): events.append(.reply(try opened(frame)))
      case .control(SPDYFrame.headers):
        // Nothing in them matters, but what comes later is packed with reference to them.
        if frame.payload.count > 4 { _ = try inflater.unpack([UInt8](frame.payload[4...])) }
      case .control(SPDYFrame.ping): events.append(.reply(frame.bytes))
      case .control(SPDYFrame.goodbye): events.append(.left)
      case .control: break
      }
    }
    return events
  }

  private func data(_ frame: SPDYFrame, _ stream: Int) -> [ExecEvent] {
    guard stream == ids[Self.input] else { return [] }
    let isLast = frame.flags & SPDYFrame.last != 0
    return (frame.payload.isEmpty ? [] : [.input(frame.payload)]) + (isLast ? [.inputEnded] : [])
  }

  // After the numbers of the stream and of another, and the priority: the headers.
  private mutating func opened(_ frame: SPDYFrame) throws(ExecFault) -> [UInt8] {
    guard frame.payload.count > 10 else { throw ExecFault("a stream without headers") }
    let id = SPDYFrame.number(frame.payload[0..<4]) & 0x7fff_ffff
    let headers = try Self.headers(try inflater.unpack([UInt8](frame.payload[10...])))
    guard let type = headers["streamtype"] else { throw ExecFault("a stream without a type") }
    ids[type] = id
    defer { hasAnswered = true }
    let answer = SPDYFrame(
      kind: .control(SPDYFrame.streamOpened), payload: SPDYFrame.number(id) + Self.noHeaders(first: !hasAnswered))
    return answer.bytes
  }

  private static func headers(_ bytes: [UInt8]) throws(ExecFault) -> [String: String] {
    var rest = bytes[...]
    func number() throws(ExecFault) -> Int {
      guard rest.count >= 4 else { throw ExecFault("headers that are cut off") }
      defer { rest = rest.dropFirst(4) }
      return SPDYFrame.number(rest.prefix(4))
    }
    func text() throws(ExecFault) -> String {
      let count = try number()
      guard rest.count >= count else { throw ExecFault("headers that are cut off") }
      defer { rest = rest.dropFirst(count) }
      return String(decoding: rest.prefix(count), as: UTF8.self)
    }
    var headers: [String: String] = [:]
    for _ in 0..<(try number()) { headers[try text().lowercased()] = try text() }
    return headers
  }

  // A zlib stream of which each part is a stored block, four bytes that say that there are no headers, and an empty one:
  // before that a reader need not give out what it has read. The first part has the head of the stream, with the
  // checksum of the dictionary.
  private static func noHeaders(first: Bool) -> [UInt8] {
    (first ? [0x78, 0xbb, 0xe3, 0xc6, 0xa7, 0xc2] : []) + [0, 4, 0, 0xfb, 0xff, 0, 0, 0, 0]
      + [0, 0, 0, 0xff, 0xff]
  }

  // MARK: To the client

  func carrying(_ bytes: [UInt8], of stream: ExecOutput) -> [UInt8] {
    guard let id = ids[Self.name(of: stream)] else { return [] }
    return SPDYFrame(kind: .data(stream: id), payload: bytes).bytes
  }

  func ending(_ status: JSON) -> [UInt8] {
    let names = [Self.name(of: .output), Self.name(of: .errors), Self.status]
    return names.flatMap { name in
      ids[name].map {
        SPDYFrame(
          kind: .data(stream: $0), flags: SPDYFrame.last, payload: name == Self.status ? status.bytes : []
        ).bytes
      } ?? []
    }
  }
}
