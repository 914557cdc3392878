import Glibc
import TestSupport
import Testing

@Suite("The result frontend")
struct ResultTests {
  @Test("shows every choice, at 0 before there is a table, and every other label that was counted")
  func tally() async throws {
    try await withStage { stage in
      let postgres = try await PostgresServer(on: stage)
      let result = try await VotingProcess.start("result", on: stage, postgres: postgres)
      #expect(try result.tally() == #"{"a":0,"b":0,"total":0}"#)
      _ = try await postgres.query("CREATE TABLE votes(id text PRIMARY KEY, vote text NOT NULL)")
      _ = try await postgres.query("INSERT INTO votes VALUES ('1','b'),('2','b'),('3','a'),('4','ze\"b<ra')")
      #expect(try result.tally() == #"{"a":1,"b":2,"ze\"b\u003cra":1,"total":4}"#)
      #expect(try HTTPConnection.exchange(port: result.port, "POST", "/result").status == 405)
    }
  }

  @Test("shows people a page that escapes labels, with shares, whole without scripts")
  func page() async throws {
    try await withStage { stage in
      let postgres = try await PostgresServer(on: stage)
      let result = try await VotingProcess.start("result", on: stage, postgres: postgres)
      _ = try await postgres.query("CREATE TABLE votes(id text PRIMARY KEY, vote text NOT NULL)")
      _ = try await postgres.query("INSERT INTO votes VALUES ('1','<img>')")
      let page = try result.get("/result")
      #expect(page.headers["content-type"] == "text/html; charset=utf-8")
      #expect(page.body.contains("<span class=name>&lt;img&gt;</span>") && !page.body.contains("<img>"))
      #expect(page.body.contains("<span class=share>100.0 %</span>") && page.body.contains("<span class=count>1 vote<"))
      #expect(page.body.contains("<noscript><meta http-equiv=refresh"))
      #expect(page.headers["content-security-policy"]?.contains("script-src 'self'; connect-src 'self'") == true)
      let script = try #require(page.body.split(separator: "<script defer src=").last?.prefix { $0 != ">" })
      #expect(try result.get(String(script)).headers["content-type"] == "text/javascript; charset=utf-8")
    }
  }

  @Test("answers 503 while PostgreSQL is gone, and recovers by itself")
  func unready() async throws {
    try await withStage { stage in
      let postgres = try await PostgresServer(on: stage)
      let result = try await VotingProcess.start("result", on: stage, postgres: postgres)
      #expect(try result.get("/readyz").status == 200)
      postgres.process.signal(SIGQUIT)
      _ = try await postgres.process.wait()
      try await waitUntil("the result frontend is not ready") { try result.get("/readyz").status == 503 }
      #expect(try result.get("/readyz").body.contains("PostgreSQL"))
      #expect(try result.get("/result").status == 503)
      #expect(try result.get("/healthz").status == 200)
      _ = try await PostgresServer(on: stage, port: postgres.port)
      // The restart is seen without an answer in between that fails: a read is tried again on a new connection.
      #expect(try result.tally() == #"{"a":0,"b":0,"total":0}"#)
      #expect(try result.get("/readyz").status == 200)
    }
  }

  @Test("with --stale shows what it showed so long ago, then catches up")
  func stale() async throws {
    try await withStage { stage in
      let postgres = try await PostgresServer(on: stage)
      let result = try await VotingProcess.start("result", "--stale", "1s", on: stage, postgres: postgres)
      #expect(try result.tally() == #"{"a":0,"b":0,"total":0}"#)
      _ = try await postgres.query("CREATE TABLE votes(id text PRIMARY KEY, vote text NOT NULL)")
      _ = try await postgres.query("INSERT INTO votes VALUES ('1','a')")
      let counted = ContinuousClock.now
      #expect(try result.tally() == #"{"a":0,"b":0,"total":0}"#)
      try await waitUntil("the vote shows") { try result.tally() == #"{"a":1,"b":0,"total":1}"# }
      #expect(counted.duration(to: .now) >= .milliseconds(900))
    }
  }

  @Test("never answers with a count that was read before the request came, and shares one among those that wait")
  func fresh() async throws {
    try await withStage { stage in
      let postgres = try await PostgresServer(on: stage)
      let result = try await VotingProcess.start("result", on: stage, postgres: postgres)
      // A count that waits for a lock after it has fixed what it sees, and that numbers itself.
      _ = try await postgres.query("CREATE TABLE box(id text, vote text); CREATE SEQUENCE runs")
      _ = try await postgres.query(
        """
        CREATE VIEW votes AS SELECT box.*
        FROM box, (SELECT pg_advisory_xact_lock_shared(1), nextval('runs') OFFSET 0) AS slow
        """)
      _ = try await postgres.query("INSERT INTO box VALUES ('1', 'a')")
      try await postgres.hold("SELECT pg_advisory_lock(1)", on: stage)
      let headers = ["Accept": "application/json"]
      let early = try HTTPConnection(port: result.port)
      try early.send("GET", "/result", headers: headers, body: "")
      try await waitUntil("the first count is under way") {
        try await postgres.query("SELECT count(*) FROM pg_locks WHERE NOT granted") == "1"
      }
      _ = try await postgres.query("INSERT INTO box VALUES ('2', 'a')")
      let late = try (0..<8).map { _ in try HTTPConnection(port: result.port) }
      for connection in late { try connection.send("GET", "/result", headers: headers, body: "") }
      // Answers to requests that were sent later still: the eight have been read by now.
      for _ in 0..<8 { #expect(try result.get("/healthz").status == 200) }
      try await postgres.release()
      #expect(try early.receive().body == #"{"a":1,"b":0,"total":1}"#)
      for connection in late { #expect(try connection.receive().body == #"{"a":2,"b":0,"total":2}"#) }
      #expect(try await postgres.query("SELECT last_value FROM runs") == "2")
    }
  }
}
