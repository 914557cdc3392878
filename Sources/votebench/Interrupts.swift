import Dispatch
import Glibc
import Synchronization

/// SIGINT and SIGTERM: the first one asks the run to end in order, a second one ends it at once.
final class Interrupts {
  /// The signals that came, in order.
  let signals: AsyncStream<Int32>
  private let sources: [any DispatchSourceSignal]

  init() {
    let (stream, output) = AsyncStream<Int32>.makeStream()
    let seen = Seen()
    signals = stream
    sources = [SIGINT, SIGTERM].map { number in
      // The default action would end the process before the source sees the signal.
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { @Sendable in
        // The sandbox ends by itself when its lifeline closes.
        if seen.isSecond() { _exit(128 + number) }
        output.yield(number)
      }
      source.resume()
      return source
    }
  }

  private final class Seen: Sendable {
    private let count = Atomic<Int>(0)

    func isSecond() -> Bool {
      count.add(1, ordering: .relaxed).oldValue > 0
    }
  }
}
