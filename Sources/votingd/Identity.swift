import Hummingbird

/// Who answers: the pod and the version, in headers and in pages.
struct Identity: Sendable, Equatable {
  var pod: String
  var version: String

  /// The header fields that every answer carries.
  var fields: HTTPFields {
    var fields = HTTPFields()
    for (name, value) in [("X-Pod", pod), ("X-Version", version)] {
      if let name = HTTPFields.Element.Name(name) { fields[name] = value }
    }
    return fields
  }
}
