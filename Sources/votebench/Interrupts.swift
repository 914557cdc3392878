import Dispatch
import Glibc
import Synchronization

/// SIGINT and SIGTERM: the first one asks what goes on to end in order, a second one ends the process at once.
final class Interrupts {
  private final class Seen: Sendable {
    private struct State {
      var first: Int32?
      var listeners: [AsyncStream<Int32>.Continuation] = []
    }

    private let state = Mutex(State())

    var first: Int32? { state.withLock(\.first) }

    /// True for a signal that was not the first.
    func takes(_ signal: Int32) -> Bool {
      let (isSecond, listeners) = state.withLock { state in
        defer { state.first = state.first ?? signal }
        return (state.first != nil, state.listeners)
      }
      for listener in listeners { listener.yield(signal) }
      return isSecond
    }

    func listen() -> AsyncStream<Int32> {
      let (stream, output) = AsyncStream<Int32>.makeStream()
      let before = state.withLock { state in
        state.listeners.append(output)
        return state.first
      }
      // One run of several may begin when the signal has come already.
      if let before { output.yield(before) }
      return stream
    }
  }

  private let seen = Seen()
  private let sources: [any DispatchSourceSignal]

  /// The signal that came first; nil while none has come.
  var first: Int32? { seen.first }

  /// The first signal, also for who begins to listen when it has come already.
  func signals() -> AsyncStream<Int32> { seen.listen() }

  init() {
    sources = [SIGINT, SIGTERM].map { [seen] number in
      // The default action would end the process before the source sees the signal.
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { @Sendable in
        // The sandbox ends by itself when its lifeline closes.
        if seen.takes(number) { _exit(128 + number) }
      }
      source.resume()
      return source
    }
  }
}
