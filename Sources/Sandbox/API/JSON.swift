/// One JSON value: how every Kubernetes object is held here, since the API server must keep and
/// give back fields that it knows nothing of.
///
/// Reading never fails: what is absent reads as ``null``, so `pod["status", "podIP"].string` is nil for a
/// pod without an address. Writing makes the objects on the way; writing `.null` removes the key, as a
/// Kubernetes object has no field with that value but where a literal or a parsed text says so.
package enum JSON: Hashable, Sendable {
  case null
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)
  case array([JSON])
  case object([String: JSON])
}

extension JSON {
  /// The value below this one, key by key; ``null`` where a key is absent or its holder is no object.
  ///
  /// Setting replaces the value and makes absent or other holders into objects; setting `.null` removes the key.
  package subscript(path: String...) -> JSON {
    get { value(at: path[...]) }
    set { set(newValue, at: path[...]) }
  }

  /// The element at an index of an array; ``null`` outside of it, where setting does nothing.
  package subscript(index: Int) -> JSON {
    get {
      guard case .array(let elements) = self, elements.indices.contains(index) else { return .null }
      return elements[index]
    }
    set {
      guard case .array(var elements) = self, elements.indices.contains(index) else { return }
      self = .null  // so that the array is not copied
      elements[index] = newValue
      self = .array(elements)
    }
  }

  private func value(at path: ArraySlice<String>) -> JSON {
    var current = self
    for key in path {
      guard case .object(let fields) = current, let next = fields[key] else { return .null }
      current = next
    }
    return current
  }

  private mutating func set(_ value: JSON, at path: ArraySlice<String>) {
    guard let key = path.first else {
      self = value
      return
    }
    var fields = object ?? [:]
    if value == .null, path.count == 1 || fields[key] == nil {
      guard object != nil else { return }  // there is nothing to remove
      fields[key] = nil
    } else {
      fields[key, default: .null].set(value, at: path.dropFirst())
    }
    self = .object(fields)
  }

  /// The text, or nil if this is no string.
  package var string: String? {
    guard case .string(let value) = self else { return nil }
    return value
  }

  /// The number, or nil if this is no whole number.
  package var int: Int? {
    guard case .int(let value) = self else { return nil }
    return value
  }

  /// The truth value, or nil if this is none.
  package var bool: Bool? {
    guard case .bool(let value) = self else { return nil }
    return value
  }

  /// The fields, or nil if this is no object.
  package var object: [String: JSON]? {
    guard case .object(let value) = self else { return nil }
    return value
  }

  /// The elements, or nil if this is no array.
  package var array: [JSON]? {
    guard case .array(let value) = self else { return nil }
    return value
  }

  /// The elements; none if this is no array.
  package var elements: [JSON] { array ?? [] }

  /// The fields that are strings, as labels and annotations are; none if this is no object.
  package var strings: [String: String] { (object ?? [:]).compactMapValues(\.string) }

  /// Whether this is ``null``, which also means absent.
  package var isNull: Bool { self == .null }

  /// An array of objects whose `key` tells them apart, such as containers by name or conditions by type.
  ///
  /// Reading gives ``null`` if no element has that name. Setting replaces the element in its place or adds it
  /// at the end, with the key filled in; setting `.null` removes it.
  package subscript(where key: String, is name: String) -> JSON {
    get { elements.first { $0[key].string == name } ?? .null }
    set {
      var all = elements
      let place = all.firstIndex { $0[key].string == name }
      var value = newValue
      if !value.isNull { value[key] = .string(name) }
      switch (place, value.isNull) {
      case (let place?, true): all.remove(at: place)
      case (let place?, false): all[place] = value
      case (nil, true): return
      case (nil, false): all.append(value)
      }
      self = .array(all)
    }
  }

  /// Merges a JSON merge patch (RFC 7396): null removes, objects merge, everything else replaces.
  package mutating func merge(_ patch: JSON) {
    guard case .object(let changes) = patch else {
      self = patch
      return
    }
    var fields = object ?? [:]
    for (key, change) in changes {
      if change.isNull {
        fields[key] = nil
      } else {
        fields[key, default: .null].merge(change)
      }
    }
    self = .object(fields)
  }
}

extension JSON: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByFloatLiteral
{
  // No nil literal: in `condition ? nil : value` it would quietly become a stored null.

  /// A string.
  package init(stringLiteral value: String) { self = .string(value) }
  /// A whole number.
  package init(integerLiteral value: Int) { self = .int(value) }
  /// A number with a fraction.
  package init(floatLiteral value: Double) { self = .double(value) }
  /// A truth value.
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  /// An array.
  package init(arrayLiteral elements: JSON...) { self = .array(elements) }
  /// An object; the last of two equal keys wins.
  package init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object([String: JSON](elements, uniquingKeysWith: { $1 }))
  }
  /// An object of strings, as labels are.
  package init(_ strings: [String: String]) { self = .object(strings.mapValues { .string($0) }) }
}
