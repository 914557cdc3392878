import FoundationEssentials

/// What the controllers read from workloads and pods again and again.
extension JSON {
  /// `metadata.name`; empty if there is none.
  var name: String { self["metadata", "name"].string ?? "" }
  /// `metadata.namespace`; empty if there is none.
  var namespace: String { self["metadata", "namespace"].string ?? "" }
  /// `metadata.uid`; empty if there is none.
  var uid: String { self["metadata", "uid"].string ?? "" }
  /// When it was made; the distant past if that is not known.
  var created: Date { self["metadata", "creationTimestamp"].string.flatMap(Timestamp.moment) ?? .distantPast }
  /// Whether its end has begun.
  var isTerminating: Bool { !self["metadata", "deletionTimestamp"].isNull }
  /// `spec.replicas`, which is 1 if not given.
  var desiredReplicas: Int { self["spec", "replicas"].int ?? 1 }

  /// A count of the status; absent is 0.
  func count(_ field: String) -> Int { self["status", field].int ?? 0 }

  /// Whether that object controls this one.
  func isControlled(by owner: JSON) -> Bool {
    self["metadata", "ownerReferences"].elements.contains {
      $0["controller"].bool == true && $0["uid"].string == owner.uid
    }
  }

  /// The uid of what controls this object; nil if nothing does.
  var controllerUID: String? {
    self["metadata", "ownerReferences"].elements.first { $0["controller"].bool == true }?["uid"].string
  }

  /// The reference that makes this object a controller of another.
  var controllerReference: JSON {
    [
      "apiVersion": self["apiVersion"], "kind": self["kind"], "name": .string(name), "uid": .string(uid),
      "controller": true, "blockOwnerDeletion": true,
    ]
  }

  /// Whether a pod is over: no container of it will run again.
  var isOver: Bool { ["Succeeded", "Failed"].contains(self["status", "phase"].string ?? "") }

  /// A pod's condition `Ready`.
  private var readyCondition: JSON { self["status", "conditions"][where: "type", is: "Ready"] }

  /// Whether a pod is ready.
  var isReady: Bool { readyCondition["status"].string == "True" }

  /// Since when a pod is ready; nil if it is not, or if that is not known.
  var readySince: Date? {
    isReady ? readyCondition["lastTransitionTime"].string.flatMap(Timestamp.moment) : nil
  }

  /// When a pod counts as available; nil while it is not ready.
  func availableFrom(minReadySeconds: Int) -> Date? {
    guard isReady else { return nil }
    guard minReadySeconds > 0 else { return .distantPast }
    return readySince?.addingTimeInterval(Double(minReadySeconds))
  }

  /// Sets a condition of the status; the time of the last transition is kept as long as its status is the same.
  mutating func setCondition(_ type: String, _ status: String, reason: String, _ message: String = "", now: Date) {
    let current = self["status", "conditions"][where: "type", is: type]
    let moment: JSON = .string(Timestamp.text(now))
    let condition: JSON = [
      "status": .string(status), "reason": .string(reason), "message": .string(message),
      "lastTransitionTime": current["status"].string == status ? current["lastTransitionTime"] : moment,
    ]
    self["status", "conditions"][where: "type", is: type] = condition
  }
}
