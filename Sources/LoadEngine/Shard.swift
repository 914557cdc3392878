internal import Bench
internal import CLibcurl

/// The loop of one thread of the engine: its votes on schedule, and on the first thread the polls of the tally.
///
/// Everything here is confined to that thread; what comes in is the mailbox, what goes out are events.
struct Shard<Lane: VoteLane & ~Copyable>: ~Copyable {
  private let takeOrders: () -> [ShardOrder]
  private var votes: Votes<Lane>
  private var polls: Polls?
  private var control: Control?
  private var loop: EventLoop
  private var isRunning = true
  private var processorAtStart: Int64 = 0
  private var probesAreReady = true
  private var probesDue: MonotonicTime?

  /// A loop that has not begun.
  init(
    _ votes: consuming Votes<Lane>, _ polls: consuming Polls?, _ control: consuming Control?,
    _ loop: consuming EventLoop, takeOrders: @escaping () -> [ShardOrder]
  ) {
    self.votes = votes
    self.polls = polls
    self.control = control
    self.loop = loop
    self.takeOrders = takeOrders
  }

  /// Runs until told to quit; throws when the target cannot be reached before the first vote.
  mutating func run() throws(EngineError) -> ShardFigures {
    vb_set_timer_slack(1000)
    votes.connect()
    while true {
      obey()
      guard isRunning else { break }
      let wake = try votes.advance()
      loop.goesOn(at: votes.now)
      if votes.isConnected { advanceProbes() }
      try loop.wait(until: earliest(wake, probesDue))
      actOnReady()
    }
    votes.abandon()
    return ShardFigures(
      backlogMaximum: votes.backlogMaximum,
      processorNanoseconds: MonotonicTime.threadProcessorNanoseconds - processorAtStart, stalls: loop.stalls,
      control: control?.figures)
  }

  /// Lets polls and control probes do what they can, when one of their sockets was ready or their time has come.
  private mutating func advanceProbes() {
    guard probesAreReady || probesDue.map({ $0 <= votes.now }) == true else { return }
    probesAreReady = false
    polls?.begin()
    control?.begin()
    probesDue = earliest(polls?.advance() ?? nil, control?.advance() ?? nil)
  }

  private mutating func actOnReady() {
    for place in 0..<loop.readyCount {
      guard let ready = loop.ready(place) else { continue }
      switch ready.owner {
      case .votes, .direct: votes.act(ready)
      case .polls:
        polls?.act(ready)
        probesAreReady = true
      case .control:
        control?.act(ready)
        probesAreReady = true
      case .loop: break
      }
    }
  }

  private mutating func obey() {
    guard loop.wasWokenUp else { return }
    for order in takeOrders() {
      switch order {
      case .begin(let origin):
        votes.begin(at: origin)
        processorAtStart = MonotonicTime.threadProcessorNanoseconds
      case .endVotes(let moment): votes.end(at: moment)
      case .quit: isRunning = false
      }
    }
  }
}

/// Orders to a thread from outside.
enum ShardOrder: Sendable {
  /// The first vote is due at this moment.
  case begin(MonotonicTime)
  /// No vote due from this moment on is sent.
  case endVotes(MonotonicTime)
  /// End at once; votes in hand become indeterminate.
  case quit
}

/// What one thread can say of itself at its end.
struct ShardFigures: Sendable {
  var backlogMaximum = 0
  /// Since the first vote was due.
  var processorNanoseconds: Int64 = 0
  var stalls = GeneratorFigures.Stalls(count: 0, longest: .zero)
  var control: GeneratorFigures.Control?

  mutating func add(_ other: ShardFigures) {
    backlogMaximum += other.backlogMaximum
    processorNanoseconds += other.processorNanoseconds
    stalls.count += other.stalls.count
    stalls.longest = max(stalls.longest, other.stalls.longest)
    control = control ?? other.control
  }
}

/// The earlier of two moments, where nil is never.
func earliest(_ left: MonotonicTime?, _ right: MonotonicTime?) -> MonotonicTime? {
  guard let left, let right else { return left ?? right }
  return min(left, right)
}
