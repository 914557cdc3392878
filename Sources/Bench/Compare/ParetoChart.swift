/// Speed against harm: a dot for each rollout, which leads to its report, and a larger mark for each setting's middle with
/// its intervals.
///
/// A line goes through the settings that no other one beats in both.
struct ParetoChart {
  private static let (top, bottom, height) = (14.0, 330.0, 372.0)

  private let comparison: Comparison
  private let across: AcrossAxis
  private let up: ValueAxis

  init(_ comparison: Comparison) {
    self.comparison = comparison
    let speeds = comparison.by(.duration)
    let durations = comparison.rollouts.compactMap(\.durationS) + Self.ends(speeds)
    let harms = comparison.rollouts.compactMap(comparison.primary.metric.value(of:)) + Self.ends(comparison.primary)
    across = AcrossAxis(durations, fromZero: true)
    up = ValueAxis.linear(harms, top: Self.top, bottom: Self.bottom)
  }

  private static func ends(_ metric: MetricComparison) -> [Double] {
    metric.summaries.compactMap(\.middle?.interval).flatMap { [$0.lowerBound, $0.upperBound] }
  }

  /// The picture with its legend; a sentence where there is nothing to draw.
  var markup: String {
    let metric = comparison.primary.metric
    guard comparison.rollouts.contains(where: { $0.durationS != nil && metric.value(of: $0) != nil }) else {
      return Markup.text("p", "No rollout has completed.", class: "none")
    }
    let title = "Each rollout by its duration and its \(metric.title)"
    let middle = drawn((AcrossAxis.left + AcrossAxis.right) / 2)
    let svg =
      "<svg viewBox=\"0 0 \(drawn(TimeAxis.right + 14)) \(drawn(Self.height))\" role=\"group\" aria-label=\"\(title)\">"
      + across.drawing(top: Self.top, bottom: Self.bottom) + up.drawing(unit: metric.unit)
      + "<text class=\"name\" x=\"\(middle)\" y=\"\(drawn(Self.height - 6))\" text-anchor=\"middle\">duration of the "
      + "rollout, s</text>" + front + comparison.rollouts.compactMap(dot).joined(separator: "\n")
      + middles + "</svg>"
    let keys = comparison.question.settings.indices.map { DotMark(setting: $0).key(comparison) }.joined()
    let missing = comparison.rollouts.filter { $0.durationS == nil }.map { "\($0.number)" }
    return Markup.element(
      "figure", [],
      Markup.text("figcaption", "\(title): the more to the left and the lower, the better") + svg
        + "<ul class=\"keys\">\(keys)</ul>")
      + (missing.isEmpty
        ? ""
        : Markup.text("p", "Not drawn, since they did not complete: \(missing.joined(separator: ", ")).", class: "note"))
  }

  private func dot(_ rollout: RolloutFigures) -> String? {
    guard let duration = rollout.durationS, let harm = comparison.primary.metric.value(of: rollout) else { return nil }
    let metric = comparison.primary.metric
    let title =
      "rollout \(rollout.number), \(comparison.label(rollout.setting)), \(rollout.isForward ? "forth" : "back"): "
      + "\(metric.title) \(metric.spelled(harm)), \(ComparisonMetric.duration.spelled(duration))"
    return Markup.element(
      "a", [("href", "\(rollout.folder)/report.html"), ("class", "rollout")],
      Markup.text("title", title)
        + DotMark(setting: rollout.setting).drawing(x: across.x(duration), y: up.y(harm), size: 4.5))
  }

  /// The settings' middles, each with its letter where no other letter stands.
  private var middles: String {
    var letters: [(x: Double, y: Double)] = []
    return comparison.question.settings.indices.compactMap { setting -> String? in
      guard let speed = comparison.by(.duration).summaries[setting].middle,
        let harm = comparison.primary.summaries[setting].middle
      else { return nil }
      let (x, y) = (across.x(speed.estimate), up.y(harm.estimate))
      // On the side where there is room.
      let isRight = x > (AcrossAxis.left + AcrossAxis.right) / 2
      var place = (x: isRight ? x - 16 : x + 16, y: max(y - 11, Self.top + 4))
      while letters.contains(where: { abs($0.x - place.x) < 14 && abs($0.y - place.y) < 15 }) { place.y += 16 }
      letters.append(place)
      return cross(x, y, speed, harm) + DotMark(setting: setting).drawing(x: x, y: y, size: 9)
        + "<text class=\"name\" x=\"\(drawn(place.x))\" y=\"\(drawn(place.y))\" text-anchor=\"middle\">"
        + "\(Comparison.letter(setting))</text>"
    }.joined(separator: "\n")
  }

  private func cross(_ x: Double, _ y: Double, _ speed: Shift, _ harm: Shift) -> String {
    let wide = speed.interval.map { Self.line(across.x($0.lowerBound), y, across.x($0.upperBound), y) }
    let high = harm.interval.map { Self.line(x, up.y($0.lowerBound), x, up.y($0.upperBound)) }
    return (wide ?? "") + (high ?? "")
  }

  private static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
    "<line class=\"cursor\" x1=\"\(drawn(x1))\" y1=\"\(drawn(y1))\" x2=\"\(drawn(x2))\" y2=\"\(drawn(y2))\"/>"
  }

  private var front: String {
    let middles = comparison.question.settings.indices.compactMap { setting -> (x: Double, y: Double)? in
      guard let speed = comparison.by(.duration).summaries[setting].middle,
        let harm = comparison.primary.summaries[setting].middle
      else { return nil }
      return (speed.estimate, harm.estimate)
    }
    let best = middles.filter { one in
      !middles.contains { ($0.x < one.x && $0.y <= one.y) || ($0.x <= one.x && $0.y < one.y) }
    }.sorted { $0.x < $1.x }
    let points = best.map { "\(drawn(across.x($0.x))),\(drawn(up.y($0.y)))" }.joined(separator: " ")
    return best.count < 2 ? "" : "<polyline class=\"line due\" stroke-dasharray=\"5 4\" points=\"\(points)\"/>"
  }
}

/// Every rollout by one metric: a row for each setting, a dot for each rollout, a bar for the middle's interval.
struct DotStrip {
  private static let row = 26.0

  private let comparison: Comparison
  private let metric: MetricComparison

  init(_ comparison: Comparison, _ metric: MetricComparison) {
    (self.comparison, self.metric) = (comparison, metric)
  }

  var markup: String {
    let ends = metric.summaries.compactMap(\.middle?.interval).flatMap { [$0.lowerBound, $0.upperBound] }
    let values = comparison.rollouts.compactMap { metric.metric.value(of: $0) }
    let axis = AcrossAxis(values + ends, fromZero: true)
    let bottom = 6 + Self.row * Double(comparison.question.settings.count)
    let rows = comparison.question.settings.indices.map { setting -> String in
      let y = 6 + Self.row * (Double(setting) + 0.5)
      let name =
        "<text class=\"name\" x=\"\(drawn(AcrossAxis.left - 10))\" y=\"\(drawn(y + 4))\" text-anchor=\"end\">"
        + "\(Comparison.letter(setting))</text>"
      let bar = metric.summaries[setting].middle?.interval.map { interval in
        "<line class=\"cursor\" x1=\"\(drawn(axis.x(interval.lowerBound)))\" x2=\"\(drawn(axis.x(interval.upperBound)))\" "
          + "y1=\"\(drawn(y))\" y2=\"\(drawn(y))\"/>"
      }
      let middle = metric.summaries[setting].middle.map { shift in
        "<line class=\"cursor\" x1=\"\(drawn(axis.x(shift.estimate)))\" x2=\"\(drawn(axis.x(shift.estimate)))\" "
          + "y1=\"\(drawn(y - 10))\" y2=\"\(drawn(y + 10))\"/>"
      }
      let dots = comparison.rollouts.filter { $0.setting == setting }.compactMap { rollout in
        metric.metric.value(of: rollout).map { value in
          Markup.element(
            "a", [("href", "\(rollout.folder)/report.html"), ("class", "rollout")],
            Markup.text("title", "rollout \(rollout.number): \(metric.metric.spelled(value))")
              + DotMark(setting: setting).drawing(x: axis.x(value), y: y, size: 4))
        }
      }
      return name + (bar ?? "") + dots.joined() + (middle ?? "")
    }
    let svg =
      "<svg viewBox=\"0 0 \(drawn(TimeAxis.right + 14)) \(drawn(bottom + 20))\" role=\"group\" aria-label=\""
      + "\(metric.metric.title) of each rollout\">" + axis.drawing(top: 6, bottom: bottom)
      + rows.joined(separator: "\n")
      + "</svg>"
    return Markup.element("figure", [], Markup.text("figcaption", metric.metric.titleWithUnit) + svg)
  }
}
