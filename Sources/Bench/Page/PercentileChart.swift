import Glibc

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
  private let most: Int

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
    most = report.total.responseTime.count
  }

  /// The nines that the axis reaches: two at least.
  private var nines: Double { max(2, log10(Double(max(1, most))).rounded(.up)) }

  /// Where a percentile of so many votes stands: the longest of n is above all but one in n, and the curve ends there.
  private func x(_ percentile: Double, of count: Int) -> Double {
    let place = log10(percentile < 100 ? 100 / (100 - percentile) : Double(count))
    return TimeAxis.left + min(place, nines) / nines * (TimeAxis.right - TimeAxis.left)
  }

  /// The chart with its legend, or a sentence where there is nothing to draw.
  var markup: String {
    guard !curves.isEmpty else { return Markup.text("p", "No vote was sent and ended.", class: "none") }
    let scale = ValueAxis.decades(curves.flatMap(\.milliseconds), top: 8, bottom: 292)
    let lines = curves.map { curve in
      let points = zip(curve.percentiles, curve.milliseconds).map {
        "\(drawn(x($0, of: curve.count))) \(drawn(scale.y($1)))"
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
      + "aria-label=\"response and service time by percentile\">" + ticks + scale.drawing(unit: "ms")
      + lines.joined() + "</svg>\n</figure>"
  }

  private var ticks: String {
    (0...Int(nines)).map { nine in
      let percentile = nine == 0 ? 0 : 100 - 100 / pow(10, Double(nine))
      let place = TimeAxis.left + Double(nine) / nines * (TimeAxis.right - TimeAxis.left)
      let name = nine == 0 ? "0 %" : nine == 1 ? "90 %" : "\(decimal(percentile, max(0, nine - 2))) %"
      return "<line class=\"grid\" x1=\"\(drawn(place))\" x2=\"\(drawn(place))\" y1=\"8\" y2=\"292\"/>"
        + "<text class=\"tick\" x=\"\(drawn(place))\" y=\"310\" "
        + "text-anchor=\"\(nine == 0 ? "start" : nine == Int(nines) ? "end" : "middle")\">\(name)</text>"
    }.joined()
  }
}
