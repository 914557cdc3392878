import Glibc
import Logging

/// The redis-server of one sandbox: append-only persistence, on an address of its own.
struct Redis: Sendable {
  /// The only port: Redis' own, since the address is the sandbox's.
  static let port: UInt16 = 6_379

  private let process: SupervisedProcess

  /// Starts it and returns when it takes connections; throws `startFailed` or `notReady`.
  static func start(
    in folder: SandboxFolder, address: String, program: String, journal: ProcessJournal, logger: Logger
  ) async throws(SandboxError) -> Redis {
    let home = try folder.makeFolder("redis", forProcesses: true)
    let plan = ChildProcess.Plan(
      "redis-server",
      [
        program, "--bind", address, "--port", "\(port)", "--dir", home, "--daemonize", "no",
        // Each vote is in the file before a crash of the server can lose it; a crash of the whole machine may
        // take the last second, and takes the sandbox anyway.
        "--appendonly", "yes", "--appendfsync", "everysec", "--save", "",
        "--enable-debug-command", "no",
      ], log: "\(folder.path)/logs/redis.log", account: folder.account)
    let process = SupervisedProcess(plan, journal: journal, logger: logger)
    try await process.start()
    try await PlainHTTP.awaitListener(address, port, of: process, log: plan.log)
    return Redis(process: process)
  }

  /// Ends it.
  func stop() async {
    await process.stop(SIGTERM, within: .seconds(2))
  }
}
