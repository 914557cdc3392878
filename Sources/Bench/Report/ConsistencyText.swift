/// What became of the votes, for a person at a terminal: the counts, how they are known, and every finding.
package struct ConsistencyText: Sendable {
  private let consistency: ConsistencyReport
  private let failedPolls: Int?
  private let color: Bool

  /// The text of a report; `failedPolls` is nil where nobody counted them.
  package init(_ consistency: ConsistencyReport, failedPolls: Int?, color: Bool) {
    self.consistency = consistency
    self.failedPolls = failedPolls
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
    ] + freshness + findings + (consistency.lostPlaces?.lines ?? [])
      + ["assumed    \(consistency.assumptions.joined(separator: "; "))"]
  }

  private var freshness: [String] {
    guard let freshness = consistency.freshness else { return [] }
    return [
      "freshness  the oldest vote not visible yet was \(decimal(freshness.p50, 0)) ms old (p50),"
        + " \(decimal(freshness.max, 0)) ms (max), over \(freshness.count) polls"
        + (failedPolls.map { "; \($0) polls failed" } ?? "")
    ]
  }

  private var findings: [String] {
    consistency.findings.map { finding in
      let code = finding.code.rawValue
      let painted = color ? "\u{1B}[1;\(finding.code.verdict == .fail ? 31 : 33)m\(code)\u{1B}[0m" : code
      return "  \(painted)  \(finding.detail)"
    }
  }
}
