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
  static func report() -> RunReport {
    let rate = ArrivalRate(votesPerSecond: 100)
    let ballot = Ballot(run: "sample00", seed: 1, choices: ["a", "b"])
    var ledger = Ledger(schedule: Schedule(rate: rate), origin: at(0))
    for index in 0..<1000 {
      let due = ledger.intendedStart(of: index)
      let fails = (400..<440).contains(index) && index % 2 == 0
      let timesOut = fails && index % 4 == 0
      ledger.record(
        Observation(
          index: index, intended: due, actual: due + .microseconds(40),
          completed: due + (timesOut ? .seconds(10) : .microseconds(2000 + index)), startLag: 40_000,
          outcome: fails ? .indeterminate : .accepted,
          cause: fails ? (timesOut ? .curl(28) : .status(502)) : .none, pod: UInt8(1 + index % 4)))
    }
    var edges = PhaseEdges()
    for (phase, start) in [
      (Phase.warmup, 0.0), (.baseline, 1), (.rollout, 4), (.settle, 6), (.rollback, 7), (.recovered, 8), (.drain, 10),
    ] { edges.begin(phase, at: at(start)) }
    return RunReport(
      heading: RunReport.Heading(
        target: "sandbox", seed: 1, startedAt: "2026-01-01T00:00:00Z", run: ballot.run, version: "0.1.0"),
      material: RunReport.Material(
        ledger: ledger, edges: edges, end: at(14), rollouts: rollouts(), consistency: consistency(ledger, ballot),
        failedPolls: 1, backlogMaximum: 3, processorTime: .milliseconds(150),
        pods: ["voting-app-1", "voting-app-2", "voting-app-3", "voting-app-4"], libcurl: "libcurl/7.88.1",
        peakMemoryMegabytes: 25.5, isInterrupted: false),
      objectives: Objective.defaults(duringRollout: true))
  }

  private static func rollouts() -> [RolloutRecord] {
    var rollout = RolloutRecord(
      trigger: "kubectl -n oggy set image deployment/voting-app voting-app=voting-app:v2",
      workload: "deployment/voting-app", start: at(4))
    rollout.end = at(6)
    rollout.outcome = .complete
    rollout.kubectlExit = 0
    var old = RolloutRecord.Pod(name: "voting-app-1", uid: "u1", isOld: true, image: "voting-app:v1")
    old.marked = at(4.5)
    old.gone = at(5.9)
    var new = RolloutRecord.Pod(name: "voting-app-5", uid: "u5", isOld: false, image: "voting-app:v2")
    new.created = at(4.1)
    new.ready = at(4.4)
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
    try Self.compare(Self.report().total.responseTime.hgrm, with: "latency.hgrm")
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
