internal import Bench
internal import CLibcurl

/// Opens the votes' connections, sends votes on schedule and judges how they ended.
///
/// Confined to the engine's thread. Nothing is queued inside libcurl: there are never more votes in hand than
/// connections, and what waits, waits in the `VoteDriver`.
struct Votes: ~Copyable {
  private let configuration: EngineConfiguration
  private let emit: (EngineEvent) -> Void
  private let multi: CurlMulti
  private let slots: TransferBuffer
  /// Numbers of the transfers that no vote is in.
  private var free: [Int] = []
  private var driver: VoteDriver?
  /// The end that was ordered before the beginning.
  private var earlyEnd: MonotonicTime?
  private var connecting = 0
  private var freshConnections = 0
  private var completeBytes = 0
  private var pods = PodNames()
  private var finished: [Observation] = []
  private var lastFlush = MonotonicTime.now
  private var hasEnded = false

  /// Votes without connections.
  static func make(
    _ configuration: EngineConfiguration, epoll: Int32, emit: @escaping (EngineEvent) -> Void
  ) throws(EngineError) -> Votes {
    let multi = try CurlMulti(.votes, epoll: epoll, connections: configuration.connections)
    let slots = try TransferBuffer(
      count: configuration.connections, configuration, path: configuration.votePath,
      headers: Transfer.headers(configuration.ballot), formWidth: Transfer.formWidth(configuration.ballot),
      bodyCapacity: 16384)
    return Votes(configuration, multi, slots, emit: emit)
  }

  private init(
    _ configuration: EngineConfiguration, _ multi: consuming CurlMulti, _ slots: consuming TransferBuffer,
    emit: @escaping (EngineEvent) -> Void
  ) {
    self.configuration = configuration
    self.multi = multi
    self.slots = slots
    self.emit = emit
  }

  deinit {
    for number in 0..<slots.count { multi.remove(slots[number].pointee) }
  }

  /// True when every connection is open.
  var isConnected: Bool { connecting == 0 && freshConnections > 0 }

  /// The longest that the queue has been, in votes.
  var backlogMaximum: Int { driver?.backlogMaximum ?? 0 }

  /// Names of the pods that answered, by number - 1.
  var podNames: [String] { pods.texts }

  func act(_ ready: EventLoop.Ready) { multi.act(ready) }

  // MARK: Connections

  /// Opens every connection before the first vote, by one GET each at the same time: handshakes must not fall into
  /// the measurement.
  mutating func connect() {
    connecting = slots.count
    for number in 0..<slots.count {
      slots[number].pointee.get()
      multi.add(slots[number].pointee)
    }
  }

  private mutating func connected(_ slot: UnsafeMutablePointer<Transfer>, _ result: CURLcode) throws(EngineError) {
    let status = slot.pointee.integer(CURLINFO_RESPONSE_CODE)
    guard result == CURLE_OK, (200...299).contains(status) else { throw unreachable(result, status: status) }
    freshConnections += slot.pointee.integer(CURLINFO_NUM_CONNECTS)
    slot.pointee.rewind()
    slot.pointee.post(bytes: Transfer.formWidth(configuration.ballot))
    free.append(slots.number(of: slot))
    connecting -= 1
    guard connecting == 0 else { return }
    guard freshConnections == slots.count else {
      throw EngineError(
        code: .setUp, attempted: "opening \(slots.count) connections",
        cause: "libcurl opened \(freshConnections)", remedy: "Lower --connections.")
    }
    emit(.connected)
  }

  private func unreachable(_ result: CURLcode, status: Int) -> EngineError {
    let cause =
      result == CURLE_OK ? "it answered \(status)" : curl_easy_strerror(result).map { String(cString: $0) } ?? "unknown"
    return EngineError(
      code: .unreachable, attempted: "opening connections to \(configuration.origin)\(configuration.votePath)",
      cause: cause, remedy: "Check the target, --vote-path, --resolve and --cacert, and that the system is ready.")
  }

  // MARK: Schedule

  /// The first vote is due at `origin`; only the first call counts.
  mutating func begin(at origin: MonotonicTime) {
    guard driver == nil else { return }
    driver = VoteDriver(
      schedule: configuration.schedule, selection: .all, origin: origin, timeout: configuration.timeout)
    if let earlyEnd { driver?.endVotes(at: earlyEnd) }
  }

  /// No vote due at `moment` or later is sent.
  mutating func end(at moment: MonotonicTime) {
    earlyEnd = moment
    driver?.endVotes(at: moment)
  }

  /// Does what can be done now; gives the moment at which it is needed again, nil when only a socket can tell.
  mutating func advance() throws(EngineError) -> MonotonicTime? {
    try collect()
    var wake = startDue()
    multi.runTimer()
    // A vote that failed at once has freed its connection: whoever waits for it must not wait for the next event.
    if try collect() > 0 { wake = MonotonicTime.now }
    flush(ifOlderThan: .milliseconds(50))
    endIfDone()
    return earliest(earliest(wake, multi.deadline), finished.isEmpty ? nil : lastFlush + .milliseconds(50))
  }

  /// Starts and drops what is due; gives the moment of the next vote.
  private mutating func startDue() -> MonotonicTime? {
    guard connecting == 0 else { return nil }
    for _ in 0..<256 {
      // Read anew for each vote: the time that the votes before it took is our own lateness, too.
      let now = MonotonicTime.now
      switch driver?.step(now: now, slotIsFree: !free.isEmpty) {
      case .none: return nil
      case .wait(let until): return until
      case .drop(let index, let intended, let byGenerator):
        drop(index, intended, now, byGenerator ? .generatorLate : .noConnectionFree)
      case .start(let index, let intended, let lag): start(index, intended, lag, now)
      }
    }
    return MonotonicTime.now
  }

  private mutating func start(_ index: Int, _ intended: MonotonicTime, _ lag: Int64, _ now: MonotonicTime) {
    guard let number = free.popLast() else { return }
    let slot = slots[number]
    slot.pointee.rewind()
    slot.pointee.fill(configuration.ballot, index)
    slot.pointee.vote = Transfer.Vote(index: index, intended: intended, actual: now, startLag: lag)
    multi.add(slot.pointee)
  }

  private mutating func drop(_ index: Int, _ intended: MonotonicTime, _ now: MonotonicTime, _ cause: Cause) {
    finished.append(
      Observation(
        index: index, intended: intended, actual: now, completed: now, startLag: 0, outcome: .dropped,
        cause: cause))
  }

  // MARK: Ends

  /// Takes in what has ended; gives how much it was.
  @discardableResult
  private mutating func collect() throws(EngineError) -> Int {
    var count = 0
    while let (slot, result) = multi.nextEnded() {
      count += 1
      if connecting > 0 { try connected(slot, result) } else { ended(slot, result, MonotonicTime.now) }
    }
    return count
  }

  private mutating func ended(_ slot: UnsafeMutablePointer<Transfer>, _ result: CURLcode, _ now: MonotonicTime) {
    let transfer = slot.pointee
    let evidence = evidence(transfer, result)
    finished.append(
      observation(
        transfer.vote, now, evidence.outcome, evidence.cause, resends: UInt8(clamping: evidence.resends),
        isFresh: transfer.integer(CURLINFO_NUM_CONNECTS) > 0, pod: pods.number(of: transfer.podName)))
    if free.isEmpty { driver?.slotFreed(at: now) }
    free.append(slots.number(of: slot))
  }

  private mutating func evidence(_ transfer: Transfer, _ result: CURLcode) -> Evidence {
    let choice = configuration.ballot.choice(of: transfer.vote.index)
    let bytes = transfer.integer(CURLINFO_REQUEST_SIZE)
    // Each time that a re-send is blocked libcurl counts a retry of its own, for the life of the handle, and gives up
    // every sixth by itself: a send error, although all was sent.
    let givenUp = result == CURLE_SEND_ERROR && completeBytes > 0 && bytes >= completeBytes
    var evidence = Evidence(
      curl: Int(result.rawValue), status: transfer.integer(CURLINFO_RESPONSE_CODE), requestBytes: bytes,
      completeBytes: completeBytes, markerSeen: AcceptanceMarker.isSeen(in: transfer.answer, choice: choice),
      resendBlocked: transfer.sends > 1 || givenUp)
    if completeBytes == 0, result == CURLE_OK, evidence.outcome == .accepted, transfer.sends == 1 {
      completeBytes = evidence.requestBytes
      evidence.completeBytes = completeBytes
    }
    return evidence
  }

  private func observation(
    _ vote: Transfer.Vote, _ now: MonotonicTime, _ outcome: Outcome, _ cause: Cause, resends: UInt8 = 0,
    isFresh: Bool = false, pod: UInt8 = 0
  ) -> Observation {
    Observation(
      index: vote.index, intended: vote.intended, actual: vote.actual, completed: now, startLag: vote.startLag,
      outcome: outcome, cause: cause, resends: resends, isFresh: isFresh, pod: pod)
  }

  /// Gives up the votes in hand: nobody will see their answers.
  mutating func abandon() {
    let now = MonotonicTime.now
    let idle = Set(free)
    for number in 0..<slots.count where connecting == 0 && !idle.contains(number) {
      finished.append(observation(slots[number].pointee.vote, now, .indeterminate, .runEnded))
    }
    flush(ifOlderThan: .zero)
  }

  private mutating func endIfDone() {
    guard !hasEnded, driver?.isFinished == true, free.count == slots.count else { return }
    hasEnded = true
    flush(ifOlderThan: .zero)
    emit(.votesEnded)
  }

  private mutating func flush(ifOlderThan age: Duration) {
    let now = MonotonicTime.now
    guard !finished.isEmpty, finished.count >= 256 || now - lastFlush >= age else { return }
    lastFlush = now
    emit(.votes(finished))
    finished.removeAll(keepingCapacity: true)
  }
}
