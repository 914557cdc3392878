/// Kubernetes' strategic merge patch: a merge patch in which some lists are merged element by element.
///
/// A list is merged if ``mergeKeys`` has a key for its field name, or a list of plain values if ``sets`` has it;
/// others are replaced. Understood are null (removes), `$patch: delete|replace|merge`, `$retainKeys`,
/// `$setElementOrder/FIELD` and `$deleteFromPrimitiveList/FIELD`.
/// (kubernetes/apimachinery, pkg/util/strategicpatch/patch.go)
package enum StrategicMergePatch {
  // The `patchMergeKey` tags of the Kubernetes types. The first key that the patch's elements have is taken:
  // a Service's ports merge by `port`, a container's by `containerPort`.
  private static let mergeKeys: [String: [String]] = [
    "containers": ["name"], "initContainers": ["name"], "ephemeralContainers": ["name"], "env": ["name"],
    "ports": ["containerPort", "port"], "volumes": ["name"], "volumeMounts": ["mountPath"],
    "volumeDevices": ["devicePath"], "conditions": ["type"], "imagePullSecrets": ["name"],
    "hostAliases": ["ip"], "topologySpreadConstraints": ["topologyKey"], "ownerReferences": ["uid"],
    "secrets": ["name"], "addresses": ["type"], "podIPs": ["ip"],
  ]
  private static let sets: Set<String> = ["finalizers"]

  /// Applies a patch to an object.
  package static func apply(_ patch: JSON, to object: inout JSON) throws(APIStatus) {
    guard patch.object != nil else {
      throw APIStatus(.badRequest, "json: cannot unmarshal array into Go value of type map[string]interface {}")
    }
    mergeObject(patch, into: &object)
  }

  private static func mergeObject(_ patch: JSON, into object: inout JSON) {
    guard let changes = patch.object else {
      object = patch
      return
    }
    if changes["$patch"]?.string == "replace" || changes["$patch"]?.string == "delete" {
      object = .object(changes.filter { !$0.key.hasPrefix("$") })
      return
    }
    var fields = object.object ?? [:]
    if let kept = changes["$retainKeys"]?.elements.compactMap(\.string) {
      fields = fields.filter { kept.contains($0.key) }
    }
    for (key, change) in changes where !key.hasPrefix("$") {
      if change.isNull {
        fields[key] = nil
      } else {
        merge(change, into: &fields[key, default: .null], field: key)
      }
    }
    applyDirectives(changes, to: &fields)
    object = .object(fields)
  }

  private static func merge(_ change: JSON, into value: inout JSON, field: String) {
    switch change {
    case .object: mergeObject(change, into: &value)
    case .array(let elements): mergeList(elements, into: &value, field: field)
    default: value = change
    }
  }

  private static func mergeList(_ changes: [JSON], into value: inout JSON, field: String) {
    if changes.contains(where: { $0["$patch"].string == "replace" }) {
      value = .array(changes.filter { $0["$patch"].isNull })
    } else if sets.contains(field) {
      value = .array(value.elements + changes.filter { !value.elements.contains($0) })
    } else if let key = mergeKey(field, changes) {
      value = .array(changes.reduce(into: value.elements) { merge($1, intoList: &$0, key: key) })
    } else {
      value = .array(changes.map(cleaned))
    }
  }

  private static func mergeKey(_ field: String, _ elements: [JSON]) -> String? {
    mergeKeys[field]?.first { key in !elements.isEmpty && elements.allSatisfy { !$0[key].isNull } }
  }

  private static func merge(_ change: JSON, intoList elements: inout [JSON], key: String) {
    let place = elements.firstIndex { $0[key] == change[key] }
    if change["$patch"].string == "delete" {
      if let place { elements.remove(at: place) }
    } else if let place {
      mergeObject(change, into: &elements[place])
    } else {
      elements.append(cleaned(change))
    }
  }

  // What is new must not keep the patch's own words or its nulls.
  private static func cleaned(_ value: JSON) -> JSON {
    guard value.object != nil else { return value }
    var fresh: JSON = [:]
    mergeObject(value, into: &fresh)
    return fresh
  }

  private static func applyDirectives(_ changes: [String: JSON], to fields: inout [String: JSON]) {
    for (directive, value) in changes where directive.hasPrefix("$") {
      let parts = directive.split(separator: "/", maxSplits: 1)
      guard parts.count == 2 else { continue }
      let field = String(parts[1])
      guard let elements = fields[field]?.array else { continue }
      switch parts[0] {
      case "$setElementOrder": fields[field] = .array(ordered(elements, by: value.elements, field: field))
      case "$deleteFromPrimitiveList":
        fields[field] = .array(elements.filter { !value.elements.contains($0) })
      default: continue
      }
    }
  }

  // Elements that the order does not name stay behind the ones they followed.
  private static func ordered(_ elements: [JSON], by order: [JSON], field: String) -> [JSON] {
    let key = mergeKey(field, order)
    func rank(_ element: JSON) -> Int? {
      order.firstIndex { named in
        guard let key else { return named == element }
        return named[key] == element[key]
      }
    }
    var groups: [(rank: Int, elements: [JSON])] = [(-1, [])]
    for element in elements {
      if let rank = rank(element) {
        groups.append((rank, [element]))
      } else {
        groups[groups.count - 1].elements.append(element)
      }
    }
    // Swift's sort is stable, and ranks differ but for elements of the same key.
    return groups.sorted { $0.rank < $1.rank }.flatMap(\.elements)
  }
}
