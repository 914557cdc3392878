internal import Bench
internal import CLibcurl

/// Votes as ordinary transfers of libcurl: HTTP/1.1 and 2, one easy handle a slot.
struct TransferLane: VoteLane, ~Copyable {
  private let configuration: EngineConfiguration
  private let multi: CurlMulti
  private let target: Target
  private let transfers: UnsafeMutablePointer<Transfer>
  private let count: Int
  private let kept: Int
  private let names: HeaderNames
  private let text: VoteText
  private let marker: AcceptanceMarker
  private var responders: Responders
  private var opening: Int
  private var openedConnections = 0
  /// Bytes of one complete request; 0 while unknown.
  private var completeBytes = 0
  /// libcurl writes a request at once, so that what it counts is all of it.
  ///
  /// Of a longer one it counts the first part alone, as much as the socket took (at most 16 KB over TLS): that would
  /// make complete requests out of incomplete ones and the other way round. HTTP/2 counts nothing that is sent.
  private let countsWhole: Bool

  /// The lane of one thread, without connections.
  static func make(
    _ configuration: EngineConfiguration, shard: Int, epoll: Int32, _ registry: ResponderRegistry
  ) throws(EngineError) -> TransferLane {
    let kept = configuration.keptSlots(shard: shard)
    let count = kept + configuration.freshSlots(shard: shard)
    let multi = try CurlMulti(
      .votes, epoll: epoll, connections: count, multiplexes: configuration.streams > 1,
      endsUnasked: configuration.http == .one)
    let target = try Target(configuration.origin + configuration.votePath, configuration)
    let text = VoteText(configuration.ballot, configuration.wire)
    let names = HeaderNames(configuration)
    let transfers = UnsafeMutablePointer<Transfer>.allocate(capacity: count)
    for slot in 0..<count {
      let headers = text.headers + configuration.headers
      guard let transfer = Transfer(headers: headers, formWidth: text.formWidth, bodyCapacity: 16384, names) else {
        free(transfers, slot, names)
        throw .outOfMemory
      }
      (transfers + slot).initialize(to: transfer)
    }
    return TransferLane(
      configuration, multi, target, text, transfers, names, count: count, kept: kept, Responders(registry))
  }

  private init(
    _ configuration: EngineConfiguration, _ multi: consuming CurlMulti, _ target: consuming Target,
    _ text: consuming VoteText, _ transfers: UnsafeMutablePointer<Transfer>, _ names: HeaderNames, count: Int,
    kept: Int, _ responders: Responders
  ) {
    self.configuration = configuration
    self.multi = multi
    self.target = target
    self.text = text
    self.transfers = transfers
    self.names = names
    self.count = count
    self.kept = kept
    self.responders = responders
    marker = AcceptanceMarker(choices: configuration.ballot.choices, accepted: configuration.wire.accepted)
    opening = kept
    let lines = self.text.headers + configuration.headers
    let length = lines.reduce(configuration.votePath.utf8.count) { $0 + $1.utf8.count }
    countsWhole = configuration.http == .one && length < 8192
    for slot in 0..<count { prepare(slot) }
  }

  deinit {
    for slot in 0..<count { multi.remove(transfers[slot].easy) }
    Self.free(transfers, count, names)
  }

  private static func free(_ transfers: UnsafeMutablePointer<Transfer>, _ count: Int, _ names: HeaderNames) {
    for slot in 0..<count { transfers[slot].free() }
    transfers.deallocate()
    names.free()
  }

  private func prepare(_ slot: Int) {
    let transfer = transfers + slot
    transfer.pointee.attach(to: transfer, url: target.url, timeout: configuration.timeout)
    target.apply(to: transfer.pointee.easy)
    multi.watchSockets(of: transfer.pointee.easy)
    let easy = transfer.pointee.easy
    if configuration.streams > 1 { vb_easy_set_long(easy, CURLOPT_PIPEWAIT, 1) }
    guard slot >= kept else { return }
    vb_easy_set_long(easy, CURLOPT_FRESH_CONNECT, 1)
    vb_easy_set_long(easy, CURLOPT_FORBID_REUSE, 1)
    transfer.pointee.post(bytes: text.formWidth)
  }

  var deadline: MonotonicTime? { multi.deadline }

  mutating func open(_ slot: Int) {
    let transfer = transfers + slot
    transfer.pointee.vote = nil
    transfer.pointee.began = MonotonicTime.now
    transfer.pointee.get()
    multi.add(transfer.pointee.easy)
  }

  mutating func send(_ index: Int, on slot: Int, now: MonotonicTime) {
    let transfer = transfers + slot
    transfer.pointee.rewind()
    transfer.pointee.fill(text, index)
    transfer.pointee.vote = index
    transfer.pointee.began = now
    multi.add(transfer.pointee.easy)
  }

  mutating func act(_ ready: EventLoop.Ready) { multi.act(ready) }

  mutating func runTimer() { multi.runTimer() }

  mutating func next() throws(EngineError) -> Int? {
    guard let (easy, place, result) = multi.nextEnded() else { return nil }
    multi.remove(easy)
    let transfer = place.assumingMemoryBound(to: Transfer.self)
    transfer.pointee.result = result
    let slot = transfer - transfers
    if transfer.pointee.vote == nil { try opened(slot, result) }
    return slot
  }

  mutating func end(of slot: Int) -> VoteEnd {
    let transfer = transfers + slot
    transfer.pointee.findResponder()
    return VoteEnd(
      evidence: evidence(transfer, transfer.pointee.vote ?? 0, transfer.pointee.result),
      responder: responders.number(of: transfer.pointee.responder),
      isFresh: transfer.pointee.isFresh)
  }

  func opening(of slot: Int) -> ConnectionTimes? {
    ConnectionTimes(of: transfers[slot].easy, began: transfers[slot].began, vote: transfers[slot].vote)
  }

  // MARK: Connections

  private mutating func opened(_ slot: Int, _ result: CURLcode) throws(EngineError) {
    let transfer = transfers + slot
    let status = transfer.pointee.integer(CURLINFO_RESPONSE_CODE)
    guard result == CURLE_OK else { throw configuration.unreachable(CurlText.error(result)) }
    guard (200...299).contains(status) else { throw configuration.unreachable("it answered \(status)") }
    if configuration.http == .two, transfer.pointee.integer(CURLINFO_HTTP_VERSION) != Int(CURL_HTTP_VERSION_2_0) {
      throw configuration.unreachable("it does not speak HTTP/2")
    }
    openedConnections += transfer.pointee.integer(CURLINFO_NUM_CONNECTS)
    transfer.pointee.post(bytes: text.formWidth)
    opening -= 1
    if opening == 0, openedConnections * configuration.streams != kept {
      throw EngineError(
        code: .setUp, attempted: "opening \(kept / configuration.streams) connections",
        cause: "libcurl opened \(openedConnections)", remedy: "Lower --connections.")
    }
  }

  // MARK: Evidence

  private mutating func evidence(
    _ transfer: UnsafeMutablePointer<Transfer>, _ index: Int, _ result: CURLcode
  ) -> Evidence {
    let bytes = transfer.pointee.integer(CURLINFO_REQUEST_SIZE)
    // Each time that a re-send is blocked libcurl counts a retry of its own, for the life of the handle, and gives up
    // every sixth by itself: a send error, although all was sent.
    let givenUp = result == CURLE_SEND_ERROR && completeBytes > 0 && bytes >= completeBytes
    // A head that the peer's closing has cut is a success to libcurl.
    let isCut = result == CURLE_OK && !transfer.pointee.headIsWhole
    var evidence = Evidence(
      curl: Int((isCut ? CURLE_PARTIAL_FILE : result).rawValue),
      status: transfer.pointee.integer(CURLINFO_RESPONSE_CODE), requestBytes: bytes,
      completeBytes: completeBytes,
      markerSeen: marker.isSeen(in: transfer.pointee.answer, choice: configuration.ballot.choiceIndex(of: index)),
      resendBlocked: transfer.pointee.sends > 1 || givenUp)
    if completeBytes == 0, countsWhole, result == CURLE_OK, evidence.outcome == .accepted, transfer.pointee.sends == 1 {
      completeBytes = evidence.requestBytes
      evidence.completeBytes = completeBytes
    }
    return evidence
  }
}

/// libcurl's own words.
enum CurlText {
  static func error(_ code: CURLcode) -> String {
    curl_easy_strerror(code).map { String(cString: $0) } ?? "unknown error \(code.rawValue)"
  }
}
