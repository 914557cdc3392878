import FoundationEssentials
import Glibc
import TestSupport
import Testing

@Suite("The pages in a browser")
struct BrowserTests {
  /// Choices that are hard to show.
  static let odd = [
    "<script>alert(1)</script>", String(repeating: "unbreakable", count: 20),
    String(repeating: "many words ", count: 20) + "end", "\u{1F5F3} \u{05D0}\u{05D1}\u{05D2} & \"quoted\" 'too'", "5",
  ]

  @Test("take votes by click and by keyboard, show them live, fit every screen, and need no scripts")
  func pages() async throws {
    try await withStage { stage in
      let redis = try await RedisServer(on: stage)
      let postgres = try await PostgresServer(on: stage)
      let vote = try await VotingProcess.start("vote", on: stage, redis: redis)
      let results = [
        try await VotingProcess.start("result", on: stage, postgres: postgres, pod: "result-1"),
        try await VotingProcess.start("result", on: stage, postgres: postgres, pod: "result-2"),
      ]
      _ = try await VotingProcess.start("worker", on: stage, redis: redis, postgres: postgres)
      let odd = try await Self.startOdd(on: stage, redis: redis, postgres: postgres)
      let site = try await Self.startIngress(on: stage, vote: vote, results: results)
      let pids = results.map { "\($0.process.pid)" }.joined(separator: ",")
      let arguments =
        [stage.folder, site, odd.vote, odd.result, pids]
        + (try await Self.startShown(on: stage, redis: redis, postgres: postgres))
      let browser = try stage.start(
        Executables.projectFile("Tests/browser/pages"), arguments,
        environment: ["PATH": "/usr/bin:/bin", "HOME": stage.folder, "PYTHONDONTWRITEBYTECODE": "1"], name: "browser")
      try await waitUntil("the result frontends are gone", within: .seconds(120)) {
        stage.log(of: "browser").contains("all result frontends are gone") || browser.poll() != nil
      }
      _ = try await VotingProcess.start(
        "result", on: stage, postgres: postgres, pod: "result-3", port: results[1].port)
      #expect(try await browser.wait(within: .seconds(120)) == .exited(0), "\(stage.log(of: "browser"))")
    }
  }

  /// Frontends whose choices are hard to show; addresses of their pages.
  private static func startOdd(
    on stage: Stage, redis: RedisServer, postgres: PostgresServer
  ) async throws -> (vote: String, result: String) {
    _ = try await postgres.query("CREATE DATABASE odd", database: "postgres")
    _ = try await postgres.query("CREATE TABLE votes(id text PRIMARY KEY, vote text NOT NULL)", database: "odd")
    _ = try await postgres.query("INSERT INTO votes SELECT n, '5' FROM generate_series(1, 123456) n", database: "odd")
    let environment = ["VOTE_CHOICES": odd.joined(separator: ","), "DB_NAME": "odd"]
    let pod = String(repeating: "voting-app-", count: 12)
    let vote = try await VotingProcess.start("vote", on: stage, redis: redis, pod: pod, environment: environment)
    let result = try await VotingProcess.start(
      "result", on: stage, postgres: postgres, pod: pod, environment: environment)
    return ("http://127.0.0.1:\(vote.port)/vote", "http://127.0.0.1:\(result.port)/result")
  }

  /// An nginx before the frontends that buffers what it may buffer, as an ingress does; its address.
  private static func startIngress(on stage: Stage, vote: VotingProcess, results: [VotingProcess]) async throws
    -> String
  {
    let port = try FreePort.next()
    let servers = results.map { "server 127.0.0.1:\($0.port) max_fails=0;" }.joined(separator: " ")
    let folder = "\(stage.folder)/nginx"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let configuration = """
      daemon off; master_process off; pid \(folder)/pid; error_log \(folder)/error.log;
      events {}
      http {
        access_log off; proxy_http_version 1.1; proxy_set_header Connection "";
        client_body_temp_path \(folder)/body; proxy_temp_path \(folder)/proxy; fastcgi_temp_path \(folder)/fastcgi;
        uwsgi_temp_path \(folder)/uwsgi; scgi_temp_path \(folder)/scgi;
        upstream result { \(servers) }
        server {
          listen 127.0.0.1:\(port);
          location /vote { proxy_pass http://127.0.0.1:\(vote.port); }
          location /result { proxy_pass http://result; }
        }
      }
      """
    try configuration.write(toFile: "\(folder)/nginx.conf", atomically: true, encoding: .utf8)
    _ = try stage.start(
      try Executables.system("nginx"), ["-c", "\(folder)/nginx.conf", "-e", "\(folder)/error.log"], name: "nginx")
    try await waitUntil("nginx answers") { try HTTPConnection.exchange(port: port, "GET", "/vote").status == 200 }
    return "http://127.0.0.1:\(port)"
  }

  /// With VOTEBENCH_PICTURES, a folder, there are pages to take pictures of as well.
  private static func startShown(
    on stage: Stage, redis: RedisServer, postgres: PostgresServer
  ) async throws -> [String] {
    guard let folder = ProcessInfo.processInfo.environment["VOTEBENCH_PICTURES"] else { return [] }
    _ = try await postgres.query("CREATE DATABASE shown", database: "postgres")
    _ = try await postgres.query("CREATE TABLE votes(id text PRIMARY KEY, vote text NOT NULL)", database: "shown")
    _ = try await postgres.query(
      "INSERT INTO votes SELECT n, CASE WHEN n % 12 < 7 THEN 'cats' ELSE 'dogs' END FROM generate_series(1, 15283) n",
      database: "shown")
    let environment = ["VOTE_CHOICES": "cats,dogs", "DB_NAME": "shown", "APP_VERSION": "v1"]
    let vote = try await VotingProcess.start(
      "vote", on: stage, redis: redis, pod: "voting-app-6f8d7c9b54-x2lqp", environment: environment)
    let result = try await VotingProcess.start(
      "result", on: stage, postgres: postgres, pod: "result-app-5d9f6b7c88-7kzvw", environment: environment)
    return [folder, "http://127.0.0.1:\(vote.port)/vote", "http://127.0.0.1:\(result.port)/result"]
  }
}
