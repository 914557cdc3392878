internal import Bench

/// A way to send votes: connections in slots, at most one vote in each.
///
/// Confined to one thread. A lane sends what it is told at once, never queues, never sends again, and says what it saw
/// of the vote's end; when votes are due, and what their end means for the run, is not its business.
protocol VoteLane: ~Copyable {
  /// When the lane needs `runTimer` again; nil while sockets alone can move it.
  var deadline: MonotonicTime? { get }

  /// Begins to open the connection of `slot`, and to try it with a GET that needs an answer of success; `.opened`
  /// follows.
  mutating func open(_ slot: Int)

  /// Sends vote `index` on `slot`, which is free; `.ended` follows, also when nothing could be sent.
  ///
  /// A connection is opened where there is none, and always for the slots of fresh connections.
  mutating func send(_ index: Int, on slot: Int, now: MonotonicTime)

  /// Works on a socket that became ready.
  mutating func act(_ ready: EventLoop.Ready)

  /// Does what `deadline` was for.
  mutating func runTimer()

  /// What has happened on a slot, in order; nil when nothing (more) has.
  ///
  /// Throws when a connection could not be opened before the first vote.
  mutating func next() throws(EngineError) -> LaneEvent?
}

/// What happened on a slot of a lane.
enum LaneEvent {
  /// The connection is open and tried.
  case opened(slot: Int, ConnectionTimes)
  /// The vote on the slot has ended; the slot is free.
  case ended(slot: Int, VoteEnd)
}

/// What a lane saw of a vote's end.
struct VoteEnd {
  /// What is known of the attempt.
  var evidence: Evidence
  /// Who answered, by number; 0 when unknown.
  var responder: UInt8
  /// The connection that was opened for it; nil on a kept one.
  var opening: ConnectionTimes?
}

extension EngineConfiguration {
  /// Slots of kept connections, of one thread.
  func keptSlots(shard: Int) -> Int {
    let connections = connections / threads + (shard < connections % threads ? 1 : 0)
    return connections * streams
  }

  /// Slots for votes that take a connection of their own, of one thread: as many more as their share, at least 4.
  func freshSlots(shard: Int) -> Int {
    guard freshShare > 0 else { return 0 }
    return max(4, Int((Double(keptSlots(shard: shard)) * freshShare).rounded(.up)))
  }

  /// A target that cannot be used, and why.
  func unreachable(_ cause: String) -> EngineError {
    EngineError(
      code: .unreachable, attempted: "opening connections to \(origin)\(votePath)", cause: cause,
      remedy: "Check the target, --vote-path, --resolve and --cacert, and that the system is ready.")
  }
}
