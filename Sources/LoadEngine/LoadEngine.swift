package import Bench
internal import CLibcurl
internal import Synchronization

/// Sends votes on schedule and polls the tally, on a thread of its own.
///
/// In: orders, through a mailbox. Out: one stream of events, in the order in which things happened. The engine's
/// thread ends after `quit`, or by itself when the target cannot be reached before the first vote, or when the task that
/// reads the events is cancelled.
package final class LoadEngine: Sendable {
  /// What happens, in order; ends after `.stopped` or `.failed`.
  package let events: AsyncStream<EngineEvent>

  private let mailbox = Mutex<[Shard.Command]>([])
  private let wakeUp = WakeUp()
  private let output: AsyncStream<EngineEvent>.Continuation

  /// Starts the engine: it opens its connections, then polls the tally, and waits for `begin`.
  package init(_ configuration: EngineConfiguration) {
    (events, output) = AsyncStream.makeStream()
    output.onTermination = { [weak self] reason in
      if case .cancelled = reason { self?.quit() }
    }
    startThread(configuration)
  }

  /// The first vote is due at `moment`.
  ///
  /// Once, after `.connected`.
  package func begin(at moment: MonotonicTime) { send(.begin(moment)) }

  /// No vote due at `moment` or later is sent; `.votesEnded` follows when all others have their outcome.
  package func endVotes(at moment: MonotonicTime) { send(.endVotes(moment)) }

  /// Ends the engine at once.
  ///
  /// Votes in hand become indeterminate.
  package func quit() { send(.quit) }

  private func send(_ command: Shard.Command) {
    mailbox.withLock { $0.append(command) }
    wakeUp.signal()
  }

  private func startThread(_ configuration: EngineConfiguration) {
    // Set up before any other thread could use libcurl; a second call only counts.
    curl_global_init(Int(CURL_GLOBAL_DEFAULT))
    let work = ThreadBody { [self] in run(configuration) }
    var thread = pthread_t()
    let status = pthread_create(&thread, nil, runBody, Unmanaged.passRetained(work).toOpaque())
    if status == 0 {
      pthread_detach(thread)
    } else {
      Unmanaged.passUnretained(work).release()
      output.yield(
        .failed(
          EngineError(
            code: .setUp, attempted: "starting the engine's thread", cause: "error \(status)",
            remedy: "Raise the limit of processes (ulimit -u).")))
      output.finish()
    }
  }

  /// What the engine's thread does.
  private func run(_ configuration: EngineConfiguration) {
    do throws(EngineError) {
      var shard = try Shard.make(
        configuration, wakeUp: wakeUp, emit: { [output] in output.yield($0) },
        takeCommands: { [self] in takeCommands() })
      try shard.run()
    } catch {
      output.yield(.failed(error))
    }
    output.finish()
  }

  private func takeCommands() -> [Shard.Command] {
    mailbox.withLock { commands in
      defer { commands.removeAll() }
      return commands
    }
  }
}

private final class ThreadBody: Sendable {
  let run: @Sendable () -> Void
  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

private func runBody(_ body: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let body else { return nil }
  Unmanaged<ThreadBody>.fromOpaque(body).takeRetainedValue().run()
  return nil
}
