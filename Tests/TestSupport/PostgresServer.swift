import FoundationEssentials
import Glibc
import Subprocess

/// A real PostgreSQL of one test, with an empty database `votes` of the user `postgres`, without a password.
package struct PostgresServer: Sendable {
  package let port: Int
  package let process: ServerProcess

  /// Makes a data directory, starts the server and waits until it answers.
  ///
  /// On a given port it starts again with the data of the one that was there before.
  package init(on stage: Stage, port given: Int? = nil) async throws {
    let port = try given ?? FreePort.next()
    self.port = port
    let data = "\(stage.folder)/postgres-\(port)"
    if given == nil { try await Self.makeCluster(data) }
    let arguments = [
      "-D", data, "-p", "\(port)", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
      "-c", "fsync=off", "-c", "max_connections=20", "-c", "shared_buffers=16MB",
    ]
    let words = Self.unprivileged([try Executables.system("postgres")] + arguments)
    process = try stage.start(
      words[0], Array(words.dropFirst()), name: "postgres-\(port)",
      // Ends its children and gives its shared memory back, at once.
      endSignal: SIGQUIT)
    try await waitUntil("PostgreSQL answers") { [self] in try await query("SELECT 1", database: "postgres") == "1" }
    if given == nil { _ = try await query("CREATE DATABASE votes", database: "postgres") }
  }

  /// Kills the server, and waits until its children have seen that and are gone too: a successor refuses to start before.
  package func kill(on stage: Stage) async throws {
    process.signal(SIGKILL)
    _ = try await process.wait()
    let data = "\(stage.folder)/postgres-\(port)"
    try await waitUntil("nothing runs in \(data)") {
      try FileManager.default.contentsOfDirectory(atPath: "/proc").allSatisfy { pid in
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")) != data
      }
    }
  }

  /// Runs one statement; its rows as lines, columns parted by "|".
  package func query(_ statement: String, database: String = "votes") async throws -> String {
    try await Self.run([
      try Executables.system("psql"), "-h", "127.0.0.1", "-p", "\(port)", "-U", "postgres", "-d", database, "-XAtq",
      "-c", statement,
    ])
  }

  /// Runs a statement in a transaction that stays open until `release`, so that its locks are held.
  package func hold(_ statement: String, on stage: Stage) async throws {
    let url = "host=127.0.0.1 port=\(port) user=postgres dbname=votes application_name=hold"
    _ = try stage.start(
      try Executables.system("psql"), ["-X", "-c", "BEGIN; \(statement); SELECT pg_sleep(60)", url], name: "hold")
    try await waitUntil("\(statement) is in force") {
      try await query(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'hold' AND wait_event = 'PgSleep'") == "1"
    }
  }

  /// Ends what `hold` began.
  package func release() async throws {
    _ = try await query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hold'")
  }

  private static func makeCluster(_ data: String) async throws {
    let initdb = try Executables.system("initdb")
    guard mkdir(data, 0o700) == 0 else { throw StageError("cannot make \(data)") }
    if getuid() == 0, let user = getpwnam("postgres") {
      chown(data, user.pointee.pw_uid, user.pointee.pw_gid)
    }
    _ = try await run(unprivileged([initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N"]))
  }

  /// PostgreSQL refuses to run as root.
  private static func unprivileged(_ words: [String]) -> [String] {
    guard getuid() == 0 else { return words }
    return ["/usr/bin/setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] + words
  }

  private static func run(_ words: [String]) async throws -> String {
    let result = try await Subprocess.run(
      // env(1) takes a path as well as a name.
      .name("env"), arguments: Arguments(words), output: .string(limit: 1 << 20),
      error: .string(limit: 1 << 16))
    guard result.terminationStatus.isSuccess else {
      throw StageError("\(words[0]): \(result.terminationStatus): \(result.standardError)")
    }
    var text = result.standardOutput
    while text.last == "\n" { text.removeLast() }
    return text
  }
}
