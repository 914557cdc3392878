/// Scaling: what happens when spec.replicas changes, also in the middle of a rollout, where every ReplicaSet takes
/// its share. (kubernetes/pkg/controller/deployment/sync.go, scale)
extension DeploymentSync {
  /// Sets the size of a ReplicaSet, with the annotations that remember what it was scaled for; says whether the
  /// size changed.
  mutating func setReplicas(of index: Int, to count: Int) -> Bool {
    let old = sets[index].desiredReplicas
    annotateSizes(index)
    guard old != count else { return false }
    sets[index]["spec", "replicas"] = .int(count)
    noteScaling(index, from: old)
    return true
  }

  mutating func annotateSizes(_ index: Int) {
    sets[index]["metadata", "annotations", DeploymentRevision.desiredReplicas] = .string("\(wanted)")
    sets[index]["metadata", "annotations", DeploymentRevision.maxReplicas] = .string("\(wanted + maxSurge)")
  }

  mutating func noteScaling(_ index: Int, from old: Int) {
    let new = sets[index].desiredReplicas
    let message = "Scaled \(new > old ? "up" : "down") replica set \(sets[index].name) from \(old) to \(new)"
    events.append(
      EventRecord(deployment, reason: "ScalingReplicaSet", message: message, component: "deployment-controller"))
  }

  mutating func scale() {
    let active = sets.indices.filter { sets[$0].desiredReplicas > 0 }
    if let only = onlyActiveOrLatest(active) {
      _ = setReplicas(of: only, to: wanted)
    } else if let new = newIndex, isSaturated(new) {
      for index in active where index != new { _ = setReplicas(of: index, to: 0) }
    } else if isRolling {
      scaleProportionally(active)
    }
  }

  private func onlyActiveOrLatest(_ active: [Int]) -> Int? {
    guard active.count <= 1 else { return nil }
    return active.first ?? newIndex ?? oldIndices.last
  }

  private func isSaturated(_ index: Int) -> Bool {
    let known = sets[index]["metadata", "annotations", DeploymentRevision.desiredReplicas].string.flatMap { Int($0) }
    return sets[index].desiredReplicas == wanted && known == wanted && sets[index].count("availableReplicas") == wanted
  }

  private mutating func scaleProportionally(_ active: [Int]) {
    let toAdd = (wanted > 0 ? wanted + maxSurge : 0) - total(active)
    // The largest first; of equals the newer when growing and the older when shrinking.
    let order = active.sorted { left, right in
      let (a, b) = (sets[left].desiredReplicas, sets[right].desiredReplicas)
      guard a == b else { return a > b }
      return toAdd > 0 ? left > right : left < right
    }
    var sizes = order.map { sets[$0].desiredReplicas }
    var added = 0
    if toAdd != 0 {
      for (place, index) in order.enumerated() {
        let share = share(of: index, toAdd: toAdd, added: added)
        sizes[place] += share
        added += share
      }
      // What rounding left over goes to the largest.
      if !sizes.isEmpty { sizes[0] = max(0, sizes[0] + toAdd - added) }
    }
    for (place, index) in order.enumerated() { _ = setReplicas(of: index, to: sizes[place]) }
  }

  // (deployment_util.go, GetReplicaSetProportion)
  private func share(of index: Int, toAdd: Int, added: Int) -> Int {
    let size = sets[index].desiredReplicas
    guard size > 0, toAdd != added else { return 0 }
    let fraction = fraction(of: index, size: size)
    return toAdd > 0 ? min(fraction, toAdd - added) : max(fraction, toAdd - added)
  }

  private func fraction(of index: Int, size: Int) -> Int {
    guard wanted > 0 else { return -size }
    let annotation = sets[index]["metadata", "annotations", DeploymentRevision.maxReplicas].string.flatMap { Int($0) }
    let before = annotation.flatMap { $0 > 0 ? $0 : nil } ?? deployment.count("replicas")
    guard before > 0 else { return 0 }
    return Int((Double(size * (wanted + maxSurge)) / Double(before)).rounded(.toNearestOrAwayFromZero)) - size
  }
}
