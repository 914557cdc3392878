import Bench
import Testing

@testable import LoadEngine

@Suite("Ports that new connections need")
struct LimitTests {
  private func need(
    _ arrivals: Schedule.Arrivals, share: Double, origin: String = "https://votes.example"
  ) -> PortNeed? {
    var configuration = EngineConfiguration.plain(port: 80, connections: 10)
    configuration.origin = origin
    configuration.schedule = Schedule(arrivals)
    configuration.freshShare = share
    return PortNeed(configuration)
  }

  private static let rate = ArrivalRate(votesPerSecond: 100)

  @Test("a closed connection keeps its port for a while, so the need grows with the rate")
  func grows() throws {
    let half = try #require(need(.constant(Self.rate), share: 0.5))
    let all = try #require(need(.constant(Self.rate), share: 1))
    let poisson = try #require(need(.poisson(Self.rate, seed: 1), share: 1))
    #expect(half.ports > 10 && all.ports - 10 == 2 * (half.ports - 10) && poisson.ports == all.ports)
    #expect(all.available > 1000 && all.available < 65536)
    // The highest rate of all stages counts.
    let stages = try #require(Schedule.Stage.list("1s@10,1s@10..100,1s@20"))
    #expect(try #require(need(.stages(stages), share: 1)).ports == all.ports)
  }

  @Test("on loopback ports are free again sooner")
  func loopback() throws {
    let away = try #require(need(.constant(Self.rate), share: 1))
    for origin in ["https://127.0.0.1:8443", "https://localhost", "http://[::1]:80"] {
      #expect(try #require(need(.constant(Self.rate), share: 1, origin: origin)).ports <= away.ports)
    }
  }

  @Test("without new connections, or without a rate, there is no need")
  func none() {
    #expect(need(.constant(Self.rate), share: 0) == nil)
    #expect(need(.closed(users: 4), share: 1) == nil)
  }

  @Test("more ports than there are end the engine before it begins")
  func refused() async throws {
    var configuration = EngineConfiguration.plain(port: 1, rate: 1_000_000)
    configuration.freshShare = 1
    let recording = try await Recording(configuration) { _, _, _ in }
    let error = try #require(recording.failures.first)
    #expect(recording.events.count == 1 && error.code == .setUp && error.cause.contains("ports"))
  }
}
