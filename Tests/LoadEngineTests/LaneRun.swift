import Bench
import LoadEngine
import TestSupport
import Testing

/// The same votes by both lanes, on kept connections and on new ones, each to a site of its own of one behaviour.
struct LaneRun: Sendable {
  /// One of the four.
  struct Way: Sendable {
    var lane: EngineConfiguration.Lane
    var isFresh: Bool

    static let all = [
      Way(lane: .direct, isFresh: false), Way(lane: .transfer, isFresh: false), Way(lane: .direct, isFresh: true),
      Way(lane: .transfer, isFresh: true),
    ]
  }

  /// What is sent.
  struct Load: Sendable {
    var votes = 8
    var rate = 40
    var connections = 3
    var timeout = Duration.seconds(20)
    var headers: [String] = []
    var ways = Way.all
  }

  /// What came of one of them.
  struct Result: Sendable {
    var way: Way
    /// In the order of their schedule.
    var votes: [Observation]
    /// What the site read.
    var posts: [ScriptedServer.Post]
    var name: String

    var outcomes: [Outcome] { votes.map(\.outcome) }
  }

  /// Sends the votes to sites of one server, and expects of every one what holds for all: each vote has one outcome,
  /// none was read twice or sent twice, and every accepted one was read.
  static func results(
    _ names: [String], _ transport: ScriptedServer.Transport, _ load: Load = Load(), special: [String: Load] = [:],
    check: @escaping @Sendable (String, [Result]) -> Void
  ) async throws {
    try await withStage { stage in
      let sites = names.flatMap { name in
        Way.all.map { _ in ScriptedServer.Site(behaviour: name, transport: transport) }
      }
      let server = try await ScriptedServer(on: stage, sites)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (number, name) in names.enumerated() {
          // So many at a time that they hardly disturb each other.
          if number >= 10 { try await group.next() }
          group.addTask {
            check(name, try await results(name, special[name] ?? load, server, number * Way.all.count, transport))
          }
        }
        try await group.waitForAll()
      }
    }
  }

  private static func results(
    _ name: String, _ load: Load, _ server: ScriptedServer, _ first: Int, _ transport: ScriptedServer.Transport
  ) async throws -> [Result] {
    try await withThrowingTaskGroup(of: (Int, Result).self) { group in
      for (number, way) in load.ways.enumerated() {
        group.addTask { (number, try await result(name, load, way, server, server.ports[first + number], transport)) }
      }
      return try await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }

  private static func result(
    _ name: String, _ load: Load, _ way: Way, _ server: ScriptedServer, _ port: Int,
    _ transport: ScriptedServer.Transport
  ) async throws -> Result {
    var configuration = EngineConfiguration.plain(
      port: port, rate: load.rate, connections: load.connections, timeout: load.timeout, lane: way.lane)
    // The server counts connections: none but those of votes.
    configuration.tallySources = []
    configuration.freshShare = way.isFresh ? 1 : 0
    configuration.headers = load.headers
    if transport == .tls {
      configuration.origin = "https://oggy.local:\(port)"
      configuration.resolve = "oggy.local:\(port):127.0.0.1"
      configuration.caCertificate = server.authorities
    }
    let duration = Duration.seconds(load.votes) / load.rate
    let recording = try await Recording.voting(configuration, for: duration)
    let posts = server.posts().filter { $0.port == port }
    let result = Result(
      way: way, votes: recording.votes.sorted { $0.index < $1.index }, posts: posts,
      name: "\(name), \(transport), \(way.lane), \(way.isFresh ? "new" : "kept") connections")
    expectOneSend(result, recording, configuration.ballot, load.votes)
    return result
  }

  private static func expectOneSend(_ result: Result, _ recording: Recording, _ ballot: Ballot, _ count: Int) {
    let (name, votes) = (Comment(rawValue: result.name), result.votes)
    #expect(recording.failures.isEmpty, name)
    #expect(votes.map(\.index) == Array(0..<count), name)
    #expect(votes.allSatisfy { $0.resends == 0 }, name)
    let requests = result.posts.map(\.requestID)
    #expect(Set(requests).count == requests.count, "read twice: \(name)")
    let accepted = votes.filter { $0.outcome == .accepted }.map { ballot.requestID(of: $0.index) }
    #expect(Set(accepted).isSubset(of: requests), name)
  }
}
