/// Holds an object against its ``Schema``, as a server does that decodes a body into a type: fields that the type does
/// not have are noted and dropped, and so is what is null; a value of another kind is refused.
struct SchemaReader {
  private let schema = Schema.served
  /// Where fields were that the type does not have, such as `spec.replica`.
  private(set) var unknown: [String] = []

  /// Numbers that take 64 bits; a message about them says so.
  private static let long: Set<String> = [
    "generation", "observedGeneration", "deletionGracePeriodSeconds", "terminationGracePeriodSeconds",
    "activeDeadlineSeconds", "tolerationSeconds", "runAsUser", "runAsGroup", "fsGroup", "seconds", "revision",
  ]

  private static let noQuantity =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

  /// The object as its type can hold it.
  ///
  /// Throws `badRequest` with the words of a real server if a value is of another kind. An object of a kind without
  /// a schema is given back as it is.
  mutating func read(_ object: JSON, _ resource: Resource) throws(APIStatus) -> JSON {
    guard let message = schema.message(resource) else { return object }
    do throws(Mismatch) {
      guard object.object != nil else { throw Mismatch(problem: "json: cannot unmarshal \(object.wireKind)") }
      var rest = object
      rest["kind"] = .null
      rest["apiVersion"] = .null
      var read = try fields(of: message, rest, path: "", place: "")
      read["kind"] = object["kind"]
      read["apiVersion"] = object["apiVersion"]
      return read
    } catch {
      throw APIStatus(.badRequest, Self.refusal(resource, error.problem))
    }
  }

  /// What a real server says of a body that is not of its kind.
  static func refusal(_ resource: Resource, _ problem: String) -> String {
    "\(resource.kind) in version \"\(resource.version)\" cannot be handled as a \(resource.kind): \(problem)"
  }

  private struct Mismatch: Error {
    var problem: String
  }

  // `path` is for unknown fields and has indices, `place` is for mismatches and has none.
  private mutating func fields(
    of message: Schema.Message, _ value: JSON, path: String, place: String
  ) throws(Mismatch) -> JSON {
    var kept: [String: JSON] = [:]
    for (name, inner) in (value.object ?? [:]).sorted(by: { $0.key < $1.key }) {
      let path = path.isEmpty ? name : "\(path).\(name)"
      guard let field = message.byName[name] else {
        unknown.append(path)
        continue
      }
      guard !inner.isNull else { continue }
      let place = Place(
        type: message.shortName, field: name, path: place.isEmpty ? name : "\(place).\(name)")
      kept[name] = try read(inner, field.kind, path: path, place)
    }
    return .object(kept)
  }

  private struct Place {
    var type: String
    var field: String
    var path: String
  }

  private mutating func read(
    _ value: JSON, _ kind: Schema.Kind, path: String, _ place: Place
  ) throws(Mismatch) -> JSON {
    switch kind {
    case .message(let name):
      guard value.object != nil, let message = schema.messages[name] else {
        throw mismatch(value, place, "v1.\(name.split(separator: ".").last ?? "")")
      }
      return try fields(of: message, value, path: path, place: place.path)
    case .list(let inner, _, _):
      guard let elements = value.array else { throw mismatch(value, place, "[]\(goType(inner, place.field))") }
      var read: [JSON] = []
      for (index, element) in elements.enumerated() {
        read.append(try self.read(element, inner, path: "\(path)[\(index)]", place))
      }
      return .array(read)
    case .map(let inner, _):
      guard let values = value.object else {
        throw mismatch(value, place, "map[string]\(goType(inner, place.field))")
      }
      var read: [String: JSON] = [:]
      for (key, value) in values where !value.isNull {
        read[key] = try self.read(value, inner, path: "\(path).\(key)", place)
      }
      return .object(read)
    default: return try scalar(value, kind, place)
    }
  }

  private func scalar(_ value: JSON, _ kind: Schema.Kind, _ place: Place) throws(Mismatch) -> JSON {
    let fits =
      switch kind {
      case .any: true
      case .int: value.int != nil
      case .double: value.int != nil || value.isFraction
      case .bool: value.bool != nil
      case .intOrString: value.int != nil || value.string != nil
      case .quantity: value.int != nil || value.isFraction || value.string != nil
      default: value.string != nil
      }
    guard fits else { throw mismatch(value, place, goType(kind, place.field)) }
    guard kind == .quantity else { return value }
    guard Quantity.value(value)?.isFinite == true else { throw Mismatch(problem: Self.noQuantity) }
    // A quantity is text on the wire, also where it was written as a number.
    return .string(value.string ?? value.text)
  }

  private func goType(_ kind: Schema.Kind, _ field: String) -> String {
    switch kind {
    case .int: Self.long.contains(field) ? "int64" : "int32"
    case .double: "float64"
    case .bool: "bool"
    case .bytes: "[]uint8"
    case .message(let name): "v1.\(name.split(separator: ".").last ?? "")"
    default: "string"
    }
  }

  private func mismatch(_ value: JSON, _ place: Place, _ type: String) -> Mismatch {
    Mismatch(
      problem:
        "json: cannot unmarshal \(value.wireKind) into Go struct field \(place.type).\(place.path) of type \(type)"
    )
  }
}

extension JSON {
  fileprivate var isFraction: Bool {
    if case .double = self { true } else { false }
  }

  /// What Go's decoder calls a value.
  var wireKind: String {
    switch self {
    case .null: "null"
    case .bool: "bool"
    case .int, .double: "number"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }
}
