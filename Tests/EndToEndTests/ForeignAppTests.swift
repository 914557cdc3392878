import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// A voting app that is not ours, met by profile alone: Flask and Socket.IO, with the wire of the well-known example.
@Suite(
  "A voting app of somebody else's", .serialized,
  .enabled(if: ForeignApp.packages != nil, "VOTEBENCH_FLASK_SOCKETIO names no Flask-SocketIO"))
struct ForeignAppTests {
  private static let load =
    ["--rate", "80", "--duration", "5s", "--warmup", "1s", "--drain-max", "30s"] + Votebench.patient

  @Test("its profile suffices: the tally comes by Socket.IO alone, and each vote is found in the export")
  func profile() async throws {
    try await ForeignApp.with { app, votebench in
      let run = try await votebench.run(app.target + app.socket + app.export + Self.load)
      let found = try #require(run.summary, "\(run.output)").consistency
      #expect(found.verdict == "pass" && found.exact && found.accepted == 480, "\(run.output)")
      #expect(found.tallySources.count == 1 && found.tallySources[0].good >= 6, "\(run.output)")
    }
  }

  @Test("votes that the worker loses are named, whatever the tally is read from: a page, rows of JSON, a stream")
  func lost() async throws {
    try await ForeignApp.with(["--drop", "40"]) { app, votebench in
      let sources = [
        "html:/page#{choice}: <b>*</b>", "json:/table#a=/rows/0/count,b=/rows/1/count", "sse:/stream#/scores",
      ]
      let run = try await votebench.run(
        app.target + sources.flatMap { ["--tally", $0] } + app.export + Self.load)
      let found = try #require(run.summary, "\(run.output)").consistency
      #expect(run.status == 1 && found.verdict == "fail", "\(run.output)")
      #expect(found.lost == 12 && found.lostVoters.count == 12, "\(run.output)")
      #expect(Set(found.findings.map(\.code)) == ["LOST"], "\(run.output)")
      #expect(found.tallySources.map(\.name) == ["html:/page", "json:/table", "sse:/stream"])
      #expect(found.tallySources.allSatisfy { $0.good >= 6 && $0.failed == 0 }, "\(run.output)")
    }
  }

  @Test("voters change their minds: the last choice of each is in the table; an app that keeps the first is found out")
  func revotes() async throws {
    try await ForeignApp.with { app, votebench in
      let run = try await votebench.run(
        app.target + app.socket + app.export + ["--revote", "40%", "--seed", "7"] + Self.load)
      let found = try #require(run.summary, "\(run.output)").consistency
      #expect(found.verdict == "pass" && found.exact && found.accepted == 480, "\(run.output)")
      let folder = try #require(votebench.report)
      let again = try await votebench.run(["verify", folder])
      #expect(again.status == 0, "\(again.output)")
      let printed = try await votebench.run(["report", "--votes", folder])
      let voters = Set(
        printed.output.split(separator: "\n").filter { $0.contains(",vb") }.map { $0.split(separator: ",")[1] })
      // The first 160 votes are of 160 voters; of the other 320, 192 in the mean with a standard deviation of 9.
      #expect((320...384).contains(voters.count), "\(voters.count) voters")
    }
    try await ForeignApp.with(["--keep-first"]) { app, votebench in
      let run = try await votebench.run(app.target + app.socket + app.export + ["--votes-per-voter", "2"] + Self.load)
      let found = try #require(run.summary, "\(run.output)").consistency
      #expect(run.status == 1 && Set(found.findings.map(\.code)).contains("STALE_CHOICE"), "\(run.output)")
      #expect(found.lost == 0 && (found.altered ?? 0) > 50, "\(run.output)")
    }
  }

  @Test("a result that stands still while another moves is frozen, and no vote is called lost for it")
  func frozen() async throws {
    try await ForeignApp.with(["--frozen", "3"]) { app, votebench in
      let live = ["--tally", "json:/table#a=/rows/0/count,b=/rows/1/count"]
      let load = ["--rate", "80", "--duration", "14s", "--warmup", "1s", "--drain-max", "30s"] + Votebench.patient
      let run = try await votebench.run(app.target + app.socket + live + app.export + load)
      let found = try #require(run.summary, "\(run.output)").consistency
      #expect(found.verdict == "pass" && found.lost == 0, "\(run.output)")
      #expect(found.notes.frozen == [app.socketName], "\(run.output)")
      #expect(run.output.contains("(FROZEN)"), "\(run.output)")
    }
  }

  @Test("votes for labels of the run alone are judged while others vote; choices may be any text")
  func privateLabels() async throws {
    try await ForeignApp.with { app, votebench in
      let choices = ["--choices", "caf\u{E9} & co,dogs", "--private-label"]
      let process = try votebench.start(app.target + app.socket + app.export + choices + Self.load)
      try await waitUntil("the load runs", within: .seconds(60)) {
        votebench.stage.log(of: "votebench").contains("baseline")
      }
      for number in 1...20 {
        let other = try votebench.stage.start(
          Executables.system("curl"), ["-s", "-d", "vote=a", "-b", "voter_id=other\(number)", app.url], name: "other")
        _ = try await other.wait()
      }
      let run = try await votebench.ended(process)
      let found = try #require(run.summary, "\(run.output)").consistency
      #expect(found.verdict == "pass" && found.exact && found.accepted == 480, "\(run.output)")
      #expect(run.output.contains("others vote, for other labels"), "\(run.output)")
    }
  }

  @Test("two runs at once are the shards of one load: merged they have the votes of both, and what fits not is refused")
  func shards() async throws {
    try await ForeignApp.with { app, votebench in
      let folders = ["one", "two", "all"].map { "\(votebench.stage.folder)/\($0)" }
      let load = [
        "--private-label", "--slo", "votes.lost == 0", "--rate", "40", "--duration", "8s", "--warmup", "1s",
        "--drain-max", "30s",
      ]
      let shards = try folders.prefix(2).map { folder in
        try votebench.start(app.target + app.socket + app.export + load + ["--out", folder])
      }
      for shard in shards { #expect(try await shard.wait(within: .seconds(90)) == .exited(0)) }
      let merged = try await votebench.run(["merge"] + folders.prefix(2) + ["--out", folders[2]])
      let parts = try folders.map { try #require(try Votebench.summary(in: $0), "\(merged.output)") }
      #expect(merged.status == 0 && parts[2].verdict == "pass", "\(merged.output)")
      #expect(parts[2].consistency.accepted == 720 && parts[2].consistency.exact)
      let votes = parts[2].phases.map(\.votes.due).reduce(0, +)
      // They began within moments of one another: nearly all of their counted time is common.
      #expect(votes == 720 && (400...640).contains(parts[2].total.votes.due), "\(merged.output)")
      let twice = try await votebench.run(["merge", folders[0], folders[0]])
      #expect(twice.status == 64 && twice.output.contains("are the same run"), "\(twice.output)")
    }
  }

  @Test("a URL of PostgreSQL is read by psql; one that fails or prints what it likes is no verdict, by name")
  func exports() async throws {
    try await ForeignApp.with(database: true) { app, votebench in
      let url = try #require(app.database)
      let run = try await votebench.run(app.target + app.socket + ["--export", url] + Self.load)
      let found = try #require(run.summary, "\(run.output)").consistency
      #expect(found.verdict == "pass" && found.exact && found.accepted == 480, "\(run.output)")

      let strange: [(command: String, says: String)] = [
        ("echo vb but no tab", "which is not VOTER<TAB>CHOICE"), ("echo no such table >&2; exit 3", "no such table"),
        ("printf 'others\\ta\\n'", "the export printed no row"),
      ]
      for (number, export) in strange.enumerated() {
        let out = "\(votebench.stage.folder)/strange-\(number)"
        let run = try await votebench.run(
          app.target + app.socket + ["--export", export.command, "--out", out, "--duration", "3s", "--warmup", "0s"])
        let found = try #require(try Votebench.summary(in: out), "\(run.output)").consistency
        #expect(found.verdict == "inconclusive" && found.lost == 0, "\(run.output)")
        #expect(found.findings.map(\.code) == ["EXPORT_FAILED"], "\(run.output)")
        #expect(run.output.contains(export.says), "\(run.output)")
      }
    }
  }

  @Test("a source that never gives a tally is named with the reason before any vote: exit 69")
  func unreadable() async throws {
    try await ForeignApp.with { app, votebench in
      for (source, reason) in [
        ("json:/page", "no JSON"), ("html:/page#{choice} has *;", "no number between 'a has ' and ';'"),
        ("socket.io:/page", "no Engine.IO session"), ("command:exit 3", "exited(3)"), ("json:/none", "http-404"),
      ] {
        let run = try await votebench.run(app.target + ["--tally", source, "--duration", "3s"])
        #expect(run.status == 69 && run.summary == nil, "\(run.output)")
        #expect(run.output.contains(reason), "\(source): \(run.output)")
      }
    }
  }
}

/// The app, on a port of its own.
struct ForeignApp {
  /// The folder with the packages that it needs, which the test runner fetches; nil where it did not.
  static let packages = ProcessInfo.processInfo.environment["VOTEBENCH_FLASK_SOCKETIO"]

  let url: String
  /// The URL of its table, nil without one.
  let database: String?

  /// Its own profile, at another address.
  var target: [String] { ["--profile", "example-voting-app", "--target", String(url.dropLast())] }
  var socketName: String { "socket.io:\(url)socket.io/" }
  var socket: [String] { ["--tally", socketName] }
  var export: [String] { ["--export", "curl -s \(url)export"] }

  /// Runs the app with these options for as long as `body` takes.
  static func with(
    _ options: [String] = [], database: Bool = false, _ body: (ForeignApp, Votebench) async throws -> Void
  ) async throws {
    try await withStage { stage in
      var arguments = options
      var table: String?
      if database {
        let postgres = try await PostgresServer(on: stage)
        _ = try await postgres.query("create table votes (id varchar(255) unique, vote varchar(255))")
        let url = "postgresql://postgres@127.0.0.1:\(postgres.port)/votes"
        table = url
        arguments += ["--postgres", url]
      }
      let port = try FreePort.next()
      let script = Executables.projectFile("Tests/EndToEndTests/Fixtures/foreign_app.py")
      let environment = ProcessInfo.processInfo.environment.merging(["PYTHONPATH": packages ?? ""]) { $1 }
      _ = try stage.start(
        "/usr/bin/python3", [script, "\(port)"] + arguments, environment: environment, name: "app")
      try await waitUntil("the app is ready", within: .seconds(20)) { stage.log(of: "app").contains("ready") }
      let app = ForeignApp(url: "http://127.0.0.1:\(port)/", database: table)
      try await body(app, try Votebench(on: stage))
    }
  }
}
