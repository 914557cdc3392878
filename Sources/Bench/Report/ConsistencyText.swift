/// What became of the votes, for a person at a terminal: the counts, how they are known, and every finding.
package struct ConsistencyText: Sendable {
  private let consistency: ConsistencyReport
  private let sources: [TallySources.Figures]
  private let color: Bool

  /// The text of a report; no `sources` where nobody knows how often they could be read.
  package init(_ consistency: ConsistencyReport, sources: [TallySources.Figures], color: Bool) {
    self.consistency = consistency
    self.sources = sources
    self.color = color
  }

  /// The lines, without line breaks.
  package var lines: [String] {
    let duplicates = consistency.duplicated.map { "\($0) duplicated" } ?? "duplicates not observable"
    let altered = consistency.altered.map { "\($0) altered" } ?? "altered not observable"
    let lost =
      consistency.lostMinimum == consistency.lostMaximum
      ? "\(consistency.lostMinimum) lost" : "\(consistency.lostMinimum) to \(consistency.lostMaximum) lost"
    return [
      "votes      \(consistency.accepted) accepted, \(lost), \(duplicates), \(consistency.phantom) phantom, \(altered),"
        + " \(consistency.indeterminate) indeterminate" + (consistency.recovered.map { " (\($0) counted)" } ?? ""),
      "           "
        + (consistency.isExact
          ? "each vote checked against the export of voter ids" : "by totals only: no export of voter ids"),
    ] + freshness + tally + findings + (consistency.lostPlaces?.lines ?? [])
      + ["assumed    \(consistency.assumptions.joined(separator: "; "))"]
  }

  private var freshness: [String] {
    guard let freshness = consistency.freshness else { return [] }
    return [
      "freshness  the oldest vote not visible yet was \(decimal(freshness.p50, 0)) ms old (p50),"
        + " \(decimal(freshness.max, 0)) ms (max), over \(freshness.count) polls"
    ]
  }

  private var tally: [String] {
    let notes = consistency.notes
    var lines = sources.map { "\($0.name): \($0.good) good polls" + ($0.failures > 0 ? ", \($0.reasons)" : "") }
    if notes.crossStale > 0 {
      lines.append(
        "\(notes.crossStale) polls showed less than another had before, up to "
          + "\(decimal(notes.crossStaleMaxMs, 0)) ms, which is allowed")
    }
    lines += notes.frozen.map { "\($0) stood still for 10 s or more while another moved (FROZEN)" }
    lines += notes.silent.map { "\($0) sent nothing for three of its periods (SILENT)" }
    return lines.enumerated().map { ($0 == 0 ? "tally      " : "           ") + $1 }
  }

  private var findings: [String] {
    consistency.findings.map { finding in
      let code = finding.code.rawValue
      let painted = color ? "\u{1B}[1;\(finding.code.verdict == .fail ? 31 : 33)m\(code)\u{1B}[0m" : code
      return "  \(painted)  \(finding.detail)"
    }
  }
}
