/// Two runs side by side on one page that needs nothing else, neither network nor scripts: curves over one another, tables
/// of the rest.
package struct DifferencePage: Sendable {
  private let difference: RunDifference

  /// The page of `difference`.
  package init(_ difference: RunDifference) {
    self.difference = difference
  }

  /// The runs differ in colour and in dashes.
  private static let style = """

    .line.a{stroke:var(--p50)}.line.b{stroke:var(--p99);stroke-dasharray:6 3}
    i.a{background:var(--p50)}i.b{background:repeating-linear-gradient(90deg,var(--p99) 0 4px,transparent 4px 6px)}
    """

  /// The page, with a line break at its end.
  package var text: String {
    Markup.page(
      title: "votebench diff: \(difference.verdict.rawValue)", style: Self.style,
      """
      \(header)
      <main>
      \(sections)
      </main>
      """)
  }

  private var header: String {
    let verdict = difference.verdict.rawValue
    let facts = [("A", difference.reference), ("B", difference.candidate)].map { name, report in
      (
        name: name,
        value: "\(report.heading.target), begun \(report.heading.startedAt), run \(report.heading.run), votebench "
          + "\(report.heading.version): \(report.verdict.rawValue)"
      )
    }
    return "<header class=\"\(verdict)\"><p class=\"brand\">votebench diff</p>\n"
      + "<h1><span class=\"verdict\">\(verdict.uppercased())</span> \(Markup.escaped(difference.sentence))</h1>\n"
      + Markup.facts(facts) + "</header>"
  }

  private var sections: String {
    let phases = DifferenceTable(difference).rows.map { $0.map(Markup.escaped) }
    let remarks = difference.notes + difference.assumptions.map { "assumed: \($0)" }
    return [
      Markup.section(
        "curves", "Response times by percentile",
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Percentile curves\"><div class=\"wide\">"
          + difference.curves.map { OverlaidCurves($0).markup }.joined(separator: "\n") + "</div></div>"),
      Markup.section(
        "phases", "Phases", Markup.table("Both runs", head: DifferenceTable.head, phases, numeric: Set(2...9))),
      Markup.section("differences", "Differences", differences),
      Markup.section("objectives", "Objectives", objectives), Markup.section("votes", "Votes", votes),
      Markup.section("remarks", "What to know", remarks.map { Markup.text("p", $0 + ".") }.joined()),
    ].joined(separator: "\n")
  }

  private static func mark(_ answer: RunComparison.Answer) -> String {
    let words = [RunComparison.Answer.worse: "WORSE", .noWorse: "ok", .inconclusive: "?"]
    return Markup.text("span", words[answer] ?? "", class: "mark \(answer.verdict.rawValue)")
  }

  private var differences: String {
    let rows = difference.comparisons.map { comparison in
      let reasons = [comparison.sample, comparison.estimate == nil ? nil : comparison.reason].compactMap(\.self)
      return [
        comparison.phase.rawValue, comparison.metric.name, Self.mark(comparison.answer),
        Markup.escaped(comparison.words),
        Markup.escaped(reasons.joined(separator: "; "))
          + (comparison.remedy.map { Markup.text("p", "would decide: \($0)", class: "remedy") } ?? ""),
      ]
    }
    return Markup.table(
      "B against A: worse is a time surely longer by more than \(difference.allowedTime), or surely more failures",
      head: ["phase", "figure", "", "difference", "by"], rows)
  }

  private var objectives: String {
    guard !difference.objectives.isEmpty else { return Markup.text("p", "Neither run was asked for one.") }
    let rows = difference.objectives.map { pair in
      [
        Markup.text("code", pair.expression), Markup.escaped(pair.reference?.words ?? "not asked"),
        Markup.escaped(pair.candidate?.words ?? "not asked"), pair.change.words,
      ]
    }
    return Markup.table("As each run was judged", head: ["objective", "A", "B", "B against A"], rows)
  }

  private var votes: String {
    let rows = difference.counts.map { pair in
      let isSeen = pair.reference != nil || pair.candidate != nil
      return [pair.name, isSeen ? Self.mark(pair.answer) : "", Markup.escaped(pair.words)]
    }
    return Markup.table("Votes that no run may have", head: ["votes", "", "how many"], rows)
  }
}

/// The response times of a phase of both runs as curves, on one axis.
private struct OverlaidCurves {
  private let curve: PercentileCurve
  private let axis: NinesAxis

  init(_ curve: PercentileCurve) {
    self.curve = curve
    axis = NinesAxis(votes: curve.votes, bottom: 192)
  }

  var markup: String {
    let scale = ValueAxis.decades(curve.points.flatMap { [$0.aMs, $0.bMs] }, top: 8, bottom: 192)
    let lines = [("a", \PercentileCurve.Point.aMs), ("b", \.bMs)].map { style, time in
      let points = curve.points.map {
        "\(drawn(axis.x($0.percentile, of: curve.votes))) \(drawn(scale.y($0[keyPath: time])))"
      }
      return "<path class=\"line \(style)\" d=\"M\(points.joined(separator: "L"))\"/>"
    }
    let keys = ["A", "B"].map { "<span class=\"key\"><i class=\"\($0.lowercased())\"></i>\($0)</span>" }.joined()
    return "<figure><figcaption><b>\(curve.phase)</b> <span class=\"note\">log scale</span>\(keys)</figcaption>\n"
      + "<svg viewBox=\"0 0 960 220\" role=\"img\" aria-label=\"response times of \(curve.phase) in both runs\">"
      + axis.drawing + scale.drawing(unit: "ms") + lines.joined() + "</svg>\n</figure>"
  }
}
