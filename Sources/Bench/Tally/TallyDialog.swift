/// The talk with one tally source over HTTP: what to ask and when, and what the answers are worth.
///
/// Pure: effects are somebody else's, who asks what is due, tells what came, and reports the outcomes. One request at a
/// time.
///
/// A source that is asked gives a sample for each answer. A source that sends by itself computes one message after the
/// other; one may have been under way for long when it is sent, but the one after it was begun after it was sent. So a
/// message tells of a moment after the *message before it* was sent, which was after the request that it came by:
///
/// - Server-Sent Events: the stream is asked for anew after 5 s and 2 messages, and each message but the first of a
///   stream tells of a moment after it was asked for.
/// - Socket.IO: each message but the first of a session tells of a moment after the request before the one that brought
///   the message before it (see `SocketSession`).
///
/// First messages are left out: they may be of any age.
package struct TallyDialog: Sendable {
  /// A request.
  package struct Ask: Sendable, Hashable {
    /// What stands after `?`, in place of what the URL has; nil to leave that.
    package var query: String?
    /// The body of a POST; nil for a GET.
    package var body: String?
    /// How long it may take; nil for a stream, which `isOver` ends.
    package var limit: Duration?
    /// True when parts of the answer matter before its end.
    package var isStream: Bool
  }

  /// What came of an answer or a part of one.
  package enum Outcome: Sendable, Hashable {
    /// A tally.
    case tally(TallySample)
    /// None, and why in a few words.
    case failed(String)
  }

  /// The time from the asking for a stream to the next.
  static let streamLength = Duration.seconds(5)
  /// Not more often than that, whatever a server answers.
  static let pause = Duration.milliseconds(50)
  /// A session or stream that broke is begun anew after that.
  static let afterFailure = Duration.milliseconds(500)

  private let source: TallySource
  private let number: Int
  private let choices: [String]
  private let timeout: Duration
  private var rhythm: Rhythm
  private var asked: MonotonicTime?
  private var stream = EventStream()
  private var session: SocketSession
  /// When the request before this one was made, within a session.
  private var askedBefore: MonotonicTime?
  /// The message before was sent after this moment; nil when there was none.
  private var sentAfter: MonotonicTime?
  /// When the last part of a stream came.
  private var heard: MonotonicTime?
  /// Messages of this stream.
  private var messages = 0

  /// A talk that begins at `now` with `source`, which is the one of this number, of votes for `choices`.
  package init(
    _ source: TallySource, number: Int, choices: [String], interval: Duration, timeout: Duration,
    now: MonotonicTime
  ) {
    self.source = source
    self.number = number
    self.choices = choices
    self.timeout = timeout
    rhythm = Rhythm(from: now, every: interval)
    session = SocketSession(event: source.event)
  }

  /// When something is to be asked, or given up.
  ///
  /// Nil while a request with a limit of its own is under way.
  package var deadline: MonotonicTime? {
    guard let asked else { return rhythm.due }
    guard source.kind == .events else { return nil }
    let silence = (heard ?? asked) + timeout * 3
    return messages >= 2 ? min(asked + Self.streamLength, silence) : silence
  }

  /// What to ask now, which is under way from then on; nil when nothing is due.
  package mutating func ask(at now: MonotonicTime) -> Ask? {
    guard asked == nil, rhythm.take(at: now) else { return nil }
    asked = now
    heard = nil
    switch source.kind {
    case .json, .html, .command: return Ask(limit: timeout, isStream: false)
    case .events:
      stream = EventStream()
      (sentAfter, messages) = (nil, 0)
      return Ask(limit: nil, isStream: true)
    case .socket:
      // The server answers a GET with a ping after 25 s at the latest.
      let query = session.query
      switch session.next {
      case .get: return Ask(query: query, limit: max(timeout, .seconds(60)), isStream: false)
      case .post(let body): return Ask(query: query, body: body, limit: timeout, isStream: false)
      }
    }
  }

  /// Takes a part of the answer to a stream into account, which is good.
  package mutating func received(_ bytes: some Sequence<UInt8>, at now: MonotonicTime) -> [Outcome] {
    guard let asked else { return [] }
    heard = now
    let events = stream.read(bytes)
    if stream.isTooLong { return [.failed("an event of more than \(EventStream.limit) bytes")] }
    return events.compactMap { event in
      defer { (sentAfter, messages) = (asked, messages + 1) }
      return message(now, source.picking.counts(in: event, choices: choices))
    }
  }

  /// Ends the stream under way where it has lasted long enough or is silent: nil for one that goes on.
  package mutating func giveUp(at now: MonotonicTime) -> [Outcome]? {
    guard asked != nil, let deadline, deadline <= now else { return nil }
    asked = nil
    return messages > 0 ? [] : [.failed("nothing came for \(timeout * 3)")]
  }

  /// Takes the end of a request into account: the whole answer, or in a few words why there is none.
  package mutating func ended(_ answer: Result<[UInt8], TallyPicking.Unreadable>, at now: MonotonicTime) -> [Outcome] {
    guard let asked else { return [] }
    self.asked = nil
    switch (source.kind, answer) {
    case (_, .failure(let error)):
      if source.isPushed { leave(at: now) }
      return [.failed(error.reason)]
    case (.events, .success): return messages > 0 ? [] : [.failed("the stream ended without an event")]
    case (.socket, .success(let body)): return heardFromSocket(body, asked, now)
    case (_, .success(let body)): return [outcome(asked, now, source.picking.counts(in: body, choices: choices))]
    }
  }

  private mutating func leave(at now: MonotonicTime) {
    session.close()
    (askedBefore, sentAfter) = (nil, nil)
    rhythm.restart(at: now + Self.afterFailure)
  }

  private mutating func heardFromSocket(
    _ body: [UInt8], _ asked: MonotonicTime, _ now: MonotonicTime
  ) -> [Outcome] {
    let wasGet = session.next == .get
    let outcome = session.read(body)
    rhythm.restart(at: now + Self.pause)
    guard case .events(let events) = outcome else {
      leave(at: now)
      if case .ended(let reason) = outcome { return [.failed(reason)] }
      return []
    }
    defer { if wasGet { askedBefore = asked } }
    return events.compactMap { event in
      defer { sentAfter = askedBefore }
      return message(now, source.picking.counts(in: event))
    }
  }

  /// What a message is worth; nil for a first one, which may be of any age.
  private func message(
    _ now: MonotonicTime, _ counts: Result<TallyPicking.Counts, TallyPicking.Unreadable>
  ) -> Outcome? {
    let outcome = outcome(sentAfter ?? now, now, counts)
    if case .tally = outcome, sentAfter == nil { return nil }
    return outcome
  }

  private func outcome(
    _ sent: MonotonicTime, _ received: MonotonicTime, _ counts: Result<TallyPicking.Counts, TallyPicking.Unreadable>
  ) -> Outcome {
    switch counts {
    case .success(let shown):
      var sample = TallySample(sent: sent, received: received, counts: shown.counts, source: number)
      sample.rounding = shown.rounding
      return .tally(sample)
    case .failure(let error): return .failed(error.reason)
    }
  }
}
