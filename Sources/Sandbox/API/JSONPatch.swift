/// A JSON patch (RFC 6902), as `kubectl rollout undo` and `kubectl patch --type=json` send it.
package struct JSONPatch: Sendable {
  private var operations: [JSON]

  /// Takes the body of a request.
  ///
  /// Throws `badRequest` if it is no list.
  package init(_ body: JSON) throws(APIStatus) {
    guard let operations = body.array else {
      throw APIStatus(.badRequest, "json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    }
    self.operations = operations
  }

  /// Applies all operations, or none if one throws.
  package func apply(to object: inout JSON) throws(APIStatus) {
    var changed = object
    for operation in operations {
      try Self.apply(operation, to: &changed)
    }
    object = changed
  }

  // A real server says no more than this about an operation that does not fit.
  private static let rejected = APIStatus(
    .invalid, "the server rejected our request due to an error in our request", details: [:])

  private static func apply(_ operation: JSON, to object: inout JSON) throws(APIStatus) {
    let path = try pointer(operation["path"])
    switch operation["op"].string {
    case "add": try add(operation["value"], at: path[...], in: &object)
    case "remove": try remove(at: path[...], in: &object)
    case "replace":
      _ = try value(at: path, in: object)
      try replace(with: operation["value"], at: path[...], in: &object)
    case "test":
      guard try value(at: path, in: object) == operation["value"] else { throw rejected }
    case "copy": try add(value(at: pointer(operation["from"]), in: object), at: path[...], in: &object)
    case "move":
      let from = try pointer(operation["from"])
      let moved = try value(at: from, in: object)
      try remove(at: from[...], in: &object)
      try add(moved, at: path[...], in: &object)
    default: throw rejected
    }
  }

  private static func pointer(_ path: JSON) throws(APIStatus) -> [String] {
    guard let text = path.string, text.isEmpty || text.hasPrefix("/") else { throw rejected }
    return text.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map {
      String($0).replacing("~1", with: "/").replacing("~0", with: "~")
    }
  }

  private static func value(at path: [String], in object: JSON) throws(APIStatus) -> JSON {
    var current = object
    for key in path {
      if let fields = current.object, let next = fields[key] {
        current = next
      } else if let elements = current.array, let index = Int(key), elements.indices.contains(index) {
        current = elements[index]
      } else {
        throw rejected
      }
    }
    return current
  }

  /// Walks to the holder of the last key and changes it there.
  private static func change(
    _ path: ArraySlice<String>, in object: inout JSON, _ last: (String, inout JSON) throws(APIStatus) -> Void
  ) throws(APIStatus) {
    guard let key = path.first else { throw rejected }
    guard path.count > 1 else { return try last(key, &object) }
    if var fields = object.object, var next = fields[key] {
      try change(path.dropFirst(), in: &next, last)
      fields[key] = next
      object = .object(fields)
    } else if var elements = object.array, let index = Int(key), elements.indices.contains(index) {
      try change(path.dropFirst(), in: &elements[index], last)
      object = .array(elements)
    } else {
      throw rejected
    }
  }

  private static func add(_ value: JSON, at path: ArraySlice<String>, in object: inout JSON) throws(APIStatus) {
    guard !path.isEmpty else {
      object = value
      return
    }
    try change(path, in: &object) { (key, holder) throws(APIStatus) in
      if var elements = holder.array {
        guard let index = key == "-" ? elements.count : Int(key), (0...elements.count).contains(index) else {
          throw rejected
        }
        elements.insert(value, at: index)
        holder = .array(elements)
      } else if var fields = holder.object {
        fields[key] = value
        holder = .object(fields)
      } else {
        throw rejected
      }
    }
  }

  private static func replace(with value: JSON, at path: ArraySlice<String>, in object: inout JSON) throws(APIStatus) {
    guard !path.isEmpty else {
      object = value
      return
    }
    try change(path, in: &object) { (key, holder) throws(APIStatus) in
      if var fields = holder.object {
        fields[key] = value
        holder = .object(fields)
      } else if let index = Int(key) {
        holder[index] = value
      }
    }
  }

  private static func remove(at path: ArraySlice<String>, in object: inout JSON) throws(APIStatus) {
    try change(path, in: &object) { (key, holder) throws(APIStatus) in
      if var fields = holder.object, fields[key] != nil {
        fields[key] = nil
        holder = .object(fields)
      } else if var elements = holder.array, let index = Int(key), elements.indices.contains(index) {
        elements.remove(at: index)
        holder = .array(elements)
      } else {
        throw rejected
      }
    }
  }
}
