import Bench
import Testing

@Suite("Objectives and verdict")
struct ObjectiveTests {
  private func run(_ history: ConsistencyHistory = passingHistory) -> StagedRun {
    var run = StagedRun.rollout()
    run.consistency = history.report
    run.rollouts = [record(.complete), record(.complete, isRollback: true)]
    return run
  }

  /// The first so many votes of the rollout fail.
  private func failing(_ count: Int, rate: Double = 500) -> StagedRun {
    var run = StagedRun.rollout(rate)
    run.fate = {
      $0.phase == .rollout && $0.secondOfPhase * rate < Double(count) - 0.5 ? .failed(.status(502)) : .accepted(2)
    }
    return run
  }

  private func record(_ outcome: RolloutOutcome?, isRollback: Bool = false, of name: String = "app") -> RolloutRecord {
    var record = RolloutRecord(
      trigger: "", workload: Workload(.deployment, name), isRollback: isRollback, start: MonotonicTime(nanoseconds: 0))
    record.outcome = outcome
    return record
  }

  private let good = passingHistory

  private func verdict(_ expression: String, _ run: StagedRun) throws -> Verdict {
    try run.judge(expression).verdict
  }

  @Test("one failed vote fails the error rate; none at a rate that could have seen it passes")
  func errorRate() throws {
    #expect(try verdict("change: error-rate == 0", run()) == .pass)
    #expect(try verdict("change: error-rate == 0", failing(1)) == .fail)
    #expect(try verdict("rollout: errors <= 1", failing(1)) == .pass)
    #expect(try verdict("rollout: errors <= 1", failing(2)) == .fail)
  }

  @Test("votes that the generator itself did not send make the error rate inconclusive, and fail nobody")
  func generatorLate() throws {
    var run = run()
    run.fate = { $0.phase == .rollout && $0.secondOfPhase < 0.01 ? .unsent : .accepted(2) }
    #expect(try verdict("change: error-rate == 0", run) == .inconclusive)
    #expect(try verdict("change: error-rate <= 50%", run) == .pass, "however those had ended, it would hold")
  }

  @Test(
    "votes that failed beside the control target fail nobody; one that failed alone does",
    arguments: [(0, 0, Verdict.pass), (3, 3, .inconclusive), (3, 2, .fail), (3, 0, .fail)])
  func control(failed: Int, beside: Int, expected: Verdict) throws {
    var run = failing(failed)
    // The rollout begins after two seconds at 500/s.
    run.besideControl = Set(1000..<1000 + beside)
    let result = try run.judge("change: error-rate == 0")
    #expect(result.verdict == expected)
    #expect(result.reason.contains("control target") == (beside > 0))
    #expect((result.observed == "0.0%") == (failed == 0), "what failed is shown in any case")
  }

  @Test("no failed vote at a rate too low to see an outage is inconclusive; so is no vote at all")
  func detection() throws {
    let low = try StagedRun.rollout(79).judge("change: error-rate == 0")
    #expect(low.verdict == .inconclusive)
    #expect(low.reason.contains("at least 80/s") && low.remedy == "--rate 80", "what it asks for is what would do")
    #expect(try verdict("change: error-rate == 0", .rollout(80)) == .pass)
    #expect(try verdict("rollout: error-rate == 0", StagedRun(80, [(.rollout, 0)])) == .inconclusive)
    #expect(try verdict("rollout: error-rate == 0", StagedRun(700, [(.rollout, 0.01)])) == .inconclusive)
    #expect(try verdict("rollout: error-rate == 0", StagedRun(800, [(.rollout, 0.01)])) == .pass)
    var demanding = StagedRun.rollout(80)
    demanding.detection = Detection(window: .milliseconds(50), share: 1.0 / 3)
    #expect(try verdict("change: error-rate == 0", demanding) == .inconclusive)
  }

  @Test(
    "arrivals at random need a higher rate to see an outage, and a closed loop never shows that there was none",
    arguments: [
      (Schedule.Arrivals.poisson(ArrivalRate(votesPerSecond: 89), seed: 1), "at least 90/s"),
      (.poisson(ArrivalRate(votesPerSecond: 90), seed: 1), nil), (.closed(users: 1), "closed loop"),
    ] as [(Schedule.Arrivals, String?)])
  func arrivals(arrivals: Schedule.Arrivals, reason: String?) throws {
    func judged(_ run: StagedRun) throws -> Objective.Result {
      var run = run
      run.schedule = Schedule(arrivals)
      return try run.judge("change: error-rate == 0")
    }
    let result = try judged(run())
    #expect(result.verdict == (reason == nil ? .pass : .inconclusive))
    #expect(reason.map(result.reason.contains) ?? true, "\(result.reason)")
    #expect(try judged(failing(1, rate: 90)).verdict == .fail)
  }

  @Test("one failed vote among very many is not shown as 0 %")
  func rounding() throws {
    var run = StagedRun(10_000, [(.rollout, 30)])
    run.fate = { $0.index == 7 ? .failed(.status(502)) : .accepted(2) }
    #expect(try run.judge("rollout: error-rate == 0").observed == "0.001%")
  }

  @Test(
    "the probability to miss an outage is that of the test vectors",
    arguments: [
      (200, 0.05, 1.0 / 3, 0.01734), (50, 0.1, 0.5, 0.03125), (10, 0.5, 1.0 / 3, 0.13169), (1000, 0.02, 0.1, 0.12158),
    ] as [(Double, Double, Double, Double)])
  func missed(rate: Double, window: Double, share: Double, expected: Double) {
    let probability = Arrivals.even(perSecond: rate).missProbability(
      Detection(window: .milliseconds(Int(window * 1000)), share: share))
    #expect(abs(probability - expected) < 0.00001)
  }

  @Test("a lost vote fails, an export that shows them all passes, a masked loss is inconclusive")
  func lost() throws {
    #expect(try verdict("votes.lost == 0", run()) == .pass)
    var history = good
    history.rows = []
    #expect(try verdict("votes.lost == 0", run(history)) == .fail)
    history.rows = nil
    history.votes.append(vote(2, "a", 0, 10, .indeterminate))
    #expect(try verdict("votes.lost == 0", run(history)) == .inconclusive)
  }

  @Test("a tally that stands still below the accepted votes is a loss, even where the export has them all")
  func missingFromTally() throws {
    var history = good
    history.drain = .stalled(deficit: 1)
    history.polls = [poll(900, 905, 0, 0)]
    let result = try run(history).judge("votes.lost == 0")
    #expect(result.verdict == .fail)
    #expect(result.reason.contains("missing from a tally that stands still"))
  }

  @Test("what could not be known keeps a fault that was proven elsewhere from turning no loss seen into no loss")
  func unknownBesideFault() throws {
    var history = good
    history.drain = .timedOut(deficit: 0)
    history.polls[0].counts = ["a": 7, "b": 0]
    #expect(history.report.verdict == .fail)
    #expect(try verdict("votes.lost == 0", run(history)) == .inconclusive)
  }

  @Test("altered votes cannot be seen without an export")
  func altered() throws {
    #expect(try verdict("votes.altered == 0", run()) == .pass)
    var history = good
    history.rows = [("u1", "b")]
    #expect(try verdict("votes.altered == 0", run(history)) == .fail)
    history.rows = nil
    #expect(try verdict("votes.altered == 0", run(history)) == .pass, "totals show each choice's votes")
    history.votes.append(vote(2, "b", 0, 10, .indeterminate))
    #expect(try verdict("votes.altered == 0", run(history)) == .inconclusive)
  }

  @Test("a rollout that did not complete fails; one that never began is inconclusive")
  func rollout() throws {
    func judged(_ rollouts: [RolloutRecord]) throws -> Objective.Result {
      var run = run()
      run.rollouts = rollouts
      return try run.judge("rollout.outcome == complete")
    }
    #expect(try judged([record(.complete), record(.complete, isRollback: true)]).verdict == .pass)
    #expect(try judged([record(.imagePull)]).verdict == .fail)
    #expect(try judged([]).verdict == .inconclusive)
    #expect(try judged([record(.interrupted)]).verdict == .inconclusive)
  }

  @Test("a rollback that did not complete fails, says so, and is not hidden by how the rollout ended")
  func rollbackFails() throws {
    for rollout in [RolloutOutcome.complete, .imagePull, .interrupted] {
      var run = run()
      run.rollouts = [record(rollout), record(.timedOut, isRollback: true)]
      let result = try run.judge("rollout.outcome == complete")
      #expect(result.verdict == .fail)
      #expect(result.reason.contains("NOT as before"))
    }
  }

  @Test("of several changes the first that did not complete decides, and says which it is")
  func severalRollouts() throws {
    var run = run()
    run.rollouts = [record(.complete, of: "a"), record(.crashLoop, of: "b"), record(nil, of: "c")]
    let failed = try run.judge("rollout.outcome == complete")
    #expect(failed.verdict == .fail)
    #expect(failed.observed == "crash-loop")
    #expect(failed.sample == 3)
    #expect(failed.reason == "deployment/b: \(RolloutOutcome.crashLoop.sentence)")

    run.rollouts[2] = record(.neverReady, isRollback: true, of: "b")
    run.rollouts.append(record(.complete, isRollback: true, of: "a"))
    let changed = try run.judge("rollout.outcome == complete")
    #expect(changed.observed == "never-ready")
    #expect(changed.reason.contains("NOT as before: rolling back, deployment/b"))

    run.rollouts = [
      record(.complete, of: "a"), record(.complete, of: "b"), record(.complete, isRollback: true, of: "b"),
    ]
    #expect(try run.judge("rollout.outcome == complete").verdict == .pass)
  }

  @Test("a run that was interrupted is no pass, whatever its votes had shown until then")
  func interrupted() throws {
    func report(isInterrupted: Bool) throws -> RunReport {
      let origin = MonotonicTime(nanoseconds: 0)
      let ledger = Ledger(schedule: Schedule(rate: ArrivalRate(votesPerSecond: 1)), origin: origin)
      return RunReport(
        heading: RunReport.Heading(target: "", seed: 0, startedAt: "", run: "", version: ""),
        material: RunReport.Material(
          recorder: Recorder(ledger: ledger, closing: .inDueOrder(atMost: .zero)), end: origin, rollouts: [],
          consistency: good.report, tallySources: [], generator: nil,
          peakMemoryMegabytes: 0, isInterrupted: isInterrupted),
        demands: RunReport.Demands(objectives: [try Objective("votes.lost == 0")], isDuringRollout: true))
    }
    #expect(try report(isInterrupted: false).verdict == .pass)
    let cut = try report(isInterrupted: true)
    #expect(cut.verdict == .inconclusive)
    #expect(TerminalSummary(cut, color: false).text.contains("did not reach its end"))
  }

  @Test("verdicts merge fail over inconclusive over pass")
  func merges() {
    #expect([Verdict.pass, .inconclusive, .fail].merged == .fail)
    #expect([Verdict.pass, .inconclusive].merged == .inconclusive)
    #expect([Verdict.pass].merged == .pass)
  }
}
