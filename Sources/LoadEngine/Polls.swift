internal import Bench
internal import CLibcurl

/// Polls the tally at a steady rhythm, one poll at a time, from the end of the votes' openings on.
///
/// Confined to one thread.
struct Polls: ~Copyable {
  private var probe: Probe
  private let emit: (EngineEvent) -> Void

  /// Polls that have not begun.
  init(_ configuration: EngineConfiguration, epoll: Int32, emit: @escaping (EngineEvent) -> Void) throws(EngineError) {
    probe = try Probe.make(
      configuration.origin + configuration.resultPath, configuration, .polls, epoll: epoll,
      every: configuration.pollInterval)
    self.emit = emit
  }

  /// The first poll is due now.
  mutating func begin() { probe.begin() }

  func act(_ ready: EventLoop.Ready) { probe.act(ready) }

  /// Does what can be done now; gives the moment at which it is needed again, nil when only a socket can tell.
  mutating func advance() -> MonotonicTime? {
    while let answer = probe.advance() { emit(event(answer)) }
    return probe.deadline
  }

  private func event(_ poll: Probe.Answer) -> EngineEvent {
    guard poll.result == CURLE_OK else {
      return .tallyFailed(poll.resendBlocked ? .resendBlocked : .curl(Int(poll.result.rawValue)))
    }
    guard poll.status == 200 else { return .tallyFailed(.status(poll.status)) }
    guard let counts = TallySample.counts(fromJSON: poll.body) else { return .tallyFailed(.markerMissing) }
    return .tally(TallySample(sent: poll.sent, received: poll.received, counts: counts))
  }
}
