import Glibc
import Logging

/// The reference voting system: one executable, three roles, one process each.
///
/// Environment variables alone configure it, as a container's do. Exit status: 0 after an orderly stop, 64 for
/// a wrong command line or environment, 69 when it cannot listen.
@main
struct Votingd {
  static func main() async {
    let configuration: Configuration
    do throws(ConfigurationError) {
      let environment = Configuration.processEnvironment()
      configuration = try Configuration(arguments: CommandLine.arguments.dropFirst(), environment: environment)
    } catch {
      Configuration.say(error.description)
      exit(64)
    }
    // Names are looked up for each connection, while votes wait: not for ten seconds, as the resolver would have it.
    setenv("RES_OPTIONS", "timeout:1 attempts:2", 0)
    LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
    var logger = Logger(label: "votingd \(configuration.role.name)")
    logger[metadataKey: "pod"] = "\(configuration.pod)"
    do {
      try await run(configuration, logger: logger)
      logger.info("stopped")
      exit(0)
    } catch {
      let place = "\(configuration.listenAddress) port \(configuration.listenPort)"
      logger.critical("cannot serve on \(place): \(error); set LISTEN_ADDRESS and PORT to a free one")
      exit(69)
    }
  }

  private static func run(_ configuration: Configuration, logger: Logger) async throws {
    let server = Server(configuration: configuration, logger: logger)
    switch configuration.role {
    case .vote(let redis, let fault, let pace):
      let frontend = VoteFrontend(
        configuration: configuration, redis: RedisClient(endpoint: redis), fault: fault, pace: pace)
      if case .crash(let delay) = fault { crash(after: delay, logger: logger) }
      try await server.run(abrupt: fault == .abrupt) { await frontend.respond(to: $0) }
    case .result(let database, let lag):
      let postgres = Postgres(database: database)
      let frontend = ResultFrontend(configuration: configuration, postgres: postgres, lag: lag)
      try await server.run(onStop: { frontend.stop() }, respond: { await frontend.respond(to: $0) })
    case .worker(let redis, let database, let mode):
      let worker = Worker(
        pod: configuration.pod, queue: RedisClient(endpoint: redis), control: RedisClient(endpoint: redis),
        postgres: Postgres(database: database), mode: mode, logger: logger)
      async let moving: Void = worker.run()
      do {
        try await server.run { await worker.respond(to: $0, identity: configuration.identity) }
      } catch {
        worker.stop()
        await moving
        throw error
      }
      worker.stop()
      await moving
    }
  }

  private static func crash(after delay: Duration, logger: Logger) {
    Task {
      try? await Task.sleep(for: delay)
      logger.critical("VOTE_FAULT=crash ends this process")
      exit(1)
    }
  }
}
