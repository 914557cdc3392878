internal import Bench
internal import CLibcurl

/// The engine's loop: one thread, one CURLM, votes on schedule, polls of the tally beside them.
///
/// Everything here is confined to one thread; what comes in is the mailbox, what goes out is the event stream.
/// Nothing is queued inside libcurl: there are never more votes in hand than connections.
struct Shard: ~Copyable {
  /// Orders from outside.
  enum Command: Sendable {
    /// The first vote is due at this moment.
    case begin(MonotonicTime)
    /// No vote due from this moment on is sent.
    case endVotes(MonotonicTime)
    /// End at once; votes in hand become indeterminate.
    case quit
  }

  private let configuration: EngineConfiguration
  private let emit: (EngineEvent) -> Void
  private let takeCommands: () -> [Command]
  private var loop: EventLoop
  private let multi: UnsafeMutableRawPointer
  private let curl: UnsafeMutablePointer<CurlState>
  private let slots: UnsafeMutablePointer<Transfer>
  private let slotCount: Int
  private var free: [Int] = []
  private let poll: UnsafeMutablePointer<Transfer>
  private var pollSent: MonotonicTime?
  private var pollDue: MonotonicTime?
  private var driver: VoteDriver?
  private var connecting = 0
  private var freshConnections = 0
  private var completeBytes = 0
  private var pods: [[UInt8]] = []
  private var finished: [Observation] = []
  private var lastFlush = MonotonicTime.now
  private var votesEnded = false
  private var isRunning = true
  private var processorAtStart: Int64 = 0

  /// What libcurl's callbacks write to.
  struct CurlState {
    var epoll: Int32
    var deadline: MonotonicTime?
  }

  /// A loop that has not begun, with everything that it needs.
  static func make(
    _ configuration: EngineConfiguration, wakeUp: WakeUp, emit: @escaping (EngineEvent) -> Void,
    takeCommands: @escaping () -> [Command]
  ) throws(EngineError) -> Shard {
    let loop = try EventLoop(wakeUp: wakeUp)
    guard let multi = curl_multi_init() else { throw outOfMemory }
    let slots = try makeVotes(configuration)
    let poll = try makePoll(configuration)
    return Shard(
      configuration, loop: loop, multi: multi, slots: slots, poll: poll, emit: emit, takeCommands: takeCommands)
  }

  private init(
    _ configuration: EngineConfiguration, loop: consuming EventLoop, multi: UnsafeMutableRawPointer,
    slots: UnsafeMutablePointer<Transfer>, poll: UnsafeMutablePointer<Transfer>,
    emit: @escaping (EngineEvent) -> Void, takeCommands: @escaping () -> [Command]
  ) {
    self.slots = slots
    self.poll = poll
    slotCount = configuration.connections
    self.configuration = configuration
    self.emit = emit
    self.takeCommands = takeCommands
    self.multi = multi
    curl = .allocate(capacity: 1)
    curl.initialize(to: CurlState(epoll: loop.descriptor, deadline: nil))
    self.loop = loop
    vb_multi_set_socket(multi, registerSocket)
    vb_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, curl)
    vb_multi_set_timer(multi, setDeadline)
    vb_multi_set_pointer(multi, CURLMOPT_TIMERDATA, curl)
    // Fewer and libcurl would close live connections.
    vb_multi_set_long(multi, CURLMOPT_MAXCONNECTS, configuration.connections + 8)
    vb_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
  }

  private static var outOfMemory: EngineError {
    EngineError(code: .setUp, attempted: "preparing libcurl", cause: "no memory", remedy: "Lower --connections.")
  }

  private static func makeVotes(
    _ configuration: EngineConfiguration
  ) throws(EngineError) -> UnsafeMutablePointer<Transfer> {
    let slots = UnsafeMutablePointer<Transfer>.allocate(capacity: configuration.connections)
    let lines = [
      Transfer.requestHeader + configuration.ballot.requestID(of: 0),
      Transfer.cookieHeader + configuration.ballot.voter(of: 0), "Accept: application/json",
    ]
    for number in 0..<configuration.connections {
      guard let transfer = Transfer(headers: lines, formWidth: formBytes(configuration), bodyCapacity: 4096) else {
        throw outOfMemory
      }
      (slots + number).initialize(to: transfer)
      prepare(slots + number, configuration, path: configuration.votePath)
    }
    return slots
  }

  private static func makePoll(
    _ configuration: EngineConfiguration
  ) throws(EngineError) -> UnsafeMutablePointer<Transfer> {
    guard let transfer = Transfer(headers: ["Accept: application/json"], formWidth: 0, bodyCapacity: 65536) else {
      throw outOfMemory
    }
    let poll = UnsafeMutablePointer<Transfer>.allocate(capacity: 1)
    poll.initialize(to: transfer)
    prepare(poll, configuration, path: configuration.resultPath)
    return poll
  }

  private static func formBytes(_ configuration: EngineConfiguration) -> Int {
    Transfer.formPrefix.utf8.count + (configuration.ballot.choices.first?.utf8.count ?? 0)
  }

  private static func prepare(
    _ transfer: UnsafeMutablePointer<Transfer>, _ configuration: EngineConfiguration, path: String
  ) {
    transfer.pointee.attach(to: transfer, url: configuration.origin + path, timeout: configuration.timeout)
    let easy = transfer.pointee.easy
    if let resolve = configuration.resolve {
      vb_easy_set_pointer(easy, CURLOPT_RESOLVE, curl_slist_append(nil, resolve))
    }
    if let file = configuration.caCertificate { vb_easy_set_string(easy, CURLOPT_CAINFO, file) }
    if configuration.acceptsAnyCertificate {
      vb_easy_set_long(easy, CURLOPT_SSL_VERIFYPEER, 0)
      vb_easy_set_long(easy, CURLOPT_SSL_VERIFYHOST, 0)
    }
  }

  /// Runs until told to quit, or until the target cannot be reached before the first vote.
  mutating func run() throws(EngineError) {
    vb_set_timer_slack(1000)
    processorAtStart = MonotonicTime.threadProcessorNanoseconds
    connectAll()
    while isRunning {
      obey()
      let now = MonotonicTime.now
      startPoll(now)
      let wake = startVotes(now)
      runTimer()
      try collect()
      flush(now)
      guard isRunning else { break }
      var sockets: [(Int32, Int32)] = []
      let deadline = free.isEmpty || !finished.isEmpty ? earliest(wake, lastFlush + .milliseconds(50)) : wake
      loop.wait(until: earliest(earliest(deadline, curl.pointee.deadline), pollSent == nil ? pollDue : nil)) { ready in
        if case .socket(let descriptor, let bits) = ready { sockets.append((descriptor, bits)) }
      }
      for (descriptor, bits) in sockets { act(descriptor, bits) }
      runTimer()
      try collect()
    }
    finish()
  }

  // MARK: Orders

  private mutating func obey() {
    for command in takeCommands() {
      switch command {
      case .begin(let origin):
        driver = VoteDriver(schedule: configuration.schedule, origin: origin, timeout: configuration.timeout)
        processorAtStart = MonotonicTime.threadProcessorNanoseconds
      case .endVotes(let moment):
        driver?.endVotes(at: moment)
      case .quit:
        isRunning = false
      }
    }
  }

  // MARK: Connections

  /// Opens every connection before the first vote, by one GET each at the same time: handshakes must not fall into
  /// the measurement.
  private mutating func connectAll() {
    for number in 0..<slotCount {
      vb_easy_set_long(slots[number].easy, CURLOPT_HTTPGET, 1)
      curl_multi_add_handle(multi, slots[number].easy)
    }
    connecting = slotCount
  }

  private mutating func connected(_ slot: UnsafeMutablePointer<Transfer>, _ result: CURLcode) throws(EngineError) {
    let status = integer(slot.pointee.easy, CURLINFO_RESPONSE_CODE)
    guard result == CURLE_OK, (200...299).contains(status) else { throw unreachable(result, status: status) }
    freshConnections += integer(slot.pointee.easy, CURLINFO_NUM_CONNECTS)
    slot.pointee.rewind()
    slot.pointee.post(bytes: Self.formBytes(configuration))
    free.append(slot - slots)
    connecting -= 1
    guard connecting == 0 else { return }
    guard freshConnections == slotCount else {
      throw EngineError(
        code: .setUp, attempted: "opening \(slotCount) connections",
        cause: "libcurl opened \(freshConnections)", remedy: "Lower --connections.")
    }
    pollDue = MonotonicTime.now
    emit(.connected)
  }

  private func unreachable(_ result: CURLcode, status: Int) -> EngineError {
    let cause =
      result == CURLE_OK ? "it answered \(status)" : curl_easy_strerror(result).map { String(cString: $0) } ?? "unknown"
    return EngineError(
      code: .unreachable, attempted: "opening connections to \(configuration.origin)\(configuration.votePath)",
      cause: cause, remedy: "Check the target, --vote-path, --resolve and --cacert, and that the system is ready.")
  }

  // MARK: Votes

  /// Starts and drops what is due; gives the moment of the next vote.
  private mutating func startVotes(_ now: MonotonicTime) -> MonotonicTime? {
    guard driver != nil else { return nil }
    for _ in 0..<256 {
      guard let step = driver?.step(now: now, slotIsFree: !free.isEmpty) else { return nil }
      switch step {
      case .wait(let until):
        endVotesIfDone()
        return until
      case .drop(let index):
        drop(index, now)
      case .start(let index, let lag):
        start(index, lag)
      }
    }
    return now
  }

  private mutating func start(_ index: Int, _ lag: Int64) {
    guard let slot = free.popLast(), let driver else { return }
    slots[slot].rewind()
    slots[slot].fill(configuration.ballot, index)
    slots[slot].index = index
    slots[slot].intended = driver.intendedStart(of: index)
    slots[slot].startLag = lag
    slots[slot].actual = MonotonicTime.now
    curl_multi_add_handle(multi, slots[slot].easy)
  }

  private mutating func drop(_ index: Int, _ now: MonotonicTime) {
    guard let driver else { return }
    finished.append(
      Observation(
        index: index, intended: driver.intendedStart(of: index), actual: now, completed: now, startLag: 0,
        outcome: .dropped, cause: .noConnectionFree))
  }

  private mutating func endVotesIfDone() {
    guard !votesEnded, driver?.isFinished == true, free.count == slotCount else { return }
    votesEnded = true
    flush(nil)
    emit(.votesEnded)
  }

  private mutating func voteEnded(_ slot: UnsafeMutablePointer<Transfer>, _ result: CURLcode, _ now: MonotonicTime) {
    let vote = slot.pointee
    let choice = configuration.ballot.choice(of: vote.index)
    var evidence = Evidence(
      curl: Int(result.rawValue), status: integer(vote.easy, CURLINFO_RESPONSE_CODE),
      requestBytes: integer(vote.easy, CURLINFO_REQUEST_SIZE), completeBytes: completeBytes,
      markerSeen: AcceptanceMarker.isSeen(in: vote.answer, choice: choice), resendBlocked: vote.sends > 1)
    if completeBytes == 0, result == CURLE_OK, evidence.outcome == .accepted, vote.sends == 1 {
      completeBytes = evidence.requestBytes
      evidence.completeBytes = completeBytes
    }
    finished.append(
      Observation(
        index: vote.index, intended: vote.intended, actual: vote.actual, completed: now, startLag: vote.startLag,
        outcome: evidence.outcome, cause: evidence.cause, resends: UInt8(clamping: evidence.resends),
        isFresh: integer(vote.easy, CURLINFO_NUM_CONNECTS) > 0, pod: number(ofPod: vote.podName)))
    if free.isEmpty { driver?.slotFreed(at: now) }
    free.append(slot - slots)
  }

  /// Pods are numbered from 1 in the order of their first answer; beyond 254 they share 255.
  private mutating func number(ofPod name: UnsafeBufferPointer<UInt8>) -> UInt8 {
    guard !name.isEmpty else { return 0 }
    if let known = pods.firstIndex(where: { $0.elementsEqual(name) }) { return UInt8(known + 1) }
    guard pods.count < 254 else { return 255 }
    pods.append(Array(name))
    return UInt8(pods.count)
  }

  // MARK: Polls

  private mutating func startPoll(_ now: MonotonicTime) {
    guard pollSent == nil, let due = pollDue, due <= now else { return }
    // The next poll keeps the rhythm; moments that passed while one was under way are skipped.
    let interval = max(1, configuration.pollInterval.nanoseconds)
    let skipped = (now.nanoseconds - due.nanoseconds) / interval + 1
    pollDue = MonotonicTime(nanoseconds: due.nanoseconds + skipped * interval)
    poll.pointee.rewind()
    pollSent = MonotonicTime.now
    curl_multi_add_handle(multi, poll.pointee.easy)
  }

  private mutating func pollEnded(_ result: CURLcode, _ now: MonotonicTime) {
    guard let sent = pollSent else { return }
    pollSent = nil
    let status = integer(poll.pointee.easy, CURLINFO_RESPONSE_CODE)
    if result != CURLE_OK {
      emit(.tallyFailed(poll.pointee.sends > 1 ? .resendBlocked : .curl(Int(result.rawValue))))
    } else if status != 200 {
      emit(.tallyFailed(.status(status)))
    } else if let counts = TallySample.counts(fromJSON: Array(poll.pointee.answer)) {
      emit(.tally(TallySample(sent: sent, received: now, counts: counts)))
    } else {
      emit(.tallyFailed(.markerMissing))
    }
  }

  // MARK: libcurl

  private func act(_ descriptor: Int32, _ bits: Int32) {
    var running: Int32 = 0
    curl_multi_socket_action(multi, descriptor, bits, &running)
  }

  private func runTimer() {
    // libcurl sets its timer to 0 at each added handle: once for a batch of them is enough.
    for _ in 0..<16 {
      guard let deadline = curl.pointee.deadline, deadline <= MonotonicTime.now else { return }
      curl.pointee.deadline = nil
      act(CURL_SOCKET_TIMEOUT, 0)
    }
  }

  private mutating func collect() throws(EngineError) {
    var result = CURLE_OK
    while let easy = vb_multi_next_done(multi, &result) {
      let now = MonotonicTime.now
      curl_multi_remove_handle(multi, easy)
      if easy == poll.pointee.easy {
        pollEnded(result, now)
        continue
      }
      var place: UnsafeMutableRawPointer?
      vb_easy_get_pointer(easy, CURLINFO_PRIVATE, &place)
      guard let slot = place?.assumingMemoryBound(to: Transfer.self) else { continue }
      if connecting > 0 {
        try connected(slot, result)
      } else {
        voteEnded(slot, result, now)
      }
    }
    endVotesIfDone()
  }

  private func integer(_ easy: UnsafeMutableRawPointer, _ info: CURLINFO) -> Int {
    var value = 0
    vb_easy_get_long(easy, info, &value)
    return value
  }

  // MARK: Out

  private mutating func flush(_ now: MonotonicTime?) {
    guard !finished.isEmpty else { return }
    if let now {
      guard finished.count >= 256 || now - lastFlush >= .milliseconds(50) else { return }
      lastFlush = now
    }
    emit(.votes(finished))
    finished.removeAll(keepingCapacity: true)
  }

  private mutating func finish() {
    let now = MonotonicTime.now
    let idle = Set(free)
    for number in 0..<slotCount where connecting == 0 && !idle.contains(number) {
      let vote = slots[number]
      finished.append(
        Observation(
          index: vote.index, intended: vote.intended, actual: vote.actual, completed: now, startLag: vote.startLag,
          outcome: .indeterminate, cause: .runEnded))
    }
    flush(nil)
    emit(
      .stopped(
        GeneratorFigures(
          backlogMaximum: driver?.backlogMaximum ?? 0,
          processorTime: .nanoseconds(MonotonicTime.threadProcessorNanoseconds - processorAtStart),
          pods: pods.map { String(decoding: $0, as: UTF8.self) }, libcurl: String(cString: curl_version()))))
  }

  deinit {
    for number in 0..<slotCount {
      curl_multi_remove_handle(multi, slots[number].easy)
      slots[number].free()
    }
    curl_multi_remove_handle(multi, poll.pointee.easy)
    poll.pointee.free()
    curl_multi_cleanup(multi)
    slots.deallocate()
    poll.deallocate()
    curl.deallocate()
  }
}

private func earliest(_ left: MonotonicTime?, _ right: MonotonicTime?) -> MonotonicTime? {
  guard let left, let right else { return left ?? right }
  return min(left, right)
}

private func registerSocket(
  _: UnsafeMutableRawPointer?, socket: curl_socket_t, what: Int32, state: UnsafeMutableRawPointer?,
  known: UnsafeMutableRawPointer?
) -> Int32 {
  guard let epoll = state?.assumingMemoryBound(to: Shard.CurlState.self).pointee.epoll else { return 0 }
  var event = epoll_event()
  event.data.fd = socket
  event.events = (what & CURL_POLL_IN != 0 ? EPOLLIN.rawValue : 0) | (what & CURL_POLL_OUT != 0 ? EPOLLOUT.rawValue : 0)
  if what == CURL_POLL_REMOVE {
    epoll_ctl(epoll, EPOLL_CTL_DEL, socket, &event)
  } else if epoll_ctl(epoll, EPOLL_CTL_MOD, socket, &event) != 0 {
    epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event)
  }
  return 0
}

private func setDeadline(_: UnsafeMutableRawPointer?, milliseconds: Int, state: UnsafeMutableRawPointer?) -> Int32 {
  state?.assumingMemoryBound(to: Shard.CurlState.self).pointee.deadline =
    milliseconds < 0 ? nil : MonotonicTime.now + .milliseconds(milliseconds)
  return 0
}
