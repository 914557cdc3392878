import Bench
import Testing

@Suite("Profile of the load")
struct LoadProfileTests {
  private func settings(_ values: [Settings.Key: String]) -> Settings {
    var settings = Settings()
    for (key, text) in values { settings.set(key, Settings.Setting(text, place: "--\(key.rawValue)")) }
    return settings
  }

  private func profile(_ values: [Settings.Key: String]) throws -> RunProfile {
    try RunProfile.validate(settings(values), freshSeed: 7).get()
  }

  private func problems(_ settings: Settings) -> [String] {
    guard case .failure(let list) = RunProfile.validate(settings, freshSeed: 7) else { return [] }
    return list.problems.map(\.place)
  }

  @Test(
    "what cannot be, alone or together, is refused at the setting that is to blame",
    arguments: [
      ([.arrival: "often"], ["--arrival"]), ([.arrival: "poisson", .closed: "5"], ["--arrival"]),
      ([.rate: "5", .stages: "1s@5"], ["--stages"]),
      ([.rate: "5", .stages: "1s@5", .closed: "1"], ["--closed", "--stages"]),
      ([.stages: "1s"], ["--stages"]), ([.stages: "1s@5", .duration: "5s"], ["--duration"]),
      ([.stages: "1s@5,1s@0", .duringRollout: "true"], ["--stages"]), ([.closed: "0"], ["--closed"]),
      ([.closed: "5", .connections: "4"], ["--connections"]),
      ([.closed: "5", .http: "2", .streams: "4"], ["--streams"]),
      ([.revote: "95%"], ["--revote"]), ([.revote: "0.2"], ["--revote"]),
      ([.votesPerVoter: "0"], ["--votes-per-voter"]), ([.votesPerVoter: "101"], ["--votes-per-voter"]),
      ([.revote: "20%", .votesPerVoter: "3"], ["--votes-per-voter"]),
      ([.threads: "0"], ["--threads"]), ([.threads: "9", .connections: "8"], ["--threads"]),
      ([.threads: "1", .connections: "129"], ["--threads"]), ([.http: "3"], ["--http"]),
      ([.http: "2", .target: "http://a.example"], ["--http"]), ([.streams: "2"], ["--streams"]),
      ([.streams: "2", .http: "2", .connections: "2"], ["--connections"]), ([.lane: "fast"], ["--lane"]),
      ([.lane: "direct", .http: "2"], ["--lane"]), ([.key: "a.pem"], ["--key"]),
      ([.podStartup: "31s"], ["--pod-startup"]), ([.podStartup: "0.5ms"], ["--pod-startup"]),
      ([.podCapacity: "0"], ["--pod-capacity"]), ([.podWarmup: "11m"], ["--pod-warmup"]),
      ([.target: "http://a.example", .podCapacity: "5"], ["--pod-capacity"]),
      ([.sourceAddress: "eth0"], ["--source-address"]), ([.sourceAddress: "1.2.3.256"], ["--source-address"]),
      ([.maxConnectionAge: "500ms"], ["--max-connection-age"]), ([.maxConnectionAge: "1.5s"], ["--max-connection-age"]),
      ([.newConnections: "10"], ["--new-connections"]), ([.newConnections: "101%"], ["--new-connections"]),
      ([.newConnections: "0.001%"], ["--new-connections"]),
      ([.newConnections: "5%", .http: "2"], ["--new-connections"]),
      ([.newConnections: "5%", .closed: "3"], ["--new-connections"]), ([.control: "other"], ["--control"]),
      ([.control: "https://"], ["--control"]), ([.control: "https://a b"], ["--control"]),
      ([.podHeader: "X Pod"], ["--pod-header"]), ([.versionHeader: ""], ["--version-header"]),
      ([.podPattern: "*"], ["--pod-pattern"]), ([.podPattern: "a*b*c"], ["--pod-pattern"]),
      ([.podPattern: "a*b", .podHeader: "X-P"], ["--pod-header"]),
      ([.header: "no colon"], ["--header"]), ([.header: ": empty"], ["--header"]), ([.header: "X Y: 1"], ["--header"]),
      ([.header: "X-A: 1\r\nX-B: 2"], ["--header"]), ([.header: "X-A: 1\u{0}"], ["--header"]),
      ([.header: "hOST: a"], ["--header"]), ([.header: "Cookie: a=b"], ["--header"]),
      ([.header: "Content-Length: 5"], ["--header"]), ([.header: "X-Request-ID: 5"], ["--header"]),
      ([.header: "Transfer-Encoding: chunked"], ["--header"]), ([.header: "Connection: close"], ["--header"]),
    ] as [([Settings.Key: String], [String])])
  func refuses(values: [Settings.Key: String], places: [String]) {
    #expect(problems(settings(values)) == places)
  }

  @Test("what the sandbox's pods are like becomes the environment of their containers, and nothing without it")
  func podTraits() throws {
    let slow = try RunProfile.validate(
      settings([.podStartup: "2s", .podCapacity: "200", .podWarmup: "1.5s"]), freshSeed: 1
    ).get()
    #expect(
      slow.podTraits.environment == ["VOTE_STARTUP": "2000ms", "VOTE_CAPACITY": "200", "VOTE_WARMUP": "1500ms"])
    #expect(try RunProfile.validate(settings([:]), freshSeed: 1).get().podTraits.environment.isEmpty)
  }

  @Test("Poisson arrivals take the run's seed")
  func poisson() throws {
    let rate = ArrivalRate(votesPerSecond: 500)
    #expect(try profile([.arrival: "poisson", .rate: "500"]).schedule == Schedule(.poisson(rate, seed: 7)))
    #expect(
      try profile([.arrival: "poisson", .rate: "500", .seed: "42"]).schedule == Schedule(.poisson(rate, seed: 42)))
  }

  @Test("stages are the whole run; a warmup is on top, at the rate with which they begin")
  func stages() throws {
    let whole = try profile([.stages: "30s@100,1m@100..500"])
    #expect(whole.warmup == .zero)
    #expect(whole.baseline == .seconds(90))
    #expect(whole.schedule.duration == .seconds(90))
    let warm = try profile([.stages: "30s@100..500", .warmup: "10s"])
    #expect(warm.baseline == .seconds(30))
    #expect(warm.schedule.votesDue(before: 10_000_000_000) == 1000)
    #expect(warm.schedule.ratePerSecond(at: 25_000_000_000) == 300)
    let rollout = try profile([.stages: "5s@100,5s@200", .duringRollout: "true"])
    #expect(rollout.baseline == .seconds(30))
    #expect(rollout.schedule.ratePerSecond(at: 99_000_000_000) == 200)
  }

  @Test("each user of a closed loop has a connection, or a stream of the only one")
  func closed() throws {
    let loop = try profile([.closed: "300"])
    #expect(loop.schedule == Schedule(.closed(users: 300)))
    #expect(loop.connections == 300 && loop.threads == 3 && loop.streams == 1)
    #expect(loop.warmup == .seconds(10) && loop.baseline == .seconds(30))
    let streams = try profile([.closed: "32", .http: "2", .streams: "32"])
    #expect(streams.connections == 1 && streams.lane == .transfer)
  }

  @Test("connections, trust and answers as asked")
  func connections() throws {
    let profile = try profile([
      .connections: "1000", .lane: "transfer", .cert: "me.pem", .maxConnectionAge: "5m", .newConnections: "12.5%",
      .sourceAddress: "fe80::1", .control: "https://other.example/health", .podPattern: "<b>*</b>",
      .versionHeader: "X-Rev",
    ])
    #expect(profile.threads == 8 && profile.lane == .transfer)
    #expect(profile.cert == "me.pem" && profile.key == nil)
    #expect(profile.maxConnectionAge == .seconds(300) && profile.newConnections == 0.125)
    #expect(profile.sourceAddress == "fe80::1" && profile.control == "https://other.example/health")
    #expect(profile.podPattern == "<b>*</b>" && profile.versionHeader == "X-Rev")
  }

  @Test("headers and stages may be lists in a profile, and flags replace them whole")
  func lists() throws {
    let file = try Settings.read(
      yaml: "header:\n  - 'X-A: 1'\n  - 'X-B:2'\nstages:\n  - 10s@5\n  - 10s@5..50\n", name: "ci.yaml"
    ).get()
    let profile = try RunProfile.validate(file, freshSeed: 7).get()
    #expect(profile.headers == [.init(name: "X-A", value: "1"), .init(name: "X-B", value: "2")])
    #expect(profile.schedule.duration == .seconds(20))
    var flags = Settings()
    flags.add(.header, Settings.Setting("X-C: 3", place: "--header"))
    let over = try RunProfile.validate(file.overridden(by: flags), freshSeed: 7).get()
    #expect(over.headers.map(\.name) == ["X-C"])
    guard case .failure = Settings.read(yaml: "header: [[1]]\n", name: "ci.yaml"),
      case .failure = Settings.read(yaml: "rate: [5]\n", name: "ci.yaml")
    else {
      Issue.record("nested values were read")
      return
    }
  }

  @Test("a flag takes the place of what it stands against in the profile")
  func replaces() throws {
    let file = settings([.rate: "500", .arrival: "poisson", .duration: "5s", .podHeader: "X-P"])
    let closed = try RunProfile.validate(file.overridden(by: settings([.closed: "4"])), freshSeed: 7).get()
    #expect(closed.schedule == Schedule(.closed(users: 4)))
    let stages = try RunProfile.validate(file.overridden(by: settings([.stages: "1s@5"])), freshSeed: 7).get()
    #expect(stages.baseline == .seconds(1))
    #expect(
      try RunProfile.validate(file.overridden(by: settings([.podPattern: "a*b"])), freshSeed: 7).get().podPattern
        == "a*b")
    #expect(problems(file.overridden(by: settings([.closed: "4", .rate: "5"]))) == ["--closed"])
    #expect(problems(file.overridden(by: settings([.stages: "1s@5", .duration: "5s"]))) == ["--duration"])
  }
}
