import Glibc
import TestSupport
import Testing

@Suite("The vote frontend")
struct VoteTests {
  @Test("takes a vote on each of its paths, and says which, who and where", arguments: ["/", "/vote", "/vote/"])
  func takesVotes(path: String) async throws {
    try await withStage { stage in
      let redis = try await RedisServer(on: stage)
      let vote = try await VotingProcess.start("vote", on: stage, redis: redis, environment: ["APP_VERSION": "v7"])
      let page = try vote.post("vote=b", voter: "voter-1", path: path)
      #expect(page.status == 200)
      #expect(page.body.contains(#"var vote = "b""#))
      #expect(page.headers["x-pod"] == "pod-1" && page.headers["x-version"] == "v7")
      #expect(page.body.contains("pod-1") && page.body.contains("v7"))
      #expect(page.headers["set-cookie"] == nil)
      #expect(page.body.utf8.count < 1024)
      let json = try vote.post("vote=a", voter: "voter-1", path: path, headers: ["Accept": "application/json"])
      #expect(json.body == #"{"vote":"a","voter_id":"voter-1","pod":"pod-1","version":"v7"}"#)
      let items = try redis.command("LRANGE", "votes", "0", "-1")
      #expect(items.count == 2)
      let id = try #require(items[0].components(partedBy: "\"").first { $0.count == 32 })
      #expect(items[0] == #"{"id":"\#(id)","voter_id":"voter-1","vote":"b"}"#)
      #expect(!items[1].contains(id))
    }
  }

  @Test("gives a voter without a cookie an id, and pushes the vote under it")
  func assignsVoter() async throws {
    try await withStage { stage in
      let redis = try await RedisServer(on: stage)
      let vote = try await VotingProcess.start("vote", on: stage, redis: redis)
      let cookie = try #require(try vote.post("vote=a").headers["set-cookie"])
      #expect(cookie.hasSuffix("; Path=/; HttpOnly; SameSite=Lax"))
      let voter = try #require(cookie.split(separator: ";").first?.dropFirst("voter_id=".count))
      #expect(voter.count == 32)
      let items = try redis.command("LRANGE", "votes", "0", "-1")
      #expect(items.count == 1 && items[0].contains(#""voter_id":"\#(voter)""#))
    }
  }

  @Test("refuses what is not a vote with a sentence, and pushes nothing")
  func refusesBadInput() async throws {
    try await withStage { stage in
      let redis = try await RedisServer(on: stage)
      let vote = try await VotingProcess.start("vote", on: stage, redis: redis)
      let bad: [(form: String, voter: String, status: Int)] = [
        ("", "v", 400), ("vote=", "v", 400), ("vote=c", "v", 400), ("vote", "v", 400), ("ballot=a", "v", 400),
        ("vote=%zz", "v", 400), ("vote=%ff", "v", 400), (#"{"vote":"a"}"#, "v", 400), ("vote=a", "", 400),
        ("vote=a", "v 1", 400), ("vote=a", "v<1", 400), ("vote=a", String(repeating: "v", count: 129), 400),
        ("vote=a&x=" + String(repeating: "x", count: 4096), "v", 413),
      ]
      for (form, voter, status) in bad {
        let answer = try vote.post(form, voter: voter)
        #expect(answer.status == status, "form \(form.prefix(20)) voter \(voter.prefix(20))")
        #expect(answer.body.hasSuffix(".\n") || answer.body.hasSuffix("-\n"))
        #expect(answer.headers["x-pod"] == "pod-1")
      }
      #expect(try HTTPConnection.exchange(port: vote.port, "PUT", "/vote").status == 405)
      #expect(try HTTPConnection.exchange(port: vote.port, "HEAD", "/vote").status == 200)
      #expect(try vote.get("/elsewhere").status == 404)
      #expect(try redis.command("LLEN", "votes") == ["0"])
      #expect(try vote.post("x=1&vote=a", voter: String(repeating: "v", count: 128)).status == 200)
      #expect(try redis.command("LLEN", "votes") == ["1"])
    }
  }

  @Test("shows a button for each choice and lets no text break out of the page")
  func escapes() async throws {
    try await withStage { stage in
      let redis = try await RedisServer(on: stage)
      let hostile = #"</script><b>"&'"#
      let environment = ["VOTE_CHOICES": "a,\(hostile)", "APP_VERSION": hostile]
      let vote = try await VotingProcess.start("vote", on: stage, redis: redis, pod: "<i>", environment: environment)
      let page = try vote.get("/vote").body
      #expect(page.contains(#"<button name=vote value="a">a</button>"#))
      #expect(page.contains(#"value="&lt;/script&gt;&lt;b&gt;&quot;&amp;&#39;""#))
      #expect(!page.contains("<b>") && !page.contains("<i>"))
      let answer = try vote.post("vote=%3C%2Fscript%3E%3Cb%3E%22%26'", voter: "v").body
      #expect(answer.contains(#"var vote = "\u003c/script\u003e\u003cb\u003e\"\u0026'""#))
      #expect(!answer.contains("<b>"))
      #expect(answer.ranges(of: "</script>").count == 1)
    }
  }

  @Test("keeps browsers to its own style, which they may keep for good; a pod of another version serves its own")
  func resources() async throws {
    try await withStage { stage in
      let redis = try await RedisServer(on: stage)
      let vote = try await VotingProcess.start("vote", on: stage, redis: redis)
      let page = try vote.get("/vote")
      let policy = try #require(page.headers["content-security-policy"])
      #expect(policy.hasPrefix("default-src 'none'; style-src 'self'") && !policy.contains("unsafe"))
      #expect(!page.body.contains("style=") && !page.body.contains("//"))
      let link = try #require(page.body.split(separator: "stylesheet href=").last?.prefix { $0 != ">" })
      let style = try vote.get(String(link))
      #expect(style.status == 200 && style.headers["content-type"] == "text/css; charset=utf-8")
      #expect(style.headers["cache-control"] == "public, max-age=31536000, immutable")
      let other = try vote.get("/vote/style-0.css")
      #expect(other.body == style.body && other.headers["cache-control"] == "no-store")
      #expect(try vote.get("/vote/other-0.css").status == 404)
    }
  }

  @Test("pushes exactly one vote per accepted POST, many on one connection")
  func pushesOnce() async throws {
    try await withStage { stage in
      let redis = try await RedisServer(on: stage)
      let vote = try await VotingProcess.start("vote", on: stage, redis: redis)
      let connection = try HTTPConnection(port: vote.port)
      for number in 0..<500 {
        let headers = VotingProcess.formHeaders(voter: "v\(number)")
        #expect(try connection.exchange("POST", "/vote", headers: headers, body: "vote=a").status == 200)
        // Requests block their thread: other tests have moments to meet.
        await Task.yield()
      }
      let items = try redis.command("LRANGE", "votes", "0", "-1")
      #expect(items.count == 500 && Set(items).count == 500)
      for number in 0..<500 { #expect(items[number].contains(#""voter_id":"v\#(number)""#)) }
    }
  }

  @Test("without Redis is alive but not ready, refuses votes with 503, and recovers by itself")
  func unready() async throws {
    try await withStage { stage in
      let redis = try await RedisServer(on: stage)
      let vote = try await VotingProcess.start("vote", on: stage, redis: redis)
      #expect(try vote.get("/readyz").status == 200)
      redis.process.signal(SIGKILL)
      _ = try await redis.process.wait()
      try await waitUntil("the vote frontend is not ready") { try vote.get("/readyz").status == 503 }
      let answer = try vote.get("/readyz")
      #expect(answer.body.contains("Redis"))
      #expect(try vote.get("/healthz").status == 200)
      #expect(try vote.post("vote=a", voter: "v").status == 503)
      _ = try await RedisServer(on: stage, port: redis.port)
      try await waitUntil("it is ready again") { try vote.get("/readyz").status == 200 }
      #expect(try vote.post("vote=a", voter: "v").status == 200)
      #expect(try redis.command("LLEN", "votes") == ["1"])
    }
  }

  @Test("answers 500 when Redis dies with the push in hand, and never pushes it again")
  func mayHaveBeenPushed() async throws {
    try await withStage { stage in
      let redis = try await RedisServer(on: stage)
      let vote = try await VotingProcess.start("vote", on: stage, redis: redis)
      let connection = try await Self.holdPush(to: vote, redis: redis)
      redis.process.signal(SIGKILL)
      #expect(try connection.receive().status == 500)
      _ = try await RedisServer(on: stage, port: redis.port)
      try await waitUntil("it is ready again") { try vote.get("/readyz").status == 200 }
      #expect(try redis.command("LLEN", "votes") == ["0"])
    }
  }

  @Test("on SIGTERM closes its listener, answers the request in hand and exits with 0")
  func stopsInOrder() async throws {
    try await withStage { stage in
      let redis = try await RedisServer(on: stage)
      let vote = try await VotingProcess.start("vote", on: stage, redis: redis)
      let connection = try await Self.holdPush(to: vote, redis: redis)
      vote.process.signal(SIGTERM)
      try await waitUntil("the listener is closed") { (try? HTTPConnection(port: vote.port)) == nil }
      #expect(vote.process.poll() == nil)
      try redis.command("CLIENT", "UNPAUSE")
      #expect(try connection.receive().body.contains(#"var vote = "a""#))
      #expect(try await vote.process.wait() == .exited(0))
      #expect(try redis.command("LLEN", "votes") == ["1"])
    }
  }

  @Test("with VOTE_FAULT=abrupt SIGTERM loses the request in hand")
  func stopsAbruptly() async throws {
    try await withStage { stage in
      let redis = try await RedisServer(on: stage)
      let fault = ["VOTE_FAULT": "abrupt"]
      let vote = try await VotingProcess.start("vote", on: stage, redis: redis, environment: fault)
      let connection = try await Self.holdPush(to: vote, redis: redis)
      vote.process.signal(SIGTERM)
      #expect(try await vote.process.wait() == .exited(143))
      #expect(throws: StageError.self) { try connection.receive() }
    }
  }

  /// A vote whose push Redis has received and holds back: the request is in hand for as long as the test likes.
  private static func holdPush(to vote: VotingProcess, redis: RedisServer) async throws -> HTTPConnection {
    try await waitUntil("the vote frontend is connected") { try vote.get("/readyz").status == 200 }
    try redis.command("CLIENT", "PAUSE", "20000", "WRITE")
    let connection = try HTTPConnection(port: vote.port)
    try connection.send("POST", "/vote", headers: VotingProcess.formHeaders(voter: "v"), body: "vote=a")
    try await waitUntil("Redis holds the push") {
      try redis.command("INFO", "clients").joined().contains("blocked_clients:1")
    }
    return connection
  }
}

extension String {
  fileprivate func components(partedBy separator: Character) -> [Substring] {
    split(separator: separator)
  }
}
