import Bench
import Testing

@Suite("The timeline of a run")
struct TimelineTests {
  /// A run whose votes are those of a staged one.
  private static func report(
    _ staged: StagedRun, tail: Double = 1, rollouts: [RolloutRecord] = [],
    consistency: ConsistencyReport = passingHistory.report, revoters: Ballot? = nil
  ) -> RunReport {
    var recorder = Recorder(
      ledger: Ledger(schedule: staged.schedule, origin: StagedRun.origin), closing: .inDueOrder(atMost: .seconds(60)))
    var end = 0.0
    for (phase, seconds) in staged.phases {
      recorder.begin(phase, at: StagedRun.origin + .nanoseconds(Int64(end * 1e9)))
      end += seconds
    }
    recorder.begin(.drain, at: StagedRun.origin + .nanoseconds(Int64(end * 1e9)))
    for vote in staged.observations { recorder.record(vote) }
    _ = recorder.finish()
    var heading = RunReport.Heading(
      target: "sandbox", seed: 1, startedAt: "2026-01-01T00:00:00Z", run: "r", version: "1")
    heading.revoters = revoters
    return RunReport(
      heading: heading,
      material: .init(
        recorder: recorder, end: StagedRun.origin + .nanoseconds(Int64((end + tail) * 1e9)), rollouts: rollouts,
        consistency: consistency, tallySources: [], generator: nil, peakMemoryMegabytes: 0, isInterrupted: false),
      demands: .init(objectives: [], isDuringRollout: staged.isDuringRollout))
  }

  @Test("every vote stands in the interval in which it was due: the columns add up to the phases")
  func sums() {
    var staged = StagedRun(100, [(.warmup, 2.5), (.baseline, 3), (.rollout, 4.5)])
    staged.fate = { $0.index % 7 == 0 ? .failed(.status(502)) : $0.index % 11 == 0 ? .dropped : .accepted(5) }
    let report = Self.report(staged)
    let timeline = Timeline(report)
    let votes = timeline.rows.map(\.votes).reduce(PhaseFigures().votes, +)
    #expect(votes == report.phases.map(\.figures.votes).reduce(PhaseFigures().votes, +) && votes.due == 1000)
    #expect(timeline.rows.count == 11 && timeline.interval == 1)
    #expect(timeline.rows.prefix(10).allSatisfy { $0.votes.due == 100 })
    #expect(
      timeline.rows.map(\.phase) == [.warmup, .warmup, .warmup] + Array(repeating: .baseline, count: 3)
        + Array(repeating: .rollout, count: 4) + [.drain])
    #expect(timeline.rows.last?.acceptedTotal == votes.accepted)
    #expect(timeline.rows.last?.response == nil && timeline.rows[0].response?.count == timeline.rows[0].votes.sent)
  }

  @Test("an answer that came late counts in the total when it came, and in the interval of its due moment otherwise")
  func lateAnswers() {
    var staged = StagedRun(10, [(.baseline, 5)], isDuringRollout: false)
    staged.fate = { $0.second < 1 ? .accepted(2500) : .accepted(2) }
    let rows = Timeline(Self.report(staged)).rows
    #expect(rows.map(\.acceptedTotal) == [0, 10, 25, 40, 50, 50])
    #expect(rows[0].votes.accepted == 10 && rows[0].response?.p50 == 2500 && rows[1].response?.p50 == 2)
  }

  @Test(
    "a long run has longer intervals, never more than 3600",
    arguments: [(3600.0, 1), (3601, 2), (7200, 2), (7201, 5), (86_400, 30), (3_000_000, 1800)])
  func longRuns(seconds: Double, interval: Int) {
    var staged = StagedRun(1, [(.baseline, 10)], isDuringRollout: false)
    staged.fate = { _ in .accepted(1) }
    let timeline = Timeline(Self.report(staged, tail: seconds - 10))
    #expect(timeline.interval == interval && timeline.rows.count <= 3600)
    #expect(timeline.rows.last.map { $0.start + interval >= Int(seconds) } == true)
    #expect(timeline.rows.map(\.votes.due).reduce(0, +) == 10)
  }

  @Test("pods at the end of each interval, each counted once though two changes saw it")
  func pods() {
    func moment(_ second: Double) -> MonotonicTime { StagedRun.origin + .nanoseconds(Int64(second * 1e9)) }
    func pod(_ uid: String, old: Bool, _ times: [PodMilestone: Double]) -> RolloutRecord.Pod {
      var pod = RolloutRecord.Pod(name: uid, uid: uid, isOld: old, image: "")
      pod.times = times.mapValues { Moment(moment($0)) }
      return pod
    }
    var change = RolloutRecord(trigger: "x", workload: Workload(.deployment, "w"), start: moment(1))
    change.pods = [
      pod("a", old: true, [.marked: 2.5, .gone: 3.5]), pod("b", old: false, [.created: 1.5, .ready: 2.2]),
    ]
    var back = change
    back.isRollback = true
    back.pods = [pod("b", old: true, [.marked: 4.5]), pod("c", old: false, [.created: 4.2, .endpointReady: 5.5])]
    let rows = Timeline(Self.report(StagedRun(10, [(.baseline, 6)]), rollouts: [change, back])).rows
    let pods = rows.map { row in row.pods.map { [$0.starting, $0.ready, $0.terminating] } }
    #expect(pods == [[0, 1, 0], [1, 1, 0], [0, 1, 1], [0, 1, 0], [1, 0, 1], [0, 1, 1], [0, 1, 1]])
    #expect(Timeline(Self.report(StagedRun(10, [(.baseline, 2)]))).rows[0].pods == nil)
  }

  @Test("a pod that is not ready any more is no ready pod, and is not about to start either")
  func unready() {
    func moment(_ second: Double) -> MonotonicTime { StagedRun.origin + .nanoseconds(Int64(second * 1e9)) }
    var change = RolloutRecord(trigger: "x", workload: Workload(.deployment, "w"), start: moment(1))
    change.pods = [RolloutRecord.Pod(name: "a", uid: "a", isOld: true, image: "")]
    change.pods[0].times = [.unready: Moment(moment(1.5)), .marked: Moment(moment(2.5))]
    let timeline = Timeline(Self.report(StagedRun(10, [(.baseline, 3)]), rollouts: [change]))
    let pods = timeline.rows.map { row in row.pods.map { [$0.starting, $0.ready, $0.unready, $0.terminating] } }
    #expect(pods == [[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1]])
    #expect(timeline.columns.last?.name == "pods_unready" && timeline.columns.last?.values == [0, 1, 0, 0])
  }

  @Test("where the tally counts voters, what was accepted counts each voter once, from the first acceptance on")
  func revotes() {
    // Three votes of each of 20 voters, in blocks of 30 votes of ten of them.
    let ballot = Ballot(run: "revote00", seed: 1, choices: ["a", "b"], electorate: Electorate(turns: 3, gap: 10))
    var staged = StagedRun(10, [(.baseline, 6)], isDuringRollout: false)
    #expect(Timeline(Self.report(staged, revoters: ballot)).rows.map(\.acceptedTotal) == [10, 10, 10, 20, 20, 20, 20])
    #expect(Timeline(Self.report(staged)).rows.map(\.acceptedTotal) == [10, 20, 30, 40, 50, 60, 60])
    // The first votes of five voters fail, and their second ones do not; one voter's are answered the other way round.
    staged.fate = { $0.index < 5 ? .failed(.status(502)) : $0.index == 5 ? .accepted(2500) : .accepted(1) }
    #expect(Timeline(Self.report(staged, revoters: ballot)).rows.map(\.acceptedTotal) == [4, 10, 10, 20, 20, 20, 20])
  }

  @Test("the tally is what the last poll showed, and its age the largest of the interval; nothing before a poll")
  func tally() {
    let history = ConsistencyHistory(
      votes: votes(3), polls: [poll(6100, 6105, 0, 0), poll(6200, 6205, 1, 0), poll(8100, 8105, 3, 0)])
    let rows = Timeline(Self.report(StagedRun(10, [(.baseline, 4)]), consistency: history.report)).rows
    #expect(rows.map(\.visibleTotal) == [nil, 1, 1, 3, 3])
    #expect(rows[0].freshness == nil && rows[2].freshness == nil && rows[3].freshness == 0)
    #expect((rows[1].freshness ?? 0) > 1000)
  }

  @Test("timeline.csv is as the sample, and every line has as many cells as the header")
  func csv() throws {
    let csv = Timeline(ReportTests.report()).csv
    try ReportTests.compare(csv, with: "timeline.csv")
    let lines = csv.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false).count }
    #expect(Set(lines) == [24])
  }

  @Test(
    "numbers are plain: whole ones without a point",
    arguments: [(3.0, "3"), (0.5, "0.500"), (1e15, "1000000000000000.000"), (-2.25, "-2.250")])
  func numbers(value: Double, text: String) {
    #expect(Timeline.spelled(value) == text)
  }
}
