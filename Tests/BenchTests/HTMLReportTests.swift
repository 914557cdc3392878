import Bench
import Testing

@Suite("The page of a run")
struct HTMLReportTests {
  private static func run(_ report: RunReport = ReportTests.report(), profile: String = "rate: 100\n") -> FinishedRun {
    FinishedRun(report: report, exitCode: 1, profile: profile)
  }

  /// What stands between two texts.
  private func part(_ text: String, after begin: String, until end: String) throws -> Substring {
    let start = try #require(text.firstRange(of: begin))
    let rest = text[start.upperBound...]
    return rest[..<(try #require(rest.firstRange(of: end))).lowerBound]
  }

  @Test("report.html is as the sample, the same for the same run")
  func sample() throws {
    let text = HTMLReport(Self.run()).text
    #expect(text == HTMLReport(Self.run()).text)
    try ReportTests.compare(text, with: "report.html")
  }

  @Test("it says the verdict, the sentence and every objective, and shows each chart")
  func content() {
    let report = ReportTests.report()
    let text = HTMLReport(Self.run(report)).text
    #expect(text.contains("<span class=\"verdict\">FAIL</span> \(report.sentence)</h1>"))
    for result in report.objectives { #expect(text.contains("<code>\(result.expression)</code>")) }
    for part in [
      "response time by second", "votes by second", "failed votes and outages", "start lag", "aria-label=\"pods\"",
    ] {
      #expect(text.contains(part), "\(part)")
    }
    #expect(text.contains("LOST") && text.contains("http-502") && text.contains("rate: 100"))
    #expect(text.count { $0 == "\n" } > 50)
  }

  @Test("no name in it is taken for markup, wherever it comes from")
  func hostile() throws {
    let evil = "</script><script>alert(1)</script><img src=x onerror='a'>\"&\u{1}"
    var rollout = RolloutRecord(
      trigger: evil, workload: Workload(.deployment, evil), start: MonotonicTime(nanoseconds: 4_000_000_000))
    rollout.detail = evil
    var pod = RolloutRecord.Pod(name: evil, uid: "u", isOld: false, image: evil)
    pod.times[.created] = Moment(MonotonicTime(nanoseconds: 4_500_000_000))
    rollout.pods = [pod]
    let sample = ReportTests.report()
    var material = sample.material
    material.rollouts = [rollout]
    material.failure = evil
    material.generator?.responders = (0..<9).map { .init(pod: "\(evil)\($0)", version: evil) }
    material.generator?.libcurl = evil
    var heading = sample.heading
    heading.target = evil
    let text = HTMLReport(
      Self.run(RunReport(heading: heading, material: material, demands: sample.demands), profile: evil)
    ).text
    #expect(!text.contains("<script>alert") && !text.contains("<img"))
    #expect(text.split(separator: "<script").count == 4, "two of data, one of our own")
    #expect(text.contains("&lt;/script&gt;&lt;script&gt;alert(1)") && !text.contains("\u{1}"))
  }

  @Test("it loads nothing from anywhere")
  func selfContained() {
    let text = HTMLReport(Self.run()).text
    for mark in ["src=", "@import", "url(", "http://", "https://"] {
      #expect(!text.replacing("http://www.w3.org/2000/svg", with: "").contains(mark), "\(mark)")
    }
    #expect(text.contains("default-src 'none'"))
  }

  @Test("the data within are the numbers of timeline.csv")
  func data() throws {
    let run = Self.run()
    let text = HTMLReport(run).text
    let lines = try run.text(.csv).split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    let json = try part(text, after: "id=\"timeline\">", until: "</script>")
    for (place, name) in lines[0].enumerated() {
      let values = lines.dropFirst().map { cells in
        let cell = cells[place]
        return cell.isEmpty ? "null" : name == "phase" ? "\"\(cell)\"" : cell
      }
      #expect(json.contains("\"\(name)\":[\(values.joined(separator: ","))]"), "\(name)")
    }
  }

  @Test("what was not measured is said in words, not drawn as nothing")
  func empty() {
    let sample = ReportTests.report()
    let recorder = Recorder(
      ledger: Ledger(schedule: Schedule(rate: ArrivalRate(votesPerSecond: 1)), origin: sample.material.origin),
      closing: .inDueOrder(atMost: .seconds(1)))
    var material = sample.material
    (material.recorder, material.rollouts, material.generator) = (recorder, [], nil)
    material.consistency = ConsistencyHistory().report
    let text = HTMLReport(
      Self.run(RunReport(heading: sample.heading, material: material, demands: sample.demands))
    ).text
    for words in [
      "No vote was due.", "No vote failed", "Nothing was changed", "The tally was not read", "No vote was sent",
    ] {
      #expect(text.contains(words), "\(words)")
    }
    #expect(!text.contains("<path") && !text.contains("nan") && !text.contains("inf\""))
  }

  @Test("an hour of changing figures is a page of less than 2 MB")
  func size() {
    var recorder = Recorder(
      ledger: Ledger(schedule: Schedule(rate: ArrivalRate(votesPerSecond: 20)), origin: StagedRun.origin),
      closing: .inDueOrder(atMost: .seconds(1)))
    recorder.begin(.baseline, at: StagedRun.origin)
    var random = SplitMix(seed: 5)
    for index in 0..<72_000 {
      let due = StagedRun.origin + .milliseconds(index * 50)
      let end = due + .microseconds(Int.random(in: 500..<900_000, using: &random))
      let fails = Int.random(in: 0..<40, using: &random) == 0
      recorder.record(
        Observation(
          index: index, intended: due, actual: due + .microseconds(Int.random(in: 1..<9000, using: &random)),
          completed: end, startLag: Int64.random(in: 0..<9_000_000, using: &random),
          outcome: fails ? .indeterminate : .accepted, cause: fails ? .status(502) : .none))
      if index % 100 == 0 { _ = recorder.closedLines(now: due) }
    }
    _ = recorder.finish()
    let sample = ReportTests.report()
    var material = sample.material
    (material.recorder, material.end) = (recorder, StagedRun.origin + .seconds(3600))
    let report = RunReport(heading: sample.heading, material: material, demands: sample.demands)
    let text = HTMLReport(Self.run(report)).text
    #expect(text.utf8.count < 2_000_000, "\(text.utf8.count) bytes")
    #expect(Timeline(report).rows.count == 3600)
  }
}
