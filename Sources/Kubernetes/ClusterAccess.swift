/// What is known of the cluster before it is touched: that it answers, what is there, and that it may be changed.
package struct ClusterAccess: Sendable, Hashable {
  /// Where the cluster is.
  package var address: ClusterAddress
  /// The namespace of all workloads.
  package var namespace: String
  /// The workloads of the changes as they are, each once, in the order of the changes.
  package var workloads: [WorkloadSnapshot]
  /// Why the permissions are not known, in one line; nil when all are given.
  package var unchecked: String?

  /// What is known; see the members.
  package init(address: ClusterAddress, namespace: String, workloads: [WorkloadSnapshot], unchecked: String? = nil) {
    self.address = address
    self.namespace = namespace
    self.workloads = workloads
    self.unchecked = unchecked
  }

  /// The cluster and what is going to change in it, in a line for each workload.
  package var lines: [String] {
    workloads.enumerated().map { place, found in
      let what = "\(found.workload), \(Self.sentence(found.typed))"
      return place == 0 ? "\(address), namespace \(namespace): \(what)" : what
    } + (unchecked.map { [$0] } ?? [])
  }

  /// `4 pods of voting-app:v1, maxSurge 1, maxUnavailable 1`.
  private static func sentence(_ object: WorkloadObject) -> String {
    let images = object.spec.template.spec.containers.map { $0.image ?? "no image" }.joined(separator: " and ")
    let pods = object.wanted == 1 ? "1 pod" : "\(object.wanted) pods"
    let strategy = object.spec.strategy ?? object.spec.updateStrategy
    let amounts = [
      ("maxSurge", strategy?.rollingUpdate?.maxSurge), ("maxUnavailable", strategy?.rollingUpdate?.maxUnavailable),
    ]
    let rolls = amounts.compactMap { name, amount in amount.map { "\(name) \($0)" } }
    let type = rolls.isEmpty ? [strategy?.type ?? "RollingUpdate"] : rolls
    let delay = object.spec.minReadySeconds.flatMap { $0 > 0 ? ["minReadySeconds \($0)"] : nil } ?? []
    return (["\(pods) of \(images)"] + type + delay).joined(separator: ", ")
  }
}
