import Bench
import LoadEngine
import TestSupport
import Testing

/// The tests that run the engine against servers: one after another, since each wants the machine to itself.
@Suite("The load engine", .serialized)
enum LoadEngineTests {}

/// Does the same for each of several at the same time, which is no disturbance where no time is measured.
func sideBySide<Each: Sendable>(
  _ all: [Each], _ body: @escaping @Sendable (Each) async throws -> Void
) async throws {
  try await withThrowingTaskGroup(of: Void.self) { group in
    for each in all { group.addTask { try await body(each) } }
    try await group.waitForAll()
  }
}

/// Does the same on both lanes at the same time.
func onBothLanes(_ body: @escaping @Sendable (EngineConfiguration.Lane) async throws -> Void) async throws {
  try await sideBySide(EngineConfiguration.Lane.allCases, body)
}

/// Everything that an engine told, in order.
struct Recording {
  var events: [EngineEvent] = []
  /// When the first vote was due.
  var origin = MonotonicTime(nanoseconds: 0)

  var votes: [Observation] {
    events.flatMap { event -> [Observation] in
      if case .votes(let votes, _) = event { votes } else { [] }
    }
  }

  var tallies: [TallySample] {
    events.compactMap { event in
      if case .tally(let sample, _) = event { sample } else { nil }
    }
  }

  var tallyFailures: [String] {
    events.compactMap { event in
      if case .tallyFailed(_, let reason) = event { reason } else { nil }
    }
  }

  var failures: [EngineError] {
    events.compactMap { event in
      if case .failed(let error) = event { error } else { nil }
    }
  }

  /// What the generator says of itself; nil when it did not stop in order.
  var figures: GeneratorFigures? {
    if case .stopped(let figures) = events.last { figures } else { nil }
  }

  /// Runs an engine and lets `react` give it orders at each event, until it has ended; throws after `limit`.
  init(
    _ configuration: EngineConfiguration, within limit: Duration = .seconds(40),
    _ react: (EngineEvent, inout Recording, LoadEngine) async throws -> Void
  ) async throws {
    let engine = LoadEngine(configuration)
    let watch = Task {
      try await Task.sleep(for: limit)
      engine.quit()
      return true
    }
    for await event in engine.events {
      events.append(event)
      try await react(event, &self, engine)
    }
    watch.cancel()
    if (try? await watch.value) == true { throw StageError("the engine did not end within \(limit)") }
  }

  /// Votes for `duration`, and ends the engine when every vote has its outcome.
  static func voting(
    _ configuration: EngineConfiguration, for duration: Duration,
    meanwhile: @escaping @Sendable (MonotonicTime) async throws -> Void = { _ in }
  ) async throws -> Recording {
    var work: Task<Void, any Error>?
    let recording = try await Recording(configuration) { event, recording, engine in
      switch event {
      case .connected:
        let origin = MonotonicTime.now + .milliseconds(50)
        recording.origin = origin
        engine.begin(at: origin)
        engine.endVotes(at: origin + duration)
        work = Task { try await meanwhile(origin) }
      case .votesEnded: engine.quit()
      default: break
      }
    }
    try await work?.value
    return recording
  }
}

extension EngineConfiguration {
  /// Plain HTTP to a port of this machine.
  static func plain(
    port: Int, rate: Int = 20, connections: Int = 4, timeout: Duration = .seconds(10),
    pollInterval: Duration = .milliseconds(100), lane: EngineConfiguration.Lane = .direct
  ) -> EngineConfiguration {
    var configuration = EngineConfiguration(
      origin: "http://127.0.0.1:\(port)", votePath: "/vote", tallySources: [TallySource(jsonAt: "/result")],
      schedule: Schedule(rate: ArrivalRate(votesPerSecond: rate)),
      ballot: Ballot(run: "livetest", seed: 7, choices: ["a"]))
    configuration.connections = connections
    configuration.timeout = timeout
    configuration.pollInterval = pollInterval
    configuration.lane = lane
    return configuration
  }

  /// TLS to an nginx, by its name and with its certificate.
  static func secure(
    _ nginx: Nginx, rate: Int = 20, connections: Int = 4, timeout: Duration = .seconds(10),
    lane: EngineConfiguration.Lane = .direct
  ) -> EngineConfiguration {
    var configuration = plain(port: nginx.port, rate: rate, connections: connections, timeout: timeout, lane: lane)
    configuration.origin = "https://oggy.local:\(nginx.port)"
    configuration.resolve = "oggy.local:\(nginx.port):127.0.0.1"
    configuration.caCertificate = nginx.certificate
    return configuration
  }
}

extension Observation {
  /// From due to completion, in seconds.
  var responseTime: Double { (completed - intended).seconds }
  /// The part of its lateness that was not the generator's, in seconds.
  var slotWait: Double { (actual - intended).seconds - Double(startLag) / 1e9 }
}
