/// The phases of two runs as a table: cells of text, a row a run.
struct DifferenceTable {
  static let head = [
    "phase", "run", "seconds", "votes", "failed", "p50 ms", "p90 ms", "p99 ms", "max ms", "worst outage",
  ]

  /// Two rows a phase, or one where only one of the runs has it.
  let rows: [[String]]

  init(_ difference: RunDifference) {
    rows = difference.phases.flatMap { pair -> [[String]] in
      let sides = [("A", pair.reference), ("B", pair.candidate)].filter { $0.1 != nil }
      return sides.enumerated().compactMap { place, side in
        side.1.map { Self.row(place == 0 ? pair.name : "", side.0, $0) }
      }
    }
  }

  /// With columns that stand below one another.
  var lines: [String] {
    let table = [Self.head] + rows
    let widths = Self.head.indices.map { column in table.map { $0[column].count }.max() ?? 0 }
    return table.map { cells in
      cells.indices.map { place in
        let gap = String(repeating: " ", count: widths[place] - cells[place].count)
        return place < 2 ? cells[place] + gap : gap + cells[place]
      }.joined(separator: "  ")
    }
  }

  private static func row(_ name: String, _ run: String, _ side: RunDifference.Side) -> [String] {
    func time(_ value: Double?) -> String { value.map { decimal($0, $0 < 100 ? 2 : 0) } ?? "-" }
    let outage = side.outage.map { "\(decimal($0.lower.seconds, 2))s \(decimal($0.share * 100, 0))%" }
    return [
      name, run, decimal(side.seconds, 1), "\(side.votes.due)", "\(side.votes.failed)", time(side.response?.p50),
      time(side.response?.p90), time(side.response?.p99), time(side.response?.max), outage ?? "none",
    ]
  }
}
