/// A body read by its schema, and what is said about fields that are not in it: as `fieldValidation` wants it, they
/// are a failure, a warning, or nothing.
struct Decoded {
  /// What to do about unknown fields.
  enum Validation: String, Sendable {
    case strict = "Strict"
    case warn = "Warn"
    case ignore = "Ignore"
  }

  private let validation: Validation
  private let patch: String?
  private let isApplied: Bool
  /// What the client should be told.
  private(set) var warnings: [String] = []

  /// `patch` is nil unless the object is the result of a patch; then it is the text that a refusal quotes, or empty
  /// for the object itself.
  init(validation: Validation, patch: String? = nil, isApplied: Bool = false) {
    self.validation = validation
    self.patch = patch
    self.isApplied = isApplied
  }

  /// The object without unknown fields.
  ///
  /// Throws `badRequest`, or `invalid` after a patch, for a value of the wrong kind and, if the validation is strict,
  /// for fields that are unknown and were not there before.
  mutating func read(_ object: JSON, _ resource: Resource, previous: JSON? = nil) throws(APIStatus) -> JSON {
    var reader = SchemaReader()
    let read: JSON
    do throws(APIStatus) {
      read = try reader.read(object, resource)
    } catch {
      guard patch != nil else { throw error }
      let prefix = SchemaReader.refusal(resource, "")
      throw refusal(
        error.message.hasPrefix(prefix) ? String(error.message.dropFirst(prefix.count)) : error.message, object,
        resource)
    }
    var before = SchemaReader()
    if let previous, !reader.unknown.isEmpty { _ = try? before.read(previous, resource) }
    let unknown = reader.unknown.filter { !before.unknown.contains($0) }
    guard !unknown.isEmpty else { return read }
    if isApplied { throw undeclared(unknown, object, resource) }
    let texts = unknown.map { "unknown field \"\($0)\"" }
    switch validation {
    case .strict:
      throw refusal("strict decoding error: \(texts.joined(separator: ", "))", object, resource)
    case .warn: warnings += texts
    case .ignore: break
    }
    return read
  }

  private func refusal(_ problem: String, _ object: JSON, _ resource: Resource) -> APIStatus {
    guard let patch else { return APIStatus(.badRequest, SchemaReader.refusal(resource, problem)) }
    let value = JSON.string(patch.isEmpty ? object.text : patch).text
    let message = "Invalid value: \(value): \(problem)"
    return APIStatus(
      .invalid, " \"\" is invalid: patch: \(message)",
      details: ["causes": [["reason": "FieldValueInvalid", "message": .string(message), "field": "patch"]]])
  }

  private func undeclared(_ unknown: [String], _ object: JSON, _ resource: Resource) -> APIStatus {
    let metadata = object["metadata"]
    let place = [metadata["namespace"].string, metadata["name"].string].compactMap(\.self).joined(separator: "/")
    let fields = unknown.map { ".\($0): field not declared in schema" }
    let list = fields.count == 1 ? fields[0] : "errors:\n" + fields.map { "  \($0)" }.joined(separator: "\n")
    return APIStatus(
      .internalError,
      "failed to create typed patch object (\(place); \(resource.apiVersion), Kind=\(resource.kind)): \(list)")
  }
}

extension APIRequest {
  /// What to do about unknown fields; a warning unless it is said.
  var fieldValidation: Decoded.Validation {
    query["fieldValidation"].flatMap(Decoded.Validation.init) ?? .warn
  }

  /// Whether other managers' fields are taken over.
  var isForced: Bool { query["force"] != nil && flag("force") }
}

extension JSON {
  /// As Go prints a value: `map[spec:map[replica:1]]`.
  var goText: String {
    switch self {
    case .object(let fields):
      "map[\(fields.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value.goText)" }.joined(separator: " "))]"
    case .array(let elements): "[\(elements.map(\.goText).joined(separator: " "))]"
    case .string(let text): text
    case .null: "<nil>"
    default: text
    }
  }
}
