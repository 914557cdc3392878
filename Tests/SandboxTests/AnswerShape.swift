import Sandbox

/// The structure of an answer without its values: its keys and the JSON types below them.
///
/// All elements of a list fold into one, but for the cells of a table's row. Whose which field is (`fieldsV1`) is left
/// to other tests. Of the answer itself `kind` and `apiVersion` keep their values, written
/// `=Deployment`. Written as JSON, the types are the strings `string`, `number`, `bool` and `null`, several of them
/// joined by `|`.
struct AnswerShape: Sendable, Equatable {
  private let shape: JSON

  /// A shape that a recording holds as JSON.
  init(recorded: JSON) { shape = recorded }

  init(of answer: JSON) {
    var shape = Self.shape(answer)
    for key in ["kind", "apiVersion"] {
      if let value = answer[key].string { shape[key] = "=\(value)" }
    }
    self.shape = shape
  }

  private static func shape(_ value: JSON, named name: String) -> JSON {
    switch name {
    case "fieldsV1": [:]
    case "cells":
      .object(
        [String: JSON](uniqueKeysWithValues: value.elements.enumerated().map { ("\($0.offset)", shape($0.element)) }))
    default: shape(value)
    }
  }

  private static func shape(_ value: JSON) -> JSON {
    switch value {
    case .object(let fields):
      .object([String: JSON](uniqueKeysWithValues: fields.map { ($0, shape($1, named: $0)) }))
    case .array(let elements):
      elements.map(shape).reduce(nil) { folded, next in folded.map { union($0, next) } ?? next }.map { [$0] } ?? []
    case .string: "string"
    case .int, .double: "number"
    case .bool: "bool"
    case .null: "null"
    }
  }

  private static func union(_ one: JSON, _ other: JSON) -> JSON {
    switch (one, other) {
    case (.object(let fields), .object(let others)):
      return .object(fields.merging(others, uniquingKeysWith: union))
    case (.array(let elements), .array(let others)):
      return .array(
        zip(elements, others).map(union) + elements.dropFirst(others.count) + others.dropFirst(elements.count))
    case (.string(let types), .string(let others)):
      let all = Set(types.split(separator: "|")).union(others.split(separator: "|"))
      return .string(all.sorted().joined(separator: "|"))
    default:
      return one == other ? one : "mixed"
    }
  }

  // MARK: Differences

  /// Where an answer's shape differs: `-path` is absent there, `+path` is there in addition, `~path` is something else.
  ///
  /// Of what is absent or added as a whole only the topmost path is named, such as `-metadata.annotations`.
  func differences(from answer: AnswerShape, allowingMore: Bool) -> [String] {
    var found: [String] = []
    Self.compare(shape, answer.shape, at: "", &found)
    return found.filter { !allowingMore || !$0.hasPrefix("+") }.sorted()
  }

  private static func compare(_ expected: JSON, _ actual: JSON, at path: String, _ found: inout [String]) {
    switch (expected, actual) {
    case (.object(let fields), .object(let others)):
      for key in Set(fields.keys).union(others.keys) {
        let below = path.isEmpty ? key : "\(path).\(key)"
        switch (fields[key], others[key]) {
        case (let field?, let other?): compare(field, other, at: below, &found)
        case (nil, _): found.append("+\(below)")
        case (_, nil): found.append("-\(below)")
        }
      }
    case (.array(let elements), .array(let others)):
      guard let element = elements.first else { return }  // nothing is known of an empty list's elements
      guard let other = others.first else { return found.append("-\(path)[]") }
      compare(element, other, at: "\(path)[]", &found)
    case (.string(let types), .string(let others)):
      if types != others { found.append("~\(path): \(others), not \(types)") }
    default:
      found.append("~\(path): \(actual.text), not \(expected.text)")
    }
  }
}
