/// How the rollouts of a setting are drawn: a shape and a colour of its own, so that they can be told apart without
/// colours, too.
struct DotMark {
  private static let styles = ["p50", "p99", "p90", "max", "starting", "outage", "dropped", "due"]

  /// The place of the setting.
  let setting: Int

  private var style: String { "bar " + Self.styles[setting % Self.styles.count] }

  /// The shape around a point; `size` is half its height.
  func drawing(x: Double, y: Double, size: Double) -> String {
    func points(_ offsets: [(Double, Double)]) -> String {
      let spelled = offsets.map { "\(drawn(x + $0.0 * size)),\(drawn(y + $0.1 * size))" }.joined(separator: " ")
      return "<polygon class=\"\(style)\" points=\"\(spelled)\"/>"
    }
    switch setting % 8 {
    case 0: return "<circle class=\"\(style)\" cx=\"\(drawn(x))\" cy=\"\(drawn(y))\" r=\"\(drawn(size))\"/>"
    case 1: return points([(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)])
    case 2: return points([(0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)])
    case 3: return points([(0, -1.15), (1.15, 0.95), (-1.15, 0.95)])
    case 4: return points([(0, 1.15), (1.15, -0.95), (-1.15, -0.95)])
    case 5: return points([(-1.2, -0.45), (1.2, -0.45), (1.2, 0.45), (-1.2, 0.45)])
    case 6: return points([(-0.45, -1.2), (0.45, -1.2), (0.45, 1.2), (-0.45, 1.2)])
    default:
      return points([(0, -1.2), (0.5, -0.35), (1.2, 0), (0.5, 0.35), (0, 1.2), (-0.5, 0.35), (-1.2, 0), (-0.5, -0.35)])
    }
  }

  /// A key for the legend: the shape and the setting's name.
  func key(_ comparison: Comparison) -> String {
    let shape = "<svg viewBox=\"0 0 16 16\" aria-hidden=\"true\">\(drawing(x: 8, y: 8, size: 5))</svg>"
    return "<li>\(shape) \(Comparison.letter(setting)): \(Markup.escaped(comparison.label(setting)))</li>"
  }
}

/// An axis of values from left to right.
struct AcrossAxis {
  let least: Double
  let most: Double

  static let (left, right) = (TimeAxis.left, TimeAxis.right)

  /// An axis on which all of `values` have a place, 0 too where `fromZero`.
  init(_ values: [Double], fromZero: Bool) {
    let least = fromZero ? Swift.min(0, values.min() ?? 0) : values.min() ?? 0
    let most = values.max() ?? 1
    // Room for a mark at either end.
    let room = most > least ? (most - least) * 0.04 : Swift.max(1, abs(most) * 0.1)
    (self.least, self.most) = (fromZero && least == 0 ? 0 : least - room, most + room)
  }

  func x(_ value: Double) -> Double {
    Self.left + (value - least) / (most - least) * (Self.right - Self.left)
  }

  /// Round values, at most seven.
  var marks: [Double] {
    var step = 1e-3
    for factor in [2, 2.5, 2].cycled(60) where (most - least) / step > 6 { step *= factor }
    return stride(from: (least / step).rounded(.up) * step, through: most, by: step).map(\.self)
  }

  /// Lines from `top` to `bottom` and the values below them.
  func drawing(top: Double, bottom: Double) -> String {
    marks.map { value in
      let (place, places) = (drawn(x(value)), value.rounded() == value ? 0 : abs(value) < 1 ? 2 : 1)
      return "<line class=\"grid\" x1=\"\(place)\" x2=\"\(place)\" y1=\"\(drawn(top))\" y2=\"\(drawn(bottom))\"/>"
        + "<text class=\"tick\" x=\"\(place)\" y=\"\(drawn(bottom + 15))\" text-anchor=\"middle\">"
        + "\(decimal(value, places))</text>"
    }.joined()
  }
}

extension Array {
  /// The elements in their order, over and over, so many in all.
  fileprivate func cycled(_ count: Int) -> [Element] { (0..<count).map { self[$0 % self.count] } }
}
