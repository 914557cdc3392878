import Bench
import Testing

/// What is inconclusive says what would decide it, and that is something that helps.
@Suite("Remedies")
struct ObjectiveRemedyTests {
  /// A way to be inconclusive.
  private struct Way {
    var name: String
    var result: Objective.Result
    /// What stands in the remedy.
    var says: String
    /// How long the phase, or window, was that is too short; nil where more time is not what helps.
    var seconds: Int?

    init(_ name: String, _ result: Objective.Result, _ says: String, seconds: Int? = nil) {
      (self.name, self.result, self.says, self.seconds) = (name, result, says, seconds)
    }
  }

  /// Every number of the text that stands before "s".
  private func seconds(in text: String) -> [Int] {
    let words = text.split(separator: " ")
    return zip(words, words.dropFirst()).compactMap { number, unit in
      ["s", "s,"].contains(unit) ? Int(number) : nil
    }
  }

  private func expect(_ ways: [Way]) {
    for way in ways {
      let remedy = way.result.remedy ?? ""
      #expect(way.result.verdict == .inconclusive && remedy.contains(way.says), "\(way.name): \(way.result)")
      #expect(!remedy.contains("what the finding names"))
      guard let had = way.seconds else { continue }
      let named = seconds(in: remedy)
      #expect(!named.isEmpty && named.allSatisfy { $0 > had }, "\(way.name), \(had) s: \(remedy)")
    }
  }

  private func load(_ rate: Double, _ seconds: Double, _ fate: @escaping (StagedRun.Due) -> StagedRun.Fate) -> StagedRun
  {
    var run = StagedRun.load(rate, seconds)
    run.fate = fate
    return run
  }

  /// Times of so many blocks of five seconds in the baseline, and in the rollout.
  private func blocks(_ earlier: [Double], _ later: [Double]) -> StagedRun {
    var run = StagedRun(50, [(.baseline, 5 * Double(earlier.count)), (.rollout, 5 * Double(later.count))])
    run.fate = { due in
      let values = due.phase == .baseline ? earlier : later
      return .accepted(values[min(values.count - 1, Int(due.secondOfPhase / 5))])
    }
    return run
  }

  @Test("a sample that is too small, or too much alike, asks for more than there was")
  func samples() throws {
    let waves = { (due: StagedRun.Due) in Int(due.second) % 40 < 20 }
    expect([
      Way("few votes", try StagedRun.load(100, 20).judge("error-rate <= 0.1%"), "a phase of", seconds: 20),
      Way("few seconds", try StagedRun.load(1000, 5).judge("error-rate <= 0.1%"), "a phase of", seconds: 5),
      Way("few blocks of five", try StagedRun.load(100, 25).judge("p99 < 1s"), "a phase of", seconds: 25),
      Way(
        "seconds alike",
        try load(200, 60) { waves($0) && $0.index % 10 == 0 ? .failed(.curl(7)) : .accepted(2) }.judge(
          "error-rate <= 20%"), "a phase of", seconds: 60),
      Way("few blocks of a mean", try StagedRun.load(100, 20).judge("mean < 1s"), "a phase of", seconds: 20),
      Way(
        "means alike", try load(100, 60) { .accepted($0.second < 30 ? 5 : 15) }.judge("mean < 1s"), "a phase of",
        seconds: 60
      ),
      Way(
        "means alike for long", try load(10, 600) { .accepted($0.second < 300 ? 5 : 15) }.judge("mean < 1s"),
        "a phase of", seconds: 600),
      Way("no rate", try StagedRun.load(2, 2000).judge("error-rate <= 0.1%"), "--rate 80"),
    ])
  }

  @Test("so does a comparison")
  func comparisons() throws {
    let x: [Double] = [102, 98, 110, 105, 99, 101, 107, 100]
    let steps: [Double] = [100, 101, 102, 103, 110, 111, 112, 113]
    let long = (0..<24).map { 100 + Double($0) }
    let relative = "rollout: p50 <= 1.05 * baseline: p50"
    expect([
      Way("few blocks", try blocks(x, [118, 109, 131]).judge(relative), "phases of", seconds: 15),
      Way("blocks alike", try blocks(x, steps).judge(relative), "phases of", seconds: 40),
      Way("many blocks alike", try blocks(x + x + x, long).judge(relative), "phases of", seconds: 120),
      Way(
        "sparse", try blocks(x, x).judge("rollout: p99.9 <= 2 * baseline: p99.9"), "phases of", seconds: 40),
    ])
  }

  @Test("a window that is too short asks for longer windows, not for a longer phase")
  func windows() throws {
    expect([
      Way(
        "percentile", try StagedRun(20, [(.rollout, 30)]).judge("every 10s rollout: p99 < 300ms"), "windows of",
        seconds: 10),
      Way(
        "few votes", try StagedRun(1, [(.rollout, 30)]).judge("every 5s rollout: error-rate <= 1%"), "longer windows"),
      Way("low rate", try StagedRun(20, [(.rollout, 30)]).judge("every 5s rollout: error-rate <= 1%"), "--rate 80"),
    ])
  }

  private func tally(_ history: ConsistencyHistory, _ expression: String = "votes.lost == 0") throws -> Objective.Result
  {
    var run = StagedRun.rollout()
    run.consistency = history.report
    return try run.judge(expression)
  }

  @Test("what the check of the tally could not see names what would let it")
  func consistency() throws {
    let open = [vote(1, "a"), vote(2, "a", 0, 10, .indeterminate)]
    var moving = ConsistencyHistory(votes: votes(1), polls: final(1, 0))
    moving.before = [0, 1, 2].map { poll(Int64($0) * 10 - 100, Int64($0) * 10 - 99, $0, 0) }
    var broken = ConsistencyHistory(votes: votes(1), polls: final(1, 0))
    broken.exportError = "psql: no such host"
    var others = ConsistencyHistory(votes: votes(2), polls: final(2, 0))
    others.rules.foreign = .allowance(.atMost(1))
    let queued = Drain.State.stalled(deficit: 1, queue: .holding(1))
    let slow = Drain.State.timedOut(deficit: 1, rest: nil)
    expect([
      Way("masked", try tally(ConsistencyHistory(votes: open, polls: final(1, 0))), "--export"),
      Way("nothing accepted", try tally(ConsistencyHistory(polls: final(0, 0))), "a target that accepts votes"),
      Way(
        "altered, nothing accepted", try tally(ConsistencyHistory(polls: final(0, 0)), "votes.altered == 0"), "accepts"),
      Way("cut short", try tally(ConsistencyHistory(votes: votes(1), polls: final(1, 0), drain: nil)), "to its end"),
      Way("slow", try tally(ConsistencyHistory(votes: votes(2), polls: final(1, 0), drain: slow)), "--drain-max"),
      Way("queued", try tally(ConsistencyHistory(votes: votes(2), polls: final(1, 0), drain: queued)), "the worker"),
      Way("moving base", try tally(moving), "--private-label"), Way("others", try tally(others), "--private-label"),
      Way("no export", try tally(broken), "--export"),
      Way(
        "duplicates", try tally(ConsistencyHistory(votes: votes(1), polls: final(1, 0)), "votes.duplicated == 0"),
        "count"),
    ])
  }

  @Test("an age that indeterminate votes leave open is not known better by more polls")
  func freshness() throws {
    func history(_ more: [ConsistencyHistory.Vote]) -> ConsistencyHistory {
      let counted = [vote(1, "a"), vote(2, "a", 0, 100), vote(3, "a", 800, 810)]
      return ConsistencyHistory(
        votes: counted + more, polls: [poll(400, 405, 1, 0), poll(820, 825, 2, 0), poll(910, 915, 3, 0)])
    }
    let sure = try tally(history([]), "freshness.max < 302ms")
    #expect(sure.remedy == "a shorter --poll-interval", "\(sure)")
    var run = StagedRun.rollout()
    var uncertain = history([vote(4, "a", 0, 100, .indeterminate)])
    uncertain.rules.lossBudget = 9
    run.consistency = uncertain.report
    let lag = try #require(run.consistency.freshness)
    let open = try run.judge("freshness.max < \(Int(lag.max) - 1)ms")
    #expect(open.verdict == .inconclusive && open.remedy?.contains("--export") ?? false, "\(open)")
  }

  @Test("whatever else leaves an objective open has its remedy, too")
  func others() throws {
    var late = StagedRun(500, [(.rollout, 20)])
    late.lag = { $0.index == 500 ? 150 : 0 }
    var unsent = StagedRun.load(200, 60)
    unsent.fate = { $0.index == 77 ? .unsent : .accepted(2) }
    var endless = StagedRun.rollout(100, 5)
    endless.fate = { $0.second > 24.5 ? .failed(.curl(7)) : .accepted(2) }
    var short = endless
    short.fate = { (500..<510).contains($0.index) ? .failed(.curl(7)) : .accepted(2) }
    var failed = StagedRun.rollout()
    var record = RolloutRecord(trigger: "", workload: Workload(.deployment, "app"), start: StagedRun.origin)
    (record.end, record.outcome) = (StagedRun.origin + .seconds(9), .crashLoop)
    failed.rollouts = [record]
    expect([
      Way("standstill", try late.judge("rollout: errors == 0"), "a machine with nothing else to do"),
      Way("unsent", try unsent.judge("error-rate <= 1%"), "a machine"),
      Way("unreached", try StagedRun(500, [(.baseline, 2)]).judge("rollout: errors == 0"), "to its end"),
      Way("endless outage", try endless.judge("outage.max < 10s"), "accepted before and after it"),
      Way("limit between", try short.judge("outage.max < 100ms"), "a higher rate"),
      Way("no votes", try StagedRun(500, [(.rollout, 0)]).judge("rollout: outage.max < 1s"), "a longer phase"),
      Way("nobody known", try StagedRun.rollout().judge("each pod: errors == 0"), "--pod-header"),
      Way("failed rollout", try failed.judge("rollout.duration < 10s"), "changes that complete"),
      Way("no rollout", try StagedRun.rollout().judge("rollout.outcome == complete"), "to its end"),
      Way(
        "no margin",
        try StagedRun(200, [(.baseline, 50), (.rollout, 30)]).judge(
          "rollout: error-rate <= 2 * baseline: error-rate"), "a margin"),
    ])
  }
}
