/// comparison.md: for a pull request.
package struct ComparisonMarkdown: Sendable {
  private let comparison: Comparison

  /// The text of `comparison`.
  package init(_ comparison: Comparison) {
    self.comparison = comparison
  }

  /// Markdown, with a line break at its end.
  package var text: String {
    let tables = ComparisonTables(comparison)
    let parts = [
      "**\(MarkdownReport.escaped(comparison.sentence))**", MarkdownReport.escaped(comparison.confidence) + ".",
      "### Settings\n\n" + Self.table([""] + tables.names, tables.settings),
      "### Differences\n\n" + Self.table(ComparisonTables.pairsHead, tables.pairs),
      tables.omnibus.map { "- " + MarkdownReport.escaped($0) }.joined(separator: "\n"),
      "### Rollouts\n\n" + Self.table(ComparisonTables.rolloutsHead, tables.rollouts),
      comparison.notes.map { "- " + MarkdownReport.escaped($0) }.joined(separator: "\n"),
    ]
    return parts.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
  }

  private static func table(_ head: [String], _ rows: [[String]]) -> String {
    let lines =
      [head.map(MarkdownReport.escaped), head.map { _ in "---" }] + rows.map { $0.map(MarkdownReport.escaped) }
    return lines.map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
  }
}
