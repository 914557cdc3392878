package import FoundationEssentials

/// Says for each PodDisruptionBudget how many pods may be evicted, as `kubectl get pdb` shows it.
///
/// Nothing is evicted here, so nobody asks; but the figures are those of a real cluster.
/// (kubernetes/pkg/controller/disruption)
package enum DisruptionController {
  /// Decides the status of a budget.
  ///
  /// `pods` and `workloads` (Deployments, ReplicaSets and StatefulSets) may hold those that it is not about.
  package static func sync(_ budget: JSON, pods: [JSON], workloads: [JSON], now: Date) -> ControllerOutcome {
    let selector = LabelSelector(budget["spec", "selector"])
    let chosen = pods.filter { $0.namespace == budget.namespace && !$0.isOver && selector.matches($0) }
    let (expected, desired) = counts(budget["spec"], pods: chosen, workloads: workloads)
    let healthy = chosen.count { $0.isReady && !$0.isTerminating }
    let allowed = expected > 0 ? max(0, healthy - desired) : 0
    var changed = budget
    for (field, count) in [
      ("currentHealthy", healthy), ("desiredHealthy", desired), ("disruptionsAllowed", allowed),
      ("expectedPods", expected),
    ] { changed["status", field] = .int(count) }
    changed["status", "observedGeneration"] = budget["metadata", "generation"]
    changed.setCondition(
      "DisruptionAllowed", allowed > 0 ? "True" : "False", reason: allowed > 0 ? "SufficientPods" : "InsufficientPods",
      now: now)
    return ControllerOutcome(actions: changed == budget ? [] : [.replace(changed, .podDisruptionBudgets)])
  }

  // A share is one of what the workloads want to have, not of the pods that there are.
  private static func counts(_ spec: JSON, pods: [JSON], workloads: [JSON]) -> (expected: Int, desired: Int) {
    if let most = IntOrPercent(spec["maxUnavailable"]) {
      let scale = scale(pods, workloads)
      return (scale, max(0, scale - most.of(scale, roundUp: true)))
    }
    switch IntOrPercent(spec["minAvailable"]) {
    case .count(let least)?: return (pods.count, least)
    case let share?:
      let scale = scale(pods, workloads)
      return (scale, share.of(scale, roundUp: true))
    case nil: return (pods.count, 0)
    }
  }

  private static func scale(_ pods: [JSON], _ workloads: [JSON]) -> Int {
    let byUID = [String: JSON](workloads.map { ($0.uid, $0) }, uniquingKeysWith: { first, _ in first })
    func top(_ object: JSON) -> JSON? {
      guard let owner = object.controllerUID.flatMap({ byUID[$0] }) else { return nil }
      return top(owner) ?? owner
    }
    let owners = pods.compactMap(top).map { ($0.uid, $0.desiredReplicas) }
    return [String: Int](owners, uniquingKeysWith: { first, _ in first }).values.reduce(0, +)
  }
}
