/// The tally for many listeners, from one poll of the database for all of them.
///
/// While nobody listens nothing is asked. A listener hears the newest tally at once, each one that differs from the one
/// before, and the newest again when nothing has changed for a while: so that silence means a dead connection.
actor LiveTally {
  /// What listeners hear.
  enum Update: Sendable, Equatable {
    case tally(Tally)
    /// PostgreSQL does not answer; the last tally is all there is.
    case unavailable

    /// As a server-sent event, with a comment before it where it repeats the one before.
    func event(isRepeated: Bool) -> String {
      let comment = isRepeated ? ": still there\n" : ""
      return switch self {
      case .tally(let tally): "\(comment)data: \(tally.json)\n\n"
      case .unavailable: "\(comment)event: unavailable\ndata: PostgreSQL does not answer\n\n"
      }
    }
  }

  private struct Listener {
    var events: AsyncStream<String>.Continuation
    var since: ContinuousClock.Instant
  }

  /// Well below the time after which proxies end a silent connection, a minute and more.
  static let longestSilence = Duration.seconds(10)
  /// Then a listener has to come again: streams spread over new pods, and one who never reads fills no buffer.
  static let longestStream = Duration.seconds(300)
  static let mostListeners = 1000
  private static let shortestPause = Duration.milliseconds(500)

  private let read: @Sendable () async -> Update
  private var listeners: [Int: Listener] = [:]
  private var nextNumber = 0
  private var newest: Update?
  private var isPolling = false
  private var isStopped = false

  init(read: @escaping @Sendable () async -> Update) {
    self.read = read
  }

  /// Events until the stream ends; nil when there are too many listeners, or after `stop`.
  func listen() -> AsyncStream<String>? {
    guard !isStopped, listeners.count < Self.mostListeners else { return nil }
    let number = nextNumber
    nextNumber += 1
    // Whoever is slow misses what is old by then.
    let (stream, events) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingNewest(1))
    events.onTermination = { _ in Task { await self.remove(number) } }
    listeners[number] = Listener(events: events, since: .now)
    if let newest { events.yield(newest.event(isRepeated: false)) }
    if !isPolling {
      isPolling = true
      Task { await poll() }
    }
    return stream
  }

  /// Ends every stream, and begins no other.
  func stop() {
    isStopped = true
    for listener in listeners.values { listener.events.finish() }
    listeners = [:]
  }

  private func remove(_ number: Int) {
    listeners[number] = nil
  }

  private func poll() async {
    var heardAt = ContinuousClock.now
    while !listeners.isEmpty {
      let start = ContinuousClock.now
      let update = await read()
      let isRepeated = update == newest
      if !isRepeated || heardAt.duration(to: .now) >= Self.longestSilence {
        heardAt = .now
        newest = update
        for listener in listeners.values { listener.events.yield(update.event(isRepeated: isRepeated)) }
      }
      endOldStreams()
      // A count of many votes takes long: it may have a fifth of the database's time, not all of it.
      try? await Task.sleep(for: max(Self.shortestPause, start.duration(to: .now) * 4))
    }
    newest = nil
    isPolling = false
  }

  private func endOldStreams() {
    for (number, listener) in listeners where listener.since.duration(to: .now) >= Self.longestStream {
      listener.events.finish()
      listeners[number] = nil
    }
  }
}
