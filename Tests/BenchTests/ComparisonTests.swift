import Bench
import FoundationEssentials
import Testing

/// Comparisons of made-up rollouts.
enum ComparedRollouts {
  static let strategies = [
    "maxSurge=1,maxUnavailable=0", "maxSurge=25%,maxUnavailable=25%", "maxSurge=100%,maxUnavailable=0",
  ]

  static func question(
    _ labels: [String] = strategies, repetitions: Int, seed: UInt64 = 7, margin: Double? = nil
  ) throws -> Comparison.Question {
    Comparison.Question(
      settings: try labels.map { try #require(ComparedSetting(strategy: $0)) },
      plan: ComparisonPlan(settings: labels.count, repetitions: repetitions, seed: seed), margin: margin)
  }

  /// A line as rollouts.ndjson has it.
  static func figures(_ rollout: ComparisonPlan.Rollout, failed: Int, duration: Double = 20) throws -> RolloutFigures {
    let text = """
      {"number":\(rollout.number),"repetition":\(rollout.repetition),"setting":\(rollout.setting),\
      "isForward":\(rollout.isForward),"folder":"runs/\(rollout.number)","startedAt":"2026-01-01T00:00:00Z",\
      "verdict":"pass","outcome":"complete","dueVotes":10000,"failedVotes":\(failed),"longestOutageMs":0,\
      "responseExcessMs":1.5,"durationS":\(duration),"unavailablePodSeconds":0,"surgePodSeconds":4,"peakPods":5,\
      "lostVotes":0,"knowsLost":true,"freshnessMs":100,"baselineMs":2,"settledMs":2,"keepsSchedule":true,\
      "pulledImages":false}
      """
    return try JSONDecoder().decode(RolloutFigures.self, from: Data(text.utf8))
  }

  /// Every rollout of the plan, with what `failed` and `duration` say of a setting in a repetition (from 0).
  static func all(
    _ question: Comparison.Question, failed: (Int, Int) -> Int, duration: (Int, Int) -> Double = { _, _ in 20 }
  ) throws -> [RolloutFigures] {
    try question.plan.rollouts.map { rollout in
      try figures(
        rollout, failed: failed(rollout.setting, rollout.repetition - 1),
        duration: duration(rollout.setting, rollout.repetition - 1))
    }
  }
}

/// Source of figures: SLO statistics, section 6.
@Suite("What a comparison concludes")
struct ComparisonTests {
  static let example = [
    [3, 0, 5, 2, 1, 4, 0, 2], [11, 6, 14, 9, 7, 16, 5, 10], [4, 1, 9, 2, 3, 8, 1, 3],
  ]

  @Test("the worked example comes out to its digits: A best, C second, B worst")
  func workedExample() throws {
    let question = try ComparedRollouts.question(repetitions: 8)
    let comparison = Comparison(question, try ComparedRollouts.all(question) { Self.example[$0][$1] })
    let primary = comparison.primary
    let friedman = try #require(primary.friedman)
    #expect(decimal(friedman.statistic, 6) == "15.548387")
    #expect(decimal(friedman.approximation, 8) == "0.00042045")
    let pairs = Dictionary(uniqueKeysWithValues: primary.pairs.map { ([$0.first, $0.second], $0) })
    let (ab, ac, bc) = (try #require(pairs[[0, 1]]), try #require(pairs[[0, 2]]), try #require(pairs[[1, 2]]))
    #expect(ab.differences == [8, 6, 9, 7, 6, 12, 5, 8])
    #expect([ab.p, ac.p, bc.p] == [0.0078125, 0.015625, 0.0078125])
    #expect([ab.adjusted, ac.adjusted, bc.adjusted] == [0.0234375, 0.0234375, 0.0234375])
    #expect([ab, ac, bc].map { $0.shift?.estimate } == [7.5, 1.5, -6])
    #expect([ab, ac, bc].map { $0.shift?.interval } == [6...10, 0.5...3, -7.5 ... -4.5])
    #expect(decimal(ab.shift?.level ?? 0, 4) == "0.9609")
    #expect([ab, ac, bc].map(\.answer) == [.worse, .worse, .better])
    #expect(comparison.recommendation == .best(0))
    #expect(comparison.exitCode == 0)
  }

  @Test(
    "what is recommended follows from harm first, then from speed",
    arguments: [
      (
        failed: [[0, 0, 0, 0, 0, 0, 0, 0], [7, 6, 9, 8, 5, 7, 8, 6]], duration: [20, 11.0], expected: "best 0", exit: 0
      ),
      ([[0, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0]], [20, 11], "fastest 1", 0),
      ([[0, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0]], [20, 20], "either", 0),
      ([[9, 40, 0, 30, 2, 50, 1, 20], [30, 2, 50, 1, 20, 9, 40, 0]], [20, 11], "undecided", 2),
      ([[0, 0, 0], [70, 60, 90]], [20, 11], "undecided", 2),
    ])
  func recommends(failed: [[Int]], duration: [Double], expected: String, exit: Int32) throws {
    let labels = Array(ComparedRollouts.strategies.prefix(2))
    let question = try ComparedRollouts.question(labels, repetitions: failed[0].count)
    let rollouts = try ComparedRollouts.all(
      question, failed: { failed[$0][$1] }, duration: { duration[$0] + Double($1) / 10 })
    let comparison = Comparison(question, rollouts)
    let found =
      switch comparison.recommendation {
      case .best(let setting): "best \(setting)"
      case .cleanest(let setting, _): "cleanest \(setting)"
      case .fastest(let setting, _): "fastest \(setting)"
      case .either: "either"
      case .undecided: "undecided"
      case .none: "none"
      case .noData: "no data"
      }
    #expect(found == expected, "\(comparison.sentence)")
    #expect(comparison.exitCode == exit)
  }

  @Test("the sentence says who, how much it hurt, and what the others do better and worse")
  func sentence() throws {
    let question = try ComparedRollouts.question(Array(ComparedRollouts.strategies.prefix(2)), repetitions: 8)
    let rollouts = try ComparedRollouts.all(
      question, failed: { $0 == 0 ? 0 : 6 + $1 % 3 }, duration: { $0 == 0 ? 20 : 11 + Double($1) / 10 })
    let comparison = Comparison(question, rollouts)
    #expect(
      comparison.sentence
        == "maxSurge=1,maxUnavailable=0: no failed vote in 8 rollouts; maxSurge=25%,maxUnavailable=25% is 8.7 s faster and "
        + "fails 7 votes a rollout more.")
    #expect(
      comparison.confidence == "95 % confidence, from 8 repetitions of 2 settings, by failed votes")
  }

  @Test("a setting that lost a vote or did not complete is not recommended, however few votes failed")
  func unfit() throws {
    let question = try ComparedRollouts.question(Array(ComparedRollouts.strategies.prefix(2)), repetitions: 8)
    var rollouts = try ComparedRollouts.all(question) { setting, _ in setting == 0 ? 0 : 5 }
    let place = try #require(rollouts.firstIndex { $0.setting == 0 })
    rollouts[place].lostVotes = 2
    #expect(Comparison(question, rollouts).recommendation == .best(1))
    #expect(Comparison(question, rollouts).sentence.contains("maxSurge=1,maxUnavailable=0 lost 2 accepted votes"))
    for place in rollouts.indices where rollouts[place].setting == 1 { rollouts[place].outcome = .crashLoop }
    let none = Comparison(question, rollouts)
    #expect(none.recommendation == .none && none.exitCode == 1)
    #expect(none.sentence.contains("did not complete 8 of 8 rollouts"))
  }

  @Test("inconclusive comparisons say about how many repetitions would decide, and so many do")
  func needed() throws {
    let question = try ComparedRollouts.question(Array(ComparedRollouts.strategies.prefix(2)), repetitions: 4)
    var random = SeededGenerator(seed: 3)
    func values(_ count: Int) -> [[Int]] {
      (0..<2).map { setting in
        (0..<count).map { _ in max(0, Int(40 + 20 * Double(setting) + 12 * Quantiles.normal(random.unit()))) }
      }
    }
    var decided = 0
    for _ in 0..<40 {
      let few = values(4)
      let first = Comparison(question, try ComparedRollouts.all(question) { few[$0][$1] })
      let repetitions = min(60, try #require(first.neededRepetitions([0, 1])))
      #expect(repetitions > 4)
      let longer = try ComparedRollouts.question(
        Array(ComparedRollouts.strategies.prefix(2)), repetitions: repetitions)
      let many = values(repetitions)
      let second = Comparison(longer, try ComparedRollouts.all(longer) { many[$0][$1] })
      decided += second.exitCode == 0 ? 1 : 0
    }
    // Four of five, were the spread of four differences that of all; some of them come out small by chance.
    #expect(decided >= 20)
  }

  @Test("in 2000 comparisons identical settings are called different in at most 6 %, and in some", arguments: [2, 3])
  func identical(settings: Int) {
    #expect((1...120).contains(Self.calledDifferent(of: 2_000, settings: settings, effect: 0)))
  }

  @Test("in 2000 comparisons of 8 repetitions a difference of 2 standard deviations of it is found in at least 90 %")
  func found() {
    #expect(Self.calledDifferent(of: 2_000, settings: 2, effect: 2 * 2.0.squareRoot()) >= 1_800)
  }

  @Test("one of 2 standard deviations of a rollout, which are less of the difference, is found in at least 80 %")
  func foundAcrossRollouts() {
    #expect(Self.calledDifferent(of: 2_000, settings: 2, effect: 2) >= 1_600)
  }

  /// How many comparisons call two settings different, the first of which lies `effect` standard deviations of its
  /// rollouts below the others; what a repetition has in common is in all of its rollouts.
  private static func calledDifferent(of runs: Int, settings: Int, effect: Double) -> Int {
    var random = SeededGenerator(seed: 11)
    return (0..<runs).count { _ in
      let rows = (0..<8).map { _ in
        let block = 5 * Quantiles.normal(random.unit())
        return (0..<settings).map { setting in
          max(0, (50 + block + 4 * (Quantiles.normal(random.unit()) + (setting == 0 ? 0 : effect))).rounded())
        }
      }
      let comparison = MetricComparison(.failedVotes, rows: rows, settings: settings, dueVotes: 5_000)
      return comparison.pairs.contains { $0.answer == .worse || $0.answer == .better }
    }
  }

  @Test(
    "settings that are alike in everything are recommended over each other in at most 6 %, whatever fails",
    arguments: [0.0, 0.5, 4])
  func alike(spread: Double) throws {
    let question = try ComparedRollouts.question(Array(ComparedRollouts.strategies.prefix(2)), repetitions: 8)
    var random = SeededGenerator(seed: 23)
    let template = try question.plan.rollouts.map { try ComparedRollouts.figures($0, failed: 0) }
    let preferred = (0..<2_000).count { _ in
      var rollouts = template
      for place in rollouts.indices {
        rollouts[place].failedVotes = max(0, Int((spread * (3 + Quantiles.normal(random.unit()))).rounded()))
        rollouts[place].durationS = 20 + Quantiles.normal(random.unit())
      }
      switch Comparison(question, rollouts).recommendation {
      case .best, .fastest: return true
      default: return false
      }
    }
    #expect((1...120).contains(preferred), "\(preferred)")
  }

  @Test(
    "the power that a plan tells is that of the specification's simulation",
    arguments: [
      (deviations: 0.5, power: 0.10), (1, 0.43), (1.5, 0.78), (2, 0.95),
    ])
  func power(deviations: Double, power: Double) {
    #expect(abs(ComparisonPower.power(repetitions: 8, deviations: deviations, pairs: 3) - power) < 0.06)
  }

  @Test("a plan says what the rule in force finds in four of five comparisons: the test and the interval together")
  func powerOfTheRule() {
    // By the rule itself 77 % of 1.2 standard deviations are found with 8 repetitions, and by the test alone 81 %.
    #expect(abs(ComparisonPower.power(repetitions: 8, deviations: 1.2, pairs: 1) - 0.766) < 0.03)
    #expect(ComparisonPower.smallest(repetitions: 8, pairs: 1) == 1.3)
    var random = SeededGenerator(seed: 77)
    for (repetitions, pairs, deviations) in [(11, 1, 1.0), (13, 1, 0.9), (12, 3, 1.1)] {
      let found = (0..<300).count { _ in
        let rows = (0..<repetitions).map { _ in
          (0...(pairs > 1 ? 2 : 1)).map { $0 == 0 ? 0 : deviations + Quantiles.normal(random.unit()) }
        }
        let pair = MetricComparison(.duration, rows: rows, settings: 2).pairs[0]
        return pair.p <= 0.05 / Double(pairs) && pair.shift?.interval?.contains(0) == false
      }
      let said = ComparisonPower.power(repetitions: repetitions, deviations: deviations, pairs: pairs)
      #expect(abs(said - Double(found) / 300) < 0.08, "\(repetitions), \(pairs): \(said), \(found)")
    }
  }

  @Test("the approximation above ten repetitions goes on where the draws below end")
  func powerGoesOn() {
    for deviations in [0.5, 1, 1.5] {
      let (drawn, reckoned) = (
        ComparisonPower.power(repetitions: 10, deviations: deviations, pairs: 3),
        ComparisonPower.power(repetitions: 11, deviations: deviations, pairs: 3)
      )
      #expect(reckoned > drawn - 0.06 && reckoned < drawn + 0.2, "\(deviations): \(drawn), \(reckoned)")
    }
    #expect(ComparisonPower.power(repetitions: 5, deviations: 50, pairs: 1) == 0)
  }
}

@Suite("The plan of a comparison")
struct ComparisonPlanTests {
  @Test("every repetition has every setting once, directions alternate, and of two repetitions a setting has both")
  func blocks() {
    for settings in 2...6 {
      for seed in 0..<50 as Range<UInt64> {
        let plan = ComparisonPlan(settings: settings, repetitions: 9, seed: seed)
        #expect(plan.rollouts.map(\.number) == Array(1...9 * settings))
        #expect(plan.rollouts.map(\.isForward) == (0..<9 * settings).map { $0.isMultiple(of: 2) })
        let blocks = (1...9).map { repetition in plan.rollouts.filter { $0.repetition == repetition } }
        #expect(blocks.allSatisfy { Set($0.map(\.setting)).count == settings && $0.count == settings })
        for setting in 0..<settings {
          let directions = blocks.compactMap { $0.first { $0.setting == setting }?.isForward }
          #expect(stride(from: 0, to: 8, by: 2).allSatisfy { directions[$0] != directions[$0 + 1] })
        }
      }
    }
  }

  @Test("the order is drawn: every order comes, each about as often as the others, and a seed gives one order")
  func orders() {
    var counts: [[Int]: Int] = [:]
    for seed in 0..<1_200 as Range<UInt64> {
      let plan = ComparisonPlan(settings: 3, repetitions: 2, seed: seed)
      #expect(plan == ComparisonPlan(settings: 3, repetitions: 2, seed: seed))
      counts[plan.rollouts.prefix(3).map(\.setting), default: 0] += 1
    }
    #expect(counts.count == 6 && counts.values.allSatisfy { (150...250).contains($0) }, "\(counts)")
  }
}
