import Bench
import FoundationEssentials
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
      "response time by second", "votes by second", "failed votes and outages", "start lag by second",
      "aria-label=\"pods\"",
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

  /// An hour at 20/s with figures that change all the time, in which some votes fail.
  private static func hour(fails: (Int, inout SplitMix) -> Bool) -> RunReport {
    var recorder = Recorder(
      ledger: Ledger(schedule: Schedule(rate: ArrivalRate(votesPerSecond: 20)), origin: StagedRun.origin),
      closing: .inDueOrder(atMost: .seconds(1)))
    recorder.begin(.baseline, at: StagedRun.origin)
    var random = SplitMix(seed: 5)
    for index in 0..<72_000 {
      let due = StagedRun.origin + .milliseconds(index * 50)
      let end = due + .microseconds(Int.random(in: 500..<900_000, using: &random))
      let fails = fails(index, &random)
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
    return RunReport(heading: sample.heading, material: material, demands: sample.demands)
  }

  @Test("an hour of changing figures is a page of less than 2 MB")
  func size() {
    let report = Self.hour { _, random in Int.random(in: 0..<40, using: &random) == 0 }
    let text = HTMLReport(Self.run(report)).text
    #expect(text.utf8.count < 2_000_000, "\(text.utf8.count) bytes")
    #expect(Timeline(report).rows.count == 3600)
  }

  @Test(
    "so is one with as many outages as 1 % of failures at 500/s leave: those too close to be told apart share a bar")
  func scattered() throws {
    // Four accepted votes in between, 150 ms from the first to the last: the least that separates outages at this rate.
    let report = Self.hour { index, _ in index % 5 == 0 }
    #expect(report.total.outages.count == 14_400)
    let text = HTMLReport(Self.run(report)).text
    #expect(text.utf8.count < 2_000_000, "\(text.utf8.count) bytes")
    let marks = text.components(separatedBy: "data-outages=\"").dropFirst().compactMap { Int($0.prefix { $0 != "\"" }) }
    #expect(marks.reduce(0, +) == 14_400 && marks.count <= 300)
    #expect(text.contains("14400 outages, of which those too close") && text.contains("\"outages_more\":14300,"))
    let data = try part(text, after: "\"outages\":[", until: "]")
    #expect(data.components(separatedBy: "\"start_s\"").count == 101)
  }

  @Test("outages that are apart have each a bar, and the page's data the longest of many")
  func apart() throws {
    // 150 outages 20 s apart; every 20 of them are longer by a vote than those before.
    var staged = StagedRun(100, [(.baseline, 3000)], isDuringRollout: false)
    staged.schedule = Schedule(rate: ArrivalRate(votesPerSecond: 10))
    staged.fate = {
      Int($0.second) % 20 == 0 && $0.index % 200 <= $0.index / 200 / 20 ? .failed(.status(502)) : .accepted(1)
    }
    let text = HTMLReport(Self.run(try staged.report())).text
    #expect(text.components(separatedBy: "data-outages=\"1\"").count == 151 && !text.contains("share a bar"))
    let data = try part(text, after: "\"outages\":[", until: "]")
    let starts = data.components(separatedBy: "\"start_s\":").dropFirst().compactMap { Double($0.prefix { $0 != "," }) }
    // The longest hundred, in order of time.
    #expect(starts == (Array(40..<50) + Array(60..<150)).map { Double($0 * 20) })
    #expect(text.contains("\"outages_more\":50,"))
  }

  @Test("failed votes stand by phase, kind and pod, also where nothing was changed; what is left out is counted")
  func failures() throws {
    var staged = StagedRun(100, [(.warmup, 1), (.baseline, 3)], isDuringRollout: false)
    staged.responders = ["a", "b"].map { GeneratorFigures.Responder(pod: "pod-\($0)", version: "v1") }
    staged.pod = { due in due.index % 10 == 0 ? 0 : UInt8(1 + due.index % 2) }
    staged.fate = { due in
      switch due.index {
      case 20, 150: .failed(.status(502))
      case 151, 153, 252: .failed(.status(503))
      case 200: .failed(.curl(28))
      default: .accepted(1)
      }
    }
    let text = HTMLReport(Self.run(try staged.report())).text
    let table = try part(text, after: "Failed votes by phase, kind and pod</caption>", until: "</table>")
    let rows = table.components(separatedBy: "<tr>").dropFirst(2).map { row in
      row.components(separatedBy: "<").compactMap { $0.split(separator: ">", maxSplits: 1).dropFirst().first }
        .map(String.init).filter { $0 != "\n" }
    }
    #expect(
      rows == [
        ["warmup", "http-502", "unknown", "1", "0.20", "0.20"],
        ["baseline", "http-503", "pod-b", "2", "1.51", "1.53"],
        ["baseline", "timeout", "unknown", "1", "2.00", "2.00"],
        ["baseline", "http-502", "unknown", "1", "1.50", "1.50"],
        ["baseline", "http-503", "pod-a", "1", "2.52", "2.52"],
      ])
    #expect(text.contains("Who answered, from baseline to recovered") && !text.contains("more groups"))

    staged.fate = { due in due.index < 100 ? .accepted(1) : .failed(.status(400 + min(due.index, 229) - 100)) }
    let cut = HTMLReport(Self.run(try staged.report())).text
    let most = try part(cut, after: "Failed votes by phase, kind and pod</caption>", until: "</table>")
    #expect(most.components(separatedBy: "<tr>").count == 102 && most.contains("http-529"))
    #expect(cut.contains("And 32 more groups, of 32 votes, in summary.json."))
  }

  /// The rectangles of a pod's row: its state, and from when to when.
  private func bars(_ name: String, _ text: String) -> [String] {
    text.components(separatedBy: "<title>\(name): ").dropFirst().map { String($0.prefix { $0 != "<" }) }
  }

  private static func at(_ second: Double) -> MonotonicTime { StagedRun.origin + .nanoseconds(Int64(second * 1e9)) }

  private static func pod(_ name: String, old: Bool, _ times: [PodMilestone: Double] = [:]) -> RolloutRecord.Pod {
    var pod = RolloutRecord.Pod(name: name, uid: name, isOld: old, image: "v1")
    pod.times = times.mapValues { Moment(at($0)) }
    return pod
  }

  private func page(_ pods: [RolloutRecord.Pod]) throws -> String {
    var staged = StagedRun(10, [(.baseline, 20)])
    var change = RolloutRecord(trigger: "x", workload: Workload(.deployment, "w"), start: Self.at(1))
    change.pods = pods
    staged.rollouts = [change]
    return HTMLReport(Self.run(try staged.report())).text
  }

  @Test(
    "a pod is drawn as it stood: starting, ready, serving, not ready any more, terminating with and without requests")
  func pods() throws {
    let text = try page([
      Self.pod("old", old: true, [.marked: 5, .endpointUnready: 5.7, .unready: 6, .endpointRemoved: 7, .gone: 9]),
      Self.pod("new", old: false, [.created: 2, .ready: 3, .endpointReady: 3.5, .unready: 8, .endpointUnready: 8.5]),
      Self.pod("quick", old: true, [.endpointUnready: 4, .marked: 5, .gone: 6]),
      Self.pod("blind", old: true, [.marked: 4]),
    ])
    let (serving, leaving) = (
      "ready, and Services send it requests", "terminating, and Services still send it requests"
    )
    #expect(
      bars("old", text) == [
        "\(serving) from 0.00 s to 5.00 s", "\(leaving) from 5.00 s to 5.70 s", "terminating from 5.70 s to 9.00 s",
      ])
    #expect(
      bars("new", text) == [
        "starting from 2.00 s to 3.00 s", "ready from 3.00 s to 3.50 s", "\(serving) from 3.50 s to 8.00 s",
        "not ready any more from 8.00 s to 20.00 s",
      ])
    #expect(
      bars("quick", text) == [
        "\(serving) from 0.00 s to 4.00 s", "ready from 4.00 s to 5.00 s", "terminating from 5.00 s to 6.00 s",
      ])
    #expect(bars("blind", text).last == "terminating from 4.00 s to 20.00 s", "nobody saw its endpoint")
  }

  @Test("among many pods those that changed are drawn, and how many are not is said")
  func manyPods() throws {
    let text = try page(
      (1...61).map { Self.pod("same-\($0)", old: true) } + [Self.pod("other", old: false, [.created: 2, .ready: 3])])
    #expect(bars("other", text).count == 2 && bars("same-59", text).count == 1 && bars("same-60", text).isEmpty)
    #expect(text.contains("2 more pods are not drawn"))
  }

  @Test(
    "the words of a long run name its interval",
    arguments: [(10.0, "second"), (3601, "2 seconds"), (7201, "5 seconds")])
  func intervals(seconds: Double, span: String) throws {
    var staged = StagedRun(1, [(.baseline, seconds)], isDuringRollout: false)
    staged.fate = { $0.index == 2 ? .failed(.status(502)) : .accepted(1) }
    let text = HTMLReport(Self.run(try staged.report())).text
    for words in [
      "of the votes due in each \(span), log scale", "due in each \(span), by", "failed votes of each \(span);",
      "lateness in each \(span),", "\"response time by \(span)\"", "\"start lag by \(span)\"",
    ] { #expect(text.contains(words), "\(words)") }
  }

  @Test("a percentile curve ends where the longest of its own votes stands, not at the edge")
  func curveEnds() throws {
    let text = HTMLReport(Self.run(try StagedRun(100, [(.baseline, 1), (.rollout, 100)]).report())).text
    func end(_ phase: String) throws -> Double {
      let path = try part(
        text, after: "<path class=\"line c-\(phase) response\" data-phase=\"\(phase)\" d=\"", until: "\"")
      return Double(path.split(separator: "L").last?.split(separator: " ").first ?? "") ?? 0
    }
    // 100, 10000 and 10100 votes, on an axis of five nines from 58 to 952.
    #expect(try end("baseline") == 415.6 && end("rollout") == 773.2)
    #expect(try abs(end("total") - 774) < 0.05)
  }

  @Test("the environment stands where it is known, and what to repeat the run with does not promise a file")
  func environment() throws {
    let sample = ReportTests.report()
    var heading = sample.heading
    heading.environment = RunEnvironment(system: "Linux <6>", processors: 8, context: "kind-\"x\"")
    let text = HTMLReport(
      Self.run(RunReport(heading: heading, material: sample.material, demands: sample.demands))
    ).text
    #expect(text.contains("<dt>system</dt><dd>Linux &lt;6&gt;</dd>") && text.contains("<dd>kind-&quot;x&quot;</dd>"))
    #expect(text.contains("<dt>processors</dt><dd>8</dd>") && !text.contains("<dt>kubectl</dt>"))
    #expect(text.contains("save this as profile.yaml"))
    heading.environment = nil
    let none = RunReport(heading: heading, material: sample.material, demands: sample.demands)
    #expect(try !SummaryDocument(none, exitCode: 0).json().contains("\"environment\""))
  }
}
