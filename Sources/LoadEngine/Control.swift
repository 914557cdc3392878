internal import Bench
internal import CLibcurl

/// Probes a URL that the rollout does not touch, once a second: what fails there too is the runner's own network.
///
/// Confined to one thread. Any answer below 500 is a success: it came through the network.
struct Control: ~Copyable {
  private var probe: Probe
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
    probe = try Probe.make(url, own, .control, epoll: epoll, every: .seconds(1))
  }

  /// The first probe is due now.
  mutating func begin() { probe.begin() }

  func act(_ ready: EventLoop.Ready) { probe.act(ready) }

  /// Does what can be done now; gives the moment at which it is needed again, nil when only a socket can tell.
  mutating func advance() -> MonotonicTime? {
    while let answer = probe.advance() { note(answer) }
    return probe.deadline
  }

  private mutating func note(_ answer: Probe.Answer) {
    figures.probes += 1
    guard answer.result == CURLE_OK, answer.status < 500 else { return figures.failures.append(answer.sent) }
    figures.slowest = max(figures.slowest ?? .zero, answer.received - answer.sent)
  }
}
