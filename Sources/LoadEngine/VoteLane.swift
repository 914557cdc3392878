internal import Bench

/// A way to send votes: connections in slots, at most one vote in each.
///
/// Confined to one thread. A lane sends what it is told at once, never queues, never sends again, and says what it saw
/// of the vote's end; when votes are due, and what their end means for the run, is not its business.
protocol VoteLane: ~Copyable {
  /// When the lane needs `runTimer` again; nil while sockets alone can move it.
  var deadline: MonotonicTime? { get }

  /// Begins to open the connection of `slot`, and to try it with a GET that needs an answer of success;
  /// `next` gives the slot then.
  mutating func open(_ slot: Int)

  /// Sends vote `index` on `slot`, which is free; `next` gives the slot at its end, also when nothing could be sent.
  ///
  /// A connection is opened where there is none, and always for the slots of fresh connections.
  mutating func send(_ index: Int, on slot: Int, now: MonotonicTime)

  /// Works on a socket that became ready.
  mutating func act(_ ready: EventLoop.Ready)

  /// Does what `deadline` was for.
  mutating func runTimer()

  /// A slot on which something has come to its end; nil when there is none (any more).
  ///
  /// Before the first vote its connection is open and tried; afterwards its vote has ended, see `end`. It is free then.
  /// Throws when a connection could not be opened before the first vote.
  mutating func next() throws(EngineError) -> Int?

  /// What the lane saw of the end of the vote on `slot`.
  mutating func end(of slot: Int) -> VoteEnd

  /// The connection that was opened for what ended on `slot`; nil when that came on a kept one.
  func opening(of slot: Int) -> ConnectionTimes?
}

/// What a lane saw of a vote's end.
struct VoteEnd {
  /// What is known of the attempt.
  var evidence: Evidence
  /// Who answered, by number; 0 when unknown.
  var responder: UInt8
  /// A connection was opened for it.
  var isFresh: Bool
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
