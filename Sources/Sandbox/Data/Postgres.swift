import Glibc
import Logging

/// The PostgreSQL of one sandbox: a data directory of its own, made at the start.
struct Postgres: Sendable {
  /// The only port: PostgreSQL's own, since the address is the sandbox's.
  static let port: UInt16 = 5_432
  /// The database of the voting system.
  static let database = "votes"
  /// The account of the voting system, which owns everything.
  static let user = "postgres"

  private let process: SupervisedProcess

  /// Makes the data directory, starts the server and makes the database.
  ///
  /// Throws `startFailed`, `noSpace`, or `notReady` if it takes no queries within 20 s.
  static func start(
    in folder: SandboxFolder, address: String, password: String, programs: Programs, journal: ProcessJournal,
    logger: Logger
  ) async throws(SandboxError) -> Postgres {
    let home = try folder.makeFolder("postgres", forProcesses: true)
    let log = "\(folder.path)/logs/postgres.log"
    try folder.write(password, to: "postgres/password", forProcesses: true)
    try await ChildProcess.run(
      ChildProcess.Plan(
        "initdb",
        [
          programs.initdb, "--no-sync", "--auth", "scram-sha-256", "--pwfile", "\(home)/password",
          "--username", user, "--encoding", "UTF8", "--locale", "C", "--pgdata", "\(home)/data",
        ], log: log, account: folder.account), journal: journal)
    var plan = ChildProcess.Plan(
      "postgres", [programs.postgres, "-D", "\(home)/data"] + settings(address, home).flatMap { ["-c", $0] },
      log: log, account: folder.account)
    // SIGQUIT ends the server and all of its processes at once. The data directory is not used again.
    plan.deathSignal = "QUIT"
    let process = SupervisedProcess(plan, journal: journal, logger: logger)
    try await process.start()
    let postgres = Postgres(process: process)
    try await postgres.makeDatabase(programs.psql, address, password, in: folder, journal)
    return postgres
  }

  private static func settings(_ address: String, _ home: String) -> [String] {
    [
      "listen_addresses=\(address)", "port=\(port)", "unix_socket_directories=\(home)",
      // What is committed survives a crash of the server, which is what runs here may provoke, since the system
      // keeps what was written. Only a crash of the machine needs fsync, and that ends the sandbox too.
      "synchronous_commit=on", "fsync=off", "full_page_writes=off",
      // Otherwise a server that is killed leaves files in /dev/shm.
      "dynamic_shared_memory_type=mmap",
      "shared_buffers=32MB", "max_connections=50", "max_wal_size=512MB", "autovacuum_max_workers=1",
    ]
  }

  // The first statement that works also tells that the server is up.
  private func makeDatabase(
    _ psql: String, _ address: String, _ password: String, in folder: SandboxFolder, _ journal: ProcessJournal
  ) async throws(SandboxError) {
    let log = "\(folder.path)/logs/createdb.log"
    var plan = ChildProcess.Plan(
      "psql",
      [
        psql, "-X", "-q", "-h", address, "-p", "\(Self.port)", "-U", Self.user, "-d", "postgres", "-c",
        "CREATE DATABASE \(Self.database)",
      ], log: log, account: folder.account)
    plan.environment["PGPASSWORD"] = password
    let deadline = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < deadline, !Task.isCancelled, process.current?.endingSoFar == nil {
      if await PlainHTTP.canConnect(address, Self.port) {
        let ending = try await ChildProcess.start(plan, journal: journal).ending
        if ending == .exited(0) { return }
      }
      try? await Task.sleep(for: .milliseconds(50))
    }
    throw SandboxError(
      .notReady, attempted: "starting PostgreSQL",
      cause: "no answer within 20 s: \(LogFile.lastLines(of: "\(folder.path)/logs/postgres.log"))",
      remedy: "If the machine is busy, try again; else look at what it says.")
  }

  /// Ends it at once: nobody reads its data again.
  func stop() async {
    await process.stop(SIGQUIT, within: .seconds(3))
  }
}
