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
      TextLayout.wrapped("\(word)  \(comparison.sentence)", indent: 2).enumerated().map { place, line in
        place == 0 ? painted + line.dropFirst(word.count) : line
      } + TextLayout.wrapped("  \(comparison.confidence)", indent: 2),
      settingLines, differenceLines,
      tables.omnibus.flatMap { TextLayout.wrapped("  \($0)", indent: 4) },
      comparison.notes.flatMap { TextLayout.wrapped("note       \($0)", indent: 11) },
    ]
    return parts.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
  }

  /// What the settings are called in the tables, and what each came to: the middle and, in brackets, its 95 % interval.
  private var settingLines: [String] {
    let settings = ComparisonTables(comparison).settings
    let names = settings.indices.map { "  \(Comparison.letter($0))  \(comparison.label($0))" }
    let head = [""] + settings.indices.map(Comparison.letter)
    let rows = [["rollouts"] + settings.map { $0[1] }, ["without a failure"] + settings.map { $0[2] }]
    let figures = ComparisonMetric.allCases.enumerated().map { place, metric in
      [metric.titleWithUnit] + settings.map { $0[place + 3] }
    }
    return names + [""] + Self.columns([head] + rows + figures).map { "  " + $0 }
  }

  private var differenceLines: [String] {
    let rows = comparison.metrics.flatMap { metric in
      metric.pairs.filter { _ in metric.isWorthTelling || metric.metric == comparison.question.primary }.map { pair in
        ["\(Comparison.letter(pair.second)) - \(Comparison.letter(pair.first))", metric.metric.title]
          + ComparisonTables.figures(pair, metric.metric)
      }
    }
    return Self.columns([["", ""] + ComparisonTables.pairsHead.dropFirst(3)] + rows).map { "  " + $0 }
  }

  private var word: String {
    switch comparison.recommendation {
    case .best, .fastest: "RECOMMENDED"
    case .either: "EQUIVALENT"
    case .undecided, .noData: "INCONCLUSIVE"
    case .none: "NONE IS FIT"
    }
  }

  private var painted: String {
    let code = comparison.exitCode == 0 ? 32 : comparison.exitCode == 1 ? 31 : 33
    return color ? "\u{1B}[1;\(code)m\(word)\u{1B}[0m" : word
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
