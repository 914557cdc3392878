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
      + consistencyLines + generatorLines).joined(separator: "\n") + "\n"
  }

  private var verdictLine: String {
    let word = report.verdict.rawValue.uppercased()
    let painted =
      switch report.verdict {
      case .pass: paint(word, 32)
      case .fail: paint(word, 31)
      case .inconclusive: paint(word, 33)
      }
    let reason =
      report.objectives.first { $0.verdict == report.verdict && report.verdict != .pass }?.reason
      ?? (report.verdict == .pass
        ? "every objective holds"
        : report.material.consistency.findings.first?.detail
          ?? (report.material.isInterrupted
            ? "nothing speaks against it, but the run did not reach its end"
            : "the generator could not keep its schedule"))
    return "\(painted)  \(reason)" + (report.material.isInterrupted ? "  (interrupted)" : "")
  }

  private var objectiveLines: [String] {
    report.objectives.map { result in
      let mark =
        switch result.verdict {
        case .pass: paint("pass", 32)
        case .fail: paint("FAIL", 31)
        case .inconclusive: paint("?   ", 33)
        }
      return "  \(mark)  \(pad(result.expression, 30))  \(pad(result.observed ?? "-", 9))  \(result.reason)"
    }
  }

  private var phaseTable: [String] {
    let head = ["phase", "seconds", "due", "accepted", "failed", "p50 ms", "p99 ms", "max ms", "worst outage"]
    let rows = report.phases.filter { $0.phase != .drain }.map { row($0.phase.rawValue, $0.duration, $0.figures) }
    let counted = report.phases.filter { $0.phase.isCounted }.reduce(Duration.zero) { $0 + $1.duration }
    let table = [head] + rows + [row("total", counted, report.total)]
    let widths = head.indices.map { column in table.map { $0[column].count }.max() ?? 0 }
    return table.map { cells in
      cells.indices.map { $0 == 0 ? pad(cells[$0], widths[$0]) : padLeft(cells[$0], widths[$0]) }
        .joined(separator: "  ")
    }.map { "  " + $0 }
  }

  private func row(_ name: String, _ duration: Duration, _ figures: PhaseFigures) -> [String] {
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

/// A number with a fixed count of decimals, rounded to the nearest.
package func decimal(_ value: Double, _ places: Int) -> String {
  var scale = 1.0
  for _ in 0..<places { scale *= 10 }
  let scaled = Int64((abs(value) * scale).rounded())
  let whole = "\(scaled / Int64(scale))"
  let sign = value < 0 && scaled > 0 ? "-" : ""
  guard places > 0 else { return sign + whole }
  let fraction = "\(scaled % Int64(scale))"
  return sign + whole + "." + String(repeating: "0", count: places - fraction.count) + fraction
}
