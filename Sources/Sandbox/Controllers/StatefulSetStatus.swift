/// The status of a StatefulSet, and what becomes of its claims.
extension StatefulSetSync {
  private var all: [Replica] { (replicas + condemned).filter(\.exists) }

  /// Counts; when every pod is new and ready, the rollout is over and its revision is the current one.
  mutating func writeStatus() {
    var changed = set
    var counts = counts()
    let wanted = set.desiredReplicas
    let isOver = ["replicas", "readyReplicas", "updatedReplicas"].allSatisfy { counts[$0] == wanted }
    let current = isOver && !isOnDelete ? history.update.name : history.current.name
    if current != history.current.name { counts["currentReplicas"] = counts["updatedReplicas"] }
    for (field, count) in counts { changed["status", field] = count == 0 ? .null : .int(count) }
    // These two are there also when they are zero.
    for field in ["replicas", "availableReplicas"] { changed["status", field] = .int(counts[field] ?? 0) }
    changed["status", "currentRevision"] = .string(current)
    changed["status", "updateRevision"] = .string(history.update.name)
    changed["status", "collisionCount"] = .int(history.collisions)
    changed["status", "observedGeneration"] = set["metadata", "generation"]
    if changed != set { actions.append(.replace(changed, .statefulSets)) }
  }

  private var isOnDelete: Bool { self.set["spec", "updateStrategy", "type"].string == "OnDelete" }

  private mutating func counts() -> [String: Int] {
    let ready = all.map(\.pod).filter { $0["status", "phase"].string == "Running" && $0.isReady }
    let availableFrom = ready.compactMap { $0.availableFrom(minReadySeconds: minReadySeconds) }
    again = ([again].compactMap(\.self) + availableFrom.filter { $0 > now }).min()
    let staying = all.map(\.pod).filter { !$0.isTerminating && !updating.contains($0.uid) }
    func made(of revision: JSON) -> Int { staying.count { StatefulSetIdentity.revision($0) == revision.name } }
    return [
      "replicas": all.count, "readyReplicas": ready.count, "availableReplicas": availableFrom.count { $0 <= now },
      "currentReplicas": made(of: history.current), "updatedReplicas": made(of: history.update),
    ]
  }

  /// Says of each claim what it goes with: with the set, with a pod that is one too many, or with nothing.
  /// (persistentVolumeClaimRetentionPolicy)
  mutating func retainClaims() {
    let policy = set["spec", "persistentVolumeClaimRetentionPolicy"]
    let withSet = policy["whenDeleted"].string == "Delete"
    let withPod = policy["whenScaled"].string == "Delete"
    for replica in all {
      let isCondemned = condemned.contains { $0.ordinal == replica.ordinal }
      let owner = isCondemned && withPod ? replica.pod : withSet ? set : nil
      for claim in StatefulSetIdentity.claims(of: set, ordinal: replica.ordinal) {
        guard var stored = claims[claim.name] else { continue }
        let others = stored["metadata", "ownerReferences"].elements.filter { !isOurs($0) }
        let references = others + (owner.map { [$0.controllerReference] } ?? [])
        guard references != stored["metadata", "ownerReferences"].elements else { continue }
        stored["metadata", "ownerReferences"] = references.isEmpty ? .null : .array(references)
        actions.append(.replace(stored, .persistentVolumeClaims))
      }
    }
  }

  private func isOurs(_ reference: JSON) -> Bool {
    reference["uid"].string == set.uid || all.contains { $0.pod.uid == reference["uid"].string }
  }
}
