/// A JSON value: an object of the cluster with every field that it has, be it known here or not.
///
/// A field that is null counts as absent, as in Kubernetes: reading leaves it out.
enum JSONValue: Sendable, Hashable {
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])
  case null

  /// The members of an object; nil for anything else.
  var members: [String: JSONValue]? {
    if case .object(let members) = self { members } else { nil }
  }

  /// The text of a string; nil for anything else.
  var text: String? {
    if case .string(let text) = self { text } else { nil }
  }

  /// What is at `path`, nil when nothing is there; setting nil removes it, and setting a value makes the objects on
  /// the way.
  ///
  /// An element of an array is named by its index; setting one that is not there does nothing.
  subscript(path: FieldPath) -> JSONValue? {
    get { value(at: path.keys[...]) }
    set { set(newValue, at: path.keys[...]) }
  }

  private func value(at keys: ArraySlice<String>) -> JSONValue? {
    guard let key = keys.first else { return self }
    switch self {
    case .object(let members): return members[key]?.value(at: keys.dropFirst())
    case .array(let elements):
      guard let index = Int(key), elements.indices.contains(index) else { return nil }
      return elements[index].value(at: keys.dropFirst())
    default: return nil
    }
  }

  private mutating func set(_ value: JSONValue?, at keys: ArraySlice<String>) {
    guard let key = keys.first else {
      self = value ?? .null
      return
    }
    if case .array(var elements) = self {
      guard let index = Int(key), elements.indices.contains(index) else { return }
      elements[index].set(value, at: keys.dropFirst())
      self = .array(elements)
      return
    }
    var members = members ?? [:]
    if keys.count == 1 {
      members[key] = value
    } else if value != nil || members[key] != nil {
      members[key, default: .object([:])].set(value, at: keys.dropFirst())
    }
    self = .object(members)
  }

  /// The fields in which `other` differs, the deepest that say it all, in order.
  ///
  /// Arrays of the same length are compared element by element, others differ as a whole.
  func differences(to other: JSONValue, at path: FieldPath = FieldPath()) -> [FieldDifference] {
    switch (self, other) {
    case (.object(let was), .object(let now)):
      return Set(was.keys).union(now.keys).sorted().flatMap { key -> [FieldDifference] in
        guard let old = was[key], let new = now[key] else {
          return [FieldDifference(path: path + key, was: was[key], now: now[key])]
        }
        return old.differences(to: new, at: path + key)
      }
    case (.array(let was), .array(let now)) where was.count == now.count:
      return zip(was, now).enumerated().flatMap { index, pair in
        pair.0.differences(to: pair.1, at: path + "\(index)")
      }
    default:
      return self == other ? [] : [FieldDifference(path: path, was: self, now: other)]
    }
  }
}

/// Where a field is in an object.
struct FieldPath: Sendable, Hashable, ExpressibleByArrayLiteral, CustomStringConvertible {
  /// From the outermost to the innermost; an index names an element of an array.
  var keys: [String]

  init(arrayLiteral keys: String...) { self.keys = keys }

  /// Reads a JSON pointer (RFC 6901).
  init(pointer: String) {
    keys = pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
      .map { String($0).replacing("~1", with: "/").replacing("~0", with: "~") }
  }

  /// As a JSON pointer (RFC 6901).
  var pointer: String {
    keys.map { "/" + $0.replacing("~", with: "~0").replacing("/", with: "~1") }.joined()
  }

  /// As kubectl explains it: `spec.template.spec.containers[0].image`.
  var description: String {
    keys.enumerated().map { place, key in
      if Int(key) != nil { return "[\(key)]" }
      if key.contains(".") { return "['\(key)']" }
      return place == 0 ? key : ".\(key)"
    }.joined()
  }

  /// The field that this one is in; nil for the whole object.
  var parent: FieldPath? {
    if keys.isEmpty { return nil }
    var parent = self
    parent.keys.removeLast()
    return parent
  }

  /// True when this field is `other`, or in it.
  func isWithin(_ other: FieldPath) -> Bool { keys.starts(with: other.keys) }

  /// True when one of the two fields is the other, or in it.
  func overlaps(_ other: FieldPath) -> Bool { isWithin(other) || other.isWithin(self) }

  static func + (path: FieldPath, key: String) -> FieldPath {
    var path = path
    path.keys.append(key)
    return path
  }
}

/// A field that is not as it was.
struct FieldDifference: Sendable, Hashable {
  /// Which.
  var path: FieldPath
  /// What it was; nil when it was not there.
  var was: JSONValue?
  /// What it is; nil when it is not there.
  var now: JSONValue?
}
