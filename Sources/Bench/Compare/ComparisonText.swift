/// A comparison for a person at a terminal: the answer first, then what it rests on.
package struct ComparisonText: Sendable {
  private let comparison: Comparison
  private let color: Bool

  /// The text of `comparison`, with colours where the terminal shows them.
  package init(_ comparison: Comparison, color: Bool) {
    self.comparison = comparison
    self.color = color
  }

  /// The text, with a line break at its end.
  package var text: String {
    let tables = ComparisonTables(comparison)
    let parts: [[String]] = [
      TextLayout.wrapped("\(comparison.word)  \(comparison.sentence)", indent: 2).enumerated().map { place, line in
        place == 0 ? painted + line.dropFirst(comparison.word.count) : line
      } + TextLayout.wrapped("  \(comparison.confidence)", indent: 2),
      settingLines(tables),
      Self.columns([ComparisonTables.pairsHead] + tables.pairs).map { "  " + $0 },
      tables.omnibus.flatMap { TextLayout.wrapped("  \($0)", indent: 4) },
      comparison.notes.flatMap { TextLayout.wrapped("note       \($0)", indent: 11) },
    ]
    return parts.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
  }

  /// What each setting came to: the middle and, in brackets, its 95 % interval.
  private func settingLines(_ tables: ComparisonTables) -> [String] {
    let head = [""] + comparison.question.settings.indices.map(Comparison.letter)
    return tables.names.map { "  \($0)" } + [""] + Self.columns([head] + tables.settings).map { "  " + $0 }
  }

  private var painted: String {
    let code = comparison.exitCode == 0 ? 32 : comparison.exitCode == 1 ? 31 : 33
    return color ? "\u{1B}[1;\(code)m\(comparison.word)\u{1B}[0m" : comparison.word
  }

  /// Rows with columns that stand below one another.
  private static func columns(_ rows: [[String]]) -> [String] {
    guard let first = rows.first else { return [] }
    let widths = first.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { cells in
      let line = cells.indices.map { place in
        cells[place] + String(repeating: " ", count: widths[place] - cells[place].count)
      }.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }
}
