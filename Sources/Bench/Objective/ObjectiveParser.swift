/// Why an expression is no objective: where, and what was expected there.
package struct ObjectiveError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The expression.
  package var expression: String
  /// The character at which it goes wrong, counted from 0; may be the end.
  package var position: Int
  /// How many characters are wrong, at least 1.
  package var length: Int
  /// What is wrong, as a sentence without its end.
  package var reason: String

  /// The reason, and below it the expression with a mark under the place.
  package var description: String {
    let mark = String(repeating: " ", count: position) + "^" + String(repeating: "~", count: length - 1)
    return "character \(position + 1): \(reason)\n    \(expression)\n    \(mark)"
  }
}

extension Objective {
  /// Reads an expression.
  package init(_ text: String) throws(ObjectiveError) {
    var parser = ObjectiveParser(text)
    self = try parser.objective()
  }
}

/// Reads the language of objectives, from left to right, one token ahead.
private struct ObjectiveParser {
  private struct Token {
    var text: String
    var position: Int
  }

  private let text: String
  private let tokens: [Token]
  private var place = 0

  init(_ text: String) {
    self.text = text
    tokens = Self.tokens(text)
  }

  private static func tokens(_ text: String) -> [Token] {
    var tokens: [Token] = []
    var joins = false
    for (position, character) in text.enumerated() {
      let isWord = !character.isWhitespace && !"<>=!*+:(),".contains(character)
      let isSecond = character == "=" && (tokens.last.map { "<>=!".contains($0.text) } ?? false)
      if joins, isWord || isSecond, let last = tokens.indices.last, isWord == Self.isWord(tokens[last].text) {
        tokens[last].text.append(character)
      } else if !character.isWhitespace {
        tokens.append(Token(text: String(character), position: position))
      }
      joins = !character.isWhitespace
    }
    return tokens
  }

  private static func isWord(_ text: String) -> Bool { !"<>=!*+:(),".contains(text.prefix(1)) }

  // MARK: Tokens

  private var next: Token? { place < tokens.count ? tokens[place] : nil }

  private mutating func take(_ text: String) -> Bool {
    guard next?.text == text else { return false }
    place += 1
    return true
  }

  private mutating func word(_ expected: String) throws(ObjectiveError) -> Token {
    guard let token = next, Self.isWord(token.text) else { throw error(next, "expected \(expected)") }
    place += 1
    return token
  }

  private func error(_ token: Token?, _ reason: String) -> ObjectiveError {
    ObjectiveError(
      expression: text, position: token?.position ?? text.count, length: max(1, token?.text.count ?? 1), reason: reason)
  }

  // MARK: Grammar

  mutating func objective() throws(ObjectiveError) -> Objective {
    let scope = try scope()
    let metricToken = next
    var (metric, complement) = try metric()
    var comparison = try comparison()
    let valueToken = next
    var bound = try bound(metric, scope, comparison)
    if complement { (metric, comparison, bound) = try failing(metric, comparison, bound, at: valueToken) }
    let objective = Objective(
      expression: text.split(whereSeparator: \.isWhitespace).joined(separator: " "), scope: scope, metric: metric,
      comparison: comparison, bound: bound, isInferred: try inferred())
    if let token = next { throw error(token, "expected the end after the bound, not '\(token.text)'") }
    if let reason = objective.contradiction { throw error(metricToken, reason) }
    return objective
  }

  private mutating func inferred() throws(ObjectiveError) -> Bool {
    guard take("(") else { return false }
    let token = try word("inferred")
    guard token.text == "inferred" else { throw error(token, "expected (inferred), not '(\(token.text)'") }
    guard take(")") else { throw error(next, "expected ')' after (inferred") }
    return true
  }

  private mutating func scope() throws(ObjectiveError) -> Objective.Scope {
    var scope = Objective.Scope()
    guard let colon = colonOfScope else { return scope }
    var hasPart = false
    guard place < colon else { throw error(next, "expected a phase before ':'") }
    while place < colon {
      let token = try word("a phase, kept, fresh, each, pod, version or every")
      if let part = Objective.Part(rawValue: token.text) {
        if hasPart { throw error(token, "there is a phase already: an objective speaks of one, or of change or total") }
        (scope.part, hasPart) = (part, true)
      } else if let cohort = Objective.Cohort(rawValue: token.text) {
        if !scope.cohorts.contains(cohort) { scope.cohorts.append(cohort) }
      } else {
        try narrow(&scope, token)
      }
      _ = take(",")
    }
    place = colon + 1
    return scope
  }

  /// The colon that ends the scope: one before any comparison.
  private var colonOfScope: Int? {
    let end = tokens.firstIndex { "<>=!".contains($0.text.prefix(1)) } ?? tokens.count
    return tokens[..<end].firstIndex { $0.text == ":" }
  }

  private mutating func narrow(_ scope: inout Objective.Scope, _ token: Token) throws(ObjectiveError) {
    if ["each", "pod", "version"].contains(token.text), scope.answering != nil {
      throw error(token, "pods or versions are named already")
    }
    switch token.text {
    case "each":
      let what = try word("pod or version")
      guard ["pod", "version"].contains(what.text) else {
        throw error(what, "expected 'each pod' or 'each version'" + Self.suggestion(what.text, ["pod", "version"]))
      }
      scope.answering = what.text == "pod" ? .eachPod : .eachVersion
    case "pod": scope.answering = .pod(try word("the name of a pod").text)
    case "version": scope.answering = .version(try word("a version").text)
    case "every":
      let length = try word("a duration such as 10s")
      guard let duration = Duration(spelled: length.text) else {
        throw error(length, "expected a duration such as 10s, not '\(length.text)'")
      }
      guard duration >= .seconds(1), duration.nanoseconds % 1_000_000_000 == 0 else {
        throw error(length, "windows last whole seconds, at least 1s")
      }
      scope.every = Int(duration.nanoseconds / 1_000_000_000)
    case "warmup": throw error(token, "the warmup is never counted, so nothing can be asked of it")
    case "drain": throw error(token, "no vote is sent in the drain, so nothing can be asked of it")
    default:
      let known =
        Objective.Part.allCases.map(\.rawValue) + Objective.Cohort.allCases.map(\.rawValue)
        + ["each", "pod", "version", "every"]
      throw error(token, "there is no phase '\(token.text)'" + Self.suggestion(token.text, known))
    }
  }

  private mutating func comparison() throws(ObjectiveError) -> Objective.Comparison {
    guard let token = next else { throw error(nil, "expected a comparison: <, <=, ==, >= or >") }
    guard let comparison = Objective.Comparison(rawValue: token.text) else {
      throw error(token, "expected a comparison, <, <=, ==, >= or >, not '\(token.text)'")
    }
    place += 1
    return comparison
  }

  // MARK: Metrics

  private static let metrics =
    ["error-rate", "availability", "errors", "outage", "freshness", "votes", "rollout", "p50", "p90", "p95", "p99"]
    + ["p99.9", "mean", "max"] + Objective.Time.allCases.map(\.rawValue)

  /// The metric, and whether it is meant as 1 - it.
  private mutating func metric() throws(ObjectiveError) -> (Objective.Metric, complement: Bool) {
    let token = try word("a metric: \(Self.metrics.joined(separator: ", "))")
    if let statistic = Self.statistic(token.text) { return (.time(.response, statistic), false) }
    let dot = token.text.firstIndex(of: ".") ?? token.text.endIndex
    let name = String(token.text[..<dot])
    let rest = dot == token.text.endIndex ? nil : String(token.text[token.text.index(after: dot)...])
    let tail = Token(text: rest ?? "", position: token.position + name.count + (rest == nil ? 0 : 1))
    if let time = Objective.Time(rawValue: name) {
      return (.time(time, try statistic(tail, name, Self.statistics)), false)
    }
    switch name {
    case "error-rate": return (.errorRate(try kind(rest == nil ? nil : tail)), false)
    case "errors": return (.errors(try kind(rest == nil ? nil : tail)), false)
    case "availability" where rest == nil: return (.errorRate(.any), true)
    case "outage": return (try pick(tail, name, ["max", "count"]) == "max" ? .outageMaximum : .outageCount, false)
    case "freshness": return (.freshness(try statistic(tail, name, ["p50", "p99", "max"])), false)
    case "votes":
      let name = try pick(tail, name, Objective.VoteCount.allCases.map(\.rawValue))
      return (.votes(Objective.VoteCount(rawValue: name) ?? .lost), false)
    case "rollout":
      let name = try pick(tail, name, Objective.Rollout.allCases.map(\.rawValue))
      return (.rollout(Objective.Rollout(rawValue: name) ?? .outcome), false)
    default:
      throw error(token, "there is no metric '\(token.text)'" + Self.suggestion(name, Self.metrics))
    }
  }

  private static let statistics = ["p50", "p90", "p95", "p99", "p99.9", "p99.99", "p99.999", "mean", "max"]

  /// A percentile from p1 to p99.999, the mean or the maximum; nil for anything else.
  private static func statistic(_ text: String) -> Objective.Statistic? {
    if text == "mean" { return .mean }
    if text == "max" { return .max }
    guard text.hasPrefix("p") else { return nil }
    let parts = text.dropFirst().split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { ("0"..."9").contains($0) } }),
      let whole = parts.first.flatMap({ Int($0) }), (1...99).contains(whole)
    else { return nil }
    let decimals = parts.count == 2 ? String(parts[1]) : ""
    guard decimals.count <= 3, let thousandths = Int((decimals + "000").prefix(3)) else { return nil }
    return .percentile(whole * 1000 + thousandths)
  }

  private func statistic(
    _ token: Token, _ name: String, _ known: [String]
  ) throws(ObjectiveError) -> Objective.Statistic {
    if let statistic = Self.statistic(token.text), name != "freshness" || known.contains(token.text) {
      return statistic
    }
    throw unknown(token, name, known)
  }

  private func pick(_ token: Token, _ name: String, _ known: [String]) throws(ObjectiveError) -> String {
    guard known.contains(token.text) else { throw unknown(token, name, known) }
    return token.text
  }

  private func unknown(_ token: Token, _ name: String, _ known: [String]) -> ObjectiveError {
    guard !token.text.isEmpty else {
      return error(token, "expected a figure after '\(name)': \(known.map { "\(name).\($0)" }.joined(separator: ", "))")
    }
    return error(token, "there is no '\(name).\(token.text)'" + Self.suggestion(token.text, known))
  }

  private func kind(_ token: Token?) throws(ObjectiveError) -> Objective.ErrorKind {
    guard let token else { return .any }
    let text = token.text
    if text.hasPrefix("http-"), text.hasSuffix("xx"), let hundreds = Int(text.dropFirst(5).dropLast(2)),
      (1...5).contains(hundreds)
    {
      return .statuses(hundreds)
    }
    if text.hasPrefix("http-"), let status = Int(text.dropFirst(5)), (100...599).contains(status) {
      return .named(Cause.status(status).name)
    }
    if text.hasPrefix("curl-"), let code = Int(text.dropFirst(5)), (1...99).contains(code) {
      return .named(Cause.curl(code).name)
    }
    guard Cause.names.contains(text) else {
      throw error(
        token, "there is no kind of error '\(text)'" + Self.suggestion(text, Cause.names + ["http-502", "http-5xx"]))
    }
    return .named(text)
  }

  // MARK: Bounds

  private mutating func bound(
    _ metric: Objective.Metric, _ scope: Objective.Scope, _ comparison: Objective.Comparison
  ) throws(ObjectiveError) -> Objective.Bound {
    let token = try word("a value")
    if metric == .rollout(.outcome) {
      guard let outcome = RolloutOutcome(rawValue: token.text) else {
        throw error(
          token,
          "no rollout ends as '\(token.text)'" + Self.suggestion(token.text, RolloutOutcome.allCases.map(\.rawValue)))
      }
      return .outcome(outcome)
    }
    if take("*") {
      guard let factor = Self.number(token.text), factor > 0, factor <= 1e6 else {
        throw error(token, "expected a number above 0, up to 1000000, before '*', not '\(token.text)'")
      }
      return try relative(factor, metric, scope, try word("a phase"))
    }
    if next?.text == ":" || Objective.Part(rawValue: token.text) != nil { return try relative(1, metric, scope, token) }
    // A space before the unit.
    if Self.number(token.text) != nil, let unit = next, Self.units(metric).contains(where: { $0.name == unit.text }) {
      place += 1
      return .value(try value(Token(text: token.text + unit.text, position: token.position), metric))
    }
    return .value(try value(token, metric))
  }

  private mutating func relative(
    _ factor: Double, _ metric: Objective.Metric, _ scope: Objective.Scope, _ token: Token
  ) throws(ObjectiveError) -> Objective.Bound {
    guard let part = Objective.Part(rawValue: token.text) else {
      throw error(
        token,
        "there is no phase '\(token.text)'" + Self.suggestion(token.text, Objective.Part.allCases.map(\.rawValue)))
    }
    guard take(":") else { throw error(next, "expected ':' and the metric after the phase to compare with") }
    guard part != scope.part else { throw error(token, "a phase is not compared with itself") }
    let same = next
    let (other, _) = try self.metric()
    guard other == metric else { throw error(same, "expected the same metric as on the left") }
    var plus = 0.0
    if take("+") { plus = try value(try word("a value"), metric) }
    return .relative(factor: factor, part: part, plus: plus)
  }

  private static func number(_ text: some StringProtocol) -> Double? {
    guard !text.isEmpty, text.allSatisfy({ ("0"..."9").contains($0) || $0 == "." }) else { return nil }
    return Double(text)
  }

  /// A value with the unit that the metric has.
  private func value(_ token: Token, _ metric: Objective.Metric) throws(ObjectiveError) -> Double {
    let digits = token.text.prefix { ("0"..."9").contains($0) || $0 == "." }
    let unit = String(token.text.dropFirst(digits.count))
    guard let number = Self.number(digits) else {
      throw error(token, "expected a number\(Self.example(metric)), not '\(token.text)'")
    }
    let units = Self.units(metric)
    let end = Token(text: unit, position: token.position + digits.count)
    guard let scale = units.first(where: { $0.name == unit })?.scale ?? (number == 0 && unit.isEmpty ? 1 : nil) else {
      if unit.isEmpty { throw error(token, "expected a unit\(Self.example(metric))") }
      let names = units.map(\.name).filter { !$0.isEmpty }
      guard !names.isEmpty else { throw error(end, "expected a number without a unit") }
      throw error(end, "there is no unit '\(unit)' here" + Self.suggestion(unit, names))
    }
    // So that 0.1% is the nearest number to 0.001.
    let value = scale < 1 ? number / (1 / scale) : number * scale
    if case .errorRate = metric, value > 1 { throw error(token, "a share is at most 100%") }
    if value > 3.6e18, Self.measure(metric) != .count { throw error(token, "a time is at most 1000000h") }
    if case .count = Self.measure(metric), value != value.rounded() || value > 1e15 {
      throw error(token, "expected a whole number")
    }
    return value
  }

  private enum Measure { case share, time, count, podSeconds }

  private static func measure(_ metric: Objective.Metric) -> Measure {
    switch metric {
    case .errorRate: .share
    case .time, .outageMaximum, .freshness, .rollout(.duration): .time
    case .rollout(.unavailable), .rollout(.surge): .podSeconds
    case .errors, .outageCount, .votes, .rollout(.outcome): .count
    }
  }

  private static func units(_ metric: Objective.Metric) -> [(name: String, scale: Double)] {
    switch measure(metric) {
    case .share: [("%", 0.01), ("", 1)]
    case .time: [("us", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 6e10), ("h", 3.6e12)]
    case .podSeconds: [("s", 1e9), ("m", 6e10)]
    case .count: [("", 1)]
    }
  }

  private static func example(_ metric: Objective.Metric) -> String {
    switch measure(metric) {
    case .share: " such as 0.1%"
    case .time: " such as 250ms or 1.5s"
    case .podSeconds: " such as 30s, pods times seconds"
    case .count: " such as 0"
    }
  }

  /// `availability >= 99.9%` as a bound of the error rate.
  private func failing(
    _ metric: Objective.Metric, _ comparison: Objective.Comparison, _ bound: Objective.Bound, at token: Token?
  ) throws(ObjectiveError) -> (Objective.Metric, Objective.Comparison, Objective.Bound) {
    guard case .value(let share) = bound else {
      throw error(token, "availability is not compared with another phase: compare error-rate")
    }
    let flipped: Objective.Comparison =
      switch comparison {
      case .below: .above
      case .atMost: .atLeast
      case .equal: .equal
      case .atLeast: .atMost
      case .above: .below
      }
    // Rounded, so that 99.9% leaves 0.1% and not a little more.
    return (metric, flipped, .value(((1 - share) * 1e12).rounded() / 1e12))
  }

  // MARK: Suggestions

  /// What may have been meant; else what there is.
  private static func suggestion(_ text: String, _ known: [String]) -> String {
    let ranked = known.map { ($0, distance(text, $0)) }.min { $0.1 < $1.1 }
    if let longer = known.first(where: { $0.count > 3 && (text.hasPrefix($0) || $0.hasPrefix(text) && text.count > 2) })
    {
      return "; did you mean '\(longer)'?"
    }
    if let (best, distance) = ranked, distance <= max(1, min(3, best.count / 2)) { return "; did you mean '\(best)'?" }
    return "; there is \(known.joined(separator: ", "))"
  }

  /// How many characters are to be added, taken away, replaced or swapped with their neighbour.
  private static func distance(_ first: String, _ second: String) -> Int {
    let (a, b) = (Array(first.lowercased()), Array(second.lowercased()))
    var rows = [Array(0...b.count)]
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var least = min(row[j] + 1, rows[i][j + 1] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, rows[i - 1][j - 1] + 1) }
        row.append(least)
      }
      rows.append(row)
    }
    return rows[a.count][b.count]
  }
}
