/// The time axis that all charts of a run share, in the units of their drawings.
struct TimeAxis {
  /// The width of a drawing.
  static let width = 960.0
  /// Where the axis begins: to the left of it stand the values.
  static let left = 58.0
  /// Where it ends.
  static let right = 952.0

  /// Seconds from the first vote's due moment to the axis' end.
  let seconds: Double
  /// The phases, with their beginnings and ends in seconds.
  let phases: [(name: String, start: Double, end: Double)]
  /// The commands that changed the cluster: when, and what.
  let commands: [(second: Double, name: String)]

  init(_ report: RunReport, _ timeline: Timeline) {
    seconds = Double((timeline.rows.last?.start ?? 0) + timeline.interval)
    phases = report.phases.map { ($0.phase.rawValue, $0.start.seconds, ($0.start + $0.duration).seconds) }
    commands = report.material.rollouts.map {
      (($0.start - report.material.origin).seconds, $0.isRollback ? "rollback" : "change")
    }
  }

  /// Where a moment stands.
  func x(_ second: Double) -> Double {
    Self.left + min(max(0, second / seconds), 1) * (Self.right - Self.left)
  }

  /// Round moments, about ten of them.
  private var ticks: [Int] {
    let steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400]
    let step = steps.first { seconds / Double($0) <= 12 } ?? 172_800
    return Array(stride(from: 0, through: Int(seconds), by: step))
  }

  private static func spelled(_ second: Int) -> String {
    guard second >= 120 else { return "\(second) s" }
    let rest = second % 60
    return second < 3600 * 3
      ? "\(second / 60):\(rest < 10 ? "0" : "")\(rest)"
      : "\(second / 3600) h \(second % 3600 / 60)"
  }

  /// Bands of the phases behind a chart of this height, and the lines of the commands.
  func backdrop(_ height: Double) -> String {
    let bands = phases.enumerated().map { place, phase in
      "<rect class=\"phase\(place % 2)\" x=\"\(drawn(x(phase.start)))\" y=\"0\" "
        + "width=\"\(drawn(x(phase.end) - x(phase.start)))\" height=\"\(drawn(height))\"/>"
    }
    let lines = commands.map { command in
      "<line class=\"command\" x1=\"\(drawn(x(command.second)))\" x2=\"\(drawn(x(command.second)))\" y1=\"0\" "
        + "y2=\"\(drawn(height))\"/>"
    }
    return (bands + lines).joined()
  }

  /// The names of the phases above the charts, those that there is room for; a line for the commands below them.
  var header: String {
    var taken = -1.0
    let names = phases.map { phase -> String in
      let room = x(phase.end) - x(phase.start)
      guard room > Double(phase.name.count) * 6.6 + 4 else { return "" }
      return "<text class=\"name\" x=\"\(drawn(x(phase.start) + 3))\" y=\"13\">\(phase.name)</text>"
    }
    let marks = commands.map { command -> String in
      let place = x(command.second)
      guard place > taken else { return "" }
      let isLate = place > Self.right - 70
      taken = place + 70
      return "<text class=\"command\" x=\"\(drawn(place + (isLate ? -3 : 3)))\" y=\"28\" "
        + "text-anchor=\"\(isLate ? "end" : "start")\">\(command.name)</text>"
    }
    return svg("phases and commands", height: 34, names.joined() + marks.joined())
  }

  /// The axis itself.
  var footer: String {
    let marks = ticks.map { second in
      let place = x(Double(second))
      // At either edge there is no room for its half beyond it.
      let anchor = second == 0 ? "start" : place > Self.right - 16 ? "end" : "middle"
      return "<text class=\"tick\" x=\"\(drawn(place))\" y=\"13\" "
        + "text-anchor=\"\(anchor)\">\(Self.spelled(second))</text>"
    }
    return svg("seconds after the first vote was due", height: 18, marks.joined())
  }

  /// A drawing that shares the axis.
  func svg(_ label: String, height: Double, _ content: String) -> String {
    "<svg class=\"time\" viewBox=\"0 0 960 \(drawn(height))\" role=\"img\" aria-label=\"\(Markup.escaped(label))\">"
      + backdrop(height) + content + "</svg>"
  }
}
