/// The revisions of a StatefulSet: its templates, kept as ControllerRevisions that `kubectl rollout undo` puts back.
/// (kubernetes/pkg/controller/history, and statefulset/stateful_set_control.go, getStatefulSetRevisions)
struct StatefulSetHistory {
  private static let hashLabel = "controller.kubernetes.io/hash"

  /// The revision that the pods had before the rollout; the same as ``update`` when there is none.
  let current: JSON
  /// The revision of the present template.
  let update: JSON
  /// How many times a new revision's name was taken.
  let collisions: Int
  /// What makes the store agree.
  let actions: [ControllerAction]
  /// The other revisions, oldest first.
  private let others: [JSON]
  private let limit: Int

  /// Finds the revision of the present template among the set's, or makes it; one that comes back becomes the newest.
  init(_ set: JSON, revisions: [JSON]) {
    let sorted = revisions.sorted {
      (Self.number($0), $0.created, $0.name) < (Self.number($1), $1.created, $1.name)
    }
    let data = Self.data(of: set)
    let next = (sorted.last.map(Self.number) ?? 0) + 1
    var collisions = set.count("collisionCount")
    var actions: [ControllerAction] = []
    if var known = sorted.last(where: { $0["data"] == data }) {
      if known.name != sorted.last?.name {
        known["revision"] = .int(next)
        actions.append(.replace(known, .controllerRevisions))
      }
      update = known
    } else {
      while sorted.contains(where: { $0.name == Self.name(of: set, data, collisions) }) { collisions += 1 }
      let new = Self.revision(of: set, data: data, number: next, collisions: collisions)
      actions.append(.create(new, .controllerRevisions))
      update = new
    }
    current = sorted.first { $0.name == set["status", "currentRevision"].string } ?? update
    self.collisions = collisions
    self.actions = actions
    others = sorted.filter { [current, update] in $0.name != current.name && $0.name != update.name }
    limit = set["spec", "revisionHistoryLimit"].int ?? 10
  }

  /// Deletes the oldest revisions that no pod is made of, beyond revisionHistoryLimit.
  func cleanUp(used: [String]) -> [ControllerAction] {
    let unused = others.filter { !used.contains($0.name) }
    return unused.prefix(max(0, unused.count - limit)).map {
      .delete(.controllerRevisions, namespace: $0.namespace, name: $0.name)
    }
  }

  private static func number(_ revision: JSON) -> Int { revision["revision"].int ?? 0 }

  // A strategic-merge patch that puts the template back.
  private static func data(of set: JSON) -> JSON {
    var template = set["spec", "template"]
    template["$patch"] = "replace"
    return ["spec": ["template": template]]
  }

  /// The hash of a revision's data, as Kubernetes makes it: FNV-1 of 32 bits over the JSON with sorted keys and the
  /// number of collisions.
  static func hash(_ data: JSON, collisions: Int) -> String {
    var hash: UInt32 = 2_166_136_261
    for byte in data.bytes + Array("\(collisions)".utf8) { hash = (hash &* 16_777_619) ^ UInt32(byte) }
    return PodTemplateHash.safe(hash)
  }

  private static func name(of set: JSON, _ data: JSON, _ collisions: Int) -> String {
    "\(set.name)-\(hash(data, collisions: collisions))"
  }

  private static func revision(of set: JSON, data: JSON, number: Int, collisions: Int) -> JSON {
    var labels = set["spec", "template", "metadata", "labels"]
    labels[hashLabel] = .string(hash(data, collisions: collisions))
    var revision: JSON = [
      "apiVersion": "apps/v1", "kind": "ControllerRevision",
      "metadata": [
        "name": .string(name(of: set, data, collisions)), "namespace": .string(set.namespace), "labels": labels,
        "ownerReferences": [set.controllerReference],
      ],
      "data": data, "revision": .int(number),
    ]
    revision["metadata", "annotations"] = set["metadata", "annotations"]
    return revision
  }
}
