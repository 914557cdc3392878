/// comparison.html: a comparison on one page that needs nothing else, neither network nor scripts.
///
/// Every dot and every row of a rollout leads to the report of its run.
package struct ComparisonPage: Sendable {
  private let comparison: Comparison
  private let startedAt: String
  private let version: String

  /// The page of a comparison that was begun so.
  package init(_ comparison: Comparison, startedAt: String, version: String) {
    self.comparison = comparison
    self.startedAt = startedAt
    self.version = version
  }

  private static let style = """

    .keys{list-style:none;margin:4px 0 0;padding:0;columns:2 320px}
    .keys li{overflow-wrap:anywhere;break-inside:avoid}
    .keys svg{display:inline-block;width:16px;height:16px;vertical-align:-3px}
    a.rollout{fill-opacity:.75}td a{display:inline-block;min-height:26px;min-width:26px}a.rollout:focus-visible{outline:2px solid var(--link)}a{color:var(--link)}
    """

  /// The page, with a line break at its end.
  package var text: String {
    Markup.page(
      title: "votebench compare: \(comparison.word.lowercased()), \(startedAt)", style: Self.style,
      """
      \(header)
      <main>
      \(sections)
      </main>
      """)
  }

  private var header: String {
    let question = comparison.question
    let style = comparison.exitCode == 0 ? "pass" : comparison.exitCode == 1 ? "fail" : "inconclusive"
    let facts = [
      ("begun", startedAt), ("rollouts", "\(comparison.rollouts.count) of \(question.plan.rollouts.count)"),
      ("repetitions", "\(comparison.clean.count) whole of \(question.plan.repetitions)"),
      ("judged by", question.primary.title),
      ("no difference below", question.primary.spelled(comparison.primary.margin)),
      ("seed of the order", "\(question.plan.seed)"), ("votebench", version),
    ]
    return "<header class=\"\(style)\"><p class=\"brand\">votebench compare</p>\n"
      + "<h1><span class=\"verdict\">\(comparison.word)</span> \(Markup.escaped(comparison.sentence))</h1>\n"
      + Markup.text("p", comparison.confidence + ".") + Markup.facts(facts) + "</header>"
  }

  private var sections: String {
    let tables = ComparisonTables(comparison)
    let strips = comparison.metrics.filter(\.isWorthTelling).map { DotStrip(comparison, $0).markup }
    let rollouts = zip(tables.rollouts, comparison.rollouts).map { cells, rollout in
      cells.dropLast().map(Markup.escaped)
        + [Markup.element("a", [("href", "\(rollout.folder)/report.html")], Markup.escaped(rollout.folder))]
    }
    return [
      Markup.section("pareto", "Speed against harm", wide(ParetoChart(comparison).markup)),
      Markup.section(
        "settings", "Settings",
        Markup.table(
          "The middle of each setting's rollouts, in brackets its 95 % interval", head: [""] + tables.names,
          tables.settings.map { $0.map(Markup.escaped) }, numeric: Set(1...tables.names.count))),
      Markup.section(
        "differences", "Differences",
        Markup.table(
          "Second less first, repetition by repetition", head: ComparisonTables.pairsHead,
          tables.pairs.map { $0.map(Markup.escaped) }, numeric: [2, 3, 4, 5])
          + tables.omnibus.map { Markup.text("p", $0, class: "note") }.joined()),
      Markup.section("dots", "Every rollout", wide(strips.joined(separator: "\n"))),
      Markup.section(
        "rollouts", "Rollouts",
        Markup.table(
          "In the order in which they were made", head: ComparisonTables.rolloutsHead, rollouts,
          numeric: Set([1] + Array(4...12)))
          + comparison.notes.map { Markup.text("p", $0 + ".", class: "note") }.joined()),
      Markup.section("method", "How it was decided", method),
    ].joined(separator: "\n")
  }

  private var method: String {
    let question = comparison.question
    let test = comparison.primary.rows.count <= 16 ? "over all flips of signs" : "over 20 000 random flips of signs"
    return Markup.text(
      "p",
      "Every setting rolled once in each repetition, in an order drawn from the seed, and in turn from the first image to the "
        + "second and back. Two settings are held against each other by the differences within repetitions: their "
        + "probability is exact \(test), adjusted by Holm's procedure over "
        + "\(comparison.primary.pairs.count == 1 ? "one pair" : "\(comparison.primary.pairs.count) pairs"); estimates and intervals are those of Hodges and Lehmann. A setting is "
        + "better or worse where the adjusted probability is at most \(decimal(question.alpha, 2)) and the interval excludes "
        + "0, and equivalent where the \(decimal((1 - 2 * question.alpha) * 100, 0)) % interval lies within "
        + "\(question.primary.spelled(comparison.primary.margin)) of 0 and the sum of the differences, too, by two one-sided "
        + "tests. What settings are judged by was fixed before the "
        + "first rollout; all else describes.")
  }

  private func wide(_ content: String) -> String {
    "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Picture\"><div class=\"wide\">\(content)</div></div>"
  }
}
