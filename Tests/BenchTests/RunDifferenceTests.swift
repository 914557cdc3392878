import Bench
import FoundationEssentials
import Glibc
import Testing

/// Two runs compared: what is surely worse is found, what is alike is left alone, and what nobody can know is said.
@Suite("The difference of two runs")
struct RunDifferenceTests {
  /// Votes at random, the same for the same seed: exponential times above 2 ms, and seconds that are slower or faster.
  private static func fate(
    _ seed: Int, slower factor: Double = 1, failing share: Double = 0
  ) -> (StagedRun.Due) -> StagedRun.Fate {
    { due in
      var random = SeededGenerator(seed: UInt64(seed) << 32 | UInt64(due.index))
      var second = SeededGenerator(seed: UInt64(seed) << 32 | 1 << 31 | UInt64(due.second))
      if random.unit() < share { return .failed(.status(502)) }
      return .accepted(factor * (0.9 + 0.2 * second.unit()) * (2 - 2 * log(random.unit())))
    }
  }

  private static func run(
    _ seed: Int, _ rate: Double = 50, _ seconds: Double = 24, slower factor: Double = 1, failing share: Double = 0
  ) -> StagedRun {
    var run = StagedRun.load(rate, seconds)
    run.fate = fate(seed, slower: factor, failing: share)
    return run
  }

  private static func difference(
    _ one: StagedRun, _ two: StagedRun, _ margins: RunComparison.Margins = .init(), phases: Set<Phase>? = nil
  ) throws -> RunDifference {
    try RunDifference(
      try one.report(run: "aaaaaaaa"), try two.report(run: "bbbbbbbb"), margins: margins, phases: phases)
  }

  private static func answers(_ difference: RunDifference, _ phase: Phase = .baseline) -> [RunComparison.Answer] {
    difference.comparisons.filter { $0.phase == phase }.map(\.answer)
  }

  // MARK: Simulations

  @Test("a run compared with itself is never worse, whatever it was", arguments: [0, 0.01, 0.3])
  func itself(share: Double) throws {
    for seed in 1...10 {
      let run = Self.run(seed, failing: share)
      let difference = try Self.difference(run, run)
      #expect(difference.verdict != .fail, "seed \(seed): \(difference.sentence)")
    }
  }

  @Test("runs that are alike pass once there is enough of them")
  func enough() throws {
    var passed = 0
    for seed in 1...8 {
      let difference = try Self.difference(Self.run(seed, 200, 60), Self.run(seed + 100, 200, 60))
      #expect(difference.verdict != .fail, "seed \(seed): \(difference.sentence)")
      passed += difference.verdict == .pass ? 1 : 0
    }
    #expect(passed >= 7)
  }

  @Test("of runs that are alike no more than one pair in twenty is called worse, half of them with failures")
  func falseAlarms() throws {
    let pairs = 150
    var worse: [Int] = []
    // A margin that is hardly one: whatever is above it by chance would count.
    for seed in 1...pairs {
      let share = seed % 2 == 0 ? 0 : 0.01
      let difference = try Self.difference(
        Self.run(seed, failing: share), Self.run(seed + 10_000, failing: share), .init(times: 1e-6))
      if difference.verdict == .fail { worse.append(seed) }
    }
    print("seeds 1...\(pairs): \(worse.count) pairs alike called worse: \(worse)")
    #expect(Double(worse.count) / Double(pairs) <= Self.chance(in: pairs))
  }

  @Test(
    "of runs that are worse by just the margin no more than one in twenty is called no worse, and none has to be worse")
  func missed() throws {
    let pairs = 80
    var (passed, failed): ([Int], [Int]) = ([], [])
    for seed in 1...pairs {
      let difference = try Self.difference(Self.run(seed), Self.run(seed + 10_000, slower: 1.1))
      if Self.answers(difference)[1] == .noWorse { passed.append(seed) }
      if difference.verdict == .fail { failed.append(seed) }
    }
    print("seeds 1...\(pairs): worse by the margin, \(passed.count) called no worse: \(passed), worse: \(failed)")
    #expect(Double(passed.count) / Double(pairs) <= Self.chance(in: pairs))
    #expect(Double(failed.count) / Double(pairs) <= Self.chance(in: pairs))
  }

  /// One in twenty, and two standard errors of that.
  private static func chance(in pairs: Int) -> Double { 0.05 + 2 * (0.05 * 0.95 / Double(pairs)).squareRoot() }

  @Test("half as long again is found, in each figure of time, and the way back is no worse")
  func slower() throws {
    for seed in 1...8 {
      let (one, two) = (Self.run(seed, 100, 30), Self.run(seed + 100, 100, 30, slower: 1.5))
      let difference = try Self.difference(one, two)
      #expect(difference.verdict == .fail && difference.exitCode == 1, "seed \(seed): \(difference.sentence)")
      #expect(Self.answers(difference)[1] == .worse && Self.answers(difference)[2] == .worse, "seed \(seed)")
      let median = try #require(difference.comparisons.first { $0.metric == .responseTime(50_000) }?.estimate)
      #expect((1.35...1.65).contains(median.value) && median.low < median.value && median.value < median.high)
      #expect(median.low > 1.1)
      let back = try Self.difference(two, one)
      #expect(back.comparisons.allSatisfy { $0.answer != .worse }, "seed \(seed): \(back.sentence)")
      #expect(Self.answers(back)[1] == .noWorse)
    }
  }

  @Test("a tenth more is within a margin of a half, and beyond one of a hundredth")
  func margins() throws {
    let (one, two) = (Self.run(3, 200, 60), Self.run(4, 200, 60, slower: 1.1))
    let wide = try Self.difference(one, two, .init(times: 0.5))
    #expect(wide.verdict == .pass, "\(wide.sentence)")
    let narrow = try Self.difference(one, two, .init(times: 0.01))
    #expect(narrow.verdict == .fail, "\(narrow.sentence)")
  }

  @Test(
    "more failures are found, and fewer are no worse",
    arguments: [(0.0, 0.03), (0.01, 0.04), (0.02, 0.2)])
  func failures(before: Double, after: Double) throws {
    let (one, two) = (Self.run(5, 200, 30, failing: before), Self.run(6, 200, 30, failing: after))
    let worse = try Self.difference(one, two)
    #expect(Self.answers(worse)[0] == .worse && worse.verdict == .fail, "\(worse.sentence)")
    let estimate = try #require(worse.comparisons[0].estimate)
    #expect(abs(estimate.value - (after - before)) < 0.02 && estimate.low > 0)
    #expect(Self.answers(try Self.difference(two, one))[0] == .noWorse)
  }

  @Test("failures in one burst are one event: so many of them prove nothing of the next run, and nothing good either")
  func burst() throws {
    let one = Self.run(7, 200, 30)
    var two = Self.run(8, 200, 30)
    let calm = two.fate
    two.fate = { 10..<10.5 ~= $0.second ? .failed(.status(502)) : calm($0) }
    let difference = try Self.difference(one, two)
    #expect(Self.answers(difference)[0] == .inconclusive)
    #expect(difference.comparisons[0].designEffect > 10)
    #expect(difference.comparisons[0].remedy != nil)
  }

  @Test("too little data is inconclusive, and says what would decide")
  func tooLittle() throws {
    for run in [Self.run(1, 50, 3), Self.run(1, 5, 20)] {
      let difference = try Self.difference(run, run)
      #expect(difference.verdict == .inconclusive && difference.exitCode == 2, "\(difference.sentence)")
      let open = difference.comparisons.filter { $0.answer == .inconclusive }
      #expect(!open.isEmpty && open.allSatisfy { $0.reason != nil && $0.remedy != nil })
    }
  }

  @Test("as many votes without a failure as the remedy names decide")
  func remedy() throws {
    let short = try Self.difference(Self.run(1, 100, 8), Self.run(2, 100, 8)).comparisons[0]
    #expect(short.answer == .inconclusive)
    let seconds = try #require(short.remedy?.split(separator: " ").compactMap { Double($0) }.first)
    #expect(seconds > 16 && seconds < 60)
    let long = try Self.difference(Self.run(1, 100, seconds), Self.run(2, 100, seconds)).comparisons[0]
    #expect(long.answer == .noWorse, "\(seconds) s")
    let less = try Self.difference(Self.run(1, 100, seconds / 2), Self.run(2, 100, seconds / 2)).comparisons[0]
    #expect(less.answer == .inconclusive)
  }

  @Test("times of a generator that was late are the generator's own")
  func late() throws {
    let one = Self.run(1, 100, 30)
    var two = Self.run(2, 100, 30, slower: 2)
    two.lag = { $0.index % 100 == 0 ? 20 : 0 }
    let difference = try Self.difference(one, two)
    #expect(Self.answers(difference).dropFirst().allSatisfy { $0 == .inconclusive })
    #expect(difference.comparisons[1].reason?.hasPrefix("GENERATOR_LATE") == true)
  }

  // MARK: Refusals

  private func refusal(_ change: (inout StagedRun) -> Void) throws -> RunDifference.Refusal? {
    let one = Self.run(1, 50, 8)
    var two = one
    change(&two)
    do {
      _ = try Self.difference(one, two)
      return nil
    } catch let refusal as RunDifference.Refusal {
      return refusal
    }
  }

  @Test("other loads and other ways of sending are refused, each with its reason")
  func refusals() throws {
    let rate = try #require(try refusal { $0.schedule = Schedule(rate: ArrivalRate(votesPerSecond: 60)) })
    #expect(rate.reasons.map(\.code) == [.schedule])
    #expect(rate.description.contains("50/s") && rate.description.contains("60/s"))
    let stages = try #require(Schedule.Stage.list("4s@50,4s@50..60"))
    #expect(try refusal { $0.schedule = Schedule(.stages(stages)) }?.reasons.map(\.code) == [.schedule])
    let both = try refusal { ($0.http, $0.lane) = ("2", "transfer") }
    #expect(both?.reasons.map(\.code) == [.http, .lane])
    #expect(try refusal { $0.phases = [(phase: .recovered, seconds: 8)] }?.reasons.map(\.code) == [.phases])
  }

  @Test("the same load with another seed, another spelling or another target is compared, and the target is named")
  func noRefusal() throws {
    let perMinute = try #require(ArrivalRate("3000/m"))
    #expect(try refusal { $0.schedule = Schedule(rate: perMinute) } == nil)
    let one = Self.run(1, 50, 8)
    var two = one
    two.target = "https://elsewhere"
    let difference = try Self.difference(one, two)
    #expect(difference.notes == ["the targets differ: sandbox and https://elsewhere"])
  }

  @Test("a phase that one run lacks is named and not compared; of those that are asked for no other is")
  func phases() throws {
    let one = StagedRun(50, [(.baseline, 8), (.rollout, 8), (.settle, 8)])
    let two = StagedRun(50, [(.baseline, 8), (.rollout, 8), (.recovered, 8)])
    let difference = try Self.difference(one, two)
    #expect(Set(difference.comparisons.map(\.phase)) == [.baseline, .rollout])
    #expect(difference.notes.contains("settle is in A only: it is not compared"))
    #expect(difference.notes.contains("recovered is in B only: it is not compared"))
    #expect(difference.phases.map(\.name) == ["baseline", "rollout", "settle", "recovered", "total"])
    #expect(difference.phases[2].candidate == nil && difference.phases[3].reference == nil)
    let asked = try Self.difference(one, two, phases: [.rollout])
    #expect(Set(asked.comparisons.map(\.phase)) == [.rollout])
  }

  @Test("what is worse before any change is said not to be the change's doing")
  func drift() throws {
    func run(_ seed: Int, _ factor: Double) -> StagedRun {
      var run = StagedRun(100, [(.baseline, 24), (.rollout, 24)])
      run.fate = Self.fate(seed, slower: factor)
      return run
    }
    #expect(try Self.difference(run(1, 1), run(2, 1.5)).notes.contains { $0.contains("baseline already (p50") })
    #expect(try Self.difference(run(1, 1), run(2, 1)).notes.isEmpty)
  }

  // MARK: Objectives and votes

  @Test(
    "an objective that passed and fails now fails the difference, and no other change does",
    arguments: [
      ("pass", "fail", ObjectivePair.Change.worse, RunComparison.Answer.worse),
      ("pass", "inconclusive", .worse, .inconclusive), ("inconclusive", "fail", .worse, .inconclusive),
      ("fail", "pass", .better, .noWorse), ("fail", "fail", .same, .noWorse), ("pass", "pass", .same, .noWorse),
    ])
  func flips(before: String, after: String, change: ObjectivePair.Change, answer: RunComparison.Answer) throws {
    // Failed votes count at once; none counts only where the rate could have seen an outage.
    func report(_ verdict: String) throws -> RunReport {
      var run = StagedRun.load(50, 8)
      run.detection = Detection(window: .milliseconds(verdict == "inconclusive" ? 1 : 500), share: 1)
      if verdict == "fail" { run.fate = { $0.index == 5 ? .failed(.status(502)) : .accepted(2) } }
      return try run.report("error-rate == 0")
    }
    let difference = try RunDifference(try report(before), try report(after))
    let pair = try #require(difference.objectives.first)
    #expect(pair.reference?.verdict.rawValue == before && pair.candidate?.verdict.rawValue == after)
    #expect(pair.change == change && pair.answer == answer)
    #expect(answer != .worse || difference.verdict == .fail)
    #expect(change != .worse || difference.sentence.contains("error-rate == 0 was \(before)"))
  }

  @Test("an objective that only one run was asked for is named as that")
  func onlyOne() throws {
    let run = StagedRun.load(50, 8)
    let difference = try RunDifference(try run.report("p50 < 1s", "p90 < 1s"), try run.report("p50 < 1s", "p50 < 2s"))
    #expect(difference.objectives.map(\.change) == [.same, .onlyB, .onlyA])
    #expect(difference.objectives.allSatisfy { $0.answer == .noWorse })
  }

  @Test("votes lost in B and not in A fail, whatever the times say; the other way round they do not")
  func lost() throws {
    var lossy = Self.run(2, 200, 60)
    lossy.consistency =
      ConsistencyHistory(votes: votes(3), polls: final(2, 0), rows: [("u1", "a"), ("u2", "a")]).report
    try #require(lossy.consistency.lostMinimum == 1)
    let sound = Self.run(1, 200, 60)
    let worse = try Self.difference(sound, lossy)
    #expect(worse.verdict == .fail && worse.sentence.hasPrefix("B is worse: lost votes: 0 in A, 1 in B"))
    #expect(try Self.difference(lossy, sound).counts.first?.answer == .noWorse)
    #expect(try Self.difference(lossy, lossy).counts.first?.answer == .noWorse)
    var blind = sound
    blind.consistency = ConsistencyHistory().report
    let unseen = try Self.difference(sound, blind)
    #expect(unseen.counts.first?.candidate == nil && unseen.verdict == .inconclusive)
  }

  @Test("a run that was ended early shows nothing to be no worse")
  func interrupted() throws {
    let base = try Self.run(1, 200, 60).report()
    var material = base.material
    material.isInterrupted = true
    let ended = RunReport(heading: base.heading, material: material, demands: base.demands)
    let difference = try RunDifference(base, ended)
    #expect(difference.verdict == .inconclusive && difference.notes.contains("B was ended before its time"))
  }
}
