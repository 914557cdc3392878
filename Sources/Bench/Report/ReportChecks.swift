/// Everything that a run's verdict rests on, a check each: the objectives, and what every run must meet beside them.
///
/// What CI shows (JUnit, annotations) and the Markdown report are made of these, so that none of them is green where the
/// exit status is not 0.
package struct ReportChecks: Sendable {
  /// One check.
  package struct Check: Sendable, Hashable {
    /// `objective`, or `run` for what every run must meet.
    package var group: String
    /// What is checked: an objective as written, or a sentence.
    package var name: String
    /// What it came to.
    package var verdict: Verdict
    /// Why.
    package var reason: String
    /// What would decide it; nil when it is decided.
    package var remedy: String?
    /// The figure seen with its bounds, and the sample behind it; nil when there is none.
    package var figures: String?

    /// All that is to be said of one that does not pass.
    package var text: String {
      [reason, remedy.map { "would decide: \($0)" }, figures].compactMap(\.self).joined(separator: "\n")
    }
  }

  /// All of them, objectives first.
  package let all: [Check]

  /// The checks of a run that exits with `exitCode`.
  package init(_ report: RunReport, exitCode: Int32) {
    var all = report.objectives.map { result in
      Check(
        group: "objective", name: result.expression, verdict: result.verdict, reason: result.reason,
        remedy: result.remedy, figures: Self.figures(result))
    }
    let consistency = report.material.consistency
    let proven = consistency.findings.first { $0.code.verdict == .fail }
    all.append(
      Check(
        group: "run", name: "no inconsistency is proven", verdict: consistency.verdict == .fail ? .fail : .pass,
        reason: proven.map { "\($0.code.rawValue): \($0.detail)" }
          ?? (consistency.lostMinimum == 0
            ? "the tally speaks against no vote"
            : "\(consistency.lostMinimum) lost votes are within what the objectives put up with")))
    if let incomplete = report.incomplete {
      all.append(
        Check(group: "run", name: "every change that was begun completed", verdict: .fail, reason: incomplete.ending))
    }
    all.append(
      Check(
        group: "run", name: "the generator kept its schedule", verdict: report.keepsSchedule ? .pass : .inconclusive,
        reason: report.keepsSchedule ? "no figure is the generator's own doing" : "votebench itself was late",
        remedy: report.keepsSchedule ? nil : "a machine with nothing else to do, or a lower rate"))
    if let aborted = report.material.aborted {
      all.append(
        Check(
          group: "run", name: "the run was not given up", verdict: .fail,
          reason: "\(aborted.expression): \(aborted.reason)"))
    }
    let isWhole =
      !report.material.isInterrupted && report.material.failure == nil && (0...2).contains(exitCode)
    all.append(
      Check(
        group: "run", name: "the run reached its end", verdict: isWhole ? .pass : .inconclusive,
        reason: isWhole
          ? "all that was begun was ended" : report.material.failure ?? "it ended with exit status \(exitCode)",
        remedy: isWhole ? nil : "run again to its end"))
    // Whatever else kept it from 0 must not be green here.
    if exitCode != 0, all.allSatisfy({ $0.verdict == .pass }) {
      all.append(Check(group: "run", name: "the verdict is pass", verdict: .inconclusive, reason: report.sentence))
    }
    self.all = all
  }

  private static func figures(_ result: Objective.Result) -> String? {
    guard let observed = result.observed else { return nil }
    let bounds = [result.low, result.high].compactMap(\.self).joined(separator: " to ")
    return "observed \(observed)" + (bounds.isEmpty ? "" : " (\(bounds))") + ", of \(result.sample)"
  }
}
