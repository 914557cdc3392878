internal import Glibc

/// Two percentile curves over one another in letters: percentiles to the right as on HdrHistogram's axis, on which each
/// step halves what is above, and times upwards by their logarithm.
///
/// The runs have letters, and colours where the terminal shows them.
struct CurvePlot {
  private static let (width, height) = (80, 12)

  /// What draws the runs, and both where they are one, with its colour.
  private static let colours: [Character: String] = ["A": "36", "B": "35", "#": "1"]

  private let curve: PercentileCurve
  private let color: Bool

  init(_ curve: PercentileCurve, color: Bool) {
    self.curve = curve
    self.color = color
  }

  /// The lines, from the longest time down, with the percentiles below them.
  var lines: [String] {
    let times = curve.points.flatMap { [$0.aMs, $0.bMs] }.map { log(max($0, 1e-6)) }
    guard let low = times.min(), let high = times.max(), let last = curve.points.dropLast().last else { return [] }
    var cells = Array(repeating: Array(repeating: Character(" "), count: Self.width), count: Self.height)
    let reach = max(Self.halvings(last.percentile), 1)
    for column in 0..<Self.width {
      let point = point(at: reach * Double(column) / Double(Self.width - 1))
      for (letter, time) in [(Character("A"), point.aMs), ("B", point.bMs)] {
        let share = high > low ? (log(max(time, 1e-6)) - low) / (high - low) : 0
        let row = Self.height - 1 - Int((share * Double(Self.height - 1)).rounded())
        cells[row][column] = cells[row][column] == " " ? letter : "#"
      }
    }
    let labels = (0..<Self.height).map { row in
      row % 3 == 0 || row == Self.height - 1
        ? decimal(exp(high - (high - low) * Double(row) / Double(Self.height - 1)), 2) : ""
    }
    let margin = max(8, labels.map(\.count).max() ?? 0)
    return zip(labels, cells).map { label, row in
      let marks = row.reversed().drop { $0 == " " }.reversed()
      return String(repeating: " ", count: margin - label.count) + label + " |" + painted(Array(marks))
    } + [axis(reach, margin)]
  }

  private func painted(_ marks: [Character]) -> String {
    guard color else { return String(marks) }
    var (text, last) = ("", Character(" "))
    for mark in marks {
      if mark != last { text += (last == " " ? "" : "\u{1B}[0m") + (Self.colours[mark].map { "\u{1B}[\($0)m" } ?? "") }
      text.append(mark)
      last = mark
    }
    return last == " " ? text : text + "\u{1B}[0m"
  }

  /// How often what is above a percentile has halved.
  private static func halvings(_ percentile: Double) -> Double { log2(100 / (100 - percentile)) }

  /// The last point that is not beyond; the longest time of all stands at the right edge.
  private func point(at halvings: Double) -> PercentileCurve.Point {
    let below = curve.points.last { $0.percentile < 100 && Self.halvings($0.percentile) <= halvings + 1e-9 }
    return below ?? curve.points[0]
  }

  private func axis(_ reach: Double, _ margin: Int) -> String {
    var line = String(repeating: " ", count: margin + 2)
    for (percentile, name) in [(0.0, "0%"), (50, "50%"), (90, "90%"), (99, "99%"), (99.9, "99.9%"), (99.99, "99.99%")] {
      let column = margin + 2 + Int((Self.halvings(percentile) / reach * Double(Self.width - 1)).rounded())
      guard column + name.count <= margin + 2 + Self.width, column >= line.count else { continue }
      line += String(repeating: " ", count: column - line.count) + name
    }
    return line
  }
}
