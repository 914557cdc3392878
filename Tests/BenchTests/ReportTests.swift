import Bench
import FoundationEssentials
import Testing

/// The report formats are promises: a fixed run is written and compared with the samples below Reports/samples.
///
/// With VOTEBENCH_RECORD=1 in the environment the samples are written anew instead; read their difference then.
@Suite("Reports")
struct ReportTests {
  private static var root: String {
    #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
  }

  private static func compare(_ text: String, with name: String) throws {
    let path = "\(root)/Reports/samples/\(name)"
    if ProcessInfo.processInfo.environment["VOTEBENCH_RECORD"] == "1" {
      try Data(text.utf8).write(to: URL(filePath: path))
    }
    let sample = try String(contentsOf: URL(filePath: path), encoding: .utf8)
    #expect(text == sample, "\(name) has changed; if that is meant, run with VOTEBENCH_RECORD=1")
  }

  private static func at(_ seconds: Double) -> MonotonicTime { MonotonicTime(nanoseconds: Int64(seconds * 1e9)) }

  /// Ten seconds at 100/s: a rollout in which 20 votes failed and one accepted vote was lost.
  static func report(controlFailures: [Double] = [2.9]) -> RunReport {
    let ballot = Ballot(run: "sample00", seed: 1, choices: ["a", "b"])
    let (recorder, _) = recorded()
    return RunReport(
      heading: RunReport.Heading(
        target: "sandbox", seed: 1, startedAt: "2026-01-01T00:00:00Z", run: ballot.run, version: "0.1.0"),
      material: RunReport.Material(
        recorder: recorder, end: at(14), rollouts: rollouts(), consistency: consistency(recorder.ledger, ballot),
        failedPolls: 1, generator: generator(controlFailures), peakMemoryMegabytes: 25.5, isInterrupted: false),
      objectives: Objective.defaults(duringRollout: true))
  }

  /// The votes of the run, every tenth on a connection of its own, and the lines of its log.
  private static func recorded() -> (recorder: Recorder, lines: [String]) {
    var recorder = Recorder(
      ledger: Ledger(schedule: Schedule(rate: ArrivalRate(votesPerSecond: 100)), origin: at(0)),
      closing: .inDueOrder(atMost: .seconds(20)))
    recorder.record(connection(at(-0.5), vote: nil))
    for (phase, start) in [
      (Phase.warmup, 0.0), (.baseline, 1), (.rollout, 4), (.settle, 6), (.rollback, 7), (.recovered, 8), (.drain, 10),
    ] { recorder.begin(phase, at: at(start)) }
    for index in 0..<1000 {
      let due = at(Double(index) / 100)
      let fails = (400..<440).contains(index) && index % 2 == 0
      let timesOut = fails && index % 4 == 0
      if index % 10 == 0 { recorder.record(connection(due, vote: index)) }
      recorder.record(
        Observation(
          index: index, intended: due, actual: due + .microseconds(40),
          completed: due + (timesOut ? .seconds(10) : .microseconds(2000 + index)), startLag: 40_000,
          outcome: fails ? .indeterminate : .accepted,
          cause: fails ? (timesOut ? .curl(28) : .status(502)) : .none, isFresh: index % 10 == 0,
          pod: UInt8(1 + index % 4)))
    }
    let lines = recorder.finish()
    return (recorder, lines)
  }

  private static func connection(_ began: MonotonicTime, vote: Int?) -> ConnectionTimes {
    ConnectionTimes(
      began: began, vote: vote, nameLookup: .microseconds(80), connect: .microseconds(120), tls: .microseconds(1400),
      firstByte: .microseconds(900))
  }

  private static func generator(_ controlFailures: [Double]) -> GeneratorFigures {
    GeneratorFigures(
      backlogMaximum: 3, processorTime: .milliseconds(150),
      stalls: GeneratorFigures.Stalls(count: 2, longest: .milliseconds(14)),
      responders: [("1", "v1"), ("2", "v1"), ("3", "v1"), ("5", "v2")].map {
        GeneratorFigures.Responder(pod: "voting-app-\($0.0)", version: $0.1)
      },
      control: GeneratorFigures.Control(probes: 10, failures: controlFailures.map(at), slowest: .microseconds(2300)),
      lane: "direct", http: "1.1", threads: 1, libcurl: "libcurl/7.88.1")
  }

  private static func rollouts() -> [RolloutRecord] {
    var rollout = RolloutRecord(
      trigger: "kubectl -n oggy set image deployment/voting-app voting-app=voting-app:v2",
      workload: Workload(.deployment, "voting-app"), start: at(4))
    rollout.end = at(6)
    rollout.outcome = .complete
    rollout.exit = 0
    var old = RolloutRecord.Pod(name: "voting-app-1", uid: "u1", isOld: true, image: "voting-app:v1")
    old.times[.marked] = Moment(at(4.5))
    old.times[.gone] = Moment(at(5.9))
    var new = RolloutRecord.Pod(name: "voting-app-5", uid: "u5", isOld: false, image: "voting-app:v2")
    new.times[.created] = Moment(at(4.1))
    new.times[.ready] = Moment(at(4.4))
    rollout.pods = [old, new]
    return [rollout]
  }

  private static func consistency(_ ledger: Ledger, _ ballot: Ballot) -> ConsistencyReport {
    var audit = VoteAudit(ledger: ledger, ballot: ballot, rows: .countedVotes)
    var counts = ["a": 0, "b": 0]
    for vote in ledger.observations where vote.outcome == .accepted && vote.index != 500 {
      audit.add(voter: ballot.voter(of: vote.index), choice: ballot.choice(of: vote.index))
      counts[ballot.choice(of: vote.index), default: 0] += 1
    }
    audit.finish()
    func sample(_ second: Double, _ counts: [String: Int]) -> TallySample {
      TallySample(sent: at(second), received: at(second) + .milliseconds(3), counts: counts)
    }
    let zero = ["a": 0, "b": 0]
    return ConsistencyReport(
      ConsistencyReport.Evidence(
        ledger: ledger, ballot: ballot, baseline: [sample(-3, zero), sample(-2, zero), sample(-1, zero)],
        samples: [
          sample(2, tally(ballot, first: 190)), sample(3, tally(ballot, first: 295)),
          sample(4, tally(ballot, first: 399)), sample(12, counts), sample(13, counts),
          sample(14, counts),
        ], votesEnded: at(10), drain: .stalled(deficit: 1),
        audit: audit, exportError: nil, rows: .countedVotes))
  }

  private static func tally(_ ballot: Ballot, first: Int) -> [String: Int] {
    var counts = ["a": 0, "b": 0]
    for index in 0..<first { counts[ballot.choice(of: index), default: 0] += 1 }
    return counts
  }

  @Test("summary.json is as the sample")
  func summary() throws {
    try Self.compare(try SummaryDocument(Self.report(), exitCode: 1).json(), with: "summary.json")
  }

  @Test("the terminal summary is as the sample")
  func terminal() throws {
    try Self.compare(TerminalSummary(Self.report(), color: false).text, with: "terminal.txt")
  }

  @Test("latency.hgrm is as the sample")
  func hgrm() throws {
    try Self.compare(PercentileText(Self.report().total.responseTime).text, with: "latency.hgrm")
  }

  @Test("latency.hlog is as the sample")
  func hlog() throws {
    let lines = LatencyLog.header(version: "0.1.0", start: 1_767_225_600) + Self.recorded().lines
    try Self.compare(lines.joined(separator: "\n") + "\n", with: "latency.hlog")
  }

  @Test(
    "failures count as the system's unless the control target failed while they were under way or a second around",
    arguments: [([2.9], 0), ([3.05], 3), ([4.1], 20), ([5.2], 15), ([13, 5.2, 20], 15), ([15.5], 0), ([], 0)])
  func besideControl(failures: [Double], beside: Int) {
    let report = Self.report(controlFailures: failures)
    #expect(report.total.failedWithControl == beside)
    #expect(report.change.failedWithControl == beside)
    #expect(report.objectives.map(\.verdict) == [.fail, .pass, beside == 20 ? .inconclusive : .fail, .pass])
  }

  @Test("colours are around the verdicts alone, and only where they are wanted")
  func colours() {
    let plain = TerminalSummary(Self.report(), color: false).text
    #expect(!plain.contains("\u{1B}"))
    let painted = TerminalSummary(Self.report(), color: true).text
    #expect(painted.hasPrefix("\u{1B}[1;31mFAIL\u{1B}[0m"))
  }

  @Test("the run is judged: one lost vote and 20 failed ones fail it")
  func verdict() {
    let report = Self.report()
    #expect(report.exitCode == 1)
    #expect(report.objectives.map(\.verdict) == [.fail, .pass, .fail, .pass])
    #expect(report.change.votes.failed == 20)
    #expect(report.total.votes.due == 900)
    #expect(report.material.consistency.lostMinimum == 1)
  }
}
