internal import Bench
internal import CLibcurl

/// GETs of one URL at a steady rhythm, one at a time, on a connection of their own.
///
/// Confined to one thread. A probe that takes longer than the interval is waited for; the moments that it covered are
/// made up for by one probe at once, after which the rhythm goes on as if nothing had been.
struct Probe: ~Copyable {
  private let multi: CurlMulti
  private let target: Target
  private let names: HeaderNames
  private let transfer: UnsafeMutablePointer<Transfer>
  private let interval: Int64
  /// When the next one is due; nil before `begin`.
  private var due: MonotonicTime?
  private var isUnderWay = false

  /// How a probe ended.
  struct Answer {
    var sent: MonotonicTime
    var received: MonotonicTime
    var result: CURLcode
    var status: Int
    /// libcurl wanted to send it again and was stopped.
    var resendBlocked: Bool
    var body: [UInt8]
  }

  /// A probe of `url` that has not begun.
  static func make(
    _ url: String, _ configuration: EngineConfiguration, _ owner: EventLoop.Owner, epoll: Int32, every: Duration
  ) throws(EngineError) -> Probe {
    let multi = try CurlMulti(owner, epoll: epoll, connections: 1, endsUnasked: configuration.http == .one)
    let target = try Target(url, configuration)
    let names = HeaderNames(configuration)
    let headers = ["Accept: application/json"] + configuration.headers
    guard let transfer = Transfer(headers: headers, formWidth: 0, bodyCapacity: 65536, names) else {
      names.free()
      throw .outOfMemory
    }
    return Probe(multi, target, names, transfer, timeout: configuration.timeout, every: every)
  }

  private init(
    _ multi: consuming CurlMulti, _ target: consuming Target, _ names: HeaderNames, _ made: Transfer,
    timeout: Duration, every: Duration
  ) {
    self.multi = multi
    self.target = target
    self.names = names
    interval = max(1, every.nanoseconds)
    transfer = .allocate(capacity: 1)
    transfer.initialize(to: made)
    made.attach(to: transfer, url: self.target.url, timeout: timeout)
    self.target.apply(to: made.easy)
    self.multi.watchSockets(of: made.easy)
  }

  deinit {
    multi.remove(transfer.pointee.easy)
    transfer.pointee.free()
    transfer.deallocate()
    names.free()
  }

  /// The first probe is due now.
  mutating func begin() {
    if due == nil { due = MonotonicTime.now }
  }

  func act(_ ready: EventLoop.Ready) { multi.act(ready) }

  /// When `advance` is needed again; nil when only a socket can tell.
  var deadline: MonotonicTime? { earliest(multi.deadline, isUnderWay ? nil : due) }

  /// Does what can be done now; gives an answer that has come, and is to be called again then.
  mutating func advance() -> Answer? {
    if let answer = collect() { return answer }
    start()
    multi.runTimer()
    return collect()
  }

  private mutating func start() {
    guard !isUnderWay, let due else { return }
    let now = MonotonicTime.now
    guard due <= now else { return }
    let passed = (now.nanoseconds - due.nanoseconds) / interval + 1
    self.due = MonotonicTime(nanoseconds: due.nanoseconds + passed * interval)
    transfer.pointee.rewind()
    transfer.pointee.began = now
    isUnderWay = true
    multi.add(transfer.pointee.easy)
  }

  private mutating func collect() -> Answer? {
    guard let (easy, _, result) = multi.nextEnded() else { return nil }
    multi.remove(easy)
    isUnderWay = false
    return Answer(
      sent: transfer.pointee.began, received: MonotonicTime.now, result: result,
      status: transfer.pointee.integer(CURLINFO_RESPONSE_CODE), resendBlocked: transfer.pointee.sends > 1,
      body: Array(transfer.pointee.answer))
  }
}
