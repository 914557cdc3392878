/// Reads one setting after the other and keeps what is wrong with each.
///
/// What belongs together is read by extensions: the target, the load, the connections, the rollout.
struct SettingsReader {
  private let settings: Settings
  private var problems: [Settings.Problem] = []

  init(_ settings: Settings) {
    self.settings = settings
  }

  var problemList: ProblemList? {
    problems.isEmpty ? nil : ProblemList(problems.sorted { Self.order($0.place) < Self.order($1.place) })
  }

  /// Flags by name, then `FILE:LINE: key` by the number of the line.
  private static func order(_ place: String) -> (Int, String) {
    let parts = place.split(separator: ":")
    return (parts.count > 1 ? Int(parts[1]) ?? 0 : 0, place)
  }

  func text(_ key: Settings.Key) -> String? {
    settings[key]?.text
  }

  /// True when the setting was given.
  func has(_ key: Settings.Key) -> Bool {
    settings[key] != nil
  }

  func has(oneOf keys: [Settings.Key]) -> Bool {
    keys.contains(where: has)
  }

  /// All that was given for a key that may be repeated.
  func all(_ key: Settings.Key) -> [Settings.Setting] {
    settings.all(key)
  }

  /// Reports a problem.
  mutating func report(_ place: String, _ expected: String) {
    problems.append(Settings.Problem(place, expected))
  }

  /// Reports a problem with each of `keys` that was given.
  mutating func refuse(_ keys: [Settings.Key], _ expected: String) {
    for key in keys {
      if let setting = settings[key] { report(setting.place, expected) }
    }
  }

  /// Reports a problem of several keys together, at the first of them that was given.
  mutating func refuse(firstOf keys: Settings.Key..., because expected: String) {
    refuse(Array(keys.first(where: has).map { [$0] } ?? []), expected)
  }

  /// What `read` makes of the settings within one; their problems are those of all.
  mutating func within<Value>(_ setting: Settings.Setting, _ read: (inout Self) -> Value) -> Value {
    var inner = Self(setting.change ?? Settings())
    let value = read(&inner)
    problems += inner.problems
    return value
  }

  /// The setting read by `read`, nil when it is absent or wrong; wrong ones are reported.
  mutating func optional<Value>(_ key: Settings.Key, expected: String, _ read: (String) -> Value?) -> Value? {
    guard let setting = settings[key] else { return nil }
    if let value = read(setting.text) { return value }
    report(setting.place, "expected \(expected), not '\(setting.text)'")
    return nil
  }

  /// The setting read by `read`, `fallback` when it is absent or wrong; wrong ones are reported.
  mutating func value<Value>(
    _ key: Settings.Key, default fallback: Value, expected: String, _ read: (String) -> Value?
  ) -> Value {
    optional(key, expected: expected, read) ?? fallback
  }

  mutating func path(_ key: Settings.Key, default fallback: String) -> String {
    value(key, default: fallback, expected: "a path that begins with /") { $0.hasPrefix("/") ? $0 : nil }
  }

  mutating func duration(_ key: Settings.Key, default fallback: Duration, mayBeZero: Bool = false) -> Duration {
    let expected =
      mayBeZero ? "a duration such as 250ms, 30s, 5m or 1h" : "a duration above 0 such as 250ms, 30s, 5m or 1h"
    return value(key, default: fallback, expected: expected) { text in
      Duration(spelled: text).flatMap { mayBeZero || $0 > .zero ? $0 : nil }
    }
  }

  mutating func integer(_ key: Settings.Key, default fallback: Int, in range: ClosedRange<Int>) -> Int {
    value(key, default: fallback, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
      Int(text).flatMap { range.contains($0) ? $0 : nil }
    }
  }

  /// A share of 1, written in percent; 0 when it is absent.
  mutating func share(_ key: Settings.Key, upTo most: Double) -> Double {
    let expected = "a share such as 10%: 0%, or 0.01% to \(Int(most))%"
    return value(key, default: 0, expected: expected) { text in
      guard text.hasSuffix("%"), text.allSatisfy({ $0.isASCII && ($0.isNumber || ".%".contains($0)) }),
        let percent = Double(text.dropLast()), percent == 0 || (0.01...most).contains(percent)
      else { return nil as Double? }
      return percent / 100
    }
  }

  mutating func seed(default fallback: UInt64) -> UInt64 {
    value(.seed, default: fallback, expected: "a whole number from 0 to 2^64 - 1") { UInt64($0) }
  }

  mutating func flag(_ key: Settings.Key, default fallback: Bool) -> Bool {
    value(key, default: fallback, expected: "true or false") { ["true": true, "false": false][$0] }
  }
}
