import Bench
import FoundationEssentials
import Testing

@Suite("What is asked of a comparison")
struct ComparisonRequestTests {
  private typealias Typed = ComparisonRequest.Typed

  private static func typed(
    strategies: [String] = [], variants: [String] = [], repetitions: String? = nil, primary: String? = nil,
    margin: String? = nil
  ) -> Typed {
    Typed(
      settings: strategies.map { .init(isVariant: false, text: $0) }
        + variants.map { .init(isVariant: true, text: $0) },
      repetitions: repetitions, primary: primary, margin: margin)
  }

  private static func settings(_ values: [Settings.Key: String]) -> Settings {
    var settings = Settings()
    for (key, text) in values { settings.set(key, .init(text, place: "--\(key.rawValue)")) }
    return settings
  }

  private static func request(_ typed: Typed, _ values: [Settings.Key: String] = [:]) throws -> ComparisonRequest {
    try ComparisonRequest.validate(typed, settings: settings(values), freshSeed: 9).get()
  }

  private static let two = ["maxSurge=1,maxUnavailable=0", "maxSurge=25%,maxUnavailable=25%"]

  @Test(
    "variants are read with all that they can have",
    arguments: [
      "preStop=5s", "preStop=none", "terminationGracePeriodSeconds=60", "minReadySeconds=5", "replicas=8",
      "image=registry.example/app:v2", "maxSurge=1,maxUnavailable=0,preStop=10s",
      "replicas=2,patch={\"spec\":{\"a\":1,\"b\":2}}",
    ])
  func variants(text: String) throws {
    let setting = try #require(ComparedSetting(variant: text))
    #expect(setting.label == text)
    #expect((setting.strategyText != nil) == text.contains("max") || text.contains("minReady"))
    #expect(setting.preparesPods == ["preStop", "Grace", "replicas", "patch"].contains { text.contains($0) })
  }

  @Test(
    "what is no variant is refused",
    arguments: [
      "", "preStop", "preStop=", "preStop=5", "preStop=0s", "preStop=500ms", "preStop=2h", "replicas=0", "replicas=-1",
      "replicas=1,replicas=2", "image=", "image=a b", "patch=", "patch=[1]", "patch={", "maxSurge=x", "maxSurge=1,",
      ",maxSurge=1", "speed=5", "terminationGracePeriodSeconds=1s",
    ])
  func noVariants(text: String) { #expect(ComparedSetting(variant: text) == nil) }

  @Test("every problem is named at once, with its place")
  func problems() throws {
    let typed = Self.typed(
      strategies: ["maxSurge=1"], variants: ["maxSurge=1", "speed=5"], repetitions: "0", primary: "joy", margin: "-1")
    let values: [Settings.Key: String] = [
      .rate: "x", .closed: "4", .rollback: "false", .scale: "3", .abortOnFail: "true",
    ]
    let result = ComparisonRequest.validate(typed, settings: Self.settings(values), freshSeed: 1)
    guard case .failure(let list) = result else {
      Issue.record("it was taken")
      return
    }
    let places = Set(list.problems.map(\.place))
    #expect(
      places.isSuperset(of: [
        "--variant", "--repeat", "--primary", "--margin", "--rate", "--closed", "--rollback", "--scale",
        "--abort-on-fail",
      ]), "\(list.problems)")
    #expect(list.problems.contains { $0.description.contains("given twice") })
  }

  @Test(
    "what cannot be compared is refused with its place",
    arguments: [
      (typed(strategies: [two[0]]), [:], "--strategy"),
      (typed(strategies: ["maxSurge=0,maxUnavailable=0", two[0]]), [:], "--strategy"),
      (typed(strategies: two), [.target: "https://a.example"], "compare: during-rollout"),
      (typed(strategies: two), [.strategy: "maxSurge=1"], "--strategy"),
      (typed(strategies: two), [.statefulset: "db", .restart: "true"], "--strategy"),
      (typed(strategies: two), [.stages: "10s@5"], "--stages"),
    ] as [(ComparisonRequest.Typed, [Settings.Key: String], String)])
  func refused(typed: ComparisonRequest.Typed, values: [Settings.Key: String], place: String) {
    let result = ComparisonRequest.validate(typed, settings: Self.settings(values), freshSeed: 1)
    guard case .failure(let list) = result else {
      Issue.record("it was taken")
      return
    }
    #expect(list.problems.contains { $0.place == place }, "\(list.problems)")
  }

  @Test("every rollout has its setting, the image that it ends with, a seed of its own, and stays")
  func profiles() throws {
    let request = try Self.request(Self.typed(strategies: Self.two), [.seed: "5", .rate: "50"])
    var seeds: Set<UInt64> = []
    for rollout in request.question.plan.rollouts {
      let profile = try request.profile(of: rollout, image: "voting-app:v2", out: "/tmp/x")
      #expect(profile.rollout?.strategy == StrategyChange(spelled: Self.two[rollout.setting]))
      #expect(profile.rollout?.changes.map(\.trigger) == [.image("voting-app:v2")])
      #expect(profile.rollout?.rollback == false && profile.out == "/tmp/x")
      #expect(profile.warmup == .seconds(5) && profile.baseline == .seconds(10))
      seeds.insert(profile.seed)
    }
    #expect(seeds.count == 16)
    #expect(try request.probe(out: "/tmp/y").rollout == nil)
  }

  @Test(
    "settings that are the same are refused, however they are written",
    arguments: [
      (["maxSurge=1,maxUnavailable=0", "maxUnavailable=0,maxSurge=1"], []), (["maxSurge=1"], ["maxSurge=1"]),
      ([], ["replicas=2,preStop=5s", "preStop=5s,replicas=2"]),
    ])
  func same(strategies: [String], variants: [String]) {
    let typed = Self.typed(strategies: strategies, variants: variants)
    guard case .failure(let list) = ComparisonRequest.validate(typed, settings: Settings(), freshSeed: 1) else {
      Issue.record("they were taken")
      return
    }
    #expect(list.problems.map(\.description).contains { $0.contains("is given twice") }, "\(list.problems)")
  }

  @Test("as many repetitions as it takes to tell anything, and at least eight, an even number")
  func repetitions() throws {
    func count(_ settings: Int) throws -> Int {
      let typed = Self.typed(variants: (1...settings).map { "replicas=\($0)" })
      return try Self.request(typed).question.plan.repetitions
    }
    #expect(try (2...6).map(count) == [8, 8, 8, 10, 10])
  }

  @Test("the plan says how many rollouts, and what so few repetitions cannot tell")
  func plan() throws {
    let few = ComparisonPlanText(try Self.request(Self.typed(strategies: Self.two, repetitions: "3"))).text
    #expect(few.contains("2 settings, 3 repetitions: 6 rollouts") && few.contains("--repeat 6"))
    let enough = ComparisonPlanText(try Self.request(Self.typed(strategies: Self.two))).text
    #expect(enough.contains("in four of five comparisons") && !enough.contains("--repeat"))
  }

  @Test(
    "the plan says below which difference there is none: a number that does not depend on what is measured",
    arguments: [
      (nil, nil, "a thousandth of a rollout's votes"), ("longest-outage", nil, "100 ms"), ("duration", nil, "1 s"),
      ("freshness", nil, "100 ms"), ("response-excess", nil, "10 ms"), ("peak-pods", nil, "1"),
      ("duration", "2.5", "2.5 s"),
    ])
  func margins(primary: String?, margin: String?, words: String) throws {
    let request = try Self.request(Self.typed(strategies: Self.two, primary: primary, margin: margin))
    let text = ComparisonPlanText(request).text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(text.contains("differences below \(words) are none"), "\(text)")
    guard let primary = primary.flatMap(ComparisonMetric.init), margin == nil else { return }
    let wide = MetricComparison(primary, rows: [[9_000, 90_000]], settings: 2)
    #expect(primary.spelled(wide.margin) == words)
  }

  @Test("a log that was cut off anywhere has its whole lines, and what follows from the rest is the same")
  func cutOff() throws {
    let request = try Self.request(Self.typed(strategies: Self.two, repetitions: "6"), [.header: "X-A: secret"])
    var log = ComparisonLog(request, startedAt: "2026-01-01T00:00:00Z")
    let plan = Array(try log.plan(version: "0.1.0").utf8)
    var lines = ""
    let figures = try ComparedRollouts.all(request.question) { setting, repetition in setting * 7 + repetition % 2 }
    for rollout in figures { lines += try log.add(rollout) }
    let bytes = Array(lines.utf8)
    let whole = ComparisonText(log.comparison, color: false).text
    for length in stride(from: 0, through: bytes.count, by: 41) {
      var cut = try ComparisonLog(plan: plan, lines: Array(bytes[..<length]))
      #expect(cut.rollouts == Array(figures.prefix(cut.rollouts.count)))
      #expect(cut.wholeBytes <= length && (cut.wholeBytes == 0 || bytes[cut.wholeBytes - 1] == UInt8(ascii: "\n")))
      #expect(cut.remaining.first?.number == (cut.rollouts.count < 12 ? cut.rollouts.count + 1 : nil))
      for rollout in figures.dropFirst(cut.rollouts.count) { _ = try cut.add(rollout) }
      #expect(ComparisonText(cut.comparison, color: false).text == whole)
      #expect(cut.request.question == request.question)
    }
  }

  @Test("what is no plan, or no line, is refused with its place")
  func unreadable() throws {
    let request = try Self.request(Self.typed(strategies: Self.two))
    let plan = Array(try ComparisonLog(request, startedAt: "now").plan(version: "0.1.0").utf8)
    #expect(throws: ComparisonLog.Unreadable.self) { try ComparisonLog(plan: [1], lines: []) }
    let strange = String(decoding: plan, as: UTF8.self).replacing("compare/1.0", with: "compare/9.0")
    #expect(throws: ComparisonLog.Unreadable.self) { try ComparisonLog(plan: Array(strange.utf8), lines: []) }
    do {
      _ = try ComparisonLog(plan: plan, lines: Array("{}\n".utf8))
      Issue.record("it was taken")
    } catch {
      #expect("\(error)".contains("line 1 of rollouts.ndjson"))
    }
  }
}
