/// The tables of a run's page.
struct PageTables {
  /// Groups of failed votes in a table at most.
  private static let groupsAtMost = 100

  private let run: FinishedRun
  private var report: RunReport { run.report }
  private var origin: MonotonicTime { report.material.origin }

  init(_ run: FinishedRun) {
    self.run = run
  }

  private static func mark(_ verdict: Verdict) -> String {
    let words: [Verdict: String] = [.pass: "pass", .fail: "FAIL", .inconclusive: "undecided"]
    return Markup.text("span", words[verdict] ?? "", class: "mark \(verdict.rawValue)")
  }

  // MARK: Verdict

  var objectives: String {
    let rows = run.checks.all.map { check in
      [
        check.group == "objective" ? Markup.text("code", check.name) : Markup.escaped(check.name),
        Self.mark(check.verdict), Markup.escaped(check.figures ?? ""),
        Markup.escaped(check.reason)
          + (check.remedy.map { Markup.text("p", "would decide: \($0)", class: "remedy") } ?? ""),
      ]
    }
    let none = report.objectives.isEmpty ? Markup.text("p", "No objective was asked for (--slo none).") : ""
    return none + Markup.table("What the verdict rests on", head: ["objective", "verdict", "figures", "why"], rows)
  }

  // MARK: Figures

  var phases: String {
    Markup.table(
      "Votes and response times by phase", head: PhaseTable.head,
      PhaseTable(report).rows.map { $0.map(Markup.escaped) }, numeric: Set(1...8))
  }

  /// Failed votes that nothing tells apart; where there are many such groups, the largest.
  var failures: String {
    let groups = report.phases.flatMap { phase in
      phase.figures.failuresByPod.map { (phase: phase.phase, pod: $0.pod, failure: $0.failure) }
    }
    guard !groups.isEmpty else { return Markup.text("p", "No vote failed.") }
    let largest = groups.indices.sorted { (groups[$1].failure.count, $0) < (groups[$0].failure.count, $1) }
    let rows = largest.prefix(Self.groupsAtMost).sorted().map { place in
      let (phase, pod, failure) = groups[place]
      return [
        phase.rawValue, Markup.escaped(failure.cause.name), Markup.escaped(report.responder(Int(pod)).pod),
        "\(failure.count)", decimal((failure.first - origin).seconds, 2), decimal((failure.last - origin).seconds, 2),
      ]
    }
    return Markup.table(
      "Failed votes by phase, kind and pod",
      head: ["phase", "kind", "answered by", "votes", "first s", "last s"], rows, numeric: [3, 4, 5])
      + more(largest.dropFirst(Self.groupsAtMost).map { groups[$0].failure.count }) + tiedFailures
  }

  /// Says how many groups, of so many votes each, are left out.
  private func more(_ counts: [Int]) -> String {
    guard !counts.isEmpty else { return "" }
    let votes = counts.reduce(0, +)
    return Markup.text("p", "And \(counts.count) more groups, of \(votes) votes, in summary.json.", class: "none")
  }

  /// The failed votes by the pods that were changing while they were under way.
  private var tiedFailures: String {
    let groups = report.failureTies.groups
    let rows = groups.flatMap { groups in
      groups.prefix(SummaryRollout.groupsAtMost).map { group in
        [
          Markup.escaped(Set(group.going + group.coming).sorted().joined(separator: ", ")),
          Markup.escaped(group.answeredBy ?? ""), Markup.escaped(group.cause.name), "\(group.count)",
          decimal((group.first - origin).seconds, 2), decimal((group.last - origin).seconds, 2),
        ]
      }
    }
    let others = groups.reduce(0) { $0 + $1.dropFirst(SummaryRollout.groupsAtMost).reduce(0) { $0 + $1.count } }
    let untied = report.failureTies.untied
    let rest = [
      others > 0 ? "\(others) more failed votes were in smaller groups." : nil,
      untied > 0 && !report.material.rollouts.isEmpty
        ? "\(untied) failed votes were under way while no pod was changing." : nil,
    ].compactMap(\.self).map { Markup.text("p", $0) }.joined()
    guard !rows.isEmpty else { return rest }
    return Markup.table(
      "Failed votes and the pods that were changing then",
      head: ["changing", "answered by", "kind", "votes", "first s", "last s"], rows, numeric: [3, 4, 5]) + rest
  }

  var changes: String {
    guard !report.material.rollouts.isEmpty else {
      return Markup.text("p", "Nothing was changed during the load.") + answered
    }
    let rows = report.material.rollouts.enumerated().map { place, rollout in
      let pods = report.podSeconds(ofRolloutAt: place)
      return [
        rollout.isRollback ? "rollback" : "change", Markup.text("code", rollout.trigger),
        Markup.escaped((rollout.outcome ?? .interrupted).rawValue + (rollout.detail.map { ": \($0)" } ?? "")),
        decimal((rollout.start - origin).seconds, 1),
        decimal(((rollout.end ?? rollout.start) - rollout.start).seconds, 1),
        pods.map { decimal($0.unavailable.seconds, 1) } ?? "", pods.map { decimal($0.surge.seconds, 1) } ?? "",
      ]
    }
    return Markup.table(
      "Changes of the cluster",
      head: ["", "command", "outcome", "begun s", "took s", "unavailable pod-s", "surge pod-s"], rows,
      numeric: Set(3...6)) + answered
  }

  private var answered: String {
    let rows = report.answered.map { responder, figures in
      [
        Markup.escaped(responder.pod), Markup.escaped(responder.version), "\(figures.votes)", "\(figures.failed)",
        figures.responseTime.milliseconds.map { decimal($0.p50, 2) } ?? "",
        figures.responseTime.milliseconds.map { decimal($0.p99, 2) } ?? "",
      ]
    }
    return rows.isEmpty
      ? ""
      : Markup.table(
        "Who answered, from baseline to recovered", head: ["pod", "version", "votes", "failed", "p50 ms", "p99 ms"],
        rows,
        numeric: Set(2...5))
  }

  // MARK: The votes

  var consistency: String {
    let consistency = report.material.consistency
    func count(_ number: Int?) -> String { number.map { "\($0)" } ?? "not observable" }
    let pairs = [
      ("verdict", consistency.verdict.rawValue), ("accepted", "\(consistency.accepted)"),
      ("lost", consistency.lostRange), ("duplicated", count(consistency.duplicated)),
      ("phantom", "\(consistency.phantom)"), ("altered", count(consistency.altered)),
      ("indeterminate", "\(consistency.indeterminate)" + (consistency.recovered.map { " (\($0) counted)" } ?? "")),
      ("judged", consistency.isExact ? "each vote by the export of voter ids" : "by totals only"),
      (
        "freshness",
        consistency.freshness.map {
          "p50 \(decimal($0.p50, 0)) ms, p99 \(decimal($0.p99, 0)) ms, max \(decimal($0.max, 0)) ms"
        } ?? "no poll to judge it by"
      ),
    ]
    let findings = consistency.findings.map { finding in
      [Markup.text("code", finding.code.rawValue), Self.mark(finding.code.verdict), Markup.escaped(finding.detail)]
    }
    let assumed = consistency.assumptions.joined(separator: "; ")
    return Markup.facts(pairs)
      + (findings.isEmpty ? "" : Markup.table("Findings", head: ["finding", "verdict", "what"], findings))
      + (consistency.lostPlaces.map(places) ?? "") + (assumed.isEmpty ? "" : Markup.text("p", "Assumed: \(assumed)."))
  }

  private func places(_ places: LossPlaces) -> String {
    func shares(_ shares: [LossPlaces.Share]) -> String {
      shares.map { "\($0.votes) \($0.name.isEmpty ? "unknown" : $0.name)" }.joined(separator: ", ")
    }
    return Markup.text(
      "p",
      "Lost votes were sent from \(decimal(places.firstS, 2)) s to \(decimal(places.lastS, 2)) s: \(places.blockCount) "
        + "blocks, \(places.scattered) scattered. By phase: \(shares(places.phases)). Accepted by: \(shares(places.pods))."
    )
      + Markup.text(
        "p", "Their voters: " + report.material.consistency.lostVoters.prefix(20).joined(separator: ", ") + ".")
  }

  var view: String {
    [report.visibility.sentence, report.budget.sentence, report.chance].compactMap(\.self)
      .map { Markup.text("p", $0.prefix(1).uppercased() + $0.dropFirst() + ".") }.joined()
  }

  // MARK: Environment

  var environment: String {
    var pairs = [
      ("votebench", report.heading.version), ("target", report.heading.target), ("run", report.heading.run),
      ("seed", "\(report.heading.seed)"), ("begun", report.heading.startedAt), ("exit status", "\(run.exitCode)"),
    ]
    pairs += report.heading.environment?.facts ?? []
    if let generator = report.material.generator {
      pairs += [
        ("libcurl", generator.libcurl), ("lane", generator.lane), ("HTTP", generator.http),
        ("threads", "\(generator.threads)"), ("processor time", "\(decimal(generator.processorTime.seconds, 2)) s"),
        (
          "stalls above 10 ms",
          "\(generator.stalls.count), at most \(decimal(generator.stalls.longest.milliseconds, 0)) ms"
        ),
      ]
    }
    let lag = report.total.startLag.microseconds.map { "p50 \(decimal($0.p50, 0)) us, p99 \(decimal($0.p99, 0)) us" }
    pairs += [
      ("start lag", lag ?? "none"), ("kept its schedule", report.keepsSchedule ? "yes" : "NO"),
      ("peak memory", "\(decimal(report.material.peakMemoryMegabytes, 1)) MB"),
      ("tally", report.material.tallySources.map { "\($0.name): \($0.good) good polls" }.joined(separator: "; ")),
    ]
    return Markup.facts(pairs)
  }

  var profile: String {
    Markup.text(
      "p",
      "The resolved profile, without what may be secret. The folder that the run itself wrote has all of it as "
        + "profile.yaml; elsewhere, save this as profile.yaml.")
      + Markup.element("pre", [("tabindex", "0")], Markup.text("code", "votebench --profile profile.yaml"))
      + Markup.element("pre", [("tabindex", "0")], Markup.text("code", run.profile))
  }
}
