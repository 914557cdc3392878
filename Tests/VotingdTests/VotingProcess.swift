import TestSupport

/// A votingd of a test, with the port on which it answers.
struct VotingProcess {
  let port: Int
  let process: ServerProcess

  /// Starts a role and waits until it answers.
  ///
  /// `environment` adds to, and wins over, what every role needs. On a given port it is the successor of another.
  static func start(
    _ role: String..., on stage: Stage, redis: RedisServer? = nil, postgres: PostgresServer? = nil,
    pod: String = "pod-1", port given: Int? = nil, environment: [String: String] = [:]
  ) async throws -> VotingProcess {
    let port = try given ?? FreePort.next()
    var variables = ["LISTEN_ADDRESS": "127.0.0.1", "PORT": "\(port)", "POD_NAME": pod]
    if let redis { variables.merge(["REDIS_HOST": "localhost", "REDIS_PORT": "\(redis.port)"]) { $1 } }
    if let postgres { variables.merge(["DB_HOST": "localhost", "DB_PORT": "\(postgres.port)"]) { $1 } }
    variables.merge(environment) { $1 }
    let name = "\(role[0])-\(pod)-\(port)"
    let process = try stage.start(try Executables.built("votingd"), role, environment: variables, name: name)
    let started = VotingProcess(port: port, process: process)
    try await waitUntil("\(role[0]) answers") { try started.get("/healthz").status == 200 }
    return started
  }

  func get(_ path: String, headers: [String: String] = [:]) throws -> HTTPAnswer {
    try HTTPConnection.exchange(port: port, "GET", path, headers: headers)
  }

  /// Votes with a form, as a browser does.
  func post(
    _ form: String, voter: String? = nil, path: String = "/vote", headers: [String: String] = [:]
  ) throws -> HTTPAnswer {
    let all = Self.formHeaders(voter: voter).merging(headers) { $1 }
    return try HTTPConnection.exchange(port: port, "POST", path, headers: all, body: form)
  }

  /// The tally as a program asks for it.
  func tally() throws -> String {
    try get("/result", headers: ["Accept": "application/json"]).body
  }

  static func formHeaders(voter: String?) -> [String: String] {
    var headers = ["Content-Type": "application/x-www-form-urlencoded"]
    if let voter { headers["Cookie"] = "theme=dark; voter_id=\(voter)" }
    return headers
  }
}
