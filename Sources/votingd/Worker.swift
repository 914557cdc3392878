import Hummingbird
import Logging
import NIOCore
import Synchronization

/// The worker: moves votes from Redis to PostgreSQL so that one killed at any moment loses nothing.
///
/// What is delivered twice is counted once. While one worker runs, the last vote of a voter wins; votes that are
/// adopted from a dead worker come behind those that others have stored meanwhile.
///
/// The same holds when Redis or PostgreSQL is killed and comes back with what it had acknowledged: a batch whose commit
/// or whose removal from the list went unanswered is stored once more, which changes nothing. A Redis that comes back
/// with less (its file is written behind its answers) may lose accepted votes, and may bring a vote back that was
/// stored and taken off: with `count` that changes nothing, with `upsert` it undoes a later vote of the same voter.
///
/// With `isUnsafe` it is the other kind, which takes votes off the list first: what it has in hand when it or PostgreSQL
/// goes is lost. With `at-least-once` the batch that is stored once more is counted once more.
final class Worker: Sendable {
  private static let adoptionInterval = Duration.seconds(2)
  private static let longestPause = Duration.milliseconds(500)

  private let queue: VoteQueue
  private let postgres: Postgres
  private let mode: Configuration.WorkerMode
  private let logger: Logger
  private let readiness: Readiness
  private let stopping = Atomic<Bool>(false)

  init(
    pod: String, queue: RedisClient, control: RedisClient, postgres: Postgres, mode: Configuration.WorkerMode,
    logger: Logger
  ) {
    self.queue = VoteQueue(pod: pod, redis: queue, control: control, isUnsafe: mode.isUnsafe)
    self.postgres = postgres
    self.mode = mode
    self.logger = logger
    readiness = Readiness {
      async let redis = control.missing()
      async let database = postgres.missing()
      return await redis + database
    }
  }

  /// Answers the probes; the worker has no other paths.
  func respond(to request: Request, identity: Identity) async -> Response {
    switch Exchange.path(request) {
    case "/healthz": Exchange.plain("Alive.", status: .ok)
    case "/readyz": await readiness.response()
    default: Exchange.notFound
    }
  }

  /// Ends `run` after the batch in hand.
  func stop() {
    stopping.store(true, ordering: .releasing)
  }

  /// Moves votes until `stop`.
  ///
  /// Redis or PostgreSQL going away is logged and waited out.
  func run() async {
    let beating = Task { await keepBeating() }
    var pause = Duration.milliseconds(50)
    while !isStopping {
      do {
        // Before anything is moved: without a heartbeat others would adopt the list at once.
        try await queue.beat()
        try await move { pause = .milliseconds(50) }
      } catch {
        let fate = mode.isUnsafe ? "is lost" : "stays in the list"
        logger.warning("\(error); what was in hand \(fate); again in \(pause)")
        try? await Task.sleep(for: pause)
        pause = min(pause * 2, Self.longestPause)
      }
    }
    beating.cancel()
    await beating.value
    // Without it others wait for the heartbeat to run out, no more.
    try? await queue.endBeat()
  }

  private var isStopping: Bool { stopping.load(ordering: .acquiring) }

  /// Moves batches until something fails or `stop`; begins with what an earlier failure left in the own list.
  private func move(progress: () -> Void) async throws {
    var adoptionDue = ContinuousClock.now
    // Before the first vote: who counts or exports rows should find none rather than no table.
    try await postgres.makeTables()
    try await finishOwn()
    while !isStopping {
      if adoptionDue <= .now {
        let adopted = try await queue.adopt()
        if adopted > 0 {
          logger.notice("adopted \(adopted) votes of workers that are gone")
          try await finishOwn()
        }
        adoptionDue = .now + Self.adoptionInterval
      }
      let items = try await queue.take()
      try await settle(items)
      progress()
    }
  }

  private func finishOwn() async throws {
    var count = 0
    while !isStopping {
      let items = try await queue.unfinished()
      if items.isEmpty { break }
      try await settle(items)
      count += items.count
    }
    if count > 0 { logger.notice("finished \(count) votes that were in hand before") }
  }

  /// Commits a batch, then takes it off the list, which an unsafe worker has done before.
  private func settle(_ items: [ByteBuffer]) async throws {
    var votes: [(item: ByteBuffer, vote: QueuedVote)] = []
    for item in items {
      if let vote = QueuedVote(item: item) {
        votes.append((item, vote))
      } else {
        try await setAside(item, why: "it is not a vote")
      }
    }
    guard !votes.isEmpty else { return }
    if mode.isUnsafe { await pause(votes.map(\.vote), "in no list, not yet stored") }
    do throws(PostgresError) {
      try await postgres.store(votes.map(\.vote), semantics: mode.semantics)
    } catch {
      guard error.isAboutData else { throw error }
      return try await settleOneByOne(votes)
    }
    if !mode.isUnsafe { await pause(votes.map(\.vote), "stored, not yet off the list") }
    try await queue.finish(votes.map(\.item))
  }

  /// Tells which voters' votes a kill would meet between the two steps, and gives it time to.
  private func pause(_ votes: [QueuedVote], _ state: String) async {
    guard let pause = mode.pause else { return }
    logger.notice("\(state): \(votes.map(\.voter).joined(separator: " "))")
    try? await Task.sleep(for: pause)
    logger.notice("went on")
  }

  /// One vote that PostgreSQL will never take must not hold up the others of its batch.
  private func settleOneByOne(_ votes: [(item: ByteBuffer, vote: QueuedVote)]) async throws {
    for (item, vote) in votes {
      do throws(PostgresError) {
        try await postgres.store([vote], semantics: mode.semantics)
      } catch {
        guard error.isAboutData else { throw error }
        try await setAside(item, why: error.cause)
        continue
      }
      try await queue.finish([item])
    }
  }

  private func setAside(_ item: ByteBuffer, why: String) async throws(RedisError) {
    let start = String(decoding: item.readableBytesView.prefix(80), as: UTF8.self)
    logger.error("put a malformed item aside, in votes:malformed: \(why): \(start)")
    try await queue.setAside(item)
  }

  private func keepBeating() async {
    while !Task.isCancelled {
      // A failure shows in the loop that moves votes, which needs Redis as well.
      try? await queue.beat()
      try? await Task.sleep(for: .seconds(1))
    }
  }
}
