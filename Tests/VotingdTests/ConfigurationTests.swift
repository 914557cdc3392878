import TestSupport
import Testing

@Suite("The command line and the environment of votingd")
struct ConfigurationTests {
  static let redis = ["REDIS_HOST": "localhost"]

  @Test(
    "that are wrong end it with 64, every problem named",
    arguments: [
      ([], [:], ["no role given"]),
      (["poll"], [:], ["unknown role 'poll'"]),
      (["vote"], [:], ["REDIS_HOST is not set"]),
      (["result"], [:], ["DB_HOST is not set"]),
      (["worker", "--semantics", "once"], [:], ["'once': expected upsert, count or at", "REDIS_HOST", "DB_HOST"]),
      (["worker", "--pause", "5"], redis, ["--pause '5': expected a duration", "DB_HOST"]),
      (["result", "--stale"], [:], ["--stale without a value: expected a duration", "DB_HOST"]),
      (["worker", "--semantics"], redis, ["--semantics without a value", "DB_HOST"]),
      (["vote", "--fast", "x"], redis, ["unknown argument '--fast'", "unknown argument 'x'"]),
      (["vote"], ["REDIS_HOST": "", "PORT": "0", "REDIS_PORT": "x"], ["REDIS_HOST", "PORT='0'", "REDIS_PORT='x'"]),
      (["vote"], redis.merging(["VOTE_CHOICES": "a,,a,total"]) { $1 }, ["choice 2", "'a' stands there", "'total'"]),
      (["vote"], ["VOTE_FAULT": "drop:0", "PORT": "x"], ["VOTE_FAULT='drop:0'", "PORT='x'", "REDIS_HOST"]),
      (["worker", "--safe", "--unsafe"], redis, ["unknown argument '--safe'", "DB_HOST"]),
    ] as [([String], [String: String], [String])])
  func wrong(arguments: [String], environment: [String: String], problems: [String]) async throws {
    try await withStage { stage in
      let process = try stage.start(
        try Executables.built("votingd"), arguments, environment: environment, name: "votingd")
      #expect(try await process.wait() == .exited(64))
      let log = stage.log(of: "votingd")
      for problem in problems { #expect(log.contains(problem), "\(log)") }
    }
  }

  @Test(
    "with a fault that is none end it with 64, the faults listed",
    arguments: [
      "drop", "drop:", "drop:-1", "drop:+1", "drop:x", "wrong-choice:0", "duplicate:1.5", "error", "slow:300",
      "slow:0ms",
      "slow:2h", "crash", "crash:61m", "never-ready:1", "abrupt:1", "leak:1Gi", "leak:2048Mi",
      "leak:99999999999999999999",
      "lose:5", ":", "drop:٣",
    ])
  func wrongFault(fault: String) async throws {
    try await withStage { stage in
      let environment = Self.redis.merging(["VOTE_FAULT": fault]) { $1 }
      let process = try stage.start(
        try Executables.built("votingd"), ["vote"], environment: environment, name: "votingd")
      #expect(try await process.wait() == .exited(64))
      let log = stage.log(of: "votingd")
      #expect(log.contains("VOTE_FAULT='\(fault)': expected drop:N") && log.contains("never-ready or abrupt"))
    }
  }

  @Test("may hold what Kubernetes sets for a Service named redis")
  func serviceLinks() async throws {
    try await withStage { stage in
      let redis = try await RedisServer(on: stage)
      let port = ["REDIS_PORT": "tcp://10.0.0.1:\(redis.port)"]
      let vote = try await VotingProcess.start("vote", on: stage, redis: redis, environment: port)
      #expect(try vote.get("/readyz").status == 200)
    }
  }

  @Test("with a port that is taken end it with 69")
  func portTaken() async throws {
    try await withStage { stage in
      let redis = try await RedisServer(on: stage)
      let environment = Self.redis.merging(["LISTEN_ADDRESS": "127.0.0.1", "PORT": "\(redis.port)"]) { $1 }
      let process = try stage.start(
        try Executables.built("votingd"), ["vote"], environment: environment, name: "votingd")
      #expect(try await process.wait() == .exited(69))
      #expect(stage.log(of: "votingd").contains("PORT"))
    }
  }
}
