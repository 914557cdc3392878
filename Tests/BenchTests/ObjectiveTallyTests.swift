import Bench
import Testing

/// What objectives on lost and altered votes and on freshness make of the check of the tally.
@Suite("Objectives on the tally")
struct ObjectiveTallyTests {
  @Test(
    "as many lost votes as the strictest objective allows fail nothing, one more fails the run",
    arguments: [
      (["votes.lost <= 5"], 5, Verdict.pass), (["votes.lost <= 5", "votes.lost <= 3"], 3, .pass),
      (["votes.lost < 4"], 3, .pass), (["votes.lost <= 2"], 2, .fail),
      (["votes.lost <= 5", "votes.lost < 3"], 2, .fail),
      (["votes.lost == 0"], 0, .fail), (["errors == 0"], 0, .fail), (["none"], 0, .fail),
    ])
  func lossBudget(expressions: [String], budget: Int, verdict: Verdict) throws {
    var settings = Settings()
    for text in expressions { settings.add(.slo, Settings.Setting(text, place: "--slo")) }
    let profile = try RunProfile.validate(settings, freshSeed: 1).get()
    let rules = ConsistencyRules(profile, semantics: .count, sources: [])
    #expect(rules.lossBudget == budget)
    // Three are lost: by the totals alone, and by the export.
    let totals = ConsistencyHistory(votes: votes(10), polls: final(7, 0), rules: rules, drain: .stalled(deficit: 3))
    var audited = totals
    audited.rows = (1...7).map { ("u\($0)", "a") }
    for history in [audited, totals] {
      var run = StagedRun.rollout()
      run.consistency = history.report
      #expect(run.consistency.lostMinimum == 3)
      let report = try run.report()
      let demands = RunReport.Demands(objectives: profile.objectives, isDuringRollout: true)
      let judged = RunReport(heading: report.heading, material: report.material, demands: demands)
      #expect(judged.verdict == verdict, "\(judged.sentence)")
      let check = ReportChecks(judged, exitCode: judged.exitCode).all.first { $0.name == "no inconsistency is proven" }
      #expect(check?.verdict == verdict && (verdict == .fail || check?.reason.contains("3 lost votes") ?? false))
    }
  }

  @Test("no vote is said to be unaltered by totals that leave something open")
  func alteredByTotals() throws {
    var run = StagedRun.rollout()
    run.consistency = ConsistencyHistory(votes: votes(3), polls: final(3, 0)).report
    #expect(try run.judge("votes.altered == 0").verdict == .pass)
    run.consistency = ConsistencyHistory(votes: votes(3), polls: final(3, 0), drain: nil).report
    #expect(run.consistency.choicesMatch)
    let open = try run.judge("votes.altered == 0")
    #expect(open.verdict == .inconclusive && open.reason.contains("before the tally could come to rest"), "\(open)")
  }

  @Test("freshness is a pass from above, a fail from below, and inconclusive where the check could not see")
  func freshness() throws {
    var run = StagedRun.rollout()
    #expect(try run.judge("freshness.p99 < 1h").verdict == .inconclusive, "no poll shows a vote missing")
    var history = passingHistory
    history.votes = votes(1) + [vote(2, "a", 0, 100, .accepted)]
    history.polls = [poll(400, 405, 1, 0), poll(910, 915, 2, 0), poll(920, 925, 2, 0)]
    history.rows = [("u1", "a"), ("u2", "a")]
    run.consistency = history.report
    let lag = try #require(run.consistency.freshness)
    let least = try #require(run.consistency.freshnessAtLeast)
    #expect(least.max < lag.max)
    #expect(try run.judge("freshness.max <= \(Int(lag.max) + 1)ms").verdict == .pass)
    #expect(try run.judge("freshness.max < \(max(1, Int(least.max)))ms").verdict == .fail)
    #expect(try run.judge("freshness.max < \(Int((least.max + lag.max) / 2))ms").verdict == .inconclusive)
  }

  /// A poll after each vote, 30 ms after its answer, that does not show it: 20 to 35 ms old.
  private func polled(_ count: Int) -> ConsistencyReport {
    let counted = (1...count).map { vote($0, "a", Int64($0) * 100, Int64($0) * 100 + 10) }
    let end = Int64(count) * 100
    let rest = (1...3).map { poll(end + Int64($0) * 100, end + Int64($0) * 100 + 5, count, 0) }
    return ConsistencyHistory(
      votes: counted,
      polls: (1...count).map { poll(Int64($0) * 100 + 30, Int64($0) * 100 + 35, $0 - 1, 0) } + rest
    ).report
  }

  @Test("a percentile of freshness is one of a sample where nothing changed, and takes as many polls as any percentile")
  func freshnessSample() throws {
    var load = StagedRun.load()
    load.consistency = polled(299)
    let enough = try load.judge("freshness.p99 < 40ms")
    #expect(enough.verdict == .pass && enough.evidence == .sample && enough.sample == 299, "\(enough)")
    #expect(try load.judge("freshness.p99 < 15ms").verdict == .fail)
    #expect(try load.judge("freshness.p99 < 30ms").verdict == .inconclusive, "no bound of an age meets it")
    load.consistency = polled(298)
    #expect(try load.judge("freshness.p99 < 40ms").verdict == .inconclusive)
    load.consistency = polled(100)
    let few = try load.judge("freshness.p99 < 40ms")
    #expect(few.verdict == .inconclusive && few.reason.contains("299 are needed"), "\(few)")
    #expect(few.remedy == "--poll-interval 33ms, or a run 3.0 times as long", "\(few)")
    #expect(try load.judge("freshness.p99 < 15ms").verdict == .fail, "a hundred suffice to say that")
    #expect(try load.judge("freshness.max < 40ms").verdict == .pass, "the largest is a fact")
    var rollout = StagedRun.rollout()
    rollout.consistency = polled(10)
    let census = try rollout.judge("freshness.p99 < 40ms")
    #expect(census.verdict == .pass && census.evidence == .census)
  }

  @Test("the least that an age may be is not rounded up")
  func freshnessAtLeast() throws {
    var ages = Distribution()
    for age in [20_000_000, 20_000_000, 30_000_000] as [Int64] { ages.record(nanoseconds: age) }
    let (least, most) = (ages.millisecondsAtLeast(at: [50, 99]), ages.milliseconds(at: [50, 99]))
    #expect(least[0] <= 20 && 20 < most[0] && least[0] > 19.9 && least[1] <= 30 && most[1] == 30, "\(least) \(most)")
    #expect(Distribution().millisecondsAtLeast(at: [50]).isEmpty)
    let counted = [20, 20, 30].enumerated().map { place, _ in
      vote(place + 1, "a", Int64(place) * 100, Int64(place) * 100)
    }
    let polls = [20, 20, 30].enumerated().map { place, age in
      poll(Int64(place * 100 + age), Int64(place * 100 + age), place, 0)
    }
    let report = ConsistencyHistory(votes: counted, polls: polls + [poll(900, 900, 3, 0)]).report
    let lag = try #require(report.freshnessAtLeast)
    #expect(lag.p50 <= 20 && lag.p50 > 19, "\(lag)")
  }
}
