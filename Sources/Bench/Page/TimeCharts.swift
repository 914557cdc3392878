/// The charts of a timeline, one below the other on one axis.
struct TimeCharts {
  private let report: RunReport
  private let timeline: Timeline
  private let axis: TimeAxis

  init(_ report: RunReport, _ timeline: Timeline) {
    self.report = report
    self.timeline = timeline
    axis = TimeAxis(report, timeline)
  }

  /// All of them, with the axis above and below.
  var markup: String {
    let charts = [
      chart(
        "Response time", "of the votes due in each \(span), log scale",
        legend: [
          ("max", "max"), ("p99", "p99"), ("p90", "p90"), ("p50", "p50"),
        ], responseTimes),
      chart(
        "Votes", "due in each \(span), by what became of them",
        legend: [
          ("due", "due"), ("accepted", "accepted"), ("refused", "refused"), ("indeterminate", "indeterminate"),
          ("dropped", "dropped"),
        ], votes),
      chart(
        "Failed votes and outages", "failed votes of each \(span); outages as bars above them",
        legend: [
          ("outage", "outage"), ("refused", "refused"), ("indeterminate", "indeterminate"), ("dropped", "dropped"),
        ], failures),
      chart(
        "Tally", "accepted \(counted), and those that the tally showed",
        legend: [
          ("accepted", "accepted so far"), ("visible", "visible"),
        ], tally),
      chart("Freshness", "age of the oldest accepted vote that a poll did not show", legend: [], freshness),
      chart(
        "Start lag", "votebench's own lateness in each \(span), log scale", legend: [("max", "max"), ("p99", "p99")],
        startLag),
    ]
    let pods = chart(
      "Pods", "from creation to the end", legend: PodChart.legend, PodChart(report, axis).markup)
    return axis.header + charts.joined() + pods + axis.footer
  }

  /// What a value stands for: a second, or so many.
  private var span: String { timeline.interval == 1 ? "second" : "\(timeline.interval) seconds" }

  /// What the tally counts.
  private var counted: String { report.heading.revoters == nil ? "votes" : "voters" }

  private func chart(_ title: String, _ note: String, legend: [(style: String, name: String)], _ drawing: String)
    -> String
  {
    let keys = legend.map { "<span class=\"key\"><i class=\"\($0.style)\"></i>\($0.name)</span>" }.joined()
    return "<figure><figcaption><b>\(title)</b> <span class=\"note\">\(note)</span>\(keys)</figcaption>\n"
      + "\(drawing)\n</figure>\n"
  }

  private func none(_ text: String) -> String { Markup.text("p", text, class: "none") }

  // MARK: Shapes

  /// The middle of an interval, where its value stands.
  private func x(_ place: Int) -> Double {
    axis.x(Double(timeline.rows[place].start) + Double(timeline.interval) / 2)
  }

  /// A line through the values; it is broken where there is none.
  private func line(_ style: String, _ values: [Double?], _ scale: ValueAxis) -> String {
    var path = ""
    var isDrawing = false
    for (place, value) in values.enumerated() {
      guard let value else {
        isDrawing = false
        continue
      }
      let isAlone = !isDrawing && (place + 1 >= values.count || values[place + 1] == nil)
      path += "\(isDrawing ? "L" : "M")\(drawn(x(place))) \(drawn(scale.y(value)))" + (isAlone ? "h1" : "")
      isDrawing = true
    }
    return path.isEmpty ? "" : "<path class=\"line \(style)\" d=\"\(path)\"/>"
  }

  /// Bars from one series of heights to the next, an interval wide.
  private func bars(_ style: String, from low: [Double], to high: [Double], _ scale: ValueAxis) -> String {
    var path = ""
    for place in high.indices where high[place] > low[place] {
      let start = Double(timeline.rows[place].start)
      let (left, right) = (axis.x(start), axis.x(start + Double(timeline.interval)))
      let (top, bottom) = (scale.y(high[place]), scale.y(low[place]))
      path += "M\(drawn(left)) \(drawn(bottom))V\(drawn(min(top, bottom - 0.5)))H\(drawn(right))V\(drawn(bottom))z"
    }
    return path.isEmpty ? "" : "<path class=\"bar \(style)\" d=\"\(path)\"/>"
  }

  // MARK: Charts

  private var responseTimes: String {
    let series = [\Distribution.Summary.max, \.p99, \.p90, \.p50].map { figure in
      timeline.rows.map { $0.response?[keyPath: figure] }
    }
    let values = series.joined().compactMap(\.self)
    guard !values.isEmpty else { return none("No vote was sent and ended: there is no response time.") }
    let scale = ValueAxis.decades(values, top: 8, bottom: 172)
    let lines = zip(["max", "p99", "p90", "p50"], series).map { line($0, $1, scale) }
    return axis.svg("response time by \(span)", height: 180, scale.drawing(unit: "ms") + lines.joined())
  }

  private var votes: String {
    let due = timeline.rows.map { Double($0.votes.due) }
    guard due.contains(where: { $0 > 0 }) else { return none("No vote was due.") }
    let scale = ValueAxis.linear(due, top: 8, bottom: 112)
    let stacks = stacked([\.accepted, \.refused, \.indeterminate, \.dropped])
    let names = ["accepted", "refused", "indeterminate", "dropped"]
    let drawn = names.indices.map { bars(names[$0], from: stacks[$0], to: stacks[$0 + 1], scale) }
    return axis.svg(
      "votes by \(span) and outcome", height: 120,
      scale.drawing(unit: "") + drawn.joined() + line("due", due.map(Double?.some), scale))
  }

  /// The heights at which each of the counts begins, and where the last one ends.
  private func stacked(_ counts: [KeyPath<PhaseFigures.Votes, Int>]) -> [[Double]] {
    var stacks = [timeline.rows.map { _ in 0.0 }]
    for count in counts {
      let last = stacks[stacks.count - 1]
      stacks.append(zip(timeline.rows, last).map { $1 + Double($0.votes[keyPath: count]) })
    }
    return stacks
  }

  private var failures: String {
    let stacks = stacked([\.refused, \.indeterminate, \.dropped])
    let outages = OutageMarks(report, axis)
    guard stacks[3].contains(where: { $0 > 0 }) || !outages.isEmpty else {
      return none("No vote failed: there is no outage.")
    }
    let scale = ValueAxis.linear(stacks[3], top: 26, bottom: 112)
    let names = ["refused", "indeterminate", "dropped"]
    let drawn = names.indices.map { bars(names[$0], from: stacks[$0], to: stacks[$0 + 1], scale) }
    return axis.svg(
      "failed votes and outages", height: 120,
      scale.drawing(unit: "") + drawn.joined() + outages.drawing) + (outages.note ?? "")
  }

  private var tally: String {
    let accepted = timeline.rows.map { Double?.some(Double($0.acceptedTotal)) }
    let visible = timeline.rows.map { $0.visibleTotal.map(Double.init) }
    guard visible.contains(where: { $0 != nil }) else { return none("The tally was not read while votes were sent.") }
    let scale = ValueAxis.linear((accepted + visible).compactMap(\.self), top: 8, bottom: 112)
    return axis.svg(
      "accepted votes and the tally", height: 120,
      scale.drawing(unit: "") + line("accepted", accepted, scale) + line("visible", visible, scale))
  }

  private var freshness: String {
    let ages = timeline.rows.map(\.freshness)
    guard ages.contains(where: { $0 != nil }) else { return none("No poll tells how old the tally was.") }
    let scale = ValueAxis.linear(ages.compactMap(\.self), top: 8, bottom: 72)
    return axis.svg(
      "freshness of the tally", height: 80,
      scale.drawing(unit: "ms")
        + bars("visible", from: ages.map { _ in 0 }, to: ages.map { $0 ?? 0 }, scale) + line("visible", ages, scale))
  }

  private var startLag: String {
    let series = [\Distribution.Summary.max, \.p99].map { figure in
      timeline.rows.map { $0.startLag?[keyPath: figure] }
    }
    let values = series.joined().compactMap(\.self)
    guard !values.isEmpty else { return none("No vote was sent.") }
    let scale = ValueAxis.decades(values, top: 8, bottom: 92)
    return axis.svg(
      "start lag by \(span)", height: 100,
      scale.drawing(unit: "us") + line("max", series[0], scale) + line("p99", series[1], scale))
  }
}
