import Bench
import FoundationEssentials
import Testing

/// What CI shows of a run: nothing green where the exit status is not 0, and nothing that breaks out of its format.
@Suite("Reports for CI")
struct CIReportTests {
  private func report(
    _ demands: RunReport.Demands, isInterrupted: Bool = false, aborted: Abortion? = nil
  ) -> RunReport {
    let base = ReportTests.report()
    var material = base.material
    (material.isInterrupted, material.aborted) = (isInterrupted, aborted)
    return RunReport(heading: base.heading, material: material, demands: demands)
  }

  private func demands(_ expressions: String...) throws -> RunReport.Demands {
    RunReport.Demands(objectives: try expressions.map { try Objective($0) }, isDuringRollout: true)
  }

  @Test(
    "whenever the exit status is not 0 a case is red, and only then", arguments: [0, 1, 2, 69, 70, 130, 143] as [Int32])
  func red(exitCode: Int32) throws {
    // Nothing speaks against this run but its exit status.
    let clean = ReportChecks(try StagedRun.rollout().report("p50 < 1h"), exitCode: exitCode)
    #expect(clean.all.contains { $0.verdict != .pass } == (exitCode != 0), "\(clean.all)")
    for expressions in [["p50 < 1h"], [], ["p50 < 1us"], ["rollout: p99.999 < 1h"]] {
      let demands = RunReport.Demands(objectives: try expressions.map { try Objective($0) }, isDuringRollout: true)
      let checks = ReportChecks(report(demands), exitCode: exitCode)
      // The fixed run lost a vote: its own verdict is fail.
      #expect(checks.all.contains { $0.verdict != .pass }, "\(expressions)")
    }
    let text = JUnitDocument(
      report(try demands("p50 < 1h")), ReportChecks(report(try demands("p50 < 1h")), exitCode: exitCode)
    ).text
    #expect(
      text.contains("failures=\"1\"") && (0...2).contains(exitCode) == text.contains("errors=\"0\""),
      "\(text.prefix(200))")
  }

  @Test("a run that went wrong on its way does not pass anywhere, however well its objectives hold")
  func wentWrong() throws {
    let clean = try StagedRun.rollout().report("p50 < 1h")
    #expect(clean.verdict == .pass)
    var material = clean.material
    material.failure = "The cluster is NOT as before: deployments.apps is forbidden"
    let report = RunReport(heading: clean.heading, material: material, demands: clean.demands)
    #expect(report.verdict == .inconclusive && report.sentence == material.failure)
    let terminal = TerminalSummary(report, color: false).text
    #expect(terminal.hasPrefix("INCONCLUSIVE  The cluster is NOT as before"), "\(terminal)")
    let page = HTMLReport(FinishedRun(report: report, exitCode: 69, profile: "")).text
    #expect(page.contains("<title>votebench: inconclusive") && !page.contains("<header class=\"pass\""))
    let json = try SummaryDocument(report, exitCode: 69).json()
    #expect(json.contains("\n  \"verdict\" : \"inconclusive\"") && json.contains("\"exit_code\" : 69"))
    #expect(MetricsText(report).text.contains("votebench_verdict{verdict=\"pass\"} 0\n"))
    // A violation remains one.
    let failing = try StagedRun.rollout().report("p50 < 1us")
    #expect(RunReport(heading: clean.heading, material: material, demands: failing.demands).verdict == .fail)
    let load = try StagedRun.load(500, 30).report("errors == 0")
    material = load.material
    material.failure = "The cluster is NOT as before"
    let difference = try RunDifference(
      load, RunReport(heading: load.heading, material: material, demands: load.demands))
    #expect(try RunDifference(load, load).verdict == .pass && difference.verdict == .inconclusive)
    #expect(difference.notes.contains { $0.contains("B went wrong on its way") }, "\(difference.notes)")
  }

  private func rolledOut(_ outcomes: [RolloutOutcome], _ expressions: String...) throws -> RunReport {
    var run = StagedRun.rollout()
    run.rollouts = outcomes.enumerated().map { place, outcome in
      var record = RolloutRecord(
        trigger: "kubectl", workload: Workload(.deployment, "app"), isRollback: place == 1,
        start: StagedRun.origin + .seconds(2 + 4 * place))
      (record.end, record.outcome) = (record.start + .seconds(1), outcome)
      return record
    }
    let report = try run.report()
    return RunReport(
      heading: report.heading, material: report.material,
      demands: RunReport.Demands(objectives: try expressions.map { try Objective($0) }, isDuringRollout: true))
  }

  @Test("a change that was begun and did not complete fails the run, unless an objective says how it is to end")
  func incomplete() throws {
    for failed in [try rolledOut([.neverReady, .complete], "change: error-rate == 0"), try rolledOut([.neverReady])] {
      #expect(
        failed.verdict == .fail && failed.sentence.contains("deployment/app: the new pods run"), "\(failed.sentence)")
      let checks = ReportChecks(failed, exitCode: 1).all.filter { $0.verdict != .pass }
      #expect(checks.map(\.name) == ["every change that was begun completed"] && checks[0].verdict == .fail)
      #expect(TerminalSummary(failed, color: false).text.hasPrefix("FAIL  deployment/app: the new pods run"))
    }
    let changed = try rolledOut([.complete, .timedOut], "change: error-rate == 0")
    #expect(changed.verdict == .fail && changed.sentence.hasPrefix("the cluster is NOT as before"))
    #expect(try rolledOut([.neverReady, .complete], "rollout.outcome == never-ready").verdict == .pass)
    #expect(try rolledOut([.neverReady, .timedOut], "rollout.outcome == never-ready").verdict == .fail)
    #expect(try rolledOut([.complete, .complete], "change: error-rate == 0").verdict == .pass)
    // What was cut short was not shown to fail.
    #expect(try rolledOut([.interrupted, .complete], "change: error-rate == 0").incomplete == nil)
  }

  @Test("the root of junit.xml has the attributes that Jenkins' schema gives it, and no other")
  func root() throws {
    let report = report(try demands("p50 < 1h"))
    let lines = JUnitDocument(report, ReportChecks(report, exitCode: 1)).text.split(separator: "\n")
    let root = try #require(lines.first { $0.hasPrefix("<testsuites") })
    let names = root.dropLast().split(separator: " ").dropFirst().compactMap { $0.split(separator: "=").first }
    #expect(Set(names.map(String.init)) == ["name", "tests", "failures", "errors", "time"], "\(root)")
    #expect(lines.contains { $0.hasPrefix("  <testsuite ") && $0.contains(" skipped=\"0\"") })
  }

  @Test("an objective that was given up is named, and fails the run whatever it is judged to be at the end")
  func aborted() throws {
    let aborted = report(
      try demands("p50 < 1h"),
      aborted: Abortion(expression: "rollout: errors == 0", reason: "a vote has failed", at: .seconds(5)))
    #expect(aborted.exitCode == 1)
    #expect(
      ReportChecks(aborted, exitCode: 1).all.contains { $0.name == "the run was not given up" && $0.verdict == .fail })
    #expect(TerminalSummary(aborted, color: false).text.contains("(ended at 5.0 s: rollout: errors == 0)"))
    #expect(
      MarkdownReport(aborted, ReportChecks(aborted, exitCode: 1)).text.contains(
        "ended at 5.0 s: `rollout: errors == 0`"))
    #expect(try SummaryDocument(aborted, exitCode: 1).json().contains("\"at_s\" : 5"))
  }

  /// A check with everything in it that formats use for themselves.
  private let hostile = "]]> <b>&\"'|`*_[x](y) %0A::error::\r\n\u{1}\u{FFFE} é 🗳"

  private func hostileReport() throws -> RunReport {
    let base = ReportTests.report()
    var material = base.material
    material.rollouts[0].outcome = .imagePull
    material.rollouts[0].trigger = hostile
    var heading = base.heading
    heading.target = hostile
    return RunReport(
      heading: heading, material: material, demands: try demands("rollout.outcome == complete", "pod x|`y: errors == 0")
    )
  }

  @Test("what a run meets outside cannot break out of XML, Markdown, or a workflow command")
  func escaping() throws {
    let report = try hostileReport()
    let checks = ReportChecks(report, exitCode: 1)
    let xml = JUnitDocument(report, checks).text
    #expect(!xml.contains("<b>") && !xml.contains("\u{1}") && !xml.contains("\u{FFFE}"))
    #expect(xml.contains("&lt;b&gt;&amp;&quot;"))
    let markdown = MarkdownReport(report, checks).text
    // Between backticks nothing means anything.
    let prose = markdown.replacing("\\`", with: "").split(separator: "`", omittingEmptySubsequences: false).enumerated()
      .filter { $0.offset % 2 == 0 }.map(\.element).joined()
    #expect(!prose.contains("<b>") && !prose.contains("[x](y)") && prose.contains("&lt;b>"), "\(prose)")
    let rows = markdown.split(separator: "\n").filter {
      $0.hasPrefix("| ✅") || $0.hasPrefix("| ❌") || $0.hasPrefix("| ⚠️")
    }
    #expect(rows.count >= 3)
    for row in rows {
      #expect(row.replacing("\\|", with: "").count { $0 == "|" } == 5, "\(row)")
    }
    let commands = Annotations(checks).github.split(separator: "\n")
    #expect(commands.count == checks.all.count { $0.verdict != .pass })
    #expect(
      commands.allSatisfy {
        $0.hasPrefix("::error title=votebench%3A ") || $0.hasPrefix("::warning title=votebench%3A ")
      })
    #expect(commands.allSatisfy { !$0.contains("\r") })
  }

  @Test("GitLab's report names each check that does not pass, the same in every run")
  func gitlab() throws {
    struct Entry: Decodable {
      struct Location: Decodable {
        struct Lines: Decodable { var begin: Int }
        var path: String
        var lines: Lines
      }
      var description: String
      var fingerprint: String
      var severity: String
      var location: Location
    }
    func entries(_ exitCode: Int32) throws -> [Entry] {
      let report = report(try demands("p50 < 1us", "rollout: p99.999 < 1h"))
      let text = try Annotations(ReportChecks(report, exitCode: exitCode)).gitlab(path: "ci.yaml")
      return try JSONDecoder().decode([Entry].self, from: Data(text.utf8))
    }
    let all = try entries(1)
    #expect(
      all.map(\.severity) == ["critical", "critical", "critical"]
        || all.map(\.severity) == ["critical", "minor", "critical"])
    #expect(Set(all.map(\.fingerprint)).count == all.count)
    #expect(try entries(1).map(\.fingerprint) == all.map(\.fingerprint))
    #expect(all.allSatisfy { $0.location.path == "ci.yaml" && $0.location.lines.begin == 1 })
  }

  @Test("without an objective the verdict is that nothing speaks against the run, if something was accepted")
  func none() throws {
    let none = RunReport.Demands(objectives: [], isDuringRollout: true)
    let lost = report(none)
    #expect(lost.verdict == .fail, "a lost vote fails the run in any case")
    var material = lost.material
    material.consistency = passingHistory.report
    let clean = RunReport(heading: lost.heading, material: material, demands: none)
    #expect(clean.verdict == .pass && clean.sentence == "nothing speaks against it")
    #expect(TerminalSummary(clean, color: false).text.contains("no objective was asked for"))
    #expect(MarkdownReport(clean, ReportChecks(clean, exitCode: 0)).text.contains("No objective was asked for."))
    material.consistency = ConsistencyHistory().report
    #expect(RunReport(heading: lost.heading, material: material, demands: none).verdict == .inconclusive)
  }
}
