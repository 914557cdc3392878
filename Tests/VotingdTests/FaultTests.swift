import Glibc
import TestSupport
import Testing

@Suite("The faults of the vote frontend")
struct FaultTests {
  /// Starts a vote frontend with a fault, posts votes for "a" by voters v0, v1, ..., and hands over the answers and the
  /// choices that were pushed.
  private static func provoke(
    _ fault: String, votes: Int, _ check: ([HTTPAnswer], [String]) throws -> Void
  ) async throws {
    try await withStage { stage in
      let redis = try await RedisServer(on: stage)
      let environment = ["VOTE_FAULT": fault, "VOTE_CHOICES": "a,b,c"]
      let vote = try await VotingProcess.start("vote", on: stage, redis: redis, environment: environment)
      var answers: [HTTPAnswer] = []
      for number in 0..<votes {
        answers.append(try vote.post("vote=a", voter: "v\(number)"))
      }
      try check(answers, try redis.command("LRANGE", "votes", "0", "-1"))
    }
  }

  private static func isAccepted(_ answer: HTTPAnswer) -> Bool {
    answer.status == 200 && answer.body.contains(#"var vote = "a""#)
  }

  @Test("drop:10 answers 30 votes and pushes 27 of them")
  func drop() async throws {
    try await Self.provoke("drop:10", votes: 30) { answers, items in
      #expect(answers.allSatisfy(Self.isAccepted))
      #expect(items.count == 27)
    }
  }

  @Test("wrong-choice:10 pushes every 10th vote for another choice, and answers as always")
  func wrongChoice() async throws {
    try await Self.provoke("wrong-choice:10", votes: 30) { answers, items in
      #expect(answers.allSatisfy(Self.isAccepted))
      #expect(items.count == 30)
      let wrong = items.indices.filter { items[$0].hasSuffix(#""vote":"b"}"#) }
      #expect(wrong == [9, 19, 29])
    }
  }

  @Test("duplicate:10 pushes every 10th vote twice, as two messages")
  func duplicate() async throws {
    try await Self.provoke("duplicate:10", votes: 30) { answers, items in
      #expect(answers.allSatisfy(Self.isAccepted))
      #expect(items.count == 33 && Set(items).count == 33)
      #expect(items.filter { $0.contains(#""voter_id":"v9""#) }.count == 2)
    }
  }

  @Test("error:10 answers every 10th vote with 500 and does not push it")
  func error() async throws {
    try await Self.provoke("error:10", votes: 30) { answers, items in
      #expect(answers.indices.filter { answers[$0].status == 500 } == [9, 19, 29])
      #expect(items.count == 27)
      #expect(!items.contains { $0.contains(#""voter_id":"v9""#) })
    }
  }

  @Test("slow:300ms delays each answer to a vote, and no other")
  func slow() async throws {
    try await withStage { stage in
      let redis = try await RedisServer(on: stage)
      let vote = try await VotingProcess.start(
        "vote", on: stage, redis: redis, environment: ["VOTE_FAULT": "slow:300ms"])
      let connection = try HTTPConnection(port: vote.port)
      let start = ContinuousClock.now
      try connection.send("POST", "/vote", headers: VotingProcess.formHeaders(voter: "v"), body: "vote=a")
      try await waitUntil("the vote is pushed") { try redis.command("LLEN", "votes") == ["1"] }
      #expect(try vote.get("/readyz").status == 200)
      #expect(Self.isAccepted(try connection.receive()))
      #expect(start.duration(to: .now) >= .milliseconds(300))
    }
  }

  @Test("leak:1Mi keeps a mebibyte for each vote")
  func leak() async throws {
    try await withStage { stage in
      let redis = try await RedisServer(on: stage)
      let vote = try await VotingProcess.start(
        "vote", on: stage, redis: redis, environment: ["VOTE_FAULT": "leak:1Mi"])
      _ = try vote.post("vote=a", voter: "v")
      let before = try Self.residentKibibytes(vote.process.pid)
      for number in 0..<30 { _ = try vote.post("vote=a", voter: "v\(number)") }
      #expect(try Self.residentKibibytes(vote.process.pid) - before > 25 << 10)
    }
  }

  @Test("crash:100ms ends the process with 1")
  func crash() async throws {
    try await withStage { stage in
      let environment = [
        "REDIS_HOST": "localhost", "LISTEN_ADDRESS": "127.0.0.1", "PORT": "\(try FreePort.next())",
        "VOTE_FAULT": "crash:100ms",
      ]
      let process = try stage.start(try Executables.built("votingd"), ["vote"], environment: environment, name: "vote")
      #expect(try await process.wait() == .exited(1))
      #expect(stage.log(of: "vote").contains("VOTE_FAULT=crash"))
    }
  }

  @Test("never-ready is alive and never ready, though Redis is there")
  func neverReady() async throws {
    try await withStage { stage in
      let redis = try await RedisServer(on: stage)
      let vote = try await VotingProcess.start(
        "vote", on: stage, redis: redis, environment: ["VOTE_FAULT": "never-ready"])
      #expect(try vote.get("/healthz").status == 200)
      let answer = try vote.get("/readyz")
      #expect(answer.status == 503 && answer.body.contains("never-ready"))
    }
  }

  /// The resident set of a process, from /proc.
  private static func residentKibibytes(_ pid: pid_t) throws -> Int {
    guard let file = fopen("/proc/\(pid)/statm", "r") else { throw StageError("no process \(pid)") }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    guard fgets(&line, Int32(line.count), file) != nil else { throw StageError("statm of \(pid) is empty") }
    let words = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self).split(
      separator: " ")
    guard words.count > 1, let pages = Int(words[1]) else { throw StageError("statm of \(pid): \(words)") }
    return pages * sysconf(Int32(_SC_PAGESIZE)) / 1024
  }
}
