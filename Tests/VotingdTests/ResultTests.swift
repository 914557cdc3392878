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

  @Test("shows people a page that escapes labels and keeps itself up to date")
  func page() async throws {
    try await withStage { stage in
      let postgres = try await PostgresServer(on: stage)
      let result = try await VotingProcess.start("result", on: stage, postgres: postgres)
      _ = try await postgres.query("CREATE TABLE votes(id text PRIMARY KEY, vote text NOT NULL)")
      _ = try await postgres.query("INSERT INTO votes VALUES ('1','<img>')")
      let page = try result.get("/result")
      #expect(page.headers["content-type"] == "text/html; charset=utf-8")
      #expect(page.body.contains("<th scope=row>&lt;img&gt;<td>1") && !page.body.contains("<img>"))
      #expect(page.body.contains("http-equiv=refresh"))
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

  @Test("never answers with a count that was read before the request was sent")
  func fresh() async throws {
    try await withStage { stage in
      let postgres = try await PostgresServer(on: stage)
      let result = try await VotingProcess.start("result", on: stage, postgres: postgres)
      _ = try await postgres.query("CREATE TABLE votes(id text PRIMARY KEY, vote text NOT NULL)")
      let others = try (0..<8).map { _ in try HTTPConnection(port: result.port) }
      let connection = try HTTPConnection(port: result.port)
      let headers = ["Accept": "application/json"]
      for number in 1...20 {
        // Queries for others are under way when the row is committed; the answer must not come from one of them.
        for other in others { try other.send("GET", "/result", headers: headers, body: "") }
        _ = try await postgres.query("INSERT INTO votes VALUES ('\(number)','a')")
        #expect(try connection.exchange("GET", "/result", headers: headers).body.hasPrefix(#"{"a":\#(number),"#))
        for other in others { #expect(try other.receive().status == 200) }
      }
    }
  }
}
