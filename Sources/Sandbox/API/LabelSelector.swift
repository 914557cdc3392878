/// Which labels an object must have: read from a query (`app=x,tier in (a,b),!old`) or from a `selector` field.
///
/// The empty selector matches everything.
package struct LabelSelector: Equatable, Sendable {
  private enum Requirement: Equatable {
    case isIn(String, [String])
    case isNotIn(String, [String])
    case exists(String)
    case isAbsent(String)
  }

  private var requirements: [Requirement] = []

  /// Matches labels that have all of these.
  package init(_ labels: [String: String]) {
    requirements = labels.sorted { $0.key < $1.key }.map { .isIn($0.key, [$0.value]) }
  }

  /// Reads the `selector` of a workload, with `matchLabels` and `matchExpressions`.
  package init(_ selector: JSON) {
    self.init(selector["matchLabels"].strings)
    for expression in selector["matchExpressions"].elements {
      guard let key = expression["key"].string else { continue }
      let values = expression["values"].elements.compactMap(\.string)
      switch expression["operator"].string {
      case "In": requirements.append(.isIn(key, values))
      case "NotIn": requirements.append(.isNotIn(key, values))
      case "Exists": requirements.append(.exists(key))
      case "DoesNotExist": requirements.append(.isAbsent(key))
      default: continue
      }
    }
  }

  /// Reads the `labelSelector` of a query.
  ///
  /// Throws `badRequest` for what is none.
  package init(query: String) throws(APIStatus) {
    for part in Self.split(query) {
      requirements.append(try Self.requirement(part))
    }
  }

  // Commas separate requirements, but not inside the parentheses of a set.
  private static func split(_ query: String) -> [String] {
    var parts = [""]
    var depth = 0
    for character in query {
      if character == "(" { depth += 1 }
      if character == ")" { depth -= 1 }
      if character == ",", depth == 0 {
        parts.append("")
      } else {
        parts[parts.count - 1].append(character)
      }
    }
    return parts.map(Self.trimmed).filter { !$0.isEmpty }
  }

  private static func trimmed(_ text: some StringProtocol) -> String {
    String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }

  private static func requirement(_ part: String) throws(APIStatus) -> Requirement {
    if let set = try setRequirement(part) { return set }
    if part.hasPrefix("!") { return .isAbsent(trimmed(part.dropFirst())) }
    for (sign, negated) in [("!=", true), ("==", false), ("=", false)] {
      guard let range = part.firstRange(of: sign) else { continue }
      let key = trimmed(part[..<range.lowerBound])
      let value = trimmed(part[range.upperBound...])
      guard !key.isEmpty else { break }
      return negated ? .isNotIn(key, [value]) : .isIn(key, [value])
    }
    guard !part.contains(where: { "=!() ".contains($0) }) else {
      throw APIStatus(.badRequest, "unable to parse requirement: \(part)")
    }
    return .exists(part)
  }

  private static func setRequirement(_ part: String) throws(APIStatus) -> Requirement? {
    guard let open = part.firstIndex(of: "(") else { return nil }
    let words = part[..<open].split(separator: " ").map(String.init)
    guard part.hasSuffix(")"), words.count == 2, ["in", "notin"].contains(words[1]) else {
      throw APIStatus(.badRequest, "unable to parse requirement: \(part)")
    }
    let values = part[part.index(after: open)...].dropLast()
      .split(separator: ",", omittingEmptySubsequences: false).map(trimmed)
    return words[1] == "in" ? .isIn(words[0], values) : .isNotIn(words[0], values)
  }

  /// Whether labels match.
  package func matches(_ labels: [String: String]) -> Bool {
    requirements.allSatisfy { requirement in
      switch requirement {
      case .isIn(let key, let values): labels[key].map(values.contains) ?? false
      case .isNotIn(let key, let values): !(labels[key].map(values.contains) ?? false)
      case .exists(let key): labels[key] != nil
      case .isAbsent(let key): labels[key] == nil
      }
    }
  }

  /// Whether an object's labels match.
  package func matches(_ object: JSON) -> Bool {
    requirements.isEmpty || matches(object["metadata", "labels"].strings)
  }

  /// As kubectl shows it: `app=x,tier in (a,b)`; `<none>` if empty.
  package var text: String {
    guard !requirements.isEmpty else { return "<none>" }
    return requirements.map { requirement in
      switch requirement {
      case .isIn(let key, let values) where values.count == 1: "\(key)=\(values[0])"
      case .isIn(let key, let values): "\(key) in (\(values.joined(separator: ",")))"
      case .isNotIn(let key, let values): "\(key) notin (\(values.joined(separator: ",")))"
      case .exists(let key): key
      case .isAbsent(let key): "!\(key)"
      }
    }.joined(separator: ",")
  }
}
