internal import Bench
internal import CLibcurl

/// Polls the tally at a steady rhythm, one poll at a time.
///
/// Confined to the engine's thread. A poll that takes longer than the interval is waited for; the moments that it
/// covered are made up for by one poll at once, after which the rhythm goes on as if nothing had been.
struct Polls: ~Copyable {
  private let multi: CurlMulti
  private let transfers: TransferBuffer
  private let interval: Int64
  private let emit: (EngineEvent) -> Void
  /// When the poll under way was handed over.
  private var sent: MonotonicTime?
  /// When the next one is due; nil before `begin`.
  private var due: MonotonicTime?

  /// Polls that have not begun.
  static func make(
    _ configuration: EngineConfiguration, epoll: Int32, emit: @escaping (EngineEvent) -> Void
  ) throws(EngineError) -> Polls {
    let multi = try CurlMulti(.polls, epoll: epoll, connections: 1)
    let transfers = try TransferBuffer(
      count: 1, configuration, path: configuration.resultPath, headers: ["Accept: application/json"], formWidth: 0,
      bodyCapacity: 65536)
    return Polls(multi, transfers, interval: configuration.pollInterval, emit: emit)
  }

  private init(
    _ multi: consuming CurlMulti, _ transfers: consuming TransferBuffer, interval: Duration,
    emit: @escaping (EngineEvent) -> Void
  ) {
    self.multi = multi
    self.transfers = transfers
    self.interval = max(1, interval.nanoseconds)
    self.emit = emit
  }

  deinit { multi.remove(transfers[0].pointee) }

  /// The first poll is due now.
  mutating func begin() {
    if due == nil { due = MonotonicTime.now }
  }

  func act(_ ready: EventLoop.Ready) { multi.act(ready) }

  /// Does what can be done now; gives the moment at which it is needed again, nil when only a socket can tell.
  mutating func advance() -> MonotonicTime? {
    collect()
    start()
    multi.runTimer()
    collect()
    return earliest(multi.deadline, sent == nil ? due : nil)
  }

  private mutating func start() {
    let now = MonotonicTime.now
    guard sent == nil, let due, due <= now else { return }
    let passed = (now.nanoseconds - due.nanoseconds) / interval + 1
    self.due = MonotonicTime(nanoseconds: due.nanoseconds + passed * interval)
    let poll = transfers[0]
    poll.pointee.rewind()
    sent = now
    multi.add(poll.pointee)
  }

  private mutating func collect() {
    while let (transfer, result) = multi.nextEnded() {
      guard let sent else { continue }
      self.sent = nil
      emit(event(transfer.pointee, result, sent: sent, received: MonotonicTime.now))
    }
  }

  private func event(
    _ poll: Transfer, _ result: CURLcode, sent: MonotonicTime, received: MonotonicTime
  ) -> EngineEvent {
    let status = poll.integer(CURLINFO_RESPONSE_CODE)
    if result != CURLE_OK { return .tallyFailed(poll.sends > 1 ? .resendBlocked : .curl(Int(result.rawValue))) }
    if status != 200 { return .tallyFailed(.status(status)) }
    guard let counts = TallySample.counts(fromJSON: Array(poll.answer)) else { return .tallyFailed(.markerMissing) }
    return .tally(TallySample(sent: sent, received: received, counts: counts))
  }
}
