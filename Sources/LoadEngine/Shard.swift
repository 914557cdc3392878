internal import Bench
internal import CLibcurl

/// The engine's loop: one thread that sends votes on schedule and polls the tally beside them.
///
/// Everything here is confined to one thread; what comes in is the mailbox, what goes out is the event stream.
struct Shard: ~Copyable {
  /// Orders from outside.
  enum Command: Sendable {
    /// The first vote is due at this moment.
    case begin(MonotonicTime)
    /// No vote due from this moment on is sent.
    case endVotes(MonotonicTime)
    /// End at once; votes in hand become indeterminate.
    case quit
  }

  private let emit: (EngineEvent) -> Void
  private let takeCommands: () -> [Command]
  private var votes: Votes
  private var polls: Polls
  private var loop: EventLoop
  private var isRunning = true
  private var processorAtStart: Int64 = 0

  /// A loop that has not begun, with everything that it needs.
  static func make(
    _ configuration: EngineConfiguration, wakeUp: WakeUp, emit: @escaping (EngineEvent) -> Void,
    takeCommands: @escaping () -> [Command]
  ) throws(EngineError) -> Shard {
    try OpenFiles.makeRoom(for: configuration.connections)
    let loop = try EventLoop(wakeUp: wakeUp)
    let votes = try Votes.make(configuration, epoll: loop.descriptor, emit: emit)
    let polls = try Polls.make(configuration, epoll: loop.descriptor, emit: emit)
    return Shard(loop, votes, polls, emit: emit, takeCommands: takeCommands)
  }

  private init(
    _ loop: consuming EventLoop, _ votes: consuming Votes, _ polls: consuming Polls,
    emit: @escaping (EngineEvent) -> Void, takeCommands: @escaping () -> [Command]
  ) {
    self.emit = emit
    self.takeCommands = takeCommands
    self.loop = loop
    self.votes = votes
    self.polls = polls
  }

  /// Runs until told to quit, or until the target cannot be reached before the first vote.
  mutating func run() throws(EngineError) {
    vb_set_timer_slack(1000)
    votes.connect()
    while true {
      obey()
      guard isRunning else { break }
      let wake = try votes.advance()
      if votes.isConnected { polls.begin() }
      loop.wait(until: earliest(wake, polls.advance()))
      for ready in loop.ready {
        if ready.owner == .votes { votes.act(ready) } else { polls.act(ready) }
      }
    }
    votes.abandon()
    emit(.stopped(figures))
  }

  private mutating func obey() {
    for command in takeCommands() {
      switch command {
      case .begin(let origin):
        votes.begin(at: origin)
        processorAtStart = MonotonicTime.threadProcessorNanoseconds
      case .endVotes(let moment): votes.end(at: moment)
      case .quit: isRunning = false
      }
    }
  }

  private var figures: GeneratorFigures {
    GeneratorFigures(
      backlogMaximum: votes.backlogMaximum,
      processorTime: .nanoseconds(MonotonicTime.threadProcessorNanoseconds - processorAtStart),
      stalls: GeneratorFigures.Stalls(count: 0, longest: .zero),
      responders: votes.podNames.map { GeneratorFigures.Responder(pod: $0, version: "") }, control: nil,
      lane: "transfer", http: "1.1", threads: 1, libcurl: String(cString: curl_version()))
  }
}

/// The earlier of two moments, where nil is never.
func earliest(_ left: MonotonicTime?, _ right: MonotonicTime?) -> MonotonicTime? {
  guard let left, let right else { return left ?? right }
  return min(left, right)
}
