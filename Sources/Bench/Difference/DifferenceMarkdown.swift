/// Two runs side by side in Markdown, for a pull request: the verdict, the phases, and what is not as good as it was.
package struct DifferenceMarkdown: Sendable {
  private let difference: RunDifference

  /// The Markdown of `difference`.
  package init(_ difference: RunDifference) {
    self.difference = difference
  }

  /// The text, with a line break at its end.
  package var text: String {
    let mark = MarkdownReport.mark(difference.verdict)
    let heading =
      "## \(mark) votebench diff: \(difference.verdict.rawValue) – "
      + MarkdownReport.escaped(difference.sentence)
    let parts = [[heading], table, objectives, causes, facts].filter { !$0.isEmpty }
    return parts.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
  }

  private var table: [String] {
    let head = DifferenceTable.head
    return [
      "| \(head.joined(separator: " | ")) |", "| --- | --- |" + String(repeating: " --: |", count: head.count - 2),
    ]
      + DifferenceTable(difference).rows.map { "| \($0.joined(separator: " | ")) |" }
  }

  private var objectives: [String] {
    guard !difference.objectives.isEmpty else { return [] }
    return ["| objective | A | B | B against A |", "| --- | --- | --- | --- |"]
      + difference.objectives.map { pair in
        let cells = [
          pair.expression, pair.reference?.words ?? "not asked", pair.candidate?.words ?? "not asked",
          pair.change.words,
        ]
        return "| \(cells.map(MarkdownReport.escaped).joined(separator: " | ")) |"
      }
  }

  private var causes: [String] {
    difference.causes.map { "* \(MarkdownReport.mark($0.answer.verdict)) \(MarkdownReport.escaped($0.text))" }
  }

  private var facts: [String] {
    [("A", difference.reference), ("B", difference.candidate)].map { name, report in
      "* \(name): \(MarkdownReport.escaped(report.heading.target)), begun \(report.heading.startedAt), run "
        + "\(MarkdownReport.escaped(report.heading.run)), \(report.verdict.rawValue)"
    } + (difference.notes + difference.assumptions.map { "assumed: \($0)" }).map { "* \(MarkdownReport.escaped($0))" }
  }
}
