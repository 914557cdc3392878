import TestSupport
import Testing

@Suite("The pace of a vote frontend")
struct PaceTests {
  @Test("it is alive at once, and not ready before its start-up time is over")
  func startup() async throws {
    try await withStage { stage in
      let redis = try await RedisServer(on: stage)
      let begun = ContinuousClock.now
      let vote = try await VotingProcess.start(
        "vote", on: stage, redis: redis, environment: ["VOTE_STARTUP": "1500ms"])
      let early = try vote.get("/readyz")
      if ContinuousClock.now - begun < .milliseconds(1_400) {
        #expect(early.status == 503 && early.body.contains("still starting"), "\(early.body)")
      }
      try await waitUntil("it is ready") { try vote.get("/readyz").status == 200 }
      #expect(ContinuousClock.now - begun >= .milliseconds(1_500))
    }
  }

  @Test("it takes no more votes in a time than its capacity, one after the other, and refuses none of them")
  func capacity() async throws {
    try await withStage { stage in
      let redis = try await RedisServer(on: stage)
      let vote = try await VotingProcess.start("vote", on: stage, redis: redis, environment: ["VOTE_CAPACITY": "40"])
      let begun = ContinuousClock.now
      for number in 0..<20 { #expect(try vote.post("vote=a", voter: "v\(number)").status == 200) }
      #expect(ContinuousClock.now - begun >= .milliseconds(20 * 25))
    }
  }

  @Test("it is slower at first, and a vote that would wait longer than 10 s is refused at once")
  func warmup() async throws {
    try await withStage { stage in
      let redis = try await RedisServer(on: stage)
      let environment = ["VOTE_CAPACITY": "1", "VOTE_WARMUP": "10m"]
      let vote = try await VotingProcess.start("vote", on: stage, redis: redis, environment: environment)
      // Five seconds for each: a third one would wait for fifteen.
      let connections = try (0..<3).map { _ in try HTTPConnection(port: vote.port) }
      let begun = ContinuousClock.now
      for (number, connection) in connections.enumerated() {
        try connection.send("POST", "/vote", headers: VotingProcess.formHeaders(voter: "v\(number)"), body: "vote=a")
      }
      let answers = try connections.map { try $0.receive() }
      #expect(answers.map(\.status).sorted() == [200, 200, 503])
      #expect(answers.contains { $0.body.contains("too many wait before it") })
      #expect(ContinuousClock.now - begun >= .seconds(8))
    }
  }
}
