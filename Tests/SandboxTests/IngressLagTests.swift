import Testing

@testable import Sandbox

@Suite("How far the ingress lags behind")
struct IngressLagTests {
  private static let losses = LaggingEndpoints.losses
  private static let gains = LaggingEndpoints.gains
  private let start = ContinuousClock.now

  private func backend(_ service: String) throws -> IngressBackend {
    try #require(IngressBackend(["service": ["name": .string(service), "port": ["number": 80]]], namespace: "oggy"))
  }

  @Test("a change is seen when its turn's lag is over, and none overtakes an earlier one")
  func order() throws {
    let backend = try backend("voting-service")
    var endpoints = LaggingEndpoints(scale: 1)
    func follow(_ pods: [String], after seconds: Double) -> Duration? {
      endpoints.follow([backend: pods], now: start + .seconds(seconds))
    }
    let (gain, loss) = (Self.gains[0], Self.losses[0])
    #expect(follow(["a"], after: 0) == nil, "a backend that is new")
    #expect(follow(["a", "b"], after: 1) == .seconds(gain))
    // The old pod may not go before the new one has come.
    #expect(follow(["b"], after: 1.01).map { $0 < .seconds(gain) } == true)
    #expect(endpoints.shown == [backend: ["a"]])
    _ = follow(["b"], after: 1.001 + gain)
    #expect(endpoints.shown == [backend: ["a", "b"]])
    #expect(follow(["b"], after: 1.011 + loss) == nil)
    #expect(endpoints.shown == [backend: ["b"]])
  }

  @Test("pods that go together are seen to go together, and one that comes meanwhile is not seen before")
  func together() throws {
    let backend = try backend("voting-service")
    var endpoints = LaggingEndpoints(scale: 1)
    func follow(_ pods: [String], after seconds: Double) -> Duration? {
      endpoints.follow([backend: pods], now: start + .seconds(seconds))
    }
    _ = follow(["a", "b", "c"], after: 0)
    #expect(follow(["b", "c"], after: 1) == .seconds(Self.losses[0]))
    #expect(follow(["c"], after: 1.25) == .seconds(Self.losses[0] - 0.25))
    #expect(follow(["c"], after: 1.001 + Self.losses[0]) == nil)
    #expect(endpoints.shown == [backend: ["c"]])
  }

  @Test("without a scale nothing lags")
  func none() throws {
    let backend = try backend("voting-service")
    var endpoints = LaggingEndpoints()
    for pods in [["a"], ["a", "b"], ["b"], []] {
      #expect(endpoints.follow([backend: pods], now: start) == nil)
      #expect(endpoints.shown == [backend: pods])
    }
  }

  @Test("a backend that is new comes at once, and one that nobody asks for any more goes at once")
  func newBackend() throws {
    let (first, second) = (try backend("first"), try backend("second"))
    var endpoints = LaggingEndpoints(scale: 1)
    #expect(endpoints.follow([first: ["a"]], now: start) == nil)
    #expect(endpoints.follow([first: ["c"], second: ["d"]], now: start) == .seconds(Self.losses[0]))
    #expect(endpoints.shown == [first: ["a"], second: ["d"]])
    #expect(endpoints.follow([second: ["d"]], now: start) == nil)
    #expect(endpoints.shown == [second: ["d"]])
  }

  @Test(
    "pods that go are chosen as long, and pods that come are waited for as long, as in the recordings, also where pods start quicker",
    arguments: [1.0, 0.5, 0.3])
  func recorded(pace: Double) throws {
    var (losses, gains): ([Double], [Double]) = ([], [])
    var (recordedLosses, recordedGains): ([Double], [Double]) = ([], [])
    // One after the other, as in the life of one sandbox.
    var endpoints = LaggingEndpoints(scale: 1)
    for (number, recording) in try Fixture.json("ingress-lag").elements.enumerated() {
      let begin = start + .seconds(1_000 * (number + 1))
      let (came, went) = try replay(recording["changes"].elements, into: &endpoints, begin: begin, pace: pace)
      for end in recording["ends"].elements {
        let (pod, marked) = (try #require(end["pod"].int), try #require(end["marked_s"].seconds))
        guard let moment = went[pod] else { continue }
        losses.append(moment - marked * pace)
        recordedLosses.append(try #require(end["last_chosen_s"].seconds))
      }
      for begin in recording["begins"].elements {
        let (pod, ready) = (try #require(begin["pod"].int), try #require(begin["ready_s"].seconds))
        guard let moment = came[pod] else { continue }
        gains.append(moment - ready * pace)
        recordedGains.append(try #require(begin["first_answer_s"].seconds))
      }
    }
    #expect(losses.count > 40 && gains.count > 40)
    for share in [0.5, 0.9] {
      let loss = quantile(share, of: losses) / quantile(share, of: recordedLosses)
      #expect(0.8 < loss && loss < 1.2, "pods that go, at \(share): \(loss)")
      let gain = quantile(share, of: gains) / quantile(share, of: recordedGains)
      #expect(0.6 < gain && gain < 1.8, "pods that come, at \(share): \(gain)")
    }
  }

  private func quantile(_ share: Double, of values: [Double]) -> Double {
    values.sorted()[Int(share * Double(values.count - 1))]
  }

  // When each pod was chosen first, and when no more.
  private func replay(
    _ changes: [JSON], into endpoints: inout LaggingEndpoints, begin: ContinuousClock.Instant, pace: Double
  ) throws -> (came: [Int: Double], went: [Int: Double]) {
    // Each recording is of a backend of its own, so that its first pods are there at once.
    let backend = try backend("voting-service-\(UInt64.random(in: 0 ... .max))")
    var (came, went): ([Int: Double], [Int: Double]) = ([:], [:])
    var known: Set<Int> = []
    var newest: [String] = []
    func follow(at moment: Double) -> Double? {
      let wait = endpoints.follow([backend: newest], now: begin + .seconds(moment))
      let chosen = Set((endpoints.shown[backend] ?? []).compactMap { Int($0) })
      for pod in chosen.subtracting(known) { came[pod] = moment }
      for pod in known.subtracting(chosen) where went[pod] == nil { went[pod] = moment }
      known.formUnion(chosen)
      return wait.map { moment + $0 / .seconds(1) }
    }
    var wake: Double?
    for change in changes {
      let moment = pace * (try #require(change["at_s"].seconds))
      while let due = wake, due < moment { wake = follow(at: due + 0.001) }
      newest = change["ready"].elements.compactMap { $0.int.map { "\($0)" } }
      wake = follow(at: moment)
    }
    while let due = wake { wake = follow(at: due + 0.001) }
    return (came, went)
  }
}

extension JSON {
  fileprivate var seconds: Double? {
    if case .double(let value) = self { return value }
    return int.map(Double.init)
  }
}
