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

  static func compare(_ text: String, with name: String) throws {
    let path = "\(root)/Reports/samples/\(name)"
    if ProcessInfo.processInfo.environment["VOTEBENCH_RECORD"] == "1" {
      try Data(text.utf8).write(to: URL(filePath: path))
    }
    let sample = try String(contentsOf: URL(filePath: path), encoding: .utf8)
    #expect(text == sample, "\(name) has changed; if that is meant, run with VOTEBENCH_RECORD=1")
  }

  private static func at(_ seconds: Double) -> MonotonicTime {
    MonotonicTime(nanoseconds: Int64((seconds * 1e9).rounded()))
  }

  /// Ten seconds at 100/s: a rollout in which 20 votes failed and one accepted vote was lost.
  static func report(controlFailures: [Double] = [2.9]) -> RunReport {
    let ballot = Ballot(run: "sample00", seed: 1, choices: ["a", "b"])
    let (recorder, _) = recorded()
    var heading = RunReport.Heading(
      target: "sandbox", seed: 1, startedAt: "2026-01-01T00:00:00Z", run: ballot.run, version: "0.1.0")
    heading.environment = RunEnvironment(
      system: "Linux 6.1.0 x86_64", processor: "Sample CPU at 3.00 GHz", processors: 8, kubectl: "v1.33.1",
      server: "v1.33.1", context: "sandbox")
    return RunReport(
      heading: heading,
      material: RunReport.Material(
        recorder: recorder, end: at(14), rollouts: rollouts(), consistency: consistency(recorder.ledger, ballot),
        tallySources: [Self.sourceFigures], generator: generator(controlFailures), peakMemoryMegabytes: 25.5,
        isInterrupted: false),
      demands: RunReport.Demands(objectives: Objective.defaults(duringRollout: true), isDuringRollout: true))
  }

  /// The votes of the run, every tenth on a connection of its own, and the lines of its log.
  private static var sourceFigures: TallySources.Figures {
    var figures = TallySources.Figures(name: "json:/result")
    (figures.good, figures.failed) = (6, ["timeout": 1])
    return figures
  }

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
          pod: timesOut ? 0 : pod(answering: index)))
    }
    let lines = recorder.finish()
    return (recorder, lines)
  }

  /// Numbers of voting-app-1, -2, -3, -5 and -6: 5 takes over from 1, and 6 from 5.
  private static func pod(answering index: Int) -> UInt8 {
    switch index {
    case ..<415: UInt8(1 + index % 3)
    case ..<440: UInt8(2 + index % 2)
    case ..<730: UInt8(2 + index % 3)
    default: [2, 3, 5][index % 3]
    }
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
      responders: [("1", "v1"), ("2", "v1"), ("3", "v1"), ("5", "v2"), ("6", "v1")].map {
        GeneratorFigures.Responder(pod: "voting-app-\($0.0)", version: $0.1)
      },
      control: GeneratorFigures.Control(probes: 10, failures: controlFailures.map(at), slowest: .microseconds(2300)),
      lane: "direct", http: "1.1", threads: 1, libcurl: "libcurl/7.88.1")
  }

  /// A change of one of three pods and its rollback, with the API server away around the end of the old pod.
  private static func rollouts() -> [RolloutRecord] {
    var rollout = record("set image deployment/voting-app voting-app=voting-app:v2", from: 4, to: 6)
    rollout.gaps = [RolloutRecord.Gap(start: at(5.2), end: at(5.9))]
    rollout.pods = [
      pod("1", old: true, [(.marked, 4.3), (.endpointUnready, 4.35), (.unready, 5.1)]),
      pod("2", old: true, []), pod("3", old: true, []),
      pod("5", [(.created, 4.1), (.scheduled, 4.11), (.started, 4.25), (.ready, 4.4), (.endpointReady, 4.45)]),
    ]
    rollout.pods[0].times[.sigterm] = Moment(after: at(4.3), until: at(4.45))
    rollout.pods[0].times[.gone] = Moment(after: at(5.2), until: at(5.9))
    var rollback = record("rollout undo deployment/voting-app", from: 7, to: 8, isRollback: true)
    rollback.pods = [
      pod("5", old: true, [(.marked, 7.3), (.gone, 7.9)]), pod("2", old: true, []), pod("3", old: true, []),
      pod("6", [(.created, 7.05), (.ready, 7.3), (.endpointReady, 7.35)]),
    ]
    return [noted(rollout), noted(rollback)]
  }

  private static func record(
    _ command: String, from start: Double, to end: Double, isRollback: Bool = false
  ) -> RolloutRecord {
    var record = RolloutRecord(
      trigger: "kubectl -n oggy \(command)", workload: Workload(.deployment, "voting-app"), isRollback: isRollback,
      start: at(start))
    record.end = at(end)
    record.outcome = .complete
    record.exit = 0
    (record.wantedBefore, record.wantedAfter) = (3, 3)
    return record
  }

  private static func pod(
    _ number: String, old: Bool = false, _ times: [(PodMilestone, Double)]
  ) -> RolloutRecord.Pod {
    var pod = RolloutRecord.Pod(
      name: "voting-app-\(number)", uid: "u\(number)", isOld: old, image: "voting-app:\(number == "5" ? "v2" : "v1")")
    for (milestone, second) in times { pod.times[milestone] = Moment(at(second)) }
    return pod
  }

  /// A note of every milestone, and one of the Deployment.
  private static func noted(_ record: RolloutRecord) -> RolloutRecord {
    var record = record
    record.notes = [
      RolloutRecord.Note(
        at: Moment(record.start + .milliseconds(40)), kind: "Deployment", name: "voting-app", uid: "d1",
        what: "ReplicaSetUpdated", text: "the new ReplicaSet is progressing")
    ]
    for pod in record.pods {
      for milestone in PodMilestone.allCases {
        guard let moment = pod.times[milestone] else { continue }
        record.notes.append(
          RolloutRecord.Note(at: moment, kind: "Pod", name: pod.name, uid: pod.uid, what: milestone.rawValue))
      }
    }
    return record
  }

  private static func consistency(_ ledger: Ledger, _ ballot: Ballot) -> ConsistencyReport {
    var audit = VoteAudit(VoteHistory(ledger, ballot), rules: ConsistencyRules(semantics: .count))
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
        history: VoteHistory(ledger, ballot), baseline: [sample(-3, zero), sample(-2, zero), sample(-1, zero)],
        samples: [
          sample(2, tally(ballot, first: 190)), sample(3, tally(ballot, first: 295)),
          sample(4, tally(ballot, first: 399)), sample(12, counts), sample(13, counts),
          sample(14, counts),
        ], votesEnded: at(10), drain: .stalled(deficit: 1),
        audit: audit, exportError: nil, rules: ConsistencyRules(semantics: .count),
        course: RunCourse(origin: ledger.origin, phases: PhaseEdges(), pods: ["voting-app-5d9c-x2x4q"]) { body in
          for vote in ledger.observations { body(vote) }
        }))
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

  @Test("the schema knows its version, every outcome and every milestone")
  func schema() throws {
    let schema = try String(contentsOf: URL(filePath: "\(Self.root)/Reports/summary.schema.json"), encoding: .utf8)
    let milestones = PodMilestone.allCases.flatMap { ["\($0.rawValue)_s", "\($0.rawValue)_earliest_s"] }
    for word in [SummaryDocument.schema] + RolloutOutcome.allCases.map(\.rawValue) + milestones {
      #expect(schema.contains("\"\(word)\""))
    }
  }

  @Test("the 50 largest groups of failed votes are written, the votes of the rest counted")
  func manyGroups() throws {
    var material = Self.report().material
    var recorder = Recorder(
      ledger: Ledger(schedule: Schedule(rate: ArrivalRate(votesPerSecond: 100)), origin: Self.at(0)),
      closing: .after(.zero))
    recorder.begin(.rollout, at: Self.at(4))
    // Two votes of each of 50 kinds, and one of each of ten, while voting-app-1 goes.
    for (place, kind) in (Array(500..<550) + Array(500..<560)).enumerated() {
      let due = Self.at(4.2 + Double(place) / 100)
      recorder.record(
        Observation(
          index: 420 + place, intended: due, actual: due, completed: due, startLag: 0, outcome: .refused,
          cause: .status(kind)))
    }
    material.recorder = recorder
    let report = RunReport(
      heading: Self.report().heading, material: material,
      demands: RunReport.Demands(objectives: [], isDuringRollout: true))
    let json = try SummaryDocument(report, exitCode: 1).json()
    #expect(json.contains("\"failed_votes_more\" : 10"))
    // Each kind stands in errors[] and answering_pods[], those of the largest groups in failed_votes[] too.
    #expect(json.split(separator: "\"kind\" : \"http-549\"").count == 4)
    #expect(json.split(separator: "\"kind\" : \"http-550\"").count == 3)
  }

  @Test("the terminal summary is as the sample")
  func terminal() throws {
    try Self.compare(TerminalSummary(Self.report(), color: false).text, with: "terminal.txt")
  }

  @Test("report.md and junit.xml are as the samples")
  func continuousIntegration() throws {
    let report = Self.report()
    let checks = ReportChecks(report, exitCode: report.exitCode)
    try Self.compare(MarkdownReport(report, checks).text, with: "report.md")
    try Self.compare(JUnitDocument(report, checks).text, with: "junit.xml")
  }

  @Test("events.ndjson is as the sample: a line an event, in order of time")
  func events() throws {
    let text = try EventLog(Self.report().material).text()
    try Self.compare(text, with: "events.ndjson")
    let lines = text.split(separator: "\n").map { Data($0.utf8) }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let events = try lines.map { try decoder.decode(Event.self, from: $0) }
    #expect(zip(events, events.dropFirst()).allSatisfy { $0.tS <= $1.tS })
    #expect(events.filter { $0.kind == "Phase" }.map(\.name).first == "warmup")
    #expect(events.filter { $0.kind == "Command" }.map(\.rollout) == [0, 1])
    let gone = try #require(events.first { $0.what == "gone" })
    #expect(gone == Event(tS: 5.9, earliestS: 5.2, kind: "Pod", name: "voting-app-1", what: "gone", rollout: 0))
  }

  private struct Event: Decodable, Equatable {
    var tS: Double
    var earliestS: Double?
    var kind: String
    var name: String
    var what: String
    var rollout: Int?
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
