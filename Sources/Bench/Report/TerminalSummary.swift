/// The end of a run for a person at a terminal: the verdict first, then what it rests on.
package struct TerminalSummary: Sendable {
  private let report: RunReport
  private let color: Bool

  /// A summary of `report`, with colours where the terminal shows them.
  package init(_ report: RunReport, color: Bool) {
    self.report = report
    self.color = color
  }

  /// The text, with a line break at its end.
  package var text: String {
    ([verdictLine] + objectiveLines + [""] + phaseTable + [""] + rolloutLines + failureLines + cohortLines
      + consistencyLines + viewLines + generatorLines).joined(separator: "\n") + "\n"
  }

  private var verdictLine: String {
    let word = report.verdict.rawValue.uppercased()
    let painted =
      switch report.verdict {
      case .pass: paint(word, 32)
      case .fail: paint(word, 31)
      case .inconclusive: paint(word, 33)
      }
    let aborted = report.material.aborted.map { "  (ended at \(decimal($0.at.seconds, 1)) s: \($0.expression))" }
    return "\(painted)  \(report.sentence)" + (report.material.isInterrupted ? "  (interrupted)" : aborted ?? "")
  }

  private var objectiveLines: [String] {
    if report.objectives.isEmpty { return ["  no objective was asked for (--slo none)"] }
    let widths = (
      report.objectives.map(\.expression.count).max() ?? 0,
      report.objectives.map { ($0.observed ?? "-").count }.max() ?? 0
    )
    return report.objectives.flatMap { result -> [String] in
      let mark =
        switch result.verdict {
        case .pass: paint("pass", 32)
        case .fail: paint("FAIL", 31)
        case .inconclusive: paint("?   ", 33)
        }
      let line =
        "  \(mark)  \(pad(result.expression, min(44, widths.0)))  \(pad(result.observed ?? "-", widths.1))  \(result.reason)"
      return [line] + (result.remedy.map { ["        would decide: \($0)"] } ?? [])
    }
  }

  /// What could have been seen at all, and what was spent.
  private var viewLines: [String] {
    ["visible    \(report.visibility.sentence)", "budget     \(report.budget.sentence)"]
      + (report.chance.map { ["chance     \($0)"] } ?? [])
  }

  private var phaseTable: [String] {
    let table = [PhaseTable.head] + PhaseTable(report).rows
    let widths = PhaseTable.head.indices.map { column in table.map { $0[column].count }.max() ?? 0 }
    return table.map { cells in
      cells.indices.map { $0 == 0 ? pad(cells[$0], widths[$0]) : padLeft(cells[$0], widths[$0]) }
        .joined(separator: "  ")
    }.map { "  " + $0 }
  }

  /// A block a change; the pods to which most failed votes are tied stand with the change that made or ended them.
  private var rolloutLines: [String] {
    let suspects = report.failureTies.suspects(atMost: 5)
    return report.material.rollouts.enumerated().flatMap { place, rollout -> [String] in
      let outcome = rollout.outcome ?? .interrupted
      let seconds = decimal(((rollout.end ?? rollout.start) - rollout.start).seconds, 1)
      let gone = rollout.pods.filter { $0.times[.gone] != nil }.count
      let created = rollout.pods.filter { !$0.isOld }.count
      var lines = [
        pad(rollout.isRollback ? "rollback" : "change", 11) + rollout.trigger,
        "           \(outcome.rawValue) after \(seconds) s: \(created) pods created, \(gone) gone"
          + (outcome == .complete ? "" : "; \(outcome.sentence)"),
      ]
      if let detail = rollout.detail, !detail.isEmpty { lines.append("           \(detail)") }
      if let pods = report.podSeconds(ofRolloutAt: place) {
        lines.append(
          "           pod-seconds: \(decimal(pods.unavailable.seconds, 1)) unavailable,"
            + " \(decimal(pods.surge.seconds, 1)) surge, \(decimal(pods.terminating.seconds, 1)) terminating")
      }
      return lines
        + suspects.filter { $0.rollout == place }.map {
          "           \($0.votes) of \(report.failureTies.failed) failed votes \(Self.why($0))"
        }
    }
  }

  private static func why(_ suspect: FailureTies.Suspect) -> String {
    switch suspect.reason {
    case .answered: "were answered by \(suspect.name)"
    case .going: "were under way while \(suspect.name) was going"
    case .coming: "were under way while \(suspect.name) was coming, and none was going"
    }
  }

  private var failureLines: [String] {
    let ties = report.failureTies
    let untied =
      report.material.rollouts.isEmpty || ties.untied == 0
      ? [] : ["           \(ties.untied) of \(ties.failed) failed votes were under way while no pod was changing"]
    return report.phases.filter { $0.phase.isCounted && $0.figures.votes.failed > 0 }.map { phase in
      let kinds = phase.figures.failures.map { "\($0.count) \($0.cause.name)" }.joined(separator: ", ")
      let first = phase.figures.failures.map(\.first).min() ?? report.material.origin
      let last = phase.figures.failures.map(\.last).max() ?? first
      let origin = report.material.origin
      return "failed     \(phase.phase.rawValue): \(kinds); due from \(decimal((first - origin).seconds, 2)) s"
        + " to \(decimal((last - origin).seconds, 2)) s"
    } + untied
  }

  private var consistencyLines: [String] {
    ConsistencyText(report.material.consistency, sources: report.material.tallySources, color: color).lines
  }

  /// Only where votes opened connections of their own: else there is but one cohort.
  private var cohortLines: [String] {
    guard report.total.fresh.votes.due > 0 else { return [] }
    let times = report.total.connections
    let parts = [
      ("look-up", times.nameLookup), ("connect", times.connect), ("TLS", times.tls), ("first byte", times.firstByte),
    ]
    let opened = parts.compactMap { name, part in
      part.milliseconds.map { "\(name) \(decimal($0.p50, 2)) / \(decimal($0.p99, 2)) ms" }
    }
    return [
      "kept       \(cohort(report.total.kept))", "fresh      \(cohort(report.total.fresh))",
      "           \(times.opened) connections opened" + (opened.isEmpty ? "" : ", p50 / p99: ")
        + opened.joined(separator: ", "),
    ]
  }

  private func cohort(_ cohort: PhaseFigures.Cohort) -> String {
    let times = cohort.times.response.milliseconds.map {
      ", p50 \(decimal($0.p50, 2)) ms, p99 \(decimal($0.p99, 2)) ms, max \(decimal($0.max, 2)) ms"
    }
    return "\(cohort.votes.due) votes, \(cohort.votes.failed) failed" + (times ?? "")
  }

  private var generatorLines: [String] {
    let lag = report.total.startLag.microseconds
    let text = lag.map { "start lag p50 \(decimal($0.p50, 0)) us, p99 \(decimal($0.p99, 0)) us" } ?? "no vote sent"
    let kept = report.keepsSchedule ? "it kept its schedule" : paint("it did not keep its schedule", 33)
    guard let figures = report.material.generator else { return ["generator  \(text): \(kept)"] }
    var lines = ["generator  \(text), backlog at most \(figures.backlogMaximum): \(kept)"]
    if report.total.droppedByGenerator > 0 {
      lines.append(
        "           \(report.total.droppedByGenerator) votes were due but not sent in time, by its own fault")
    }
    if figures.stalls.count > 0 {
      lines.append(
        "           the machine let it wait \(figures.stalls.count) times for more than 10 ms, at most"
          + " \(decimal(figures.stalls.longest.milliseconds, 0)) ms")
    }
    return lines + controlLines(figures.control) + outOfRangeLines
  }

  private func controlLines(_ control: GeneratorFigures.Control?) -> [String] {
    guard let control else { return [] }
    let slowest = control.slowest.map { ", the slowest good one took \(decimal($0.milliseconds, 0)) ms" } ?? ""
    let beside = report.total.failedWithControl
    return [
      "control    \(control.failures.count) of \(control.probes) probes failed\(slowest)"
        + (beside > 0 ? "; \(beside) votes failed beside them" : "")
    ]
  }

  private var outOfRangeLines: [String] {
    let count = report.total.responseTime.outOfRange
    return count > 0 ? ["           \(count) response times were above an hour, and count as an hour"] : []
  }

  private func paint(_ text: String, _ code: Int) -> String {
    color ? "\u{1B}[1;\(code)m\(text)\u{1B}[0m" : text
  }

  private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private func padLeft(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
}

/// A number with a fixed count of decimals, rounded to the nearest; one that has too many digits to be read as a word.
package func decimal(_ value: Double, _ places: Int) -> String {
  var scale = 1.0
  for _ in 0..<places { scale *= 10 }
  // No text is worth the report that it stands in.
  guard abs(value) * scale < 9e18 else { return value.isNaN ? "unknown" : value < 0 ? "-infinite" : "infinite" }
  let scaled = Int64((abs(value) * scale).rounded())
  let whole = "\(scaled / Int64(scale))"
  let sign = value < 0 && scaled > 0 ? "-" : ""
  guard places > 0 else { return sign + whole }
  let fraction = "\(scaled % Int64(scale))"
  return sign + whole + "." + String(repeating: "0", count: places - fraction.count) + fraction
}
