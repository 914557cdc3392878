internal import Bench
internal import CLibcurl

/// A slot of the direct lane: an easy handle with its connection, one request, and the reader of its answer.
///
/// Confined to one thread; lives at one address for the whole run.
struct DirectConnection {
  enum State: UInt8 {
    /// There is no connection.
    case closed
    /// libcurl opens one.
    case opening
    /// Open, and nothing is in hand.
    case idle
    /// A part of the request is still to be written.
    case writing
    /// The request is written; its answer is awaited.
    case reading
  }

  let easy: UnsafeMutableRawPointer
  var state = State.closed
  var socket: Int32 = -1
  /// The vote in hand; nil for the trial before the first vote.
  private(set) var vote: Int?
  /// Bytes of the request that were written.
  private(set) var written = 0
  var reader = AnswerReader()
  /// How what was in hand has ended.
  var result = CURLE_OK
  /// When its opening began, and when it could be written to.
  var openedAt = MonotonicTime(nanoseconds: 0)
  var readyAt = MonotonicTime(nanoseconds: 0)
  /// It was opened for what is in hand.
  var isFresh = false
  /// How long that took.
  var opening: ConnectionTimes?
  /// When what is in hand is given up.
  var deadline = MonotonicTime(nanoseconds: 0)
  /// The neighbours in the order of deadlines, -1 for none.
  fileprivate var before: Int32 = -1
  fileprivate var after: Int32 = -1

  private let request: UnsafeMutablePointer<UInt8>
  private let requestCount: Int
  private let trial: UnsafePointer<UInt8>
  private let trialCount: Int
  private var hasLeftovers = false

  /// Nil when libcurl has no memory; `request` outlives it.
  init?(_ request: borrowing DirectRequest) {
    guard let easy = curl_easy_init() else { return nil }
    self.easy = easy
    requestCount = request.count
    self.request = .allocate(capacity: requestCount)
    self.request.initialize(from: request.bytes, count: requestCount)
    trial = UnsafePointer(request.trial)
    trialCount = request.trialCount
  }

  /// Frees everything; the handle must have been removed from its multi handle.
  func free() {
    curl_easy_cleanup(easy)
    request.deallocate()
    reader.free()
  }

  /// Takes vote `index` in hand.
  mutating func prepare(_ index: Int, _ text: borrowing VoteText, _ layout: borrowing DirectRequest) {
    text.fill(
      index, requestHeader: request + layout.requestHeader, cookieHeader: request + layout.cookieHeader,
      form: request + layout.form)
    rewind(vote: index)
  }

  /// Takes the trial in hand.
  mutating func prepareTrial() { rewind(vote: nil) }

  private mutating func rewind(vote: Int?) {
    self.vote = vote
    written = 0
    isFresh = false
    hasLeftovers = false
    reader.rewind()
  }

  /// The socket of a connection that libcurl has just opened; nil if there is none.
  var connectedSocket: Int32? {
    var socket = curl_socket_t(-1)
    return vb_easy_get_socket(easy, &socket) == CURLE_OK && socket >= 0 ? socket : nil
  }

  /// The connection may carry another request.
  var mayBeKept: Bool { reader.part == .complete && reader.keepsConnection && !hasLeftovers && isWritten }

  private var isWritten: Bool { written == (vote == nil ? trialCount : requestCount) }

  /// Writes what is left of the request; `isBlocked` when the socket takes no more for now.
  mutating func write(_ isBlocked: inout Bool) -> CURLcode {
    let (bytes, count) = vote == nil ? (trial, trialCount) : (UnsafePointer(request), requestCount)
    while written < count {
      var sent = 0
      let result = curl_easy_send(easy, bytes + written, count - written, &sent)
      written += sent
      if result == CURLE_AGAIN {
        isBlocked = true
        return CURLE_OK
      }
      guard result == CURLE_OK else { return result }
    }
    return CURLE_OK
  }

  /// Takes bytes of the answer.
  mutating func take(_ bytes: UnsafeBufferPointer<UInt8>, _ heads: inout KnownHeads) {
    if !reader.hasBegun { noteFirstByte() }
    hasLeftovers = reader.take(bytes, &heads) < bytes.count
  }

  private mutating func noteFirstByte() {
    if isFresh { opening?.firstByte = MonotonicTime.now - readyAt }
  }

  /// The peer has closed the connection: what libcurl would have made of that.
  mutating func closedByPeer() -> CURLcode {
    if reader.closed() { return CURLE_OK }
    return reader.hasBegun ? CURLE_PARTIAL_FILE : CURLE_GOT_NOTHING
  }
}

/// The slots with a request in hand, in the order of their deadlines, which is the order of their beginning.
struct DirectWaiting {
  private var head: Int32 = -1
  private var tail: Int32 = -1

  /// The slot whose deadline comes first.
  var first: Int? { head >= 0 ? Int(head) : nil }

  mutating func append(_ slot: Int, _ connections: UnsafeMutablePointer<DirectConnection>) {
    connections[slot].before = tail
    connections[slot].after = -1
    if tail >= 0 { connections[Int(tail)].after = Int32(slot) } else { head = Int32(slot) }
    tail = Int32(slot)
  }

  mutating func remove(_ slot: Int, _ connections: UnsafeMutablePointer<DirectConnection>) {
    let (before, after) = (connections[slot].before, connections[slot].after)
    if before >= 0 { connections[Int(before)].after = after } else { head = after }
    if after >= 0 { connections[Int(after)].before = before } else { tail = before }
  }
}

/// The request as it is written, once for all slots; and the trial, a GET of the same path.
struct DirectRequest: ~Copyable {
  let bytes: UnsafeMutablePointer<UInt8>
  let count: Int
  let trial: UnsafeMutablePointer<UInt8>
  let trialCount: Int
  /// Where the parts that differ from vote to vote begin.
  let requestHeader: Int
  let cookieHeader: Int
  let form: Int

  init(_ configuration: EngineConfiguration, _ text: borrowing VoteText) {
    let host = "Host: \(Self.host(of: configuration.origin))\r\n"
    let start = "POST \(configuration.votePath) HTTP/1.1\r\n" + host
    let user = configuration.headers.map { $0 + "\r\n" }.joined()
    let type = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: \(text.formWidth)\r\n\r\n"
    requestHeader = start.utf8.count
    cookieHeader = requestHeader + text.headers[0].utf8.count + 2
    let head = start + text.headers.map { $0 + "\r\n" }.joined() + user + type
    form = head.utf8.count
    count = form + text.formWidth
    bytes = Self.copy(head, room: text.formWidth)
    let get = "GET \(configuration.votePath) HTTP/1.1\r\n" + host + "Accept: application/json\r\n" + user + "\r\n"
    trial = Self.copy(get, room: 0)
    trialCount = get.utf8.count
  }

  deinit {
    bytes.deallocate()
    trial.deallocate()
  }

  private static func copy(_ text: String, room: Int) -> UnsafeMutablePointer<UInt8> {
    let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: text.utf8.count + room)
    bytes.initialize(repeating: 0, count: text.utf8.count + room)
    for (place, byte) in text.utf8.enumerated() { bytes[place] = byte }
    return bytes
  }

  /// Host and port as the header names them: without the scheme's own port.
  private static func host(of origin: String) -> Substring {
    let rest = origin.split(separator: "://", maxSplits: 1).last ?? ""
    let ownPort = origin.hasPrefix("https:") ? ":443" : ":80"
    return rest.hasSuffix(ownPort) ? rest.dropLast(ownPort.count) : rest
  }
}
