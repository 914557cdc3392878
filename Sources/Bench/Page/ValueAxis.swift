import Glibc

/// The axis of values at a chart's left edge, from `bottom` up to `top` in the units of the drawing.
struct ValueAxis {
  /// How values become heights.
  enum Scale {
    /// From 0 to `most`.
    case linear(most: Double)
    /// Decades from `least`, which is above 0, to `most`.
    case logarithmic(least: Double, most: Double)
  }

  let scale: Scale
  let top: Double
  let bottom: Double

  /// An axis on which all of `values` have a place.
  static func linear(_ values: [Double], top: Double, bottom: Double) -> ValueAxis {
    let most = values.max() ?? 0
    return ValueAxis(scale: .linear(most: most > 0 ? Self.round(most) : 1), top: top, bottom: bottom)
  }

  /// An axis of whole decades on which all of `values` have a place; what is below a thousandth of a unit stands at it.
  static func decades(_ values: [Double], top: Double, bottom: Double) -> ValueAxis {
    let positive = values.filter { $0 > 0 }
    let least = max(-3, Int(log10(positive.min() ?? 1).rounded(.down)))
    let most = max(least + 1, Int(log10(positive.max() ?? 10).rounded(.up)))
    return ValueAxis(scale: .logarithmic(least: power(least), most: power(most)), top: top, bottom: bottom)
  }

  private static func power(_ exponent: Int) -> Double { pow(10, Double(exponent)) }

  /// The next number above `value` that is 1, 2 or 5 times a power of ten.
  private static func round(_ value: Double) -> Double {
    let decade = power(Int(log10(value).rounded(.down)))
    return [1, 2, 2.5, 5, 10].map { $0 * decade }.first { $0 >= value } ?? decade * 10
  }

  /// Where a value stands.
  func y(_ value: Double) -> Double {
    let share: Double
    switch scale {
    case .linear(let most): share = value / most
    case .logarithmic(let least, let most):
      share = log10(max(value, least) / least) / log10(most / least)
    }
    return bottom - min(max(0, share), 1) * (bottom - top)
  }

  /// The lines and the names of round values, with their unit at the topmost.
  func drawing(unit: String) -> String {
    let marks: [Double]
    switch scale {
    case .linear(let most): marks = [0, most / 2, most]
    case .logarithmic(let least, let most):
      let decades = sequence(first: least) { $0 * 10 <= most * 1.01 ? $0 * 10 : nil }.map(\.self)
      marks = decades.count > 5 ? decades.enumerated().filter { $0.offset % 2 == 0 }.map(\.element) : decades
    }
    return marks.map { value in
      let line = drawn(y(value))
      let name = Self.spelled(value) + (value == marks.last ? " \(unit)" : "")
      return "<line class=\"grid\" x1=\"\(drawn(TimeAxis.left))\" x2=\"\(drawn(TimeAxis.right))\" y1=\"\(line)\" "
        + "y2=\"\(line)\"/><text class=\"tick\" x=\"\(drawn(TimeAxis.left - 5))\" y=\"\(drawn(y(value) + 4))\" "
        + "text-anchor=\"end\">\(name)</text>"
    }.joined()
  }

  private static func spelled(_ value: Double) -> String {
    if value >= 1e6 { return "\(trimmed(value / 1e6))M" }
    if value >= 1e4 { return "\(trimmed(value / 1e3))k" }
    return trimmed(value)
  }

  private static func trimmed(_ value: Double) -> String {
    if value.rounded() == value { return "\(Int(value))" }
    let text = decimal(value, 3)
    return String(text.reversed().drop { $0 == "0" }.reversed())
  }
}
