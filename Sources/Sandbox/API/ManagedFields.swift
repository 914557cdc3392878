/// Who set which fields of an object: what `metadata.managedFields` says.
///
/// A manager has one entry for what it applied and one for what it changed otherwise.
struct ManagedFields: Equatable {
  /// The fields of one manager.
  struct Entry: Equatable {
    var manager: String
    /// `Apply` or `Update`.
    var operation: String
    var subresource: String?
    var apiVersion: String
    var time: String
    var fields: FieldSet

    fileprivate func isFor(_ other: Entry) -> Bool {
      manager == other.manager && operation == other.operation && subresource == other.subresource
    }

    /// As a conflict names it.
    var title: String { operation == "Apply" ? "\"\(manager)\"" : "\"\(manager)\" using \(apiVersion)" }
  }

  var entries: [Entry]

  /// Reads them from an object.
  init(of object: JSON) {
    entries = object["metadata", "managedFields"].elements.map { entry in
      Entry(
        manager: entry["manager"].string ?? "", operation: entry["operation"].string ?? "Update",
        subresource: entry["subresource"].string, apiVersion: entry["apiVersion"].string ?? "",
        time: entry["time"].string ?? "", fields: FieldSet(entry["fieldsV1"]))
    }
  }

  /// The form of the wire; null if there are none.
  var json: JSON {
    guard !entries.isEmpty else { return .null }
    return .array(
      entries.map { entry in
        var json: JSON = [
          "manager": .string(entry.manager), "operation": .string(entry.operation),
          "apiVersion": .string(entry.apiVersion), "fieldsType": "FieldsV1", "fieldsV1": entry.fields.json,
        ]
        if !entry.time.isEmpty { json["time"] = .string(entry.time) }
        if let subresource = entry.subresource { json["subresource"] = .string(subresource) }
        return json
      })
  }

  /// Makes a set the fields of a manager; one that had the same set before keeps its time.
  mutating func keep(_ fields: FieldSet, of writer: Entry) {
    var entry = writer
    entry.fields = fields
    if let place = entries.firstIndex(where: writer.isFor) {
      if entries[place].fields != fields { entries[place] = entry }
    } else {
      entries.append(entry)
    }
    entries.removeAll { $0.fields.isEmpty }
  }

  /// Notes that a manager changed an object; what it changed is its own now, and nobody else's.
  static func note(
    _ writer: Entry, before: JSON, after: inout JSON, _ resource: Resource
  ) {
    let changed = FieldSet.changed(before, after, resource)
    var managed = ManagedFields(of: after)
    if !changed.isEmpty {
      let own = changed.intersection(FieldSet.of(after, resource))
      for index in managed.entries.indices where !managed.entries[index].isFor(writer) {
        managed.entries[index].fields = managed.entries[index].fields.subtracting(changed)
      }
      let had = managed.entries.first(where: writer.isFor)?.fields ?? FieldSet()
      managed.keep(had.subtracting(changed.subtracting(own)).union(own), of: writer)
    }
    after["metadata", "managedFields"] = managed.json
  }
}

/// Server-side apply: an object is made to have what its applier says, and no longer what it said before and does
/// not say now.
enum ServerSideApply {
  /// Applies a configuration to an object.
  ///
  /// Throws `conflict`, with every field, if another manager has set one of them to another value and `force` is
  /// not set. An object that is new has no other managers.
  static func apply(
    _ applied: JSON, to object: inout JSON, as writer: ManagedFields.Entry, force: Bool, isNew: Bool = false,
    _ resource: Resource
  ) throws(APIStatus) {
    guard let type = Schema.served.message(resource) else { return }
    let kind = Schema.Kind.message(type.name)
    var managed = ManagedFields(of: object)
    if managed.entries.isEmpty, !isNew {
      managed.entries = [beforeFirstApply(object, resource)]
    }
    let set = FieldSet.of(applied, resource)
    let isOwn: (ManagedFields.Entry) -> Bool = { $0.manager == writer.manager && $0.operation == "Apply" }
    var conflicts: [(title: String, paths: [String])] = []
    for index in managed.entries.indices where !isOwn(managed.entries[index]) {
      let differing = set.intersection(managed.entries[index].fields).differing(object, applied, resource)
      guard !differing.isEmpty else { continue }
      conflicts.append((managed.entries[index].title, differing.paths))
      managed.entries[index].fields = managed.entries[index].fields.subtracting(differing)
    }
    guard force || conflicts.isEmpty else { throw refusal(conflicts) }
    let previous = managed.entries.first(where: isOwn)?.fields ?? FieldSet()
    let others = managed.entries.filter { !isOwn($0) }.reduce(FieldSet()) { $0.union($1.fields) }
    let gone = previous.subtracting(set).keepingWhole(others)
    var merged = merge(applied, into: object.removing(gone, kind), kind)
    var entry = writer
    // An apply that changes nothing is given no time.
    if merged == object { entry.time = managed.entries.first(where: isOwn)?.time ?? "" }
    managed.keep(set, of: entry)
    merged["metadata", "managedFields"] = managed.json
    if writer.manager == "kubectl" { keepLastApplied(applied, in: &merged) }
    object = merged
  }

  // So that `kubectl apply` without --server-side still knows what was applied last, as a real server sees to.
  private static func keepLastApplied(_ applied: JSON, in object: inout JSON) {
    let name = "kubectl.kubernetes.io/last-applied-configuration"
    guard !object["metadata", "annotations", name].isNull else { return }
    var applied = applied
    applied["metadata", "annotations", name] = .null
    object["metadata", "annotations", name] = .string(applied.text + "\n")
  }

  // What was there before anybody applied belongs to nobody by name.
  private static func beforeFirstApply(_ object: JSON, _ resource: Resource) -> ManagedFields.Entry {
    var spec = object
    spec["status"] = .null
    return ManagedFields.Entry(
      manager: "before-first-apply", operation: "Update", apiVersion: resource.apiVersion,
      time: object["metadata", "creationTimestamp"].string ?? "", fields: FieldSet.of(spec, resource))
  }

  private static func refusal(_ conflicts: [(title: String, paths: [String])]) -> APIStatus {
    let causes = conflicts.flatMap { title, paths in
      paths.map { path -> JSON in
        ["reason": "FieldManagerConflict", "message": .string("conflict with \(title)"), "field": .string(path)]
      }
    }
    let text: String
    if causes.count == 1, let only = conflicts.first {
      text = "1 conflict: conflict with \(only.title): \(only.paths[0])"
    } else {
      let lines = conflicts.flatMap { title, paths in ["conflicts with \(title):"] + paths.map { "- \($0)" } }
      text = "\(causes.count) conflicts: \(lines.joined(separator: "\n"))"
    }
    return APIStatus(.conflict, "Apply failed with \(text)", details: ["causes": .array(causes)])
  }

  private static func merge(_ applied: JSON, into object: JSON, _ kind: Schema.Kind) -> JSON {
    switch kind {
    case .message(let name):
      guard let type = Schema.served.messages[name], !type.isAtomic else { return applied }
      return fields(applied, into: object) { type.byName[$0]?.kind ?? .any }
    case .map(let inner, isAtomic: false):
      return fields(applied, into: object) { _ in inner }
    case .list(_, _, isSet: true):
      return .array(object.elements + applied.elements.filter { !object.elements.contains($0) })
    case .list(let inner, let keys, isSet: false) where !keys.isEmpty:
      return .array(list(applied.elements, into: object.elements, inner, keys))
    default: return applied
    }
  }

  private static func fields(_ applied: JSON, into object: JSON, _ kind: (String) -> Schema.Kind) -> JSON {
    let own = object.object ?? [:]
    return .object(
      (applied.object ?? [:]).reduce(into: own) { fields, field in
        fields[field.key] = merge(field.value, into: own[field.key] ?? .null, kind(field.key))
      })
  }

  private static func list(_ applied: [JSON], into elements: [JSON], _ inner: Schema.Kind, _ keys: [String]) -> [JSON] {
    applied.reduce(into: elements) { elements, element in
      let step = FieldSet.step(of: element, keys)
      if let place = elements.firstIndex(where: { FieldSet.step(of: $0, keys) == step }) {
        elements[place] = merge(element, into: elements[place], inner)
      } else {
        elements.append(element)
      }
    }
  }
}

extension FieldSet {
  /// Without what others have, also not the holder of something that they have.
  fileprivate func keepingWhole(_ others: FieldSet) -> FieldSet {
    var rest = FieldSet(isMember: isMember && others.isEmpty)
    for (step, set) in children {
      let inner = set.keepingWhole(others.children[step] ?? FieldSet())
      if !inner.isEmpty { rest.children[step] = inner }
    }
    return rest
  }
}
