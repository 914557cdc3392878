internal import Bench
internal import CLibcurl

/// Votes over connections that libcurl opens and we speak on: one prebuilt write, one strict reader; HTTP/1.1.
///
/// libcurl resolves, connects and shakes hands (CONNECT_ONLY); from then on bytes go through `curl_easy_send` and
/// `curl_easy_recv`, so TLS stays libcurl's. The easy handle stays in its multi handle for the connection's life:
/// taking it out closes the connection. Nothing can be sent twice here, and what was written and read is known.
struct DirectLane: VoteLane, ~Copyable {
  private let configuration: EngineConfiguration
  private let multi: CurlMulti
  private let target: Target
  private let connections: UnsafeMutablePointer<DirectConnection>
  private let count: Int
  private let kept: Int
  private var heads: KnownHeads
  private let text: VoteText
  private let request: DirectRequest
  private let marker: AcceptanceMarker
  private var responders: Responders
  /// What one read may bring: more than a TLS record holds, so that nothing stays behind inside TLS, where epoll does
  /// not see it.
  private let scratch: UnsafeMutableBufferPointer<UInt8>
  private let timeout: Int64
  private let maximumAge: Int64
  private var waiting = DirectWaiting()
  /// Slots on which something has ended, in order: each at most once, so there is room for all.
  private let ended: UnsafeMutablePointer<Int32>
  private var endedCount = 0
  private var nextEnded = 0
  private var failure: EngineError?

  /// The lane of one thread, without connections.
  static func make(
    _ configuration: EngineConfiguration, shard: Int, epoll: Int32, _ registry: ResponderRegistry
  ) throws(EngineError) -> DirectLane {
    let kept = configuration.keptSlots(shard: shard)
    let count = kept + configuration.freshSlots(shard: shard)
    let multi = try CurlMulti(.votes, epoll: epoll, connections: count)
    let target = try Target(configuration.origin + configuration.votePath, configuration)
    let text = VoteText(configuration.ballot, configuration.wire)
    let request = DirectRequest(configuration, text)
    let connections = UnsafeMutablePointer<DirectConnection>.allocate(capacity: count)
    for slot in 0..<count {
      guard let connection = DirectConnection(request) else {
        free(connections, slot)
        throw .outOfMemory
      }
      (connections + slot).initialize(to: connection)
    }
    return DirectLane(
      configuration, multi, target, text, request, connections, count: count, kept: kept, Responders(registry))
  }

  private init(
    _ configuration: EngineConfiguration, _ multi: consuming CurlMulti, _ target: consuming Target,
    _ text: consuming VoteText, _ request: consuming DirectRequest,
    _ connections: UnsafeMutablePointer<DirectConnection>, count: Int, kept: Int, _ responders: Responders
  ) {
    self.configuration = configuration
    self.multi = multi
    self.target = target
    self.text = text
    self.request = request
    self.connections = connections
    self.count = count
    self.kept = kept
    self.responders = responders
    heads = KnownHeads(HeaderNames(configuration))
    marker = AcceptanceMarker(choices: configuration.ballot.choices, accepted: configuration.wire.accepted)
    scratch = .allocate(capacity: 32768)
    timeout = configuration.timeout.nanoseconds
    maximumAge = configuration.maximumConnectionAge?.nanoseconds ?? .max
    ended = .allocate(capacity: count)
    for slot in 0..<count { prepare(slot) }
  }

  deinit {
    for slot in 0..<count { multi.remove(connections[slot].easy) }
    Self.free(connections, count)
    scratch.deallocate()
    ended.deallocate()
    heads.free()
  }

  private static func free(_ connections: UnsafeMutablePointer<DirectConnection>, _ count: Int) {
    for slot in 0..<count { connections[slot].free() }
    connections.deallocate()
  }

  private func prepare(_ slot: Int) {
    let easy = connections[slot].easy
    vb_easy_set_pointer(easy, CURLOPT_CURLU, UnsafeRawPointer(target.url))
    vb_easy_set_pointer(easy, CURLOPT_PRIVATE, connections + slot)
    vb_easy_set_long(easy, CURLOPT_CONNECT_ONLY, 1)
    target.apply(to: easy)
    multi.watchSockets(of: easy)
  }

  // MARK: VoteLane

  var deadline: MonotonicTime? {
    guard let first = waiting.first else { return multi.deadline }
    return earliest(connections[first].deadline, multi.deadline)
  }

  mutating func open(_ slot: Int) {
    let now = MonotonicTime.now
    connections[slot].prepareTrial()
    hold(slot, now)
    beginOpening(slot, now)
  }

  mutating func send(_ index: Int, on slot: Int, now: MonotonicTime) {
    connections[slot].prepare(index, text, request)
    hold(slot, now)
    if connections[slot].state == .idle, now.nanoseconds - connections[slot].openedAt.nanoseconds >= maximumAge {
      close(slot)
    }
    if connections[slot].state == .idle { write(slot) } else { beginOpening(slot, now) }
  }

  mutating func act(_ ready: EventLoop.Ready) {
    guard ready.owner == .direct else {
      multi.act(ready)
      return collectOpened()
    }
    let slot = Int(ready.number)
    guard slot < count else { return }
    switch connections[slot].state {
    case .closed, .opening: break
    case .idle: readIdle(slot)
    case .writing:
      read(slot)
      if connections[slot].state == .writing { write(slot) }
    case .reading: read(slot)
    }
  }

  mutating func runTimer() {
    multi.runTimer()
    collectOpened()
    guard let first = waiting.first else { return }
    let now = MonotonicTime.now
    var late: Int? = first
    while let slot = late, connections[slot].deadline <= now {
      end(slot, CURLE_OPERATION_TIMEDOUT)
      late = waiting.first
    }
  }

  mutating func next() throws(EngineError) -> Int? {
    if let failure { throw failure }
    guard nextEnded < endedCount else {
      (nextEnded, endedCount) = (0, 0)
      return nil
    }
    nextEnded &+= 1
    return Int(ended[nextEnded &- 1])
  }

  mutating func end(of slot: Int) -> VoteEnd {
    let connection = connections + slot
    connection.pointee.reader.findResponder(heads.names)
    let choice = configuration.ballot.choiceIndex(of: connection.pointee.vote ?? 0)
    return VoteEnd(
      evidence: Evidence(
        curl: Int(connection.pointee.result.rawValue), status: connection.pointee.reader.status,
        requestBytes: connection.pointee.written, completeBytes: request.count,
        markerSeen: marker.isSeen(in: connection.pointee.reader.answer, choice: choice)),
      responder: responders.number(of: connection.pointee.reader.responder), isFresh: connection.pointee.isFresh)
  }

  func opening(of slot: Int) -> ConnectionTimes? { connections[slot].opening }

  // MARK: Opening

  private mutating func beginOpening(_ slot: Int, _ now: MonotonicTime) {
    connections[slot].state = .opening
    connections[slot].openedAt = now
    connections[slot].opening = nil
    connections[slot].isFresh = true
    multi.add(connections[slot].easy)
  }

  private mutating func collectOpened() {
    while let (easy, place, result) = multi.nextEnded() {
      let slot = place.assumingMemoryBound(to: DirectConnection.self) - connections
      // An end that was told after we had given up.
      guard connections[slot].state == .opening else { continue }
      connections[slot].opening = ConnectionTimes(
        of: easy, began: connections[slot].openedAt, vote: connections[slot].vote)
      guard result == CURLE_OK, let socket = connections[slot].connectedSocket else {
        end(slot, result == CURLE_OK ? CURLE_COULDNT_CONNECT : result)
        continue
      }
      connections[slot].readyAt = MonotonicTime.now
      multi.handOver(socket, to: .direct, number: Int32(slot))
      connections[slot].socket = socket
      write(slot)
    }
  }

  /// Closes the connection, if there is one.
  private mutating func close(_ slot: Int) {
    multi.remove(connections[slot].easy)
    connections[slot].state = .closed
    connections[slot].socket = -1
  }

  // MARK: Writing and reading

  private mutating func write(_ slot: Int) {
    let connection = connections + slot
    var isBlocked = false
    let result = connection.pointee.write(&isBlocked)
    guard result == CURLE_OK else { return end(slot, CURLE_SEND_ERROR) }
    let wasWriting = connection.pointee.state == .writing
    connection.pointee.state = isBlocked ? .writing : .reading
    if isBlocked || wasWriting {
      multi.watchWriting(isBlocked, connection.pointee.socket, .direct, number: Int32(slot))
    }
  }

  /// Reads until the answer is complete, or there is nothing more for now.
  private mutating func read(_ slot: Int) {
    let connection = connections + slot
    while true {
      var count = 0
      let result = curl_easy_recv(connection.pointee.easy, scratch.baseAddress, scratch.count, &count)
      if result == CURLE_AGAIN { return }
      guard result == CURLE_OK else { return end(slot, CURLE_RECV_ERROR) }
      guard count > 0 else { return end(slot, connection.pointee.closedByPeer()) }
      connection.pointee.take(UnsafeBufferPointer(start: scratch.baseAddress, count: count), &heads)
      switch connection.pointee.reader.part {
      case .complete: return end(slot, CURLE_OK)
      case .malformed: return end(slot, CURLE_WEIRD_SERVER_REPLY)
      default: break
      }
    }
  }

  /// What comes on an idle connection belongs to no vote: TLS tickets are swallowed by TLS; anything else, and the
  /// peer's close, end the connection.
  private mutating func readIdle(_ slot: Int) {
    var count = 0
    let result = curl_easy_recv(connections[slot].easy, scratch.baseAddress, scratch.count, &count)
    if result != CURLE_AGAIN { close(slot) }
  }

  // MARK: Ends

  private mutating func hold(_ slot: Int, _ now: MonotonicTime) {
    connections[slot].deadline = MonotonicTime(nanoseconds: now.nanoseconds &+ timeout)
    waiting.append(slot, connections)
  }

  /// The request on the slot has ended with `result`.
  private mutating func end(_ slot: Int, _ result: CURLcode) {
    waiting.remove(slot, connections)
    let connection = connections + slot
    let isKept = result == CURLE_OK && connection.pointee.mayBeKept && (slot < kept || connection.pointee.vote == nil)
    if isKept {
      if connection.pointee.state == .writing {
        multi.watchWriting(false, connection.pointee.socket, .direct, number: Int32(slot))
      }
      connection.pointee.state = .idle
    } else {
      close(slot)
    }
    connection.pointee.result = result
    if connection.pointee.vote == nil, let cause = trialFailure(slot, result) {
      failure = failure ?? configuration.unreachable(cause)
      return
    }
    ended[endedCount] = Int32(slot)
    endedCount &+= 1
  }

  /// Why a connection is of no use; nil when it is.
  private func trialFailure(_ slot: Int, _ result: CURLcode) -> String? {
    let status = connections[slot].reader.status
    guard result == CURLE_OK else { return CurlText.error(result) }
    return (200...299).contains(status) ? nil : "it answered \(status)"
  }
}
