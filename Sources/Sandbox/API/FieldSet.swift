/// A set of an object's fields, as `managedFields` keeps it: a tree of steps such as `f:spec` or `k:{"name":"a"}`.
///
/// (kubernetes-sigs/structured-merge-diff, fieldpath)
struct FieldSet: Equatable, Sendable {
  /// Whether the field itself is in the set; one below it may be without that.
  var isMember = false
  /// The sets below, by step.
  var children: [String: FieldSet] = [:]

  /// Whether nothing is in it.
  var isEmpty: Bool { !isMember && children.isEmpty }

  /// The field itself and nothing below.
  static let member = FieldSet(isMember: true)

  /// Reads the form of the wire, `fieldsV1`.
  init(_ json: JSON) {
    for (step, below) in json.object ?? [:] {
      if step == "." {
        isMember = true
      } else {
        let inner = FieldSet(below)
        children[step] = inner.isEmpty ? .member : inner
      }
    }
  }

  init(isMember: Bool = false, children: [String: FieldSet] = [:]) {
    self.isMember = isMember
    self.children = children
  }

  /// The form of the wire.
  var json: JSON {
    var fields = children.mapValues(\.json)
    if isMember, !children.isEmpty { fields["."] = [:] }
    return .object(fields)
  }

  /// What is in this set or the other.
  func union(_ other: FieldSet) -> FieldSet {
    FieldSet(isMember: isMember || other.isMember, children: children.merging(other.children) { $0.union($1) })
  }

  /// What is in this set and not in the other.
  func subtracting(_ other: FieldSet) -> FieldSet {
    FieldSet(
      isMember: isMember && !other.isMember,
      children: children.compactMapValues(keys: other.children) { own, taken in
        let rest = taken.map(own.subtracting) ?? own
        return rest.isEmpty ? nil : rest
      })
  }

  /// What is in both.
  func intersection(_ other: FieldSet) -> FieldSet {
    FieldSet(
      isMember: isMember && other.isMember,
      children: children.compactMapValues(keys: other.children) { own, theirs in
        let both = theirs.map(own.intersection) ?? FieldSet()
        return both.isEmpty ? nil : both
      })
  }

  /// The fields as a message names them, such as `.spec.template.spec.containers[name="a"].image`, in order.
  var paths: [String] { paths(after: "") }

  private func paths(after path: String) -> [String] {
    let own = isMember && !path.isEmpty ? [path] : []
    return own
      + children.sorted { $0.key < $1.key }.flatMap { step, below in below.paths(after: path + Self.text(of: step)) }
  }

  private static func text(of step: String) -> String {
    let rest = String(step.dropFirst(2))
    switch step.first {
    case "k":
      let keys = ((try? JSON(parsing: rest))?.object ?? [:]).sorted { $0.key < $1.key }
      return "[\(keys.map { "\($0.key)=\($0.value.text)" }.joined(separator: ","))]"
    case "v": return "[=\(rest)]"
    default: return ".\(rest)"
    }
  }
}

extension FieldSet {
  /// The fields that an object has, by its schema.
  static func of(_ object: JSON, _ resource: Resource) -> FieldSet {
    guard let message = Schema.served.message(resource) else { return FieldSet() }
    var object = object
    object["kind"] = .null
    object["apiVersion"] = .null
    for name in unowned { object["metadata", name] = .null }
    return of(object, .message(message.name))
  }

  // Nobody owns what identifies an object, nor what only the server writes.
  private static let unowned = [
    "name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "selfLink", "managedFields",
    "deletionTimestamp", "deletionGracePeriodSeconds",
  ]

  private static func of(_ value: JSON, _ kind: Schema.Kind) -> FieldSet {
    let children: [String: FieldSet]
    switch kind {
    case .message(let name):
      guard let message = Schema.served.messages[name], !message.isAtomic else { return .member }
      children = (value.object ?? [:]).reduce(into: [:]) { sets, field in
        sets["f:\(field.key)"] = of(field.value, message.byName[field.key]?.kind ?? .any)
      }
    case .map(let inner, isAtomic: false):
      children = (value.object ?? [:]).reduce(into: [:]) { $0["f:\($1.key)"] = of($1.value, inner) }
    case .list(_, _, isSet: true):
      children = value.elements.reduce(into: [:]) { $0["v:\($1.text)"] = .member }
    case .list(let inner, let keys, isSet: false) where !keys.isEmpty:
      children = value.elements.reduce(into: [:]) { sets, element in
        var set = of(element, inner)
        set.isMember = true
        sets[step(of: element, keys)] = set
      }
    default: return .member
    }
    return children.isEmpty ? .member : FieldSet(children: children)
  }

  /// The step to an element of a list.
  ///
  /// A port without a protocol is one of TCP.
  static func step(of element: JSON, _ keys: [String]) -> String {
    var named: JSON = [:]
    for key in keys { named[key] = element[key].isNull && key == "protocol" ? "TCP" : element[key] }
    return "k:\(named.text)"
  }

  /// The fields whose values differ between two objects, with those that only one has.
  static func changed(_ before: JSON, _ after: JSON, _ resource: Resource) -> FieldSet {
    guard let message = Schema.served.message(resource) else { return FieldSet() }
    let all = of(before, resource).union(of(after, resource))
    return all.differing(before, after, .message(message.name))
  }

  /// Of the fields in the set, those whose values differ.
  func differing(_ before: JSON, _ after: JSON, _ resource: Resource) -> FieldSet {
    guard let message = Schema.served.message(resource) else { return FieldSet() }
    return differing(before, after, .message(message.name))
  }

  private func differing(_ before: JSON, _ after: JSON, _ kind: Schema.Kind) -> FieldSet {
    guard before != after else { return FieldSet() }
    guard !children.isEmpty else { return isMember ? .member : FieldSet() }
    var found = FieldSet(isMember: isMember && before.isNull != after.isNull)
    for (step, set) in children {
      let inner = set.differing(
        before.value(atStep: step, kind), after.value(atStep: step, kind), kind.below(step: step))
      if !inner.isEmpty { found.children[step] = inner }
    }
    return found
  }
}

extension Schema.Kind {
  /// What a step leads to.
  func below(step: String) -> Schema.Kind {
    switch self {
    case .message(let name): Schema.served.messages[name]?.byName[String(step.dropFirst(2))]?.kind ?? .any
    case .map(let inner, _), .list(let inner, _, _): inner
    default: .any
    }
  }
}

extension JSON {
  /// The value that a step leads to; null if there is none.
  func value(atStep step: String, _ kind: Schema.Kind) -> JSON {
    switch step.first {
    case "k":
      guard case .list(_, let keys, _) = kind else { return .null }
      return elements.first { FieldSet.step(of: $0, keys) == step } ?? .null
    case "v": return elements.first { "v:\($0.text)" == step } ?? .null
    default: return self[String(step.dropFirst(2))]
    }
  }

  /// Without the fields of a set; what is empty then stays.
  func removing(_ set: FieldSet, _ kind: Schema.Kind) -> JSON {
    var rest = self
    for (step, below) in set.children {
      let inner = kind.below(step: step)
      let value = value(atStep: step, kind)
      guard !value.isNull else { continue }
      let kept: JSON = below.isMember ? .null : value.removing(below, inner)
      switch step.first {
      case "k":
        guard case .list(_, let keys, _) = kind else { continue }
        rest = .array(
          rest.elements.compactMap { FieldSet.step(of: $0, keys) == step ? (kept.isNull ? nil : kept) : $0 })
      case "v": rest = .array(rest.elements.filter { "v:\($0.text)" != step })
      default: rest[String(step.dropFirst(2))] = kept
      }
    }
    return rest
  }
}

extension Dictionary where Key == String {
  fileprivate func compactMapValues<Other>(
    keys others: [String: Other], _ transform: (Value, Other?) -> Value?
  ) -> [String: Value] {
    reduce(into: [:]) { $0[$1.key] = transform($1.value, others[$1.key]) }
  }
}
