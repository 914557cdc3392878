/// Response and service times of the phases by percentile, on HdrHistogram's axis: each nine is as wide as the others.
struct PercentileChart {
  /// One curve: the points that the `.hgrm` files' ticks give.
  struct Curve {
    let phase: String
    /// `response` or `service`.
    let time: String
    /// Percentile, 0...100.
    let percentiles: [Double]
    let milliseconds: [Double]
    /// Votes behind it.
    let count: Int
  }

  /// Every curve: of `total` first, then of each phase that counts and had votes.
  let curves: [Curve]
  private let axis: NinesAxis

  init(_ report: RunReport) {
    let phases =
      [("total", report.total)]
      + report.phases.filter { $0.phase.isCounted }.map { ($0.phase.rawValue, $0.figures) }
    curves = phases.flatMap { name, figures in
      [("response", figures.responseTime), ("service", figures.serviceTime)].compactMap { time, distribution in
        guard distribution.count > 0 else { return nil }
        let levels = PercentileText.levels(upTo: distribution.count)
        return Curve(
          phase: name, time: time, percentiles: levels, milliseconds: distribution.milliseconds(at: levels),
          count: distribution.count)
      }
    }
    axis = NinesAxis(votes: report.total.responseTime.count, bottom: 292)
  }

  /// The chart with its legend, or a sentence where there is nothing to draw.
  var markup: String {
    guard !curves.isEmpty else { return Markup.text("p", "No vote was sent and ended.", class: "none") }
    let scale = ValueAxis.decades(curves.flatMap(\.milliseconds), top: 8, bottom: 292)
    let lines = curves.map { curve in
      let points = zip(curve.percentiles, curve.milliseconds).map {
        "\(drawn(axis.x($0, of: curve.count))) \(drawn(scale.y($1)))"
      }
      return "<path class=\"line c-\(curve.phase) \(curve.time)\" data-phase=\"\(curve.phase)\" "
        + "d=\"M\(points.joined(separator: "L"))\"/>"
    }
    var seen: Set<String> = []
    let keys = curves.filter { seen.insert($0.phase).inserted }.map { curve in
      "<button type=\"button\" class=\"key\" aria-pressed=\"true\" data-phase=\"\(curve.phase)\">"
        + "<i class=\"c-\(curve.phase)\"></i>\(curve.phase)</button>"
    }
    return
      "<figure><figcaption><span class=\"note\">solid: response time, dashed: service time; log scale; a curve ends at "
      + "the longest of its votes</span>"
      + keys.joined() + "</figcaption>\n<svg class=\"percentiles\" viewBox=\"0 0 960 320\" role=\"img\" "
      + "aria-label=\"response and service time by percentile\">" + axis.drawing + scale.drawing(unit: "ms")
      + lines.joined() + "</svg>\n</figure>"
  }
}
