/// One metric in Prometheus' text exposition format: its help, its type and its samples.
///
/// Source: Prometheus, "Exposition formats", version 0.0.4 of the text format.
struct MetricFamily: Sendable {
  /// The types of the format that a finished run needs.
  enum Kind: String, Sendable {
    case gauge, summary, histogram
  }

  /// What a sample is told apart by, in the order in which it is written.
  typealias Labels = [(name: String, value: String)]

  private let name: String
  private let kind: Kind
  private let help: String
  private var lines: [String] = []

  /// A metric without a sample.
  init(_ name: String, _ kind: Kind = .gauge, help: String) {
    self.name = name
    self.kind = kind
    self.help = help
  }

  /// Adds a sample; none where the value is nil: what nobody could see is not 0.
  ///
  /// A `suffix` is for the parts of a summary or a histogram.
  mutating func add(_ labels: Labels, suffix: String = "", _ value: Double?) {
    guard let value else { return }
    let inside = labels.map { "\($0.name)=\"\(Self.escapedValue($0.value))\"" }.joined(separator: ",")
    lines.append("\(name)\(suffix)\(inside.isEmpty ? "" : "{\(inside)}") \(Self.number(value))")
  }

  /// The same of a count.
  mutating func add(_ labels: Labels, suffix: String = "", count: Int?) {
    add(labels, suffix: suffix, count.map(Double.init))
  }

  /// Adds a sample for each value that a state may have: 1 for the one that holds, 0 for the others.
  mutating func add<State: RawRepresentable<String> & CaseIterable & Equatable>(
    state label: String, _ state: State
  ) {
    for other in State.allCases { add([(label, other.rawValue)], other == state ? 1 : 0) }
  }

  /// The lines, each with its line break; empty without a sample.
  var text: String {
    lines.isEmpty
      ? ""
      : "# HELP \(name) \(Self.escapedHelp(help))\n# TYPE \(name) \(kind.rawValue)\n"
        + lines.map { $0 + "\n" }.joined()
  }

  /// A number as the format spells it: counts without a fraction, all others with as many digits as they need.
  static func number(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf" }
    return value == value.rounded() && abs(value) < 9e15 ? "\(Int64(value))" : "\(value)"
  }

  // By scalars: to Swift a carriage return and its line feed are one character, to a reader of lines they are two.
  private static func escapedValue(_ text: String) -> String {
    escaped(text) { $0 == "\"" ? "\\\"" : nil }
  }

  private static func escapedHelp(_ text: String) -> String {
    escaped(text) { _ in nil }
  }

  private static func escaped(_ text: String, _ special: (Unicode.Scalar) -> String?) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      default: escaped += special(scalar) ?? String(scalar)
      }
    }
    return escaped
  }
}
