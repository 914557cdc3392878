/// The lives of the pods as a Gantt chart: a row a pod.
struct PodChart {
  private static let rowHeight = 30.0
  /// Rows that are drawn at most; the rest is in summary.json.
  private static let most = 60

  private let lives: [PodLife]
  private let origin: MonotonicTime
  private let axis: TimeAxis

  init(_ report: RunReport, _ axis: TimeAxis) {
    lives = PodLife.all(report.material.rollouts)
    origin = report.material.origin
    self.axis = axis
  }

  /// The chart, or a sentence where no pod was watched.
  var markup: String {
    guard !lives.isEmpty else { return Markup.text("p", "Nothing was changed: no pod was watched.", class: "none") }
    let rows = lives.prefix(Self.most).enumerated().map { number, life in
      row(life, top: Double(number) * Self.rowHeight + 4)
    }
    let more = lives.count - rows.count
    return axis.svg("pods", height: Double(rows.count) * Self.rowHeight + 8, rows.joined())
      + (more > 0 ? Markup.text("p", "\(more) more pods are in summary.json.", class: "none") : "")
  }

  private func row(_ life: PodLife, top: Double) -> String {
    func second(_ milestone: PodMilestone) -> Double? { life.times[milestone].map { ($0 - origin).seconds } }
    let end = second(.gone) ?? axis.seconds
    let marked = second(.marked) ?? end
    let serving = life.isOld ? 0 : second(.endpointReady) ?? marked
    let ready = life.isOld ? 0 : min(second(.ready) ?? serving, serving)
    let created = life.isOld ? 0 : second(.created) ?? ready
    let parts = [
      ("starting", created, ready), ("ready", ready, serving), ("serving", serving, marked),
      ("terminating", marked, end),
    ]
    let bars = parts.filter { $0.1 < $0.2 }.map { state, from, until in
      let left = axis.x(from)
      return "<rect class=\"bar \(state)\" x=\"\(drawn(left))\" y=\"\(drawn(top + 14))\" "
        + "width=\"\(drawn(max(1, axis.x(until) - left)))\" height=\"10\"><title>"
        + "\(Markup.escaped(life.name)): \(state) from \(decimal(from, 2)) s to \(decimal(until, 2)) s</title></rect>"
    }
    let label = life.name + (life.image.isEmpty ? "" : "  \(life.image)")
    let name = Markup.escaped(label)
    // Where there is no room to the right of its beginning, it ends at the right edge.
    let isLate = axis.x(created) + Double(label.count) * 6.8 > TimeAxis.right
    return "<text class=\"pod\" x=\"\(drawn(isLate ? TimeAxis.right : axis.x(created)))\" y=\"\(drawn(top + 10))\" "
      + "text-anchor=\"\(isLate ? "end" : "start")\">\(name)</text>" + bars.joined()
  }
}
