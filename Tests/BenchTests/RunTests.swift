import Bench
import Testing

@Suite("Objectives and verdict")
struct ObjectiveTests {
  private func measured(
    _ history: ConsistencyHistory, failed: Int = 0, due: Int = 1000,
    arrivals: Objective.Arrivals = .even(perSecond: 500),
    rollout: RolloutOutcome? = .complete,
    rollback: RolloutOutcome? = .complete
  ) -> Objective.Measured {
    let votes = (0..<due).map { index in
      let moment = MonotonicTime(nanoseconds: Int64(index) * 2_000_000)
      return Observation(
        index: index, intended: moment, actual: moment, completed: moment, startLag: 0,
        outcome: index < failed ? .indeterminate : .accepted, cause: .none)
    }
    let figures = PhaseFigures(of: votes, outages: [])
    let rollouts = [(rollout, false), (rollback, true)].compactMap { outcome, isRollback in
      outcome.map { record($0, isRollback: isRollback) }
    }
    return Objective.Measured(
      change: figures, total: figures, consistency: history.report, rollouts: rollouts,
      changeArrivals: arrivals, totalArrivals: arrivals)
  }

  private func record(_ outcome: RolloutOutcome?, isRollback: Bool = false, of name: String = "app") -> RolloutRecord {
    var record = RolloutRecord(
      trigger: "", workload: Workload(.deployment, name), isRollback: isRollback, start: MonotonicTime(nanoseconds: 0))
    record.outcome = outcome
    return record
  }

  private let good = ConsistencyHistory(
    votes: votes(1), polls: [poll(900, 905, 1, 0), poll(910, 915, 1, 0), poll(920, 925, 1, 0)], rows: [("u1", "a")])

  private func verdict(_ rule: Objective.Rule, _ measured: Objective.Measured) -> Verdict {
    Objective(rule).judge(measured).verdict
  }

  @Test("one failed vote fails the error rate; none at a rate that could have seen it passes")
  func errorRate() {
    #expect(verdict(.nothingFailed(change: true), measured(good)) == .pass)
    #expect(verdict(.nothingFailed(change: true), measured(good, failed: 1)) == .fail)
  }

  @Test("votes that the generator itself did not send make the error rate inconclusive, and fail nobody")
  func generatorLate() {
    var evidence = measured(good)
    let late = (0..<1000).map { index in
      let moment = MonotonicTime(nanoseconds: Int64(index) * 2_000_000)
      return Observation(
        index: index, intended: moment, actual: moment, completed: moment, startLag: 0,
        outcome: index < 5 ? .dropped : .accepted, cause: index < 5 ? .generatorLate : .none)
    }
    evidence.change = PhaseFigures(of: late, outages: [])
    #expect(verdict(.nothingFailed(change: true), evidence) == .inconclusive)
  }

  @Test(
    "votes that failed beside the control target fail nobody; one that failed alone does",
    arguments: [(0, 0, Verdict.pass), (3, 3, .inconclusive), (3, 2, .fail), (3, 0, .fail)])
  func control(failed: Int, beside: Int, expected: Verdict) {
    var evidence = measured(good, failed: failed)
    evidence.change.failedWithControl = beside
    let result = Objective(.nothingFailed(change: true)).judge(evidence)
    #expect(result.verdict == expected)
    #expect(result.reason.contains("control target") == (beside > 0))
    #expect((result.observed == "0.0%") == (failed == 0), "what failed is shown in any case")
  }

  @Test("no failed vote at a rate too low to see an outage is inconclusive; so is no vote at all")
  func detection() {
    let low = Objective(.nothingFailed(change: true)).judge(measured(good, arrivals: .even(perSecond: 79)))
    #expect(low.verdict == .inconclusive)
    #expect(low.reason.contains("at least 80/s"), "what it asks for is what would do")
    #expect(verdict(.nothingFailed(change: true), measured(good, arrivals: .even(perSecond: 80))) == .pass)
    #expect(verdict(.nothingFailed(change: true), measured(good, due: 0)) == .inconclusive)
    #expect(verdict(.nothingFailed(change: true), measured(good, due: 7)) == .inconclusive)
    #expect(verdict(.nothingFailed(change: true), measured(good, due: 8)) == .pass)
  }

  @Test(
    "arrivals at random need a higher rate to see an outage, and a closed loop never shows that there was none",
    arguments: [
      (Objective.Arrivals.random(perSecond: 89), "at least 90/s"), (.random(perSecond: 90), nil),
      (.whenFree, "closed loop"), (.even(perSecond: 0), "at least 80/s"),
    ] as [(Objective.Arrivals, String?)])
  func arrivals(arrivals: Objective.Arrivals, reason: String?) {
    let result = Objective(.nothingFailed(change: true)).judge(measured(good, arrivals: arrivals))
    #expect(result.verdict == (reason == nil ? .pass : .inconclusive))
    #expect(reason.map(result.reason.contains) ?? true, "\(result.reason)")
    let failed = Objective(.nothingFailed(change: true)).judge(measured(good, failed: 1, arrivals: arrivals))
    #expect(failed.verdict == .fail)
  }

  @Test("one failed vote among very many is not shown as 0 %")
  func rounding() {
    let result = Objective(.nothingFailed(change: true)).judge(measured(good, failed: 1, due: 300_000))
    #expect(result.observed == "0.001%")
  }

  @Test(
    "the probability to miss an outage is that of the test vectors",
    arguments: [
      (200, 0.05, 1.0 / 3, 0.01734), (50, 0.1, 0.5, 0.03125), (10, 0.5, 1.0 / 3, 0.13169), (1000, 0.02, 0.1, 0.12158),
    ] as [(Double, Double, Double, Double)])
  func missed(rate: Double, window: Double, share: Double, expected: Double) {
    let probability = Objective.missProbability(rate: rate, windowSeconds: window, share: share)
    #expect(abs(probability - expected) < 0.00001)
  }

  @Test("a lost vote fails, an export that shows them all passes, a masked loss is inconclusive")
  func lost() {
    #expect(verdict(.nothingLost, measured(good)) == .pass)
    var history = good
    history.rows = []
    #expect(verdict(.nothingLost, measured(history)) == .fail)
    history.rows = nil
    history.votes.append(vote(2, "a", 0, 10, .indeterminate))
    #expect(verdict(.nothingLost, measured(history)) == .inconclusive)
  }

  @Test("a tally that stands still below the accepted votes is a loss, even where the export has them all")
  func missingFromTally() {
    var history = good
    history.drain = .stalled(deficit: 1)
    history.polls = [poll(900, 905, 0, 0)]
    let result = Objective(.nothingLost).judge(measured(history))
    #expect(result.verdict == .fail)
    #expect(result.reason.contains("missing from a tally that stands still"))
  }

  @Test("what could not be known keeps a fault that was proven elsewhere from turning no loss seen into no loss")
  func unknownBesideFault() {
    var history = good
    history.drain = .timedOut(deficit: 0)
    history.polls[0].counts = ["a": 7, "b": 0]
    #expect(history.report.verdict == .fail)
    #expect(verdict(.nothingLost, measured(history)) == .inconclusive)
  }

  @Test("altered votes cannot be seen without an export")
  func altered() {
    #expect(verdict(.nothingAltered, measured(good)) == .pass)
    var history = good
    history.rows = [("u1", "b")]
    #expect(verdict(.nothingAltered, measured(history)) == .fail)
    history.rows = nil
    #expect(verdict(.nothingAltered, measured(history)) == .pass, "totals show each choice's votes")
    history.votes.append(vote(2, "b", 0, 10, .indeterminate))
    #expect(verdict(.nothingAltered, measured(history)) == .inconclusive)
  }

  @Test("a rollout that did not complete fails; one that never began is inconclusive")
  func rollout() {
    #expect(verdict(.rolloutComplete, measured(good)) == .pass)
    #expect(verdict(.rolloutComplete, measured(good, rollout: .imagePull)) == .fail)
    #expect(verdict(.rolloutComplete, measured(good, rollout: nil, rollback: nil)) == .inconclusive)
    #expect(verdict(.rolloutComplete, measured(good, rollout: .interrupted)) == .inconclusive)
  }

  @Test("a rollback that did not complete fails, says so, and is not hidden by how the rollout ended")
  func rollbackFails() {
    for rollout in [RolloutOutcome.complete, .imagePull, .interrupted] {
      let result = Objective(.rolloutComplete).judge(measured(good, rollout: rollout, rollback: .timedOut))
      #expect(result.verdict == .fail)
      #expect(result.reason.contains("NOT as before"))
    }
  }

  @Test("of several changes the first that did not complete decides, and says which it is")
  func severalRollouts() {
    var run = measured(good)
    run.rollouts = [record(.complete, of: "a"), record(.crashLoop, of: "b"), record(nil, of: "c")]
    let failed = Objective(.rolloutComplete).judge(run)
    #expect(failed.verdict == .fail)
    #expect(failed.observed == "crash-loop")
    #expect(failed.sample == 3)
    #expect(failed.reason == "deployment/b: \(RolloutOutcome.crashLoop.sentence)")

    run.rollouts[2] = record(.neverReady, isRollback: true, of: "b")
    run.rollouts.append(record(.complete, isRollback: true, of: "a"))
    let changed = Objective(.rolloutComplete).judge(run)
    #expect(changed.observed == "never-ready")
    #expect(changed.reason.contains("NOT as before: rolling back, deployment/b"))

    run.rollouts = [
      record(.complete, of: "a"), record(.complete, of: "b"), record(.complete, isRollback: true, of: "b"),
    ]
    #expect(Objective(.rolloutComplete).judge(run).verdict == .pass)
  }

  @Test("a run that was interrupted is no pass, whatever its votes had shown until then")
  func interrupted() {
    func report(isInterrupted: Bool) -> RunReport {
      let origin = MonotonicTime(nanoseconds: 0)
      let ledger = Ledger(schedule: Schedule(rate: ArrivalRate(votesPerSecond: 1)), origin: origin)
      return RunReport(
        heading: RunReport.Heading(target: "", seed: 0, startedAt: "", run: "", version: ""),
        material: RunReport.Material(
          recorder: Recorder(ledger: ledger, closing: .inDueOrder(atMost: .zero)), end: origin, rollouts: [],
          consistency: good.report, tallySources: [], generator: nil,
          peakMemoryMegabytes: 0, isInterrupted: isInterrupted),
        objectives: [Objective(.nothingLost)])
    }
    #expect(report(isInterrupted: false).verdict == .pass)
    let cut = report(isInterrupted: true)
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
