import Testing

@testable import Sandbox

@Suite("How far the ingress lags behind")
struct IngressLagTests {
  private let start = ContinuousClock.now

  private func backend(_ service: String) throws -> IngressBackend {
    try #require(IngressBackend(["service": ["name": .string(service), "port": ["number": 80]]], namespace: "oggy"))
  }

  @Test("the first change is taken over at once, the next one an interval after it, and then the newest")
  func interval() throws {
    let backend = try backend("voting-service")
    var endpoints = LaggingEndpoints(interval: .seconds(2))
    func follow(_ pods: [String], after seconds: Double) -> Duration? {
      endpoints.follow([backend: pods], now: start + .seconds(seconds))
    }
    #expect(follow(["a"], after: 0) == nil, "a backend that is new")
    #expect(follow(["b"], after: 1) == nil)
    #expect(follow(["c"], after: 1.5) == .seconds(1.5))
    #expect(follow(["d"], after: 2) == .seconds(1))
    #expect(endpoints.shown == [backend: ["b"]])
    #expect(follow(["b"], after: 2.5) == nil, "it went back to what is shown")
    #expect(follow(["d"], after: 3) == nil)
    #expect(endpoints.shown == [backend: ["d"]])
  }

  @Test("a backend that is new comes at once, and one that nobody asks for any more goes at once")
  func newBackend() throws {
    let (first, second) = (try backend("first"), try backend("second"))
    var endpoints = LaggingEndpoints(interval: .seconds(2))
    #expect(endpoints.follow([first: ["a"]], now: start) == nil)
    #expect(endpoints.follow([first: ["b"]], now: start) == nil)
    #expect(endpoints.follow([first: ["c"], second: ["d"]], now: start + .seconds(1)) == .seconds(1))
    #expect(endpoints.shown == [first: ["b"], second: ["d"]])
    #expect(endpoints.follow([second: ["d"]], now: start + .seconds(1)) == nil)
    #expect(endpoints.shown == [second: ["d"]])
  }

  @Test("given the recorded changes, pods that go are chosen as long as they were in the recordings")
  func recorded() throws {
    var replayed: [Double] = []
    var recorded: [Double] = []
    for recording in try Fixture.json("ingress-lag").elements {
      let takenOver = try replay(recording["changes"].elements)
      for end in recording["ends"].elements {
        let (pod, marked) = (try #require(end["pod"].int), try #require(end["marked_s"].seconds))
        guard let moment = takenOver[pod] else { continue }
        replayed.append(moment - marked)
        recorded.append(try #require(end["last_chosen_s"].seconds))
      }
    }
    #expect(replayed.count > 40)
    for share in [0.5, 0.9] {
      let place = Int(share * Double(replayed.count - 1))
      let ratio = replayed.sorted()[place] / recorded.sorted()[place]
      #expect(0.85 < ratio && ratio < 1.15, "at \(share): \(ratio)")
    }
  }

  // When each pod that went was chosen no more.
  private func replay(_ changes: [JSON]) throws -> [Int: Double] {
    let backend = try backend("voting-service")
    var endpoints = LaggingEndpoints(interval: .seconds(2))
    var gone: [Int: Double] = [:]
    var known: Set<Int> = []
    var wake: Double?
    var newest: [String] = []
    func follow(at moment: Double) {
      wake = endpoints.follow([backend: newest], now: start + .seconds(moment + 100)).map { moment + $0 / .seconds(1) }
      let chosen = Set((endpoints.shown[backend] ?? []).compactMap { Int($0) })
      for pod in known.subtracting(chosen) where gone[pod] == nil { gone[pod] = moment }
      known.formUnion(chosen)
    }
    for change in changes {
      let moment = try #require(change["at_s"].seconds)
      if let due = wake, due < moment { follow(at: due) }
      newest = change["ready"].elements.compactMap { $0.int.map { "\($0)" } }
      follow(at: moment)
    }
    if let due = wake { follow(at: due) }
    return gone
  }
}

extension JSON {
  fileprivate var seconds: Double? {
    if case .double(let value) = self { return value }
    return int.map(Double.init)
  }
}
