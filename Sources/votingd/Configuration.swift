import Glibc

/// What the command line and the environment ask for, validated: nothing in it is left to a default later on.
struct Configuration: Sendable {
  /// What this process is in the voting system, with what that role alone needs.
  enum Role: Sendable {
    case vote(redis: Endpoint, fault: Fault?, pace: PodPace.Traits)
    case result(database: Database, lag: Duration?)
    case worker(redis: Endpoint, database: Database, mode: WorkerMode)

    /// The word of the command line.
    var name: String {
      switch self {
      case .vote: "vote"
      case .result: "result"
      case .worker: "worker"
      }
    }
  }

  /// A TCP service by name; the name is resolved anew for each connection.
  struct Endpoint: Sendable, Equatable {
    var host: String
    var port: Int
  }

  /// A PostgreSQL database and who asks.
  struct Database: Sendable, Equatable {
    var endpoint: Endpoint
    var name: String
    var user: String
    var password: String?
  }

  /// What the worker keeps: one row a voter, or also one row a counted vote.
  enum Semantics: String, Sendable {
    case upsert
    case count
    /// As `count`, but without the key that tells a vote which is delivered again: it is counted again.
    case atLeastOnce = "at-least-once"
  }

  /// How the worker takes votes, and what it keeps of them.
  struct WorkerMode: Sendable, Equatable {
    var semantics = Semantics.upsert
    /// It takes votes off the list before they are stored: what is in hand when something fails is lost.
    var isUnsafe = false
    /// Between the two steps of a batch, taking it off the list and storing it, whichever comes first: the time in
    /// which an end of the worker shows.
    var pause: Duration?
  }

  var role: Role
  var choices: [String]
  var listenAddress: String
  var listenPort: Int
  var pod: String
  var version: String

  /// Who answers: the headers X-Pod and X-Version, and a line of every page.
  var identity: Identity { Identity(pod: pod, version: version) }

  /// Reads both; throws every problem at once.
  init(arguments: some Collection<String>, environment: [String: String]) throws(ConfigurationError) {
    var settings = Settings(environment: environment)
    let role = Self.role(arguments: Array(arguments), settings: &settings)
    choices = settings.choices()
    listenAddress = settings.text("LISTEN_ADDRESS") ?? "0.0.0.0"
    listenPort = settings.port("PORT", default: 8080)
    pod = settings.text("POD_NAME") ?? settings.text("HOSTNAME") ?? Self.hostName()
    version = settings.text("APP_VERSION") ?? "dev"
    guard let role, settings.problems.isEmpty else { throw ConfigurationError(problems: settings.problems) }
    self.role = role
  }

  private static func role(arguments: [String], settings: inout Settings) -> Role? {
    let options = arguments.dropFirst()
    switch arguments.first {
    case "vote":
      settings.refuse(options)
      return .vote(redis: settings.redis(), fault: settings.fault(), pace: settings.pace())
    case "result":
      let lag = settings.lag(options)
      return .result(database: settings.database(), lag: lag)
    case "worker":
      let mode = settings.workerMode(options)
      return .worker(redis: settings.redis(), database: settings.database(), mode: mode)
    case let other?:
      settings.problems.append("unknown role '\(other)': expected vote, result or worker")
      return nil
    case nil:
      settings.problems.append("no role given: expected vote, result or worker")
      return nil
    }
  }

  private static func hostName() -> String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "unknown" }
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// The environment of this process; a name that is set twice keeps its first value, as getenv does.
  static func processEnvironment() -> [String: String] {
    var result: [String: String] = [:]
    var entry = environ
    while let text = entry.pointee {
      let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2, result[String(parts[0])] == nil { result[String(parts[0])] = String(parts[1]) }
      entry += 1
    }
    return result
  }

  /// Writes a text to standard error, before there is a log.
  static func say(_ text: String) {
    let bytes = Array((text + "\n").utf8)
    _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}

/// Everything that is wrong with a command line and its environment.
struct ConfigurationError: Error, CustomStringConvertible {
  var problems: [String]

  private static let usage = """
    usage: votingd vote
           votingd result [--stale DURATION]
           votingd worker [--semantics upsert|count|at-least-once] [--unsafe] [--pause DURATION]

      --stale          answers with the tally of so long ago, as a replica of the database does that lags behind
      --semantics      one row a voter; or also one a vote; or one each time that a vote is delivered
      --unsafe         takes votes off the list before they are stored: a kill in between loses them
      --pause          waits between these two steps, and logs the voters, so that a kill meets it there
    """

  var description: String {
    let lines = problems.map { "votingd: \($0)" }
    return (lines + [Self.usage]).joined(separator: "\n")
  }
}
