internal import Bench
internal import CLibcurl

/// Probes a URL that the rollout does not touch, once a second: what fails there too is the runner's own network.
///
/// Confined to one thread. Any answer below 500 is a success: it came through the network.
struct Control: ~Copyable {
  private let multi: CurlMulti
  private let probe: Probe
  /// Nil before `begin`.
  private var rhythm: Rhythm?
  private var isUnderWay = false
  private let timeout: Duration
  private(set) var figures = GeneratorFigures.Control(probes: 0, failures: [], slowest: nil)

  /// Probes of `url` that have not begun.
  ///
  /// How the target is reached does not apply to it, save whom to believe.
  init(_ url: String, _ configuration: EngineConfiguration, epoll: Int32) throws(EngineError) {
    var own = configuration
    own.headers = []
    own.resolve = nil
    own.clientCertificate = nil
    own.clientKey = nil
    own.sourceAddress = nil
    own.maximumConnectionAge = nil
    own.http = .one
    own.origin = url
    let multi = try CurlMulti(.control, epoll: epoll, connections: 1, endsUnasked: true)
    probe = try Probe(url, headers: ["Accept: application/json"], capacity: 1 << 16, own, multi)
    self.multi = multi
    timeout = own.timeout
  }

  deinit { probe.free(multi) }

  /// The first probe is due now.
  mutating func begin() {
    if rhythm == nil { rhythm = Rhythm(from: .now, every: .seconds(1)) }
  }

  func act(_ ready: EventLoop.Ready) { multi.act(ready) }

  /// Does what can be done now; gives the moment at which it is needed again, nil when only a socket can tell.
  mutating func advance() -> MonotonicTime? {
    collect()
    let now = MonotonicTime.now
    if !isUnderWay, rhythm?.take(at: now) == true {
      isUnderWay = true
      probe.start(limit: timeout, at: now, multi)
    }
    multi.runTimer()
    collect()
    return earliest(multi.deadline, isUnderWay ? nil : rhythm?.due)
  }

  private mutating func collect() {
    while let (_, _, result) = multi.nextEnded() {
      isUnderWay = false
      note(probe.collect(result, multi))
    }
  }

  private mutating func note(_ answer: Probe.Answer) {
    figures.probes += 1
    guard answer.result == CURLE_OK, answer.status < 500 else { return figures.failures.append(answer.sent) }
    figures.slowest = max(figures.slowest ?? .zero, answer.received - answer.sent)
  }
}
