package import Bench
internal import CLibcurl
internal import Synchronization

/// Sends votes on schedule and polls the tally, on threads of its own.
///
/// In: orders, through a mailbox a thread. Out: one stream of events; those of one thread in the order in which things
/// happened. The threads end after `quit`, or by themselves when the target cannot be reached before the first vote, or
/// when the task that reads the events is cancelled.
package final class LoadEngine: Sendable {
  /// What happens; ends after `.stopped` or `.failed`.
  package let events: AsyncStream<EngineEvent>

  private let configuration: EngineConfiguration
  private let mailboxes: [Mailbox]
  private let responders = ResponderRegistry()
  private let state: Mutex<State>
  private let output: AsyncStream<EngineEvent>.Continuation

  /// What is known of all threads together.
  private struct State {
    var connecting: Int
    var voting: Int
    var running: Int
    var figures = ShardFigures()
    var error: EngineError?
  }

  /// Starts the engine: it opens its connections, then polls the tally, and waits for `begin`.
  package init(_ configuration: EngineConfiguration) {
    self.configuration = configuration
    mailboxes = (0..<configuration.threads).map { _ in Mailbox() }
    let threads = configuration.threads
    state = Mutex(State(connecting: threads, voting: threads, running: threads))
    (events, output) = AsyncStream.makeStream()
    output.onTermination = { [weak self] reason in
      if case .cancelled = reason { self?.quit() }
    }
    // Before any other thread could use libcurl.
    CurlMemory.setUp()
    for shard in 0..<threads { start(shard) }
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

  private func send(_ order: ShardOrder) {
    for mailbox in mailboxes { mailbox.put(order) }
  }

  // MARK: Threads

  private func start(_ shard: Int) {
    let work = ThreadBody { [self] in run(shard) }
    var thread = pthread_t()
    let status = pthread_create(&thread, nil, runBody, Unmanaged.passRetained(work).toOpaque())
    if status == 0 {
      pthread_detach(thread)
    } else {
      Unmanaged.passUnretained(work).release()
      ended(
        .failure(
          EngineError(
            code: .setUp, attempted: "starting a thread of the engine", cause: "error \(status)",
            remedy: "Raise the limit of processes (ulimit -u).")))
    }
  }

  /// What a thread of the engine does.
  private func run(_ shard: Int) {
    CurlMemory.begin()
    defer { CurlMemory.end() }
    do throws(EngineError) {
      try Limits.check(configuration)
      let loop = try EventLoop(
        wakeUp: mailboxes[shard].wakeUp, usesTimerDescriptor: configuration.usesTimerDescriptor)
      switch configuration.lane {
      case .direct:
        let lane = try DirectLane.make(configuration, shard: shard, epoll: loop.descriptor, responders)
        ended(.success(try run(shard, lane, loop)))
      case .transfer:
        let lane = try TransferLane.make(configuration, shard: shard, epoll: loop.descriptor, responders)
        ended(.success(try run(shard, lane, loop)))
      }
    } catch {
      ended(.failure(error))
    }
  }

  private func run<Lane: VoteLane & ~Copyable>(
    _ shard: Int, _ lane: consuming Lane, _ loop: consuming EventLoop
  ) throws(EngineError) -> ShardFigures {
    let emit: (EngineEvent) -> Void = { [self] in tell($0) }
    let polls = shard == 0 ? try Polls(configuration, epoll: loop.descriptor, emit: emit) : nil
    var control: Control?
    if shard == 0, let url = configuration.controlURL {
      control = try Control(url, configuration, epoll: loop.descriptor)
    }
    let mailbox = mailboxes[shard]
    var running = Shard(
      Votes(configuration, shard: shard, lane: lane, emit: emit), polls, control, loop,
      takeOrders: { mailbox.take() })
    return try running.run()
  }

  // MARK: Events

  /// Passes an event of one thread on; what concerns all is told when the last thread has told it.
  private func tell(_ event: EngineEvent) {
    let isWhole = state.withLock { state in
      switch event {
      case .connected:
        state.connecting -= 1
        return state.connecting == 0
      case .votesEnded:
        state.voting -= 1
        return state.voting == 0
      default: return true
      }
    }
    if isWhole { output.yield(event) }
  }

  private func ended(_ result: Result<ShardFigures, EngineError>) {
    let last = state.withLock { state -> State? in
      state.running -= 1
      switch result {
      case .success(let figures): state.figures.add(figures)
      case .failure(let error): state.error = state.error ?? error
      }
      return state.running == 0 ? state : nil
    }
    if case .failure = result { quit() }
    guard let last else { return }
    output.yield(last.error.map { .failed($0) } ?? .stopped(figures(last.figures)))
    output.finish()
  }

  private func figures(_ all: ShardFigures) -> GeneratorFigures {
    GeneratorFigures(
      backlogMaximum: all.backlogMaximum, processorTime: .nanoseconds(all.processorNanoseconds), stalls: all.stalls,
      responders: responders.responders, control: all.control, lane: configuration.lane.rawValue,
      http: configuration.http.rawValue, threads: configuration.threads, libcurl: String(cString: curl_version()))
  }
}

/// Orders for one thread, and what wakes it to read them.
private final class Mailbox: Sendable {
  let wakeUp = WakeUp()
  private let orders = Mutex<[ShardOrder]>([])

  func put(_ order: ShardOrder) {
    orders.withLock { $0.append(order) }
    wakeUp.signal()
  }

  func take() -> [ShardOrder] {
    orders.withLock { orders in
      defer { orders.removeAll() }
      return orders
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
