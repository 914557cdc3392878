internal import Bench
internal import CLibcurl

/// Reads the tally from each of its sources, from the end of the votes' openings on.
///
/// What is asked when, and what answers are worth, `TallyDialog` says; here it is done. Confined to one thread.
struct Polls: ~Copyable {
  private let multi: CurlMulti
  private var feeds: [Feed]
  private let emit: (EngineEvent) -> Void
  private let choices: [String]
  private let interval: Duration
  private let timeout: Duration

  /// A source with its requests.
  private struct Feed {
    var number: Int
    var source: TallySource
    var probe: Probe
    /// Nil before `begin`.
    var dialog: TallyDialog?
    var isStream = false
  }

  /// An answer that is longer is no tally.
  private static let capacity = 1 << 18

  /// Polls that have not begun, of the sources that are read over HTTP.
  init(_ configuration: EngineConfiguration, epoll: Int32, emit: @escaping (EngineEvent) -> Void) throws(EngineError) {
    let multi = try CurlMulti(
      .polls, epoll: epoll, connections: configuration.tallySources.count, endsUnasked: configuration.http == .one)
    var feeds: [Feed] = []
    do throws(EngineError) {
      for (number, source) in configuration.tallySources.enumerated() where source.kind != .command {
        feeds.append(try Self.feed(number, source, configuration, multi))
      }
    } catch {
      for feed in feeds { feed.probe.free(multi) }
      throw error
    }
    self.multi = multi
    self.feeds = feeds
    self.emit = emit
    choices = configuration.ballot.choices
    interval = configuration.pollInterval
    timeout = configuration.timeout
  }

  private static func feed(
    _ number: Int, _ source: TallySource, _ configuration: EngineConfiguration, _ multi: borrowing CurlMulti
  ) throws(EngineError) -> Feed {
    let url = source.place.hasPrefix("/") ? configuration.origin + source.place : source.place
    let probe = try Probe(
      url, headers: headers(source) + configuration.headers, bodyWidth: 16, capacity: capacity, configuration, multi)
    return Feed(number: number, source: source, probe: probe)
  }

  deinit {
    for feed in feeds { feed.probe.free(multi) }
  }

  private static func headers(_ source: TallySource) -> [String] {
    switch source.kind {
    case .json: ["Accept: application/json"]
    case .html: ["Accept: text/html"]
    case .events: ["Accept: text/event-stream"]
    case .socket: ["Accept: */*", "Content-Type: text/plain;charset=UTF-8"]
    case .command: []
    }
  }

  /// The first polls are due now.
  mutating func begin() {
    let now = MonotonicTime.now
    for place in feeds.indices where feeds[place].dialog == nil {
      feeds[place].dialog = TallyDialog(
        feeds[place].source, number: feeds[place].number, choices: choices, interval: interval, timeout: timeout,
        now: now)
    }
  }

  func act(_ ready: EventLoop.Ready) { multi.act(ready) }

  /// Does what can be done now; gives the moment at which it is needed again, nil when only a socket can tell.
  mutating func advance() -> MonotonicTime? {
    takeAnswers()
    for place in feeds.indices { ask(place) }
    multi.runTimer()
    takeAnswers()
    return feeds.reduce(multi.deadline) { earliest($0, $1.dialog?.deadline) }
  }

  private mutating func ask(_ place: Int) {
    let now = MonotonicTime.now
    if let outcomes = feeds[place].dialog?.giveUp(at: now) {
      feeds[place].probe.abandon(multi)
      tell(outcomes, of: place)
    }
    guard let ask = feeds[place].dialog?.ask(at: now) else { return }
    feeds[place].isStream = ask.isStream
    feeds[place].probe.start(query: ask.query, body: ask.body, limit: ask.limit, at: now, multi)
  }

  private mutating func takeAnswers() {
    for place in feeds.indices { takePart(place) }
    while let (_, owner, result) = multi.nextEnded() {
      guard let place = feeds.firstIndex(where: { $0.probe.isAt(owner) }) else { continue }
      takePart(place)
      let answer = feeds[place].probe.collect(result, multi)
      tell(feeds[place].dialog?.ended(Self.worth(of: answer), at: answer.received) ?? [], of: place)
    }
  }

  private mutating func takePart(_ place: Int) {
    guard feeds[place].isStream, let part = feeds[place].probe.part() else { return }
    // Of a part that was cut, the whole events are good.
    tell(feeds[place].dialog?.received(part, at: .now) ?? [], of: place)
  }

  /// The body of a good answer, or why there is none.
  private static func worth(of answer: Probe.Answer) -> Result<[UInt8], TallyPicking.Unreadable> {
    let reason: String
    if answer.isCut {
      reason = "an answer of more than \(capacity) bytes"
    } else if answer.result != CURLE_OK {
      reason = (answer.resendBlocked ? Cause.resendBlocked : .curl(Int(answer.result.rawValue))).name
    } else if answer.status != 200 {
      reason = Cause.status(answer.status).name
    } else {
      return .success(answer.body)
    }
    return .failure(TallyPicking.Unreadable(reason: reason))
  }

  private func tell(_ outcomes: [TallyDialog.Outcome], of place: Int) {
    for outcome in outcomes {
      switch outcome {
      case .tally(let sample): emit(.tally(sample, pod: feeds[place].probe.pod))
      case .failed(let reason): emit(.tallyFailed(source: feeds[place].number, reason: reason))
      }
    }
  }
}
