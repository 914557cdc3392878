/// Two runs side by side for a person at a terminal: the verdict first, then what it rests on.
package struct DifferenceText: Sendable {
  private let difference: RunDifference
  private let color: Bool

  /// The text of `difference`, with colours where the terminal shows them.
  package init(_ difference: RunDifference, color: Bool) {
    self.difference = difference
    self.color = color
  }

  /// The text, with a line break at its end.
  package var text: String {
    let parts = [
      verdictLines, headings, DifferenceTable(difference).lines.map { "  " + $0 }, comparisonLines, objectiveLines,
      countLines, curveLines, remarks,
    ]
    return parts.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
  }

  private var verdictLines: [String] {
    let word = difference.verdict.rawValue.uppercased()
    var lines = TextLayout.wrapped("\(word)  \(difference.sentence)", indent: word.count + 2)
    lines[0] = paint(word, difference.verdict) + lines[0].dropFirst(word.count)
    return lines
  }

  private var headings: [String] {
    [("A", difference.reference), ("B", difference.candidate)].flatMap { name, report in
      TextLayout.wrapped(
        "  \(name)  \(report.heading.target), begun \(report.heading.startedAt), run \(report.heading.run), votebench "
          + "\(report.heading.version): \(report.verdict.rawValue)", indent: 5)
    }
  }

  // MARK: Differences

  private var comparisonLines: [String] {
    let title = TextLayout.wrapped(
      "differences, B against A (WORSE: a time surely longer by more than \(difference.allowedTime), or surely more "
        + "failures; ok: surely not, and less than \(difference.allowedFailures) more of the votes failed)",
      indent: 2)
    var lines = title
    var phase: Phase?
    for comparison in difference.comparisons {
      if comparison.phase != phase { lines.append("  " + comparison.phase.rawValue) }
      phase = comparison.phase
      lines += line(comparison)
    }
    return lines
  }

  private func line(_ comparison: RunComparison) -> [String] {
    let (mark, indent) = (Self.mark(comparison.answer), 20)
    let figures = comparison.words + (comparison.sample.map { "; \($0)" } ?? "")
    var lines = TextLayout.wrapped(
      "    \(Self.pad(mark, 6))  \(Self.pad(comparison.metric.name, 6))  \(figures)", indent: indent)
    lines[0] = "    " + paint(Self.pad(mark, 6), comparison.answer.verdict) + lines[0].dropFirst(10)
    if comparison.estimate != nil, let reason = comparison.reason {
      lines += TextLayout.wrapped(String(repeating: " ", count: indent) + reason, indent: indent)
    }
    if let remedy = comparison.remedy {
      lines += TextLayout.wrapped(String(repeating: " ", count: indent) + "would decide: \(remedy)", indent: indent)
    }
    return lines
  }

  private static func mark(_ answer: RunComparison.Answer) -> String {
    switch answer {
    case .worse: "WORSE"
    case .noWorse: "ok"
    case .inconclusive: "?"
    }
  }

  // MARK: Objectives and votes

  private var objectiveLines: [String] {
    guard !difference.objectives.isEmpty else { return [] }
    let widest = difference.objectives.map(\.expression.count).max() ?? 0
    return ["objectives"]
      + difference.objectives.flatMap { pair -> [String] in
        let mark = Self.pad(pair.change == .same ? "same" : pair.change.words, 6)
        let sides = "A \(pair.reference?.words ?? "not asked"), B \(pair.candidate?.words ?? "not asked")"
        var lines = TextLayout.wrapped(
          "    \(mark)  \(Self.pad(pair.expression, min(44, widest)))  \(sides)", indent: 12)
        if pair.change == .worse { lines[0] = "    " + paint(mark, pair.answer.verdict) + lines[0].dropFirst(10) }
        return lines
      }
  }

  private var countLines: [String] {
    ["votes"]
      + difference.counts.map { pair in
        let mark = pair.reference == nil && pair.candidate == nil ? "-" : Self.mark(pair.answer)
        return "    \(paint(Self.pad(mark, 6), pair.answer.verdict))  \(Self.pad(pair.name, 10))  \(pair.words)"
      }
  }

  private var curveLines: [String] {
    difference.curves.flatMap { curve in
      ["response times of \(curve.phase) by percentile (ms; A, B, # where both are)"]
        + CurvePlot(curve, color: color).lines
    }
  }

  private var remarks: [String] {
    difference.notes.flatMap { TextLayout.wrapped("note       \($0)", indent: 11) }
      + difference.assumptions.flatMap { TextLayout.wrapped("assumed    \($0)", indent: 11) }
  }

  // MARK: Layout

  private func paint(_ text: String, _ verdict: Verdict) -> String {
    let code =
      switch verdict {
      case .pass: 32
      case .fail: 31
      case .inconclusive: 33
      }
    return color ? "\u{1B}[1;\(code)m\(text)\u{1B}[0m" : text
  }

  private static func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}

extension ObjectivePair.Change {
  /// For people.
  var words: String {
    switch self {
    case .same: "same"
    case .better: "better"
    case .worse: "WORSE"
    case .onlyA: "only A"
    case .onlyB: "only B"
    }
  }
}
