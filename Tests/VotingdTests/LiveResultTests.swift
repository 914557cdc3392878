import Glibc
import TestSupport
import Testing

@Suite("The live results")
struct LiveResultTests {
  /// A listener as programs are: curl, which writes down what it hears, headers first.
  private struct Listener {
    let stage: Stage
    let name: String
    let process: ServerProcess

    init(to result: VotingProcess, on stage: Stage, name: String = "listener", path: String = "/result") throws {
      self.stage = stage
      self.name = name
      process = try stage.start(
        try Executables.system("curl"),
        [
          "--silent", "--no-buffer", "--include", "--max-time", "60", "--header", "Accept: text/event-stream",
          "http://127.0.0.1:\(result.port)\(path)",
        ], name: name)
    }

    var heard: String { stage.log(of: name) }
    var tallies: [Substring] { heard.split(separator: "\n").filter { $0.hasPrefix("data: {") } }
  }

  private func withResult(_ body: (Stage, PostgresServer, VotingProcess) async throws -> Void) async throws {
    try await withStage { stage in
      let postgres = try await PostgresServer(on: stage)
      try await body(stage, postgres, try await VotingProcess.start("result", on: stage, postgres: postgres))
    }
  }

  @Test("send each tally when it changes, and nothing while it does not", arguments: ["/result", "/result/events"])
  func changes(path: String) async throws {
    try await withResult { stage, postgres, result in
      let listener = try Listener(to: result, on: stage, path: path)
      try await waitUntil("the tally was sent") { listener.heard.contains(#"data: {"a":0,"b":0,"total":0}"#) }
      for header in [
        "HTTP/1.1 200 OK", "Content-Type: text/event-stream", "Cache-Control: no-store", "X-Accel-Buffering: no",
        "X-Pod: pod-1",
      ] {
        #expect(listener.heard.contains("\(header)\r\n"), "\(listener.heard)")
      }
      #expect(listener.heard.contains("retry: 500\n\n"))
      _ = try await postgres.query("CREATE TABLE votes(id text PRIMARY KEY, vote text NOT NULL)")
      _ = try await postgres.query("INSERT INTO votes VALUES ('1','b'),('2','z\nz')")
      try await waitUntil("the change was sent") {
        listener.heard.contains("data: {\"a\":0,\"b\":1,\"z\\u000az\":1,\"total\":2}\n\n")
      }
      #expect(listener.tallies.count == 2)
    }
  }

  @Test("come from one count for however many listen, and none when nobody does")
  func shared() async throws {
    try await withResult { stage, postgres, result in
      // Each count finds another tally, and numbers itself.
      _ = try await postgres.query(
        """
        CREATE SEQUENCE runs; CREATE VIEW votes AS
        SELECT n::text AS id, 'a' AS vote FROM generate_series(1, (SELECT nextval('runs'))) AS n
        """)
      let listeners = try (0..<20).map { try Listener(to: result, on: stage, name: "listener-\($0)") }
      try await waitUntil("each has heard some") { listeners.allSatisfy { $0.tallies.count >= 4 } }
      let heard = listeners.reduce(0) { $0 + $1.tallies.count }
      let counts = try #require(Int(try await postgres.query("SELECT last_value FROM runs")))
      #expect(counts * 4 < heard, "\(counts) counts, \(heard) heard")
      for listener in listeners { listener.process.signal(SIGKILL) }
      var last = -1
      var since = ContinuousClock.now
      try await waitUntil("nothing is counted any more") {
        let now = Int(try await postgres.query("SELECT last_value FROM runs")) ?? 0
        if now != last { (last, since) = (now, .now) }
        return since.duration(to: .now) > .seconds(2)
      }
    }
  }

  @Test("say that they are there within 15 s, though nothing changes")
  func heartbeat() async throws {
    try await withResult { stage, postgres, result in
      let listener = try Listener(to: result, on: stage)
      try await waitUntil("the tally was sent") { listener.tallies.count == 1 }
      try await waitUntil("the comment was sent", within: .seconds(15)) { listener.heard.contains("\n: still there\n") }
      #expect(listener.tallies.count == 2 && Set(listener.tallies).count == 1)
    }
  }

  @Test("end in order at SIGTERM, and do not keep the process")
  func stops() async throws {
    try await withResult { stage, postgres, result in
      let listeners = try (0..<5).map { try Listener(to: result, on: stage, name: "listener-\($0)") }
      try await waitUntil("all listen") { listeners.allSatisfy { $0.tallies.count == 1 } }
      result.process.signal(SIGTERM)
      #expect(try await result.process.wait(within: .seconds(5)) == .exited(0))
      // A stream that is cut off rather than ended is 18 to curl.
      for listener in listeners { #expect(try await listener.process.wait() == .exited(0)) }
    }
  }

  @Test("say when PostgreSQL is gone, and go on when it is back")
  func unavailable() async throws {
    try await withResult { stage, postgres, result in
      let listener = try Listener(to: result, on: stage)
      try await waitUntil("the tally was sent") { listener.tallies.count == 1 }
      postgres.process.signal(SIGQUIT)
      _ = try await postgres.process.wait()
      try await waitUntil("the listener knows") { listener.heard.contains("event: unavailable\n") }
      _ = try await PostgresServer(on: stage, port: postgres.port)
      try await waitUntil("the tally was sent again") { listener.tallies.count == 2 }
    }
  }
}
