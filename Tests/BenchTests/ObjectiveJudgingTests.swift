import Bench
import Testing

/// Which rule judges what, on runs whose every vote is made up.
@Suite("Judging objectives")
struct ObjectiveJudgingTests {
  private typealias Evidence = Objective.Result.Evidence

  @Test(
    "a phase in which something changes is judged vote by vote, another as a sample, and inferred ones always",
    arguments: [
      ("rollout: error-rate <= 1%", true, Evidence.census), ("change: p99 < 1s", true, .census),
      ("total: p99 < 1s", true, .census), ("baseline: p99 < 1s", true, .sample),
      ("recovered: mean < 1s", true, .sample),
      ("p99 < 1s", false, .sample), ("error-rate <= 1%", false, .sample), ("error-rate == 0", false, .census),
      ("errors <= 3", false, .census), ("max < 1s", false, .census), ("every 5s: p99 < 1s", false, .census),
      ("rollout: p99 < 1s (inferred)", true, .sample), ("rollout: p99 <= 2 * baseline: p99", true, .comparison),
    ])
  fileprivate func kinds(expression: String, during: Bool, evidence: Objective.Result.Evidence) throws {
    var run = during ? StagedRun.rollout(100, 40) : .load(100, 40)
    run.fate = { .accepted(2 + Double($0.index * 7919 % 13) / 10) }
    let result = try run.judge(expression)
    #expect(result.evidence == evidence && result.verdict == .pass, "\(result)")
  }

  // MARK: Times

  @Test("a percentile ranks failed and dropped votes above every number, and takes the rank's own value")
  func percentiles() throws {
    // A thousand votes: 1 ms to 1000 ms.
    var run = StagedRun(500, [(.rollout, 2)])
    run.fate = { .accepted(Double($0.index + 1)) }
    #expect(try run.judge("rollout: p99 <= 990ms").verdict == .pass)
    #expect(try run.judge("rollout: p99 < 990ms").verdict == .fail)
    #expect(try run.judge("rollout: p99 < 990ms").observed == "990.00 ms")
    #expect(try run.judge("rollout: p50 <= 500ms").verdict == .pass)
    #expect(try run.judge("rollout: max <= 1s").verdict == .pass && run.judge("rollout: max < 1s").verdict == .fail)
    #expect(try run.judge("rollout: mean <= 500.5ms").verdict == .pass)
    #expect(try run.judge("rollout: mean < 500ms").verdict == .fail)
    var one = run
    one.fate = { $0.index == 3 ? .failed(.curl(28)) : .accepted(1) }
    #expect(try one.judge("rollout: mean < 1h").verdict == .fail, "one that failed has no time")
    one.besideControl = [3]
    #expect(try one.judge("rollout: mean < 1h").verdict == .inconclusive)
    #expect(try one.judge("rollout: max < 1h").verdict == .inconclusive)
    #expect(try one.judge("rollout: p99 < 1h").verdict == .pass)
    var failing = run
    failing.fate = { $0.index < 11 ? ($0.index < 5 ? .dropped : .failed(.status(502))) : .accepted(1) }
    let failed = try failing.judge("rollout: p99 < 1h")
    #expect(failed.verdict == .fail && failed.observed == "never" && failed.reason.contains("a vote that failed"))
    failing.fate = { $0.index < 10 ? .failed(.status(502)) : .accepted(1) }
    #expect(try failing.judge("rollout: p99 <= 1ms").verdict == .pass, "990 of 1000 are within it")
    #expect(try failing.judge("rollout: max < 1h").verdict == .fail)
  }

  @Test(
    "a percentile of too few votes to bound it is inconclusive, and says how many it takes; a fact fails all the same")
  func fewVotes() throws {
    let run = StagedRun(200, [(.rollout, 60)])
    let result = try run.judge("rollout: p99.99 < 1s")
    #expect(result.verdict == .inconclusive && result.reason.contains("29956 are needed"))
    #expect(result.remedy == "a phase of 150 s at this rate, or 500/s for as long, or 3 such runs together")
    #expect(try run.judge("rollout: p99.99 < 1ms").verdict == .fail)
    #expect(try StagedRun(299, [(.rollout, 1)]).judge("rollout: p99 < 1s").verdict == .pass)
    #expect(try StagedRun(298, [(.rollout, 1)]).judge("rollout: p99 < 1s").verdict == .inconclusive)
    #expect(try StagedRun(200, [(.rollout, 0)]).judge("rollout: p99 < 1s").verdict == .inconclusive)
  }

  @Test("seconds in which the generator was late give no times, their failures count, and too many void the times")
  func lateSeconds() throws {
    var run = StagedRun(100, [(.rollout, 40)])
    // Two of forty seconds are late, and slow for that reason.
    run.lag = { $0.second < 2 && $0.index % 100 == 50 ? 11 : 0 }
    run.fate = { $0.second < 2 ? .accepted(900) : .accepted(2) }
    let result = try run.judge("rollout: p99 < 100ms")
    #expect(result.verdict == .pass && result.sample == 3800)
    run.fate = { $0.second < 2 ? ($0.index % 4 == 0 ? .failed(.curl(28)) : .accepted(900)) : .accepted(2) }
    #expect(try run.judge("rollout: p99 < 100ms").verdict == .fail, "50 failures of 3850")
    run.lag = { $0.second < 3 && $0.index % 100 == 50 ? 11 : 0 }
    run.fate = { _ in .accepted(2) }
    for expression in [
      "rollout: p99 < 1ms", "rollout: p99 < 1s", "rollout: p99 < 1s (inferred)", "rollout: mean < 1s (inferred)",
    ] {
      let voided = try run.judge(expression)
      #expect(voided.verdict == .inconclusive && voided.reason.hasPrefix("GENERATOR_LATE"), "\(expression)")
    }
    #expect(try run.judge("rollout: start-lag.max <= 11ms").verdict == .pass, "its own lateness is what is asked for")
    #expect(try run.judge("rollout: start-lag.max < 11ms").verdict == .fail)
    #expect(try run.judge("rollout: error-rate == 0").verdict == .pass, "no time is in it")
    // Failures and unsent votes say nothing of its lateness, or all.
    run.lag = { _ in 0 }
    run.fate = { $0.index % 10 == 0 ? .failed(.status(502)) : .accepted(2) }
    #expect(try run.judge("rollout: start-lag.max < 1ms").verdict == .pass)
    // Those that failed while the control target did have their lag all the same.
    run.besideControl = Set(stride(from: 0, to: 4000, by: 10))
    let lags = try run.judge("rollout: start-lag.p99 < 1ms")
    #expect(lags.verdict == .pass && lags.sample == 4000, "\(lags)")
    run.lag = { _ in 2 }
    #expect(try run.judge("rollout: start-lag.p99 < 1ms").verdict == .fail)
    (run.lag, run.besideControl) = ({ _ in 0 }, [])
    run.fate = { $0.index % 10 == 0 ? .unsent : .accepted(2) }
    #expect(try run.judge("rollout: start-lag.p99 < 10ms").verdict == .fail)
    run.fate = { _ in .accepted(2) }
  }

  @Test(
    "where votebench itself stood still for so long that an outage could have hidden in it, none is ruled out",
    arguments: [
      (100.0, 150.0, Verdict.inconclusive), (500, 150, .inconclusive), (500, 90, .inconclusive), (500, 60, .pass),
      (80, 9, .pass), (80, 11, .inconclusive),
    ])
  func standstill(rate: Double, lag: Double, verdict: Verdict) throws {
    var run = StagedRun(rate, [(.rollout, 20)])
    run.lag = { $0.index == 500 ? lag : 0 }
    for expression in [
      "error-rate == 0", "errors <= 2", "outage.max < 100ms", "outage.count == 0", "votes.refused == 0",
    ] {
      let result = try run.judge("rollout: \(expression)")
      #expect(result.verdict == verdict, "\(result)")
      guard verdict == .inconclusive else { continue }
      #expect(
        result.reason.hasPrefix("GENERATOR_LATE: votebench itself stood still for \(decimal(lag, 2)) ms"), "\(result)")
      #expect(result.remedy?.contains("a machine with nothing else to do") ?? false)
    }
    var load = StagedRun.load(rate, 60)
    load.lag = run.lag
    #expect(try load.judge("error-rate <= 1%").verdict == verdict, "a sample without a failure has to see one, too")
    // An outage that is much longer is seen all the same.
    #expect(try run.judge("rollout: outage.max < 2s").verdict == .pass)
  }

  @Test("windows are judged one by one, to the last second, and the worst is named")
  func windows() throws {
    var run = StagedRun(500, [(.baseline, 10), (.rollout, 25)])
    run.fate = { $0.phase == .rollout && $0.secondOfPhase >= 24 && $0.index % 9 == 0 ? .accepted(400) : .accepted(2) }
    #expect(try run.judge("rollout: p99 < 300ms").verdict == .pass)
    let result = try run.judge("every 10s rollout: p99 < 300ms")
    #expect(result.verdict == .fail && result.reason.hasPrefix("the 10 s from 15 s on"), "\(result.reason)")
    #expect(try run.judge("every 10s rollout: error-rate <= 1%").verdict == .pass)
    #expect(try run.judge("every 60s rollout: p99 < 300ms").verdict == .pass, "all of it is the only window")
    var late = StagedRun(500, [(.rollout, 300)])
    late.lag = { (50..<59).contains(Int($0.second)) ? 20 : 0 }
    #expect(try late.judge("rollout: max < 1s").verdict == .pass)
    #expect(try late.judge("every 10s rollout: max < 1s").reason.contains("late in most of it"))
    let few = try StagedRun(20, [(.rollout, 30)]).judge("every 10s rollout: p99 < 300ms")
    #expect(few.verdict == .inconclusive && few.reason.contains("200 votes are too few"))
  }

  // MARK: Streams

  @Test("each named cohort is judged by itself, and must have been able to see the outage")
  func cohorts() throws {
    var run = StagedRun.rollout(500)
    run.isFresh = { $0.index % 10 == 0 }
    run.fate = { $0.index % 10 == 0 && $0.phase == .rollout ? .failed(.curl(7)) : .accepted(2) }
    #expect(try run.judge("kept: errors == 0").verdict == .pass)
    let fresh = try run.judge("rollout kept fresh: errors == 0")
    #expect(fresh.verdict == .fail && fresh.reason.hasPrefix("fresh: 100 of 100"), "\(fresh.reason)")
    run.fate = { _ in .accepted(2) }
    let blind = try run.judge("change kept fresh: error-rate == 0")
    #expect(blind.verdict == .inconclusive && blind.reason.hasPrefix("fresh:"), "\(blind.reason)")
    #expect(blind.remedy?.contains(" in all") ?? false)
  }

  @Test("pods and versions are judged each by itself; one that never answered is inconclusive")
  func pods() throws {
    var run = StagedRun.rollout(500)
    run.responders = [("a", "v1"), ("b", "v1"), ("c", "v2")].map {
      GeneratorFigures.Responder(pod: $0.0, version: $0.1)
    }
    run.pod = { UInt8(1 + $0.index % 3) }
    run.fate = { $0.index % 3 == 2 && $0.phase == .rollout ? .failed(.status(500)) : .accepted(2) }
    let each = try run.judge("each pod: errors == 0")
    #expect(each.verdict == .fail && each.reason.hasPrefix("pod c: 333 of"), "\(each.reason)")
    #expect(try run.judge("pod a: errors == 0").verdict == .pass)
    #expect(try run.judge("version v1: errors == 0").verdict == .pass)
    #expect(try run.judge("version v2: errors == 0").verdict == .fail)
    #expect(try run.judge("version v1: p99 < 1s").verdict == .pass)
    // One that is gone before the phase does not answer for it.
    run.pod = { UInt8($0.phase == .baseline ? 1 : 2) }
    run.fate = { _ in .accepted(2) }
    let rest = try run.judge("recovered each pod: errors == 0")
    #expect(rest.verdict == .pass && rest.sample == 1000, "\(rest)")
    #expect(try run.judge("recovered pod a: errors == 0").verdict == .inconclusive)
    run.pod = { UInt8($0.index == 4500 ? 0 : 2) }
    run.fate = { $0.index == 4500 ? .failed(.curl(28)) : .accepted(2) }
    let nobodys = try run.judge("recovered each pod: errors == 0")
    #expect(nobodys.verdict == .inconclusive && nobodys.reason.contains("answered by nobody"), "\(nobodys)")
    let unknown = try run.judge("pod d: errors == 0")
    #expect(unknown.verdict == .inconclusive && unknown.reason.contains("pod d"))
    run.responders = []
    #expect(try run.judge("each pod: errors == 0").verdict == .inconclusive)
  }

  @Test("errors of one kind are counted apart")
  func errorKinds() throws {
    var run = StagedRun.rollout(500)
    run.fate = { $0.index == 1200 ? .failed(.status(503)) : $0.index == 1300 ? .failed(.curl(28)) : .accepted(2) }
    #expect(try run.judge("rollout: errors.http-5xx == 0").reason == "1 of 1000 votes failed as http-5xx")
    #expect(try run.judge("rollout: errors.http-503 <= 1").verdict == .pass)
    #expect(try run.judge("rollout: errors.http-502 == 0").verdict == .pass)
    #expect(try run.judge("rollout: errors.timeout == 0").verdict == .fail)
    #expect(try run.judge("rollout: errors <= 2").verdict == .pass)
    #expect(try run.judge("rollout: error-rate.timeout <= 0.05%").verdict == .fail, "1 of 1000 is 0.1%")
    #expect(try run.judge("rollout: errors >= 2").verdict == .pass && run.judge("rollout: errors > 2").verdict == .fail)
  }

  // MARK: Outages

  @Test("an outage is too long when it surely was, short enough when it surely was, and the limit may lie between")
  func outages() throws {
    var run = StagedRun.rollout(100, 5)
    // Ten failed votes: 90 ms between the first and the last, 110 ms between the accepted ones around.
    run.fate = {
      $0.phase == .rollout && (100..<110).contains(Int(($0.secondOfPhase * 100).rounded()))
        ? .failed(.status(502)) : .accepted(2)
    }
    #expect(try run.judge("outage.max < 80ms").verdict == .fail)
    let between = try run.judge("outage.max < 100ms")
    #expect(between.verdict == .inconclusive && between.low == "90.00 ms" && between.high == "110.00 ms")
    #expect(try run.judge("outage.max < 120ms").verdict == .pass)
    #expect(try run.judge("baseline: outage.max < 100ms").verdict == .pass)
    #expect(try run.judge("outage.count == 0").verdict == .fail && run.judge("outage.count <= 1").verdict == .pass)
    let blind = try StagedRun.rollout(10, 5).judge("outage.max < 100ms")
    #expect(blind.verdict == .inconclusive && blind.remedy == "--rate 80")
    #expect(try StagedRun(500, [(.rollout, 0.01)]).judge("outage.max < 1s").verdict == .inconclusive, "five votes")
    #expect(try StagedRun(500, [(.rollback, 0.005)]).judge("rollback: outage.count == 0").verdict == .inconclusive)
    // One that begins in the phase before goes on in this one.
    run.fate = { $0.phase == .rollback || $0.phase == .recovered ? .failed(.curl(7)) : .accepted(2) }
    #expect(try run.judge("recovered: outage.max < 500ms").verdict == .fail)
    #expect(try run.judge("recovered: outage.count == 0").verdict == .fail)
    #expect(try run.judge("settle: outage.max < 500ms").verdict == .pass)
    run.besideControl = Set(1500..<2500)
    #expect(try run.judge("recovered: outage.max < 500ms").verdict == .inconclusive)
    run.besideControl = []
    // One failure more, beside the control target, does not make these unsure.
    run.besideControl = [1500]
    #expect(try run.judge("recovered: outage.max < 500ms").verdict == .fail)
    #expect(try run.judge("recovered: outage.count == 0").verdict == .fail)
    run.besideControl = []
    // One that lasts to the end has no upper bound.
    run.fate = { $0.phase == .recovered && $0.secondOfPhase > 4.5 ? .failed(.curl(7)) : .accepted(2) }
    #expect(try run.judge("outage.max < 10s").verdict == .inconclusive)
    run.isFresh = { $0.index % 2 == 0 }
    run.fate = { $0.index % 2 == 0 && $0.phase == .rollout && $0.secondOfPhase < 1 ? .failed(.curl(7)) : .accepted(2) }
    #expect(try run.judge("fresh: outage.max < 500ms").verdict == .fail)
    #expect(try run.judge("kept: outage.max < 500ms").verdict == .pass)
    #expect(try run.judge("kept fresh: outage.max < 500ms").reason.hasPrefix("fresh: "))
    var rare = StagedRun.rollout(500, 5)
    rare.isFresh = { $0.index % 100 == 0 }
    #expect(try rare.judge("outage.max < 500ms").verdict == .pass)
    #expect(try rare.judge("fresh: outage.max < 500ms").verdict == .inconclusive, "five a second do not see it")
  }

  @Test("votes that votebench itself sent too late, all at once, prove no outage of the time in which they were due")
  func lateOutage() throws {
    var run = StagedRun(100, [(.rollout, 10)])
    let isStalled = { (due: StagedRun.Due) in due.index >= 200 && due.index < 300 }
    run.lag = { isStalled($0) ? (3 - $0.second) * 1000 : 0 }
    run.fate = { isStalled($0) ? .failed(.status(502)) : .accepted(2) }
    let result = try run.judge("rollout: outage.max < 500ms")
    #expect(result.verdict == .inconclusive && result.low == "0.00 ms", "\(result)")
    // The generator's lateness alone: votes that waited for a connection were begun when they were due.
    run.lag = { _ in 0 }
    #expect(try run.judge("rollout: outage.max < 500ms").verdict == .fail)
  }

  // MARK: The whole run

  @Test("rollouts are bounded in time and in pods; one that was not seen to its end is inconclusive")
  func rollouts() throws {
    var run = StagedRun.rollout()
    func record(_ seconds: Double?, isRollback: Bool = false) -> RolloutRecord {
      var record = RolloutRecord(
        trigger: "", workload: Workload(.deployment, "app"), isRollback: isRollback, start: StagedRun.origin)
      record.end = seconds.map { StagedRun.origin + .nanoseconds(Int64($0 * 1e9)) }
      (record.outcome, record.wantedBefore, record.wantedAfter) = (seconds == nil ? .interrupted : .complete, 2, 2)
      return record
    }
    run.rollouts = [record(9), record(40, isRollback: true)]
    #expect(try run.judge("rollout.duration < 10s").verdict == .pass, "rollbacks are apart")
    #expect(try run.judge("rollout.duration < 9s").verdict == .fail)
    #expect(try run.judge("rollout.unavailable <= 79s").verdict == .fail, "two pods for forty seconds")
    #expect(try run.judge("rollout.unavailable <= 80s").verdict == .pass)
    #expect(try run.judge("rollout.surge <= 1s").verdict == .pass)
    var failed = record(9)
    failed.outcome = .crashLoop
    run.rollouts = [failed]
    #expect(try run.judge("rollout.duration < 10s").verdict == .inconclusive, "it never ended as it should")
    run.rollouts = [record(9), record(nil)]
    #expect(try run.judge("rollout.duration < 10s").verdict == .inconclusive)
    #expect(try run.judge("rollout.duration < 9s").verdict == .fail)
    run.rollouts = []
    #expect(try run.judge("rollout.duration < 10s").verdict == .inconclusive)
  }

  @Test("votes are counted by what became of them; what the generator did not send is nobody's drop")
  func counts() throws {
    var run = StagedRun.rollout()
    run.fate = { $0.index == 1200 ? .dropped : $0.index == 1201 ? .unsent : .accepted(2) }
    #expect(try run.judge("rollout: votes.dropped <= 2").verdict == .pass)
    #expect(try run.judge("rollout: votes.dropped <= 1").verdict == .inconclusive, "one more may have been")
    #expect(
      try run.judge("votes.dropped == 0").verdict == .fail && run.judge("baseline: votes.dropped == 0").verdict == .pass
    )
    #expect(try run.judge("votes.accepted >= 4998").verdict == .pass)
    #expect(try run.judge("votes.accepted >= 4999").verdict == .inconclusive)
    #expect(try run.judge("votes.accepted >= 5000").verdict == .fail)
    #expect(
      try StagedRun.rollout(10, 5).judge("votes.refused == 0").verdict == .inconclusive, "ten a second see little")
    #expect(try run.judge("baseline: votes.indeterminate == 0").verdict == .pass)
    #expect(try run.judge("baseline: votes.resent == 0").verdict == .pass)
    #expect(try run.judge("votes.phantom == 0").verdict == .pass)
    let hidden = try run.judge("votes.duplicated == 0")
    #expect(hidden.verdict == .inconclusive && hidden.reason.contains("not observable"))
  }

  @Test("a part of the run that was not reached decides nothing")
  func unreached() throws {
    let run = StagedRun(500, [(.baseline, 2)])
    for expression in [
      "rollout: errors == 0", "change: p99 < 1s", "rollout: p99 < 2 * baseline: p99",
      "baseline: p99 < 2 * rollout: p99",
      "change: outage.max < 1s", "rollout: votes.dropped == 0",
    ] {
      #expect(try run.judge(expression).verdict == .inconclusive, "\(expression)")
    }
  }
}
