/// report.md: the verdict and what it rests on, for a pull request or a CI step summary.
package struct MarkdownReport: Sendable {
  private let report: RunReport
  private let checks: ReportChecks

  /// The Markdown of `report` and its checks.
  package init(_ report: RunReport, _ checks: ReportChecks) {
    self.report = report
    self.checks = checks
  }

  /// The text, with a line break at its end.
  package var text: String {
    ([heading, ""] + objectives + [""] + phases + [""] + facts).joined(separator: "\n") + "\n"
  }

  private var heading: String {
    // What kept the exit status from 0 may be none of the objectives.
    let verdict = checks.all.map(\.verdict).merged
    let red = checks.all.first { $0.verdict == verdict && verdict != .pass }
    let sentence = verdict == report.verdict ? report.sentence : red?.reason ?? report.sentence
    return "## \(Self.mark(verdict)) votebench: \(verdict.rawValue) – \(Self.escaped(sentence))"
  }

  static func mark(_ verdict: Verdict) -> String {
    switch verdict {
    case .pass: "✅"
    case .fail: "❌"
    case .inconclusive: "⚠️"
    }
  }

  private var objectives: [String] {
    let shown = checks.all.filter { $0.group == "objective" || $0.verdict != .pass }
    guard !shown.isEmpty else { return ["No objective was asked for."] }
    return ["| | objective | figures | why |", "| --- | --- | --- | --- |"]
      + shown.map { check in
        let why = check.reason + (check.remedy.map { " Would decide: \($0)." } ?? "")
        let name =
          check.group == "objective" ? Self.code(check.name).replacing("|", with: "\\|") : Self.escaped(check.name)
        return "| \(Self.mark(check.verdict)) | \(name) | \(Self.escaped(check.figures ?? "")) | \(Self.escaped(why)) |"
      }
  }

  private var phases: [String] {
    ["| \(PhaseTable.head.joined(separator: " | ")) |"]
      + ["| --- | --: | --: | --: | --: | --: | --: | --: | --: |"]
      + PhaseTable(report).rows.map { "| \($0.joined(separator: " | ")) |" }
  }

  private var facts: [String] {
    let consistency = report.material.consistency
    var lines = [
      "* votes: \(consistency.accepted) accepted, \(consistency.lostMinimum)"
        + (consistency.lostMaximum > consistency.lostMinimum ? " to \(consistency.lostMaximum)" : "")
        + " lost, \(consistency.indeterminate) indeterminate; "
        + (consistency.isExact ? "each checked against the export" : "by totals only"),
      "* visible: \(report.visibility.sentence)", "* error budget: \(report.budget.sentence)",
    ]
    if let chance = report.chance { lines.append("* chance: \(chance)") }
    if let aborted = report.material.aborted {
      lines.append(
        "* ended at \(decimal(aborted.at.seconds, 1)) s: \(Self.code(aborted.expression)): \(Self.escaped(aborted.reason))"
      )
    }
    lines += report.material.rollouts.map { rollout in
      let outcome = rollout.outcome ?? .interrupted
      let seconds = decimal(((rollout.end ?? rollout.start) - rollout.start).seconds, 1)
      return "* \(rollout.isRollback ? "rollback" : "change"): \(Self.code(rollout.trigger)): "
        + "\(outcome.rawValue) after \(seconds) s"
    }
    lines += consistency.findings.map { "* **\($0.code.rawValue)**: \(Self.escaped($0.detail))" }
    return lines + [
      "",
      "Target \(Self.escaped(report.heading.target)), begun \(report.heading.startedAt), seed \(report.heading.seed), "
        + "votebench \(report.heading.version).",
    ]
  }

  /// A command or an objective, on one line.
  private static func code(_ text: String) -> String {
    let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
    return "`" + line.replacing("`", with: "'") + "`"
  }

  /// Text that means nothing to Markdown or HTML, on one line.
  static func escaped(_ text: String) -> String {
    var escaped = ""
    for character in text {
      switch character {
      case "\n", "\r", "\r\n": escaped += " "
      case "<": escaped += "&lt;"
      case "|", "*", "_", "`", "[", "]", "\\": escaped += "\\\(character)"
      default: escaped.append(character)
      }
    }
    return escaped
  }
}

/// The phases of a run as a table: cells of text.
struct PhaseTable {
  static let head = ["phase", "seconds", "due", "accepted", "failed", "p50 ms", "p99 ms", "max ms", "worst outage"]

  /// A row a phase that had load, and one for `total`.
  let rows: [[String]]

  init(_ report: RunReport) {
    let counted = report.phases.filter { $0.phase.isCounted }.reduce(Duration.zero) { $0 + $1.duration }
    rows =
      report.phases.filter { $0.phase != .drain }.map { Self.row($0.phase.rawValue, $0.duration, $0.figures) }
      + [Self.row("total", counted, report.total)]
  }

  private static func row(_ name: String, _ duration: Duration, _ figures: PhaseFigures) -> [String] {
    let response = figures.responseTime.milliseconds
    func time(_ value: Double?) -> String { value.map { decimal($0, $0 < 100 ? 2 : 0) } ?? "-" }
    let worst = figures.outages.max { $0.lower < $1.lower }
    let outage = worst.map { outage in
      "\(decimal(outage.lower.seconds, 2))s \(Int((outage.share * 100).rounded()))%"
    }
    return [
      name, decimal(duration.seconds, 1), "\(figures.votes.due)", "\(figures.votes.accepted)",
      "\(figures.votes.failed)", time(response?.p50), time(response?.p99), time(response?.max), outage ?? "none",
    ]
  }
}
