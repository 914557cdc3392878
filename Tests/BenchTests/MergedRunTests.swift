import Bench
import Testing

/// Shards of one load, each with votes of its own, against one run that had them all.
@Suite("Runs merged into one")
struct MergedRunTests {
  /// A shard whose clock began somewhere else.
  private struct Made {
    var name: String
    var rate = 100
    var startS = 1000.0
    var seconds = 20.0
    var warmup = 2.0
    var origin: Int64 = 5_000_000_000
    var given: [Settings.Key: String] = [:]
    var pods = ["p1", "p2"]
    var consistency = passingHistory.report
    var fails: (Int) -> Bool = { _ in false }
    var rollout: RolloutRecord?

    func shard() throws -> Shard {
      let fixed: [Settings.Key: String] = [
        .target: "https://oggy.local", .rate: "\(rate)", .warmup: "\(warmup)s", .seed: "1",
      ]
      var settings = Settings()
      for (key, text) in fixed.merging(given, uniquingKeysWith: { $1 }) { settings.set(key, .init(text, place: "x")) }
      let profile = try RunProfile.validate(settings, freshSeed: 1).get()
      let start = MonotonicTime(nanoseconds: origin)
      var recorder = Recorder(profile, origin: start)
      recorder.begin(.warmup, at: start)
      recorder.begin(.baseline, at: start + .nanoseconds(Int64(warmup * 1e9)))
      if rollout != nil {
        for (number, phase) in [Phase.rollout, .settle, .rollback, .recovered].enumerated() {
          recorder.begin(phase, at: start + .seconds(Int(warmup) + 2 * (number + 1)))
        }
      }
      for index in 0..<Int(Double(rate) * (warmup + seconds)) { recorder.record(vote(index, start)) }
      recorder.begin(.drain, at: start + .nanoseconds(Int64((warmup + seconds) * 1e9)))
      _ = recorder.finish()
      let connection = ConnectionTimes(
        began: start + .seconds(3), vote: 1, nameLookup: nil, connect: .microseconds(100), tls: nil, firstByte: nil)
      recorder.record(connection)
      return Shard(
        name: name, run: finished(recorder, profile), profile: profile, startS: startS, connections: [connection])
    }

    private func vote(_ index: Int, _ start: MonotonicTime) -> Observation {
      let due = start + .nanoseconds(Int64(index) * 1_000_000_000 / Int64(rate))
      return Observation(
        index: index, intended: due, actual: due + .microseconds(30),
        completed: due + .microseconds(2000 + index % 700),
        startLag: 30_000, outcome: fails(index) ? .refused : .accepted, cause: fails(index) ? .status(502) : .none,
        pod: UInt8(index % 3))
    }

    private func finished(_ recorder: Recorder, _ profile: RunProfile) -> FinishedRun {
      var source = TallySources.Figures(name: "json:/result")
      (source.good, source.failed) = (40, ["timeout": 1])
      let generator = GeneratorFigures(
        backlogMaximum: 2, processorTime: .milliseconds(10), stalls: .init(count: 1, longest: .milliseconds(11)),
        responders: pods.map { .init(pod: $0, version: "v1") }, control: nil, lane: "direct", http: "1.1", threads: 1,
        libcurl: "libcurl/7")
      let end = recorder.edges.edges.last?.start ?? recorder.ledger.origin
      let report = RunReport(
        heading: .init(
          target: "https://oggy.local", seed: 1, startedAt: "2026-01-01T00:00:00Z", run: name, version: "1"),
        material: .init(
          recorder: recorder, end: end + .seconds(1), rollouts: rollout.map { [$0] } ?? [], consistency: consistency,
          tallySources: [source], generator: generator, peakMemoryMegabytes: 10, isInterrupted: false),
        demands: RunReport.Demands(profile))
      return FinishedRun(report: report, exitCode: report.exitCode, profile: "rate: \(rate)\n")
    }
  }

  private func slots(_ distribution: Distribution) -> [Int: UInt64] {
    Dictionary(distribution.slots.map { ($0.slot, $0.count) }) { first, _ in first }
  }

  @Test("two shards with clocks of their own add up vote by vote and slot by slot, at the moments of the wall clock")
  func addsUp() throws {
    let shards = [
      try Made(name: "one", fails: { (700..<710).contains($0) }).shard(),
      try Made(name: "two", rate: 50, origin: 77_000_000_123, pods: ["p2", "p3"]).shard(),
    ]
    let (run, log) = try MergedRun(shards).merged()
    let (report, parts) = (run.report, shards.map(\.run.report))
    #expect(report.total.votes == parts[0].total.votes + parts[1].total.votes && report.total.votes.due == 3000)
    for time in [\PhaseFigures.responseTime, \.serviceTime, \.startLag] {
      let sum = slots(parts[0].total[keyPath: time]).merging(slots(parts[1].total[keyPath: time]), uniquingKeysWith: +)
      #expect(slots(report.total[keyPath: time]) == sum)
    }
    #expect(report.phases.map(\.phase) == [.warmup, .baseline, .drain])
    #expect(report.phases.map(\.start) == [.zero, .seconds(2), .seconds(22)])
    #expect(report.total.connections.opened == 2)
    #expect(report.total.failures.map(\.count) == [10])
    #expect(report.total.failures[0].first - report.material.origin == .seconds(7))
    let answered = Dictionary(report.answered.map { ($0.responder.pod, $0.figures.votes) }) { first, _ in first }
    #expect(Set(answered.keys) == ["unknown", "p1", "p2", "p3"])
    #expect(answered.values.reduce(0, +) == 3000)
    #expect(report.material.consistency.accepted == 2 && report.material.tallySources.map(\.good) == [80])
    #expect(report.material.tallySources[0].failed == ["timeout": 2])
    #expect(report.material.generator?.stalls.count == 2 && report.heading.run == "one+two")
    // The rate of both together is what the run could have seen.
    #expect(report.visibility.perSecond == 150)
    #expect(log.count { $0.first?.isNumber == true } == 20)
    #expect(run.profile.contains("# one\nrate: 100") && run.profile.contains("# two\nrate: 50"))
  }

  @Test("without a rollout what counts is the time in which all of them counted")
  func commonTime() throws {
    let shards = [
      try Made(name: "one").shard(), try Made(name: "late", startS: 1003.5, seconds: 10, warmup: 1).shard(),
    ]
    let report = try MergedRun(shards).merged().run.report
    #expect(report.phases.map(\.start) == [.zero, .milliseconds(4500), .milliseconds(14_500)])
    #expect(report.total.votes.due == 2000)
    #expect(report.phases.reduce(0) { $0 + $1.figures.votes.due } == 2200 + 1100)
  }

  @Test("the phases, the rollout and the objectives are those of the shard that drove it, whoever began first")
  func rollout() throws {
    let rollout = Self.rollout
    let driver = Made(
      name: "driver", startS: 1005, seconds: 12, given: [.duringRollout: "true", .image: "v2", .slo: "p99 < 1s"],
      rollout: rollout)
    let shards = [try Made(name: "one", seconds: 60, origin: 0).shard(), try driver.shard()]
    let report = try MergedRun(shards).merged().run.report
    let phases = report.phases.map(\.phase)
    #expect(phases == [.warmup, .baseline, .rollout, .settle, .rollback, .recovered, .drain])
    #expect(report.objectives.map(\.expression) == ["p99 < 1s"])
    let change = try #require(report.material.rollouts.first)
    #expect(change.start - report.material.origin == .seconds(9) && report.phases[2].start == .seconds(9))
    // 2 s of it, with the votes of both.
    #expect(report.phases[2].figures.votes.due == 400)
    #expect(report.visibility.perSecond == 200)
  }

  private static var rollout: RolloutRecord {
    let start = MonotonicTime(nanoseconds: 9_000_000_000)
    var rollout = RolloutRecord(trigger: "kubectl", workload: Workload(.deployment, "voting-app"), start: start)
    (rollout.end, rollout.outcome) = (start + .seconds(2), .complete)
    return rollout
  }

  @Test("a shard that ended during the rollout does not count for what could have been seen")
  func endsEarly() throws {
    let driver = Made(
      name: "driver", seconds: 12, given: [.duringRollout: "true", .image: "v2"], rollout: Self.rollout)
    let shards = [try driver.shard(), try Made(name: "short", rate: 500, seconds: 4).shard()]
    #expect(try MergedRun(shards).merged().run.report.visibility.perSecond == 100)
  }

  @Test("what a shard was warming up with while another one counted is in no figure")
  func warmsUpLate() throws {
    let driver = Made(name: "driver", given: [.duringRollout: "true", .image: "v2"], rollout: Self.rollout)
    // It begins when the driver has counted for a second, and fails as long as it warms up.
    let late = Made(name: "late", startS: 1003, seconds: 10, origin: 9_000_000_000, fails: { $0 < 200 })
    let report = try MergedRun([driver.shard(), late.shard()]).merged().run.report
    #expect(report.total.votes.failed == 0 && report.phases[0].figures.votes.due == 200)
    #expect(report.total.votes.due == 2000 + 1000)
    #expect(report.visibility.perSecond == 100)
  }

  @Test("a shard that failed fails all; one that could not see keeps the others from a pass")
  func verdicts() throws {
    let lost = ConsistencyHistory(
      votes: votes(2), polls: [poll(900, 905, 1, 0), poll(910, 915, 1, 0), poll(920, 925, 1, 0)], rows: [("u1", "a")],
      drain: .stalled(deficit: 1)
    ).report
    let shards = [try Made(name: "one").shard(), try Made(name: "two", consistency: lost).shard()]
    let consistency = try MergedRun(shards).merged().run.report.material.consistency
    #expect(lost.lostMinimum == 1 && consistency.lostMinimum == 1 && consistency.verdict == .fail)
    #expect(consistency.accepted == 3 && !consistency.converged && consistency.lostVoters == lost.lostVoters)
    let blind = ConsistencyHistory(votes: votes(1), polls: []).report
    let open = [try Made(name: "one").shard(), try Made(name: "two", consistency: blind).shard()]
    let merged = try MergedRun(open).merged().run.report.material.consistency
    #expect(merged.verdict == .inconclusive && merged.altered == nil && merged.duplicated == nil)
  }

  @Test("the tally of all is what each of them saw last, together")
  func polls() throws {
    let other = ConsistencyHistory(
      votes: votes(1), polls: [poll(400, 405, 0, 0), poll(500, 505, 1, 0), poll(920, 925, 1, 0)], rows: [("u1", "a")]
    ).report
    let shards = [try Made(name: "one").shard(), try Made(name: "two", consistency: other).shard()]
    let polls = try MergedRun(shards).merged().run.report.material.consistency.polls
    #expect(polls.map(\.visible).last == 2 && polls.map(\.visible) == polls.map(\.visible).sorted())
    #expect(polls.count == other.polls.count + passingHistory.report.polls.count)
  }

  @Test("what is no shard of the load is refused, with the reason")
  func refused() throws {
    let one = Made(name: "one")
    func reason(_ shards: Made...) -> String {
      do throws(MergedRun.Unmergeable) {
        _ = try MergedRun((try? shards.map { try $0.shard() }) ?? [])
        return ""
      } catch {
        return error.description
      }
    }
    let driver: [Settings.Key: String] = [.duringRollout: "true", .image: "v2"]
    #expect(reason(one).contains("two runs at least"))
    #expect(reason(one, one) == "one and one are the same run: name each shard once")
    #expect(reason(one, Made(name: "far", startS: 2000)).contains("far was over before the others began, or"))
    #expect(
      reason(one, Made(name: "x", given: [.target: "https://b"])).contains("x at https://b/vote: shards have the"))
    #expect(
      reason(one, Made(name: "x", given: [.rate: "1000000", .votePath: "/vote"])).contains("more than 1000000/s"))
    #expect(
      reason(Made(name: "a", given: driver), Made(name: "b", given: driver)).contains("a and b each drove a rollout"))
  }
}
