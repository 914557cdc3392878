import Bench
import Testing

@Suite("The language of objectives")
struct ObjectiveLanguageTests {
  private func read(_ text: String) throws -> Objective { try Objective(text) }

  @Test("a scope says which votes, in any order; without a phase it is the whole run")
  func scopes() throws {
    #expect(try read("p99 < 250ms").scope == Objective.Scope())
    for part in Objective.Part.allCases { #expect(try read("\(part.rawValue): p99 < 1s").scope.part == part) }
    var scope = Objective.Scope(.change)
    scope.every = 10
    scope.cohorts = [.fresh]
    #expect(try read("every 10s change fresh: p99 < 1s").scope == scope)
    #expect(try read("fresh, change, every 10s: p99<1s").scope == scope)
    #expect(try read("each pod: errors == 0").scope.answering == .eachPod)
    #expect(try read("each version: errors == 0").scope.answering == .eachVersion)
    #expect(try read("rollout pod voting-app-5d9c-x2x4q: errors == 0").scope.answering == .pod("voting-app-5d9c-x2x4q"))
    #expect(try read("version v2: error-rate <= 1%").scope.answering == .version("v2"))
  }

  @Test(
    "metrics with their statistics, and values with their units",
    arguments: [
      ("error-rate <= 0.1%", .errorRate(.any), .atMost, 0.001), ("error-rate == 0", .errorRate(.any), .equal, 0),
      ("error-rate <= 0.001", .errorRate(.any), .atMost, 0.001),
      ("availability >= 99.9%", .errorRate(.any), .atMost, 0.001),
      ("availability > 99.95%", .errorRate(.any), .below, 0.0005),
      ("errors <= 3", .errors(.any), .atMost, 3), ("errors.http-0502 == 0", .errors(.named("http-502")), .equal, 0),
      ("errors.http-5xx == 0", .errors(.statuses(5)), .equal, 0),
      ("error-rate.timeout <= 0.5%", .errorRate(.named("timeout")), .atMost, 0.005),
      ("errors.curl-28 == 0", .errors(.named("timeout")), .equal, 0),
      ("p90 < 300 ms", .time(.response, .percentile(90_000)), .below, 3e8),
      ("error-rate < 0.1 %", .errorRate(.any), .below, 0.001),
      ("p50 < 20ms", .time(.response, .percentile(50_000)), .below, 2e7),
      ("p99.999 < 1.5s", .time(.response, .percentile(99_999)), .below, 1.5e9),
      ("p99.9 < 800us", .time(.response, .percentile(99_900)), .below, 8e5),
      ("response.p95 <= 1m", .time(.response, .percentile(95_000)), .atMost, 6e10),
      ("service.max < 2s", .time(.service, .max), .below, 2e9), ("mean < 5ms", .time(.response, .mean), .below, 5e6),
      ("start-lag.p99 < 10ms", .time(.startLag, .percentile(99_000)), .below, 1e7),
      ("outage.max < 500ms", .outageMaximum, .below, 5e8), ("outage.count <= 2", .outageCount, .atMost, 2),
      ("freshness.p99 < 2s", .freshness(.percentile(99_000)), .below, 2e9),
      ("votes.lost == 0", .votes(.lost), .equal, 0), ("votes.accepted >= 1000", .votes(.accepted), .atLeast, 1000),
      ("rollout.duration < 120s", .rollout(.duration), .below, 1.2e11),
      ("rollout.unavailable <= 30s", .rollout(.unavailable), .atMost, 3e10),
    ] as [(String, Objective.Metric, Objective.Comparison, Double)])
  func metrics(text: String, metric: Objective.Metric, comparison: Objective.Comparison, value: Double) throws {
    let objective = try read(text)
    #expect(objective.metric == metric && objective.comparison == comparison)
    #expect(objective.bound == .value(value), "\(objective.bound)")
    #expect(objective.expression == text)
  }

  @Test("a phase is compared with another, by a factor, by a margin, or as it is")
  func comparisons() throws {
    #expect(try read("rollout: p99 <= 1.5 * baseline: p99").bound == .relative(factor: 1.5, part: .baseline, plus: 0))
    #expect(
      try read("change: error-rate <= baseline: error-rate + 0.1%").bound
        == .relative(factor: 1, part: .baseline, plus: 0.001))
    #expect(
      try read("change:p99<2*baseline:p99+20ms").bound == .relative(factor: 2, part: .baseline, plus: 2e7))
    #expect(try read("rollout.outcome == image-pull").bound == .outcome(.imagePull))
    #expect(try read("baseline: p99 < 1s (inferred)").isInferred)
    #expect(try read("  p99   <  1s ").expression == "p99 < 1s", "spaces mean nothing")
  }

  @Test(
    "what is wrong is said at its character, with what was meant",
    arguments: [
      ("rolout: p99 < 250ms", 0, 6, "did you mean 'rollout'"), ("eror-rate <= 1%", 0, 9, "did you mean 'error-rate'"),
      ("votes.lst == 0", 6, 3, "did you mean 'lost'"), ("p99 < 250", 6, 3, "a unit such as 250ms"),
      ("p99 < 100mss", 9, 3, "did you mean 'ms'"), ("p99 < ms", 6, 2, "expected a number"), ("p99 <", 5, 1, "a value"),
      ("p99", 3, 1, "a comparison"), ("p99 != 3ms", 4, 2, "a comparison"), ("", 0, 1, "a metric"),
      ("p99.9999 < 1s", 0, 8, "no metric"), ("p100 < 1s", 0, 4, "no metric"), ("p0 < 1s", 0, 2, "no metric"),
      ("response.p9x < 1s", 9, 3, "no 'response.p9x'"), ("response < 1s", 8, 1, "expected a figure after 'response'"),
      ("errors.http-99 == 0", 7, 7, "no kind of error"), ("errors.tmeout == 0", 7, 6, "did you mean 'timeout'"),
      ("warmup: p99 < 1s", 0, 6, "never counted"), ("drain: p99 < 1s", 0, 5, "no vote is sent"),
      (": p99 < 1s", 0, 1, "a phase before ':'"), ("baseline rollout: p99 < 1s", 9, 7, "a phase already"),
      ("each pood: p99 < 1s", 5, 4, "did you mean 'pod'"), ("every 10: p99 < 1s", 6, 2, "a duration"),
      ("every 500ms: p99 < 1s", 6, 5, "whole seconds"), ("p99 < 1s now", 9, 3, "the end after the bound"),
      ("p99 < 1s (infered)", 10, 7, "(inferred)"), ("error-rate <= 120%", 14, 4, "at most 100%"),
      ("errors <= 1.5", 10, 3, "a whole number"), ("errors <= 3%", 11, 1, "without a unit"),
      ("p99 >= 3ms", 0, 3, "bounded from above"), ("p99 == 3ms", 0, 3, "bounded from above"),
      ("error-rate >= 1%", 0, 10, "bounded from above"), ("error-rate == 1%", 0, 10, "to the last vote"),
      ("errors < 0", 0, 6, "nothing is below 0"), ("rollout.outcome == complet", 19, 7, "did you mean 'complete'"),
      ("rollout.outcome < complete", 0, 15, "compared with =="),
      ("baseline: votes.lost == 0", 10, 10, "whole run only"),
      ("change: freshness.p99 < 2s", 8, 13, "whole run only"), ("freshness.p90 < 2s", 10, 3, "no 'freshness.p90'"),
      ("rollout: p99 < rollout: p99", 15, 7, "not compared with itself"),
      ("rollout: p99 < 0 * baseline: p99", 15, 1, "above 0"),
      ("rollout: p99 < 2 * baseline: p90", 29, 3, "the same metric"),
      ("rollout: p99 < 2 * basline: p99", 19, 7, "did you mean 'baseline'"),
      ("rollout: errors <= 2 * baseline: errors", 9, 6, "only error-rate and times"),
      ("each pod: p99 < 2 * baseline: p99", 10, 3, "not compared with another phase"),
      ("every 5s rollout: p99 < 2 * baseline: p99", 18, 3, "not compared with another phase"),
      ("every 5s: votes.dropped == 0", 10, 13, "windows (every) are for"),
      ("error-rate == 0 (inferred)", 0, 10, "no sample shows"),
      ("outage.max < 1s (inferred)", 0, 10, "(inferred) is for"),
      ("each pod: outage.max < 1s", 10, 10, "not known of one pod"), ("p99 < 1e9ms", 7, 4, "no unit"),
      ("outage.max < 99999999999h", 13, 12, "at most 1000000h"),
      ("errors <= 9999999999999999", 10, 16, "a whole number"),
      ("rollout: p99 < 9999999 * baseline: p99", 15, 7, "up to 1000000"),
      ("error-rate < 1", 0, 10, "less than 100%"), ("availability >= 0%", 0, 12, "less than 100%"),
      ("outage.max > 5s", 0, 10, "bounded from above"), ("outage.max <= 0ms", 0, 10, "use outage.count == 0"),
      ("freshness.p99 > 2s", 0, 13, "bounded from above"), ("votes.lost >= 1", 0, 10, "only votes.accepted"),
      ("fresh each pod: p99 < 1s", 16, 3, "not both"), ("response-time.p99 < 1s", 0, 17, "did you mean 'response'"),
      ("p99 < 2 * baseline: p99 (inferred)", 0, 3, "of samples already"),
      ("é: p99 < 1s", 0, 1, "no phase 'é'"), ("availability <= 99%", 0, 12, "bounded from above"),
    ])
  func errors(text: String, position: Int, length: Int, reason: String) {
    #expect {
      try read(text)
    } throws: { error in
      guard let error = error as? ObjectiveError else { return false }
      let isRight =
        error.position == position && error.length == length && error.reason.contains(reason)
        && error.description.hasSuffix(
          String(repeating: " ", count: position + 4) + "^" + String(repeating: "~", count: length - 1))
      if !isRight { Issue.record("\(error.position), \(error.length): \(error.reason)") }
      return isRight
    }
  }

  @Test("whatever is typed is read or refused, and what is read reads again as the same")
  func anything() throws {
    let words = [
      "rollout", "change", ":", "p99", "error-rate", "votes.lost", "<", "<=", "==", ">=", "*", "+", "0", "1.5", "250ms",
      "0.1%", "each", "pod", "every", "10s", "(", "inferred", ")", ",", "fresh", "baseline", "p", ".", "=", "!", "🗳",
      "\u{0}", "9999999999999999999999s", "1e400", "outage.max", "complete", "rollout.outcome",
    ]
    var random = Random(state: 7)
    for _ in 0..<4000 {
      let text = (0...random.below(9)).map { _ in words[random.below(words.count)] }.joined(
        separator: random.below(3) == 0 ? "" : " ")
      do {
        let objective = try read(text)
        #expect(try read(objective.expression) == objective)
      } catch let error as ObjectiveError {
        #expect(error.position <= text.count && error.length >= 1)
      }
    }
  }

  @Test(
    "two that no run can meet are refused, two that one can are not",
    arguments: [
      ("p99 < 100ms", "p99 < 200ms", false), ("errors == 0", "errors >= 1", true),
      ("errors <= 3", "errors >= 3", false),
      ("errors < 3", "errors >= 3", true), ("rollout: errors == 0", "change: errors >= 1", false),
      ("rollout.outcome == complete", "rollout.outcome == crash-loop", true),
      ("votes.lost == 0", "votes.lost == 1", true),
      ("votes.accepted > 5", "votes.accepted <= 5", true), ("error-rate == 0", "availability >= 99%", false),
      ("errors > 0", "errors < 1", true), ("errors > 0", "errors < 2", false), ("errors > 2", "errors <= 2", true),
      ("kept fresh: errors == 0", "fresh kept: errors >= 1", true), ("kept: errors == 0", "fresh: errors >= 1", false),
      ("error-rate < 1%", "error-rate <= 0.5%", false),
    ])
  func contradictions(one: String, other: String, contradict: Bool) throws {
    #expect(try read(one).contradicts(try read(other)) == contradict)
    #expect(try read(other).contradicts(try read(one)) == contradict)
  }

  // MARK: Settings

  private func settings(_ slo: [String], _ others: [Settings.Key: String] = [:]) -> Settings {
    var settings = Settings()
    for text in slo { settings.add(.slo, Settings.Setting(text, place: "--slo")) }
    for (key, text) in others { settings.set(key, Settings.Setting(text, place: "--\(key.rawValue)")) }
    return settings
  }

  private func problems(_ settings: Settings) -> [String] {
    guard case .failure(let list) = RunProfile.validate(settings, freshSeed: 1) else { return [] }
    return list.problems.map(\.description)
  }

  @Test("the default objectives are those of the product, none is none, and default stands for them beside others")
  func defaults() throws {
    func expressions(_ slo: [String], during: Bool = true) throws -> [String] {
      try RunProfile.validate(settings(slo, [.duringRollout: "\(during)"]), freshSeed: 1).get().objectives
        .map(\.expression)
    }
    let all = ["votes.lost == 0", "votes.altered == 0", "change: error-rate == 0", "rollout.outcome == complete"]
    #expect(try expressions([]) == all)
    #expect(try expressions([], during: false) == ["votes.lost == 0", "votes.altered == 0", "error-rate == 0"])
    #expect(try expressions(["none"]) == [])
    #expect(try expressions(["p99 < 1s"]) == ["p99 < 1s"], "given ones take their place")
    #expect(try expressions(["default", "p99 < 1s", "votes.lost == 0"]) == all + ["p99 < 1s"])
    #expect(problems(settings(["none", "p99 < 1s"])).contains { $0.contains("stands alone") })
  }

  @Test(
    "what no phase of the run can answer is refused before anything starts",
    arguments: [
      (["rollout: p99 < 1s"], [:], "without --during-rollout"),
      (["rollout.duration < 1m"], [:], "add --during-rollout"),
      (
        ["rollback: p99 < 1s"], [.duringRollout: "true", .rollback: "false"],
        "no phase 'rollback': it has baseline, rollout"
      ),
      (["fresh: p99 < 1s"], [:], "add --new-connections"), (["p99 < 2 * baseline: p99"], [:], "share votes"),
      (["change: p99 < 2 * rollout: p99"], [.duringRollout: "true"], "share votes"),
      (["kept: errors == 0"], [.newConnections: "100%"], "lower --new-connections"),
      (["p99 < 1s"], [.errorBudget: "99.9%/0.0000001h"], "1h or more"),
      (["errors == 0", "errors >= 1"], [:], "cannot both hold"),
      (["p99 < 1s"], [.abortOnFail: "true"], "needs --during-rollout"),
      (["p99 < 1s"], [.detect: "w=0ms"], "an outage such as"),
      (["p99 < 1s"], [.detect: "share=2"], "an outage such as"),
      (["p99 < 1s"], [.errorBudget: "100%/30d"], "such as 99.9%/30d"),
      (["p99 < 1s"], [.errorBudget: "99.9999999%/1d"], "such as 99.9%/30d"),
      (["p99 < 1s"], [.detect: "share=0.0000001"], "an outage such as"),
      (["p99 < 1s"], [.errorBudget: "99.9%"], "such as 99.9%/30d"),
      (
        ["p99 < 1s"], [.duringRollout: "true", .abortOnFail: "true", .control: "https://x/"], "stands against --control"
      ),
    ] as [([String], [Settings.Key: String], String)])
  func unanswerable(slo: [String], others: [Settings.Key: String], reason: String) {
    let problems = problems(settings(slo, others))
    #expect(problems.count == 1 && problems[0].contains(reason), "\(problems)")
  }

  @Test("every wrong objective is named at once")
  func together() {
    #expect(problems(settings(["p9 9", "errors == 0", "votes.lost = 0", "rollout: p99 < 1s"])).count == 3)
  }

  @Test("a profile has them as a list, one a line, quoted or not, each at its own line")
  func profile() throws {
    let yaml = """
      during-rollout: true
      slo:
        - default
        - rollout: p99 < 250ms
        - "rollout: p99 <= 1.5 * baseline: p99"
        - errors <= 3
      detect: w=50ms,share=1/4
      error-budget: 99.99%/7d
      abort-on-fail: true
      """
    let profile = try RunProfile.validate(try Settings.read(yaml: yaml, name: "ci.yaml").get(), freshSeed: 1).get()
    #expect(profile.objectives.count == 7 && profile.objectives[4].expression == "rollout: p99 < 250ms")
    #expect(profile.detection == Detection(window: .milliseconds(50), share: 0.25))
    #expect(profile.errorBudget == BudgetPlan(objective: 0.9999, window: .seconds(7 * 86_400)))
    #expect(profile.abortsOnFail)
    let wrong = try Settings.read(yaml: "slo:\n  - errors == 0\n  - rolout: p99 < 1s\n", name: "ci.yaml").get()
    #expect(problems(wrong).first?.hasPrefix("ci.yaml:3: slo: character 1: there is no phase 'rolout'") ?? false)
    guard case .failure(let list) = Settings.read(yaml: "slo:\n  - [a, b]\n", name: "ci.yaml") else {
      Issue.record("a list within the list was read")
      return
    }
    #expect(list.problems[0].description.contains("a list of objectives"))
    #expect(try Settings.read(yaml: "slo: none\n", name: "x").get()[.slo]?.text == "none")
  }

  @Test(
    "the outage to be seen and the budget as they are written",
    arguments: [
      ("w=100ms,share=1/3", 0.1, 1.0 / 3), ("w=1s", 1, 1.0 / 3), ("share=50%", 0.1, 0.5), ("share=1,w=20ms", 0.02, 1),
    ] as [(String, Double, Double)])
  func detection(text: String, seconds: Double, share: Double) {
    let detection = Detection(spelled: text)
    #expect(detection?.window.seconds == seconds && detection?.share == share)
    #expect(Detection(spelled: text + ",x=1") == nil && Detection(spelled: "w") == nil)
  }
}
