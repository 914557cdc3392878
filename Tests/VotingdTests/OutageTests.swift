import FoundationEssentials
import Glibc
import TestSupport
import Testing

@Suite("When Redis or PostgreSQL goes away")
struct OutageTests {
  @Test("and is killed and started again under load, every accepted vote is counted, once")
  func kills() async throws {
    try await withStage { stage in
      var (redis, postgres) = (try await RedisServer(on: stage), try await PostgresServer(on: stage))
      let votes = [
        try await VotingProcess.start("vote", on: stage, redis: redis, pod: "vote-1"),
        try await VotingProcess.start("vote", on: stage, redis: redis, pod: "vote-2"),
      ]
      _ = try await VotingProcess.start("worker", "--semantics", "count", on: stage, redis: redis, postgres: postgres)
      let voting = Voting(ports: votes.map(\.port))
      let voters = Task { await voting.run() }
      for round in 0..<3 {
        try await voting.until(accepted: 150)
        if round != 1 {
          redis.process.signal(SIGKILL)
          _ = try await redis.process.wait()
          try await voting.until(refused: 3)
          redis = try await RedisServer(on: stage, port: redis.port)
        }
        if round != 0 {
          try await postgres.kill(on: stage)
          try await voting.until(accepted: 20)
          postgres = try await PostgresServer(on: stage, port: postgres.port)
        }
      }
      try await voting.until(accepted: 150)
      await voting.stop()
      await voters.value
      let (accepted, unknown) = (await voting.accepted, await voting.unknown)
      try await waitUntil("the lists are empty") { try redis.command("KEYS", "votes*") == [] }
      let rows = try await postgres.query("SELECT voter_id FROM counted").split(separator: "\n").map(String.init)
      #expect(rows.count == Set(rows).count)
      #expect(accepted.subtracting(rows).isEmpty)
      #expect(Set(rows).subtracting(accepted).isSubset(of: unknown))
      #expect(try await postgres.query("SELECT count(*) FROM votes") == "\(rows.count)")
    }
  }

  @Test("and hangs, a vote that it was sent is in doubt within 6 s, and later ones are surely not taken")
  func hangs() async throws {
    try await withStage { stage in
      let redis = try await RedisServer(on: stage)
      let vote = try await VotingProcess.start("vote", on: stage, redis: redis)
      try await waitUntil("it is connected") { try vote.get("/readyz").status == 200 }
      redis.process.signal(SIGSTOP)
      let start = ContinuousClock.now
      #expect(try vote.post("vote=a", voter: "v1").status == 500)
      for number in 2..<5 { #expect(try vote.post("vote=a", voter: "v\(number)").status == 503) }
      #expect(start.duration(to: .now) < .seconds(20))
      redis.process.signal(SIGCONT)
      try await waitUntil("it is ready again") { try vote.get("/readyz").status == 200 }
      #expect(try vote.post("vote=a", voter: "v5").status == 200)
      // What was in doubt may be there; what was refused must not.
      let items = try redis.command("LRANGE", "votes", "0", "-1")
      #expect(items.last?.contains("\"v5\"") == true)
      #expect(!items.contains { item in ["v2", "v3", "v4"].contains { item.contains("\"\($0)\"") } })
    }
  }

  @Test("and comes back under another address, its name is looked up anew")
  func moves() async throws {
    try await withStage { stage in
      let port = try FreePort.next()
      let hosts = "\(stage.folder)/hosts"
      try "127.0.0.81 queue\n".write(toFile: hosts, atomically: true, encoding: .utf8)
      let first = try Self.startRedis(on: stage, "127.0.0.81", port)
      let wrapper = try #require(Self.wrapper, "libnss-wrapper is not installed")
      let vote = try await VotingProcess.start(
        "vote", on: stage,
        environment: [
          "REDIS_HOST": "queue", "REDIS_PORT": "\(port)", "LD_PRELOAD": wrapper, "NSS_WRAPPER_HOSTS": hosts,
        ])
      try await waitUntil("it is ready") { try vote.get("/readyz").status == 200 }
      first.signal(SIGKILL)
      _ = try await first.wait()
      try await waitUntil("it is not ready") { try vote.get("/readyz").status == 503 }
      #expect(try vote.post("vote=a", voter: "v").status == 503)
      _ = try Self.startRedis(on: stage, "127.0.0.82", port)
      try "127.0.0.82 queue\n".write(toFile: hosts, atomically: true, encoding: .utf8)
      try await waitUntil("it is ready again") { try vote.get("/readyz").status == 200 }
      #expect(try vote.post("vote=a", voter: "v").status == 200)
    }
  }

  @Test("Redis is not ready, and takes no vote, while it loads its data")
  func loading() async throws {
    try await withStage { stage in
      let redis = try await RedisServer(on: stage)
      let vote = try await VotingProcess.start("vote", on: stage, redis: redis)
      try redis.command("EVAL", "for i = 1, 6000 do redis.call('RPUSH', 'filler', i) end", "0")
      redis.process.signal(SIGKILL)
      _ = try await redis.process.wait()
      // A millisecond for each command that it reads; it answers in between.
      let successor = try stage.start(
        try Executables.system("redis-server"),
        [
          "--port", "\(redis.port)", "--bind", "127.0.0.1", "--dir", stage.folder, "--save", "", "--appendonly", "yes",
          "--appendfsync", "no", "--appenddirname", "redis-\(redis.port)", "--key-load-delay", "1000",
        ], name: "redis-loading")
      try await waitUntil("it says why it is not ready") {
        try vote.get("/readyz").body.contains("Redis is not ready ('LOADING")
      }
      #expect(try vote.post("vote=a", voter: "v").status == 503)
      successor.signal(SIGKILL)
    }
  }

  private static let wrapper = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib"]
    .map { $0 + "/libnss_wrapper.so" }.first { FileManager.default.fileExists(atPath: $0) }

  private static func startRedis(on stage: Stage, _ address: String, _ port: Int) throws -> ServerProcess {
    try stage.start(
      try Executables.system("redis-server"),
      ["--port", "\(port)", "--bind", address, "--save", "", "--appendonly", "no"], name: "redis-\(address)")
  }
}

/// Voters who vote once each, one after the other, at several frontends, and what they were answered.
private actor Voting {
  private let ports: [Int]
  private(set) var accepted: Set<String> = []
  private(set) var unknown: Set<String> = []
  private var refused = 0
  private var next = 0
  private var isStopped = false

  init(ports: [Int]) {
    self.ports = ports
  }

  func stop() {
    isStopped = true
  }

  func run() async {
    while !isStopped {
      let voter = "voter-\(next)"
      let port = ports[next % ports.count]
      next += 1
      let answer = try? HTTPConnection.exchange(
        port: port, "POST", "/vote", headers: VotingProcess.formHeaders(voter: voter), body: "vote=a")
      switch answer?.status {
      case 200: accepted.insert(voter)
      case 503: refused += 1
      default: unknown.insert(voter)
      }
      await Task.yield()
    }
  }

  /// Waits until so many more votes were accepted.
  func until(accepted more: Int) async throws {
    let goal = accepted.count + more
    try await waitUntil("\(more) more votes were accepted") { accepted.count >= goal }
  }

  /// Waits until so many more votes were refused.
  func until(refused more: Int) async throws {
    let goal = refused + more
    try await waitUntil("\(more) more votes were refused") { refused >= goal }
  }
}
