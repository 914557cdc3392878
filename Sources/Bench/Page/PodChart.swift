/// The lives of the pods as a Gantt chart: a row a pod.
struct PodChart {
  private static let rowHeight = 30.0
  /// Rows that are drawn at most; the rest is in summary.json.
  private static let most = 60

  /// The states in the order of a pod's life, by the style that draws them.
  static let legend: [(style: String, name: String)] = [
    ("starting", "starting"), ("ready", "ready"), ("serving", "ready, and Services send it requests"),
    ("unready", "not ready any more"), ("leaving", "terminating, and Services still send it requests"),
    ("terminating", "terminating"),
  ]
  private static let words = Dictionary(uniqueKeysWithValues: legend.map { ($0.style, $0.name) })

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
    let rows = drawnLives.enumerated().map { number, life in
      row(life, top: Double(number) * Self.rowHeight + 4)
    }
    let more = lives.count - rows.count
    return axis.svg("pods", height: Double(rows.count) * Self.rowHeight + 8, rows.joined())
      + (more > 0 ? Markup.text("p", "\(more) more pods are not drawn: they are in summary.json.", class: "none") : "")
  }

  /// Those that something happened to before all others, in the order of being seen.
  private var drawnLives: [PodLife] {
    let changed = lives.indices.filter { !lives[$0].times.isEmpty }
    let others = lives.indices.filter { lives[$0].times.isEmpty }
    return (changed + others).prefix(Self.most).sorted().map { lives[$0] }
  }

  /// What a pod was doing, from when to when in seconds, in order.
  private func parts(_ life: PodLife) -> [(state: String, from: Double, until: Double)] {
    func second(_ milestone: PodMilestone) -> Double? { life.times[milestone].map { ($0 - origin).seconds } }
    let marked = second(.marked) ?? second(.gone) ?? axis.seconds
    let end = second(.gone) ?? axis.seconds
    let listed = life.isOld ? 0 : second(.endpointReady) ?? marked
    // Where nobody saw it withdrawn, it is not said that a terminating pod still had requests.
    let unlisted = [second(.endpointUnready), second(.endpointRemoved)].compactMap(\.self).min() ?? marked
    let ready = life.isOld ? 0 : min(second(.ready) ?? listed, listed)
    let unready = max(ready, min(second(.unready) ?? marked, marked))
    let created = life.isOld ? 0 : second(.created) ?? ready
    let edges = Set([created, ready, listed, unready, unlisted, marked, end].filter { created <= $0 && $0 <= end })
      .sorted()
    var parts: [(state: String, from: Double, until: Double)] = []
    for (from, until) in zip(edges, edges.dropFirst()) {
      let isListed = listed <= from && from < unlisted
      let state =
        from >= marked
        ? (isListed ? "leaving" : "terminating")
        : from >= unready ? "unready" : from < ready ? "starting" : isListed ? "serving" : "ready"
      let isSame = parts.last?.state == state
      parts.append((state, isSame ? parts.removeLast().from : from, until))
    }
    return parts
  }

  private func row(_ life: PodLife, top: Double) -> String {
    let parts = parts(life)
    let bars = parts.map { state, from, until in
      let left = axis.x(from)
      return "<rect class=\"bar \(state)\" x=\"\(drawn(left))\" y=\"\(drawn(top + 14))\" "
        + "width=\"\(drawn(max(1, axis.x(until) - left)))\" height=\"10\"><title>"
        + "\(Markup.escaped(life.name)): \(Self.words[state] ?? state) from \(decimal(from, 2)) s to \(decimal(until, 2)) s</title></rect>"
    }
    let label = life.name + (life.image.isEmpty ? "" : "  \(life.image)")
    let name = Markup.escaped(label)
    // Where there is no room to the right of its beginning, it ends at the right edge.
    let begin = axis.x(parts.first?.from ?? 0)
    let isLate = begin + Double(label.count) * 6.8 > TimeAxis.right
    return "<text class=\"pod\" x=\"\(drawn(isLate ? TimeAxis.right : begin))\" y=\"\(drawn(top + 10))\" "
      + "text-anchor=\"\(isLate ? "end" : "start")\">\(name)</text>" + bars.joined()
  }
}
