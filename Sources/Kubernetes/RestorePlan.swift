/// What has to be done so that a workload is again as it was before our changes: a pure function of the workload before,
/// the workload now, and the fields that we changed.
///
/// A field that has the value that we gave it is put back to exactly what it was. One that has a third value was changed
/// by somebody else since: it is left alone, and said loudly (`contested`). Fields that we never touched are theirs, too,
/// an autoscaler's `replicas` for one (`others`).
package struct RestorePlan: Sendable, Hashable {
  /// The command that brings the pods back: template and replicas, as people do it where that is exact
  /// (`rollout undo`, `scale`), as a patch elsewhere; nil when they are as before.
  package let rollback: ChangeCommand?
  /// One patch of everything of ours that is not as it was; nil when there is nothing.
  package let restore: ChangeCommand?
  /// One patch that puts back everything of ours and what is contested: for a person to decide; nil when there is nothing.
  package let byHand: ChangeCommand?
  /// What of ours is not as it was, a line a field.
  package let left: [String]
  /// What we changed and somebody else changed again, a line a field: it is not put back.
  package let contested: [String]
  /// What only somebody else changed, a line a field.
  package let others: [String]
  /// What nobody can put back from here; nil when there is nothing.
  package let warning: String?

  /// True when everything that we changed is as it was.
  package var isRestored: Bool { restore == nil && contested.isEmpty }

  /// Compares the workload `before` our changes with what it is `now`.
  ///
  /// `changed` are the fields of all changes since `before`, without those of changes that are meant to stay: they are in
  /// `kept`.
  package init(
    _ before: WorkloadSnapshot, now: WorkloadSnapshot, changed: [ChangedField], kept: [ChangedField] = []
  ) {
    let was = before.written
    let present = now.written
    var target = present
    var disputed: [FieldPath] = []
    for path in Self.paths(changed, was, present) where was[path] != present[path] {
      if changed.contains(where: { $0.accounts(for: present[path], at: path) }) {
        target.restore(path, from: was)
      } else {
        disputed.append(path)
      }
    }
    var decided = target
    for path in disputed { decided.restore(path, from: was) }
    let rest = was.differences(to: target)
    let isDisputed = { (field: FieldDifference) in disputed.contains { $0.overlaps(field.path) } }
    let isKept = { (field: FieldDifference) in kept.contains { $0.path.overlaps(field.path) } }
    left = target.differences(to: present).map(\.line)
    contested = rest.filter(isDisputed).map(\.line)
    others = rest.filter { !isDisputed($0) && !isKept($0) }.map(\.line)
    let patch = JSONPatch(now)
    restore = patch.command(to: target, guarded: true)
    byHand = patch.command(to: decided, guarded: false)
    rollback = Self.rollback(before, now, target: target, patch)
    warning =
      changed.contains { $0.any && $0.path == ["spec"] }
      ? "the command may have changed other objects than \(before.workload): they are not put back, undo them its own "
        + "way (helm rollback, argocd app rollback)" : nil
  }

  /// The fields to look at; where anything may be changed, each of its members.
  private static func paths(_ changed: [ChangedField], _ was: JSONValue, _ present: JSONValue) -> [FieldPath] {
    let paths = changed.flatMap { field -> [FieldPath] in
      guard field.any, let old = was[field.path]?.members, let new = present[field.path]?.members else {
        return [field.path]
      }
      return Set(old.keys).union(new.keys).sorted().map { field.path + $0 }
    }
    // The outer one of two stands for both.
    let outermost = paths.filter { path in !paths.contains { path != $0 && path.isWithin($0) } }
    return outermost.enumerated().filter { !outermost[..<$0.offset].contains($0.element) }.map(\.element)
  }

  private static let template: FieldPath = ["spec", "template"]
  private static let replicas: FieldPath = ["spec", "replicas"]

  private static func rollback(
    _ before: WorkloadSnapshot, _ now: WorkloadSnapshot, target: JSONValue, _ patch: JSONPatch
  ) -> ChangeCommand? {
    let present = now.written
    if target[template] == present[template] {
      guard target[replicas] != present[replicas] else { return nil }
      guard case .int(let count) = target[replicas] else { return patch.command(to: target, guarded: true) }
      return .kubectl(["scale", "\(before.workload)", "--replicas=\(count)"])
    }
    if target[replicas] == present[replicas], let revision = revision(before, now, target: target) {
      return .kubectl(["rollout", "undo", "\(before.workload)", "--to-revision=\(revision)"])
    }
    var pods = present
    for path in [template, replicas] { pods[path] = target[path] }
    return patch.command(to: pods, guarded: true)
  }

  /// The revision to undo to; nil where `rollout undo` is refused or is not exact.
  ///
  /// It gives a Deployment the annotations of the ReplicaSet, too. A StatefulSet's revisions cannot be told from the
  /// object.
  private static func revision(_ before: WorkloadSnapshot, _ now: WorkloadSnapshot, target: JSONValue) -> String? {
    let annotations: FieldPath = ["metadata", "annotations"]
    let isExact =
      now.typed.metadata.uid == before.typed.metadata.uid && now.typed.spec.paused != true
      && now.object[["spec", "revisionHistoryLimit"]] != .int(0)
      && target[template] == before.written[template] && target[annotations] == before.written[annotations]
    return isExact ? before.revision : nil
  }
}

extension ChangedField {
  /// True when we can have made the field at `path` this.
  fileprivate func accounts(for present: JSONValue?, at path: FieldPath) -> Bool {
    any ? path.isWithin(self.path) : path == self.path && present == value
  }
}

extension JSONValue {
  /// Puts a field back to what it was in `before`.
  fileprivate mutating func restore(_ path: FieldPath, from before: JSONValue) {
    self[path] = before[path]
    // What held nothing but our field, and was not there before, goes with it.
    var outer = path.parent
    while let path = outer, before[path] == nil, self[path] == .object([:]) {
      self[path] = nil
      outer = path.parent
    }
  }
}

extension FieldDifference {
  /// For people.
  fileprivate var line: String { "\(path) is \(Self.text(now)), was \(Self.text(was))" }

  private static func text(_ value: JSONValue?) -> String {
    guard let value else { return "not set" }
    let line = value.line
    return line.count > 120 ? "\(line.prefix(117))..." : line
  }
}

/// Patches (RFC 6902) of a workload that is like `now`.
private struct JSONPatch {
  private struct Operation: Encodable {
    var op: String
    var path: FieldPath
    var value: JSONValue?
  }
  private let now: WorkloadSnapshot

  init(_ now: WorkloadSnapshot) { self.now = now }

  /// The patch that makes `target` of what people wrote into the object; nil when it is that already.
  ///
  /// A guarded one is refused when somebody changed the spec after we looked.
  func command(to target: JSONValue, guarded: Bool) -> ChangeCommand? {
    var operations = now.written.differences(to: target).map { field in
      Operation(
        op: field.was == nil ? "add" : field.now == nil ? "remove" : "replace", path: field.path, value: field.now)
    }
    if operations.isEmpty { return nil }
    for holder: FieldPath in [["metadata", "annotations"], ["metadata", "labels"]]
    where now.object[holder] == nil && operations.contains(where: { $0.path.isWithin(holder) }) {
      operations.insert(Operation(op: "add", path: holder, value: .object([:])), at: 0)
    }
    if guarded, let generation = now.object[["metadata", "generation"]] {
      operations.insert(Operation(op: "test", path: ["metadata", "generation"], value: generation), at: 0)
    }
    return .kubectl(["patch", "\(now.workload)", "--type=json", "-p", JSONValue.line(of: operations)])
  }
}
