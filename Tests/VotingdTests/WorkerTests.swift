import Glibc
import TestSupport
import Testing

@Suite("The worker")
struct WorkerTests {
  @Test("killed at any moment loses no vote, and with count doubles none", arguments: [1, 2, 3] as [UInt64])
  func survivesKills(seed: UInt64) async throws {
    try await withStage { stage in
      let (redis, postgres) = (try await RedisServer(on: stage), try await PostgresServer(on: stage))
      let count = 2000
      var dice = Dice(seed: seed)
      try Self.push((0..<count).map { Self.item(id: "m\($0)", voter: "v\($0)", vote: $0 % 3 == 0 ? "b" : "a") }, redis)
      for threshold in (0..<8).map({ _ in Int.random(in: 1..<count, using: &dice) }).sorted(by: >) {
        let worker = try await VotingProcess.start(
          "worker", "--semantics", "count", on: stage, redis: redis, postgres: postgres)
        let conversation = try RedisConversation(port: redis.port)
        try await waitUntil("the list has shrunk to \(threshold)") {
          Int(try conversation.command(["LLEN", "votes"])[0]) ?? 0 <= threshold
        }
        worker.process.signal(SIGKILL)
        #expect(try await worker.process.wait() == .signaled(SIGKILL))
      }
      _ = try await VotingProcess.start("worker", "--semantics", "count", on: stage, redis: redis, postgres: postgres)
      try await Self.drained(redis, pod: "pod-1")
      let rows = try await postgres.query("SELECT count(*), sum((vote = 'b')::int) FROM votes")
      #expect(rows == "2000|667", "seed \(seed)")
      let counted = try await postgres.query("SELECT count(*), count(DISTINCT voter_id) FROM counted")
      #expect(counted == "2000|2000", "seed \(seed)")
      #expect(try redis.command("LLEN", "votes:malformed") == ["0"])
    }
  }

  @Test("keeps the batch in a list until it is committed, and counts it once though it is delivered twice")
  func keepsBatchInHand() async throws {
    try await withStage { stage in
      let (redis, postgres) = (try await RedisServer(on: stage), try await PostgresServer(on: stage))
      let first = try await VotingProcess.start(
        "worker", "--semantics", "count", on: stage, redis: redis, postgres: postgres)
      try await waitUntil("the tables are there") { try await postgres.query("SELECT count(*) FROM counted") == "0" }
      try await postgres.hold("LOCK TABLE votes", on: stage)
      try Self.push((0..<500).map { Self.item(id: "m\($0)", voter: "v\($0)", vote: "a") }, redis)
      try await waitUntil("the worker waits for the table") {
        try await postgres.query("SELECT count(*) > 0 FROM pg_locks WHERE NOT granted") == "t"
      }
      first.process.signal(SIGKILL)
      _ = try await first.process.wait()
      let (waiting, inHand) = (try redis.command("LLEN", "votes"), try redis.command("LLEN", "votes:processing:pod-1"))
      #expect((Int(waiting[0]) ?? 0) + (Int(inHand[0]) ?? 0) == 500 && inHand != ["0"])
      // The server goes on with what the dead worker had sent: the batch is committed, and comes once more.
      try await postgres.release()
      _ = try await VotingProcess.start("worker", "--semantics", "count", on: stage, redis: redis, postgres: postgres)
      try await Self.drained(redis, pod: "pod-1")
      let rows = try await postgres.query("SELECT (SELECT count(*) FROM votes), (SELECT count(*) FROM counted)")
      #expect(rows == "500|500")
    }
  }

  @Test("with --unsafe loses what it has in hand when it is killed, and nothing else")
  func unsafeLoses() async throws {
    try await withStage { stage in
      let (redis, postgres) = (try await RedisServer(on: stage), try await PostgresServer(on: stage))
      let first = try await VotingProcess.start("worker", "--unsafe", on: stage, redis: redis, postgres: postgres)
      try await waitUntil("the tables are there") { try await postgres.query("SELECT count(*) FROM counted") == "0" }
      try await postgres.hold("LOCK TABLE votes", on: stage)
      try Self.push((0..<500).map { Self.item(id: "m\($0)", voter: "v\($0)", vote: "a") }, redis)
      let waiting = "FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
      try await waitUntil("the worker waits for the table") {
        try await postgres.query("SELECT count(*) > 0 \(waiting)") == "t"
      }
      first.process.signal(SIGKILL)
      _ = try await first.process.wait()
      let left = try #require(Int(try redis.command("LLEN", "votes")[0]))
      #expect(left < 500)
      // As when the machine of the worker goes: what it had sent comes to nothing.
      _ = try await postgres.query("SELECT pg_terminate_backend(pid) \(waiting)")
      try await postgres.release()
      _ = try await VotingProcess.start("worker", "--unsafe", on: stage, redis: redis, postgres: postgres)
      try await waitUntil("the rest is stored") {
        try await postgres.query("SELECT count(*) FROM votes") == "\(left)"
      }
      #expect(try redis.command("KEYS", "votes*") == [])
    }
  }

  @Test("with --unsafe and --pause tells by voter what a kill -9 between the two steps loses")
  func tellsWhatItHolds() async throws {
    try await withStage { stage in
      let (redis, postgres) = (try await RedisServer(on: stage), try await PostgresServer(on: stage))
      let worker = try await VotingProcess.start(
        "worker", "--unsafe", "--pause", "60m", on: stage, redis: redis, postgres: postgres)
      try Self.push((0..<3).map { Self.item(id: "m\($0)", voter: "v\($0)", vote: "a") }, redis)
      try await waitUntil("the list is empty") { try redis.command("LLEN", "votes") == ["0"] }
      let log = "worker-pod-1-\(worker.port)"
      try await waitUntil("votes are in hand") { stage.log(of: log).contains("in no list, not yet stored: v0") }
      worker.process.signal(SIGKILL)
      _ = try await worker.process.wait()
      #expect(try await postgres.query("SELECT count(*) FROM votes") == "0")
      #expect(!stage.log(of: log).contains("went on"))
    }
  }

  @Test("with at-least-once counts a batch twice when it is killed after the commit")
  func countsTwice() async throws {
    try await withStage { stage in
      let (redis, postgres) = (try await RedisServer(on: stage), try await PostgresServer(on: stage))
      try Self.push((0..<3).map { Self.item(id: "m\($0)", voter: "v\($0)", vote: "a") }, redis)
      let words = ["--semantics", "at-least-once", "--pause"]
      let first = try await VotingProcess.start(
        "worker", words[0], words[1], words[2], "60m", on: stage, redis: redis, postgres: postgres)
      try await waitUntil("the batch is stored") {
        try await postgres.query("SELECT count(*) FROM votes") == "3"
      }
      first.process.signal(SIGKILL)
      _ = try await first.process.wait()
      _ = try await VotingProcess.start(
        "worker", words[0], words[1], words[2], "1ms", on: stage, redis: redis, postgres: postgres)
      try await Self.drained(redis, pod: "pod-1")
      let rows = try await postgres.query("SELECT (SELECT count(*) FROM votes), (SELECT count(*) FROM counted)")
      #expect(rows == "3|6")
    }
  }

  @Test("lets the last vote of a voter win", arguments: ["upsert", "count"])
  func lastVoteWins(semantics: String) async throws {
    try await withStage { stage in
      let (redis, postgres) = (try await RedisServer(on: stage), try await PostgresServer(on: stage))
      // Every voter votes six times, in an order that ends with b for odd ones; far apart, so over several batches.
      let items = (0..<6).flatMap { turn in
        (0..<100).map { voter in
          Self.item(id: "m\(turn)-\(voter)", voter: "v\(voter)", vote: (turn + voter) % 2 == 0 ? "b" : "a")
        }
      }
      try Self.push(items, redis)
      _ = try await VotingProcess.start("worker", "--semantics", semantics, on: stage, redis: redis, postgres: postgres)
      try await Self.drained(redis, pod: "pod-1")
      let wrong = try await postgres.query(
        "SELECT count(*) FROM votes WHERE vote <> CASE substr(id, 2)::int % 2 WHEN 1 THEN 'b' ELSE 'a' END")
      #expect(wrong == "0")
      #expect(try await postgres.query("SELECT count(*) FROM votes") == "100")
      #expect(try await postgres.query("SELECT count(*) FROM counted") == (semantics == "count" ? "600" : "0"))
    }
  }

  @Test("with count, a message delivered again does not undo a later vote")
  func redelivery() async throws {
    try await withStage { stage in
      let (redis, postgres) = (try await RedisServer(on: stage), try await PostgresServer(on: stage))
      let first = Self.item(id: "m1", voter: "v", vote: "a")
      try Self.push([first, Self.item(id: "m2", voter: "v", vote: "b"), first], redis)
      _ = try await VotingProcess.start("worker", "--semantics", "count", on: stage, redis: redis, postgres: postgres)
      try await Self.drained(redis, pod: "pod-1")
      #expect(try await postgres.query("SELECT id, vote FROM votes") == "v|b")
      #expect(try await postgres.query("SELECT count(*) FROM counted") == "2")
    }
  }

  @Test("adopts the list of a worker without a heartbeat, and no other")
  func adopts() async throws {
    try await withStage { stage in
      let (redis, postgres) = (try await RedisServer(on: stage), try await PostgresServer(on: stage))
      try redis.command("SET", "worker:alive", "1", "PX", "60000")
      for pod in ["alive", "gone"] {
        let items = (0..<450).map { Self.item(id: "\(pod)\($0)", voter: "\(pod)\($0)", vote: "a") }
        try Self.push(items, redis, list: "votes:processing:\(pod)")
      }
      _ = try await VotingProcess.start("worker", on: stage, redis: redis, postgres: postgres)
      try await waitUntil("what the gone worker left is stored") {
        try await postgres.query("SELECT count(*) FROM votes WHERE id LIKE 'gone%'") == "450"
      }
      #expect(try redis.command("LLEN", "votes:processing:alive") == ["450"])
      try redis.command("DEL", "worker:alive")
      try await waitUntil("the other list is stored as well") {
        try await postgres.query("SELECT count(*) FROM votes") == "900"
      }
      try await Self.drained(redis, pod: "pod-1")
      #expect(try redis.command("KEYS", "votes:processing:*") == [])
    }
  }

  @Test("makes both tables before there is a vote", arguments: ["upsert", "count"])
  func makesTables(semantics: String) async throws {
    try await withStage { stage in
      let (redis, postgres) = (try await RedisServer(on: stage), try await PostgresServer(on: stage))
      _ = try await VotingProcess.start("worker", "--semantics", semantics, on: stage, redis: redis, postgres: postgres)
      try await waitUntil("the tables are there") {
        try await postgres.query("SELECT (SELECT count(*) FROM votes) + (SELECT count(*) FROM counted)") == "0"
      }
    }
  }

  @Test("puts what is no vote aside and goes on")
  func setsMalformedAside() async throws {
    try await withStage { stage in
      let (redis, postgres) = (try await RedisServer(on: stage), try await PostgresServer(on: stage))
      let malformed = [
        "", "x", "[]", #"{"voter_id":"v","vote":"a"}"#, #"{"id":"","voter_id":"v","vote":"a"}"#,
        Self.item(id: "m", voter: "v\\u0000", vote: "a"), Self.item(id: "m", voter: "v", vote: ""),
        Self.item(id: "m", voter: String(repeating: "v", count: 5000), vote: "a"),
      ]
      let good = (0..<10).map { Self.item(id: "m\($0)", voter: "v\($0)", vote: "\u{1F5F3}'\\\"") }
      try Self.push(good.prefix(5) + malformed + good.dropFirst(5), redis)
      _ = try await VotingProcess.start("worker", on: stage, redis: redis, postgres: postgres)
      try await Self.drained(redis, pod: "pod-1")
      #expect(try redis.command("LRANGE", "votes:malformed", "0", "-1") == malformed)
      #expect(try await postgres.query("SELECT count(*), min(vote) FROM votes") == "10|\u{1F5F3}'\"")
    }
  }

  @Test("puts a vote aside that the table will never take, and stores the others of its batch")
  func setsRefusedAside() async throws {
    try await withStage { stage in
      let (redis, postgres) = (try await RedisServer(on: stage), try await PostgresServer(on: stage))
      _ = try await postgres.query("CREATE TABLE votes(id text PRIMARY KEY, vote text NOT NULL CHECK (vote <> 'c'))")
      let items = (0..<30).map { Self.item(id: "m\($0)", voter: "v\($0)", vote: $0 == 7 ? "c" : "a") }
      try Self.push(items, redis)
      _ = try await VotingProcess.start("worker", on: stage, redis: redis, postgres: postgres)
      try await Self.drained(redis, pod: "pod-1")
      #expect(try redis.command("LRANGE", "votes:malformed", "0", "-1") == [items[7]])
      #expect(try await postgres.query("SELECT count(*) FROM votes") == "29")
    }
  }

  @Test("waits for PostgreSQL and Redis to come back, and loses nothing meanwhile")
  func waitsOut() async throws {
    try await withStage { stage in
      let (redis, postgres) = (try await RedisServer(on: stage), try await PostgresServer(on: stage))
      let worker = try await VotingProcess.start("worker", on: stage, redis: redis, postgres: postgres)
      try await waitUntil("the worker is ready") { try worker.get("/readyz").status == 200 }
      postgres.process.signal(SIGQUIT)
      _ = try await postgres.process.wait()
      try await waitUntil("the worker is not ready") { try worker.get("/readyz").body.contains("PostgreSQL is not") }
      try Self.push((0..<300).map { Self.item(id: "m\($0)", voter: "v\($0)", vote: "a") }, redis)
      try await waitUntil("votes are in hand") { try redis.command("LLEN", "votes:processing:pod-1") != ["0"] }
      redis.process.signal(SIGKILL)
      _ = try await redis.process.wait()
      try await waitUntil("Redis is missed") { try worker.get("/readyz").body.contains("Redis is not") }
      _ = try await RedisServer(on: stage, port: redis.port)
      _ = try await PostgresServer(on: stage, port: postgres.port)
      try await Self.drained(redis, pod: "pod-1")
      #expect(try await postgres.query("SELECT count(*) FROM votes") == "300")
    }
  }

  @Test("on SIGTERM finishes the batch in hand, leaves nothing behind and exits with 0")
  func stopsInOrder() async throws {
    try await withStage { stage in
      let (redis, postgres) = (try await RedisServer(on: stage), try await PostgresServer(on: stage))
      try Self.push((0..<5000).map { Self.item(id: "m\($0)", voter: "v\($0)", vote: "a") }, redis)
      let worker = try await VotingProcess.start("worker", on: stage, redis: redis, postgres: postgres)
      worker.process.signal(SIGTERM)
      #expect(try await worker.process.wait() == .exited(0))
      let stored = try #require(Int(try await postgres.query("SELECT count(*) FROM votes")))
      let left = try #require(Int(try redis.command("LLEN", "votes")[0]))
      #expect(stored + left == 5000)
      #expect(try redis.command("KEYS", "*worker*") == [])
      #expect(try redis.command("LLEN", "votes:processing:pod-1") == ["0"])
    }
  }

  private static func item(id: String, voter: String, vote: String) -> String {
    let label = vote.replacing("\\", with: "").replacing("\"", with: "\\\"")
    return #"{"id":"\#(id)","voter_id":"\#(voter)","vote":"\#(label)"}"#
  }

  private static func push(_ items: some Sequence<String>, _ redis: RedisServer, list: String = "votes") throws {
    try RedisConversation(port: redis.port).command(["RPUSH", list] + items)
  }

  /// Waits until every vote has left the lists, which is after its commit.
  private static func drained(_ redis: RedisServer, pod: String) async throws {
    let conversation = try RedisConversation(port: redis.port)
    try await waitUntil("the lists are empty") {
      // In this order: a vote moves from the first to the second, never back.
      let waiting = try conversation.command(["LLEN", "votes"])
      let inHand = try conversation.command(["LLEN", "votes:processing:\(pod)"])
      return waiting == ["0"] && inHand == ["0"]
    }
  }
}

/// SplitMix64: the same numbers for the same seed.
private struct Dice: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
