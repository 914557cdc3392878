/// Outages as a drawing can show them: those that would lie over one another are one mark.
///
/// However many outages a run has, there are no more marks than have room beside one another.
struct OutageMarks {
  /// The narrowest mark, in the units of the drawing.
  private static let narrowest = 3.0

  /// Outages that are drawn as one, in order of time.
  private struct Mark {
    var left: Double
    var right: Double
    var outages: [Outage]
  }

  private let marks: [Mark]
  private let origin: MonotonicTime
  /// True where no outage is to be drawn.
  let isEmpty: Bool

  init(_ report: RunReport, _ axis: TimeAxis) {
    let origin = report.material.origin
    var marks: [Mark] = []
    for outage in report.phases.flatMap(\.figures.outages) {
      let start = (outage.start - origin).seconds
      let begin = axis.x(start)
      let width = max(Self.narrowest, axis.x(start + outage.lower.seconds) - begin)
      let left = min(begin, TimeAxis.right - width)
      if let last = marks.last, left <= last.right {
        marks[marks.count - 1].right = max(last.right, left + width)
        marks[marks.count - 1].outages.append(outage)
      } else {
        marks.append(Mark(left: left, right: left + width, outages: [outage]))
      }
    }
    self.marks = marks
    self.origin = origin
    isEmpty = marks.isEmpty
  }

  /// The marks, each with a title.
  var drawing: String {
    marks.map { mark in
      "<rect class=\"outage\" data-outages=\"\(mark.outages.count)\" x=\"\(drawn(mark.left))\" y=\"6\" "
        + "width=\"\(drawn(mark.right - mark.left))\" height=\"12\"><title>\(words(mark.outages))</title></rect>"
    }.joined()
  }

  /// Says so where marks stand for more than one outage; nil where none does.
  var note: String? {
    let count = marks.reduce(0) { $0 + $1.outages.count }
    guard count > marks.count else { return nil }
    return Markup.text(
      "p", "\(count) outages, of which those too close to be told apart share a bar; summary.json has each of them.",
      class: "none")
  }

  private func words(_ outages: [Outage]) -> String {
    guard let longest = outages.max(by: { $0.lower < $1.lower }), let last = outages.last, outages.count > 1 else {
      return outages.map { "outage at \(words($0))" }.joined()
    }
    let failed = outages.reduce(0) { $0 + $1.failed }
    return "\(outages.count) outages from \(second(outages[0].start)) s to \(second(last.lastFailed)) s, "
      + "\(failed) failed; the longest at \(words(longest))"
  }

  private func words(_ outage: Outage) -> String {
    let upper = outage.upper.map { " to \(decimal($0.milliseconds, 0))" } ?? " or more"
    return "\(second(outage.start)) s: \(decimal(outage.lower.milliseconds, 0))\(upper) ms, "
      + "\(outage.failed) failed, \(Int((outage.share * 100).rounded())) % of its votes"
  }

  private func second(_ moment: MonotonicTime) -> String { decimal((moment - origin).seconds, 2) }
}
