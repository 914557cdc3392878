package import Bench

/// Something seen of the cluster, and when.
///
/// What is seen on a watch that goes on is exact. What a watch tells after a gap happened somewhere within it.
package struct Sighting: Sendable, Hashable {
  /// What was seen.
  package enum Content: Sendable, Hashable {
    /// The workload is like this.
    case workload(WorkloadObject)
    /// The workload is not there any more.
    case workloadGone
    /// A ReplicaSet of the namespace is like this.
    case replicaSet(WorkloadObject)
    /// A ReplicaSet is not there any more.
    case replicaSetGone(uid: String)
    /// A pod of the workload is like this.
    case pod(Pod)
    /// A pod is not there any more; as it was last.
    case podGone(Pod)
    /// An EndpointSlice of the namespace is like this.
    case endpoints(EndpointSlice)
    /// An EndpointSlice is not there any more.
    case endpointsGone(uid: String)
    /// An Event was said, or said again.
    case event(ClusterEvent)
    /// The watch of this resource shows what was missed from here on: nothing was seen of it in between.
    case gap(ClusterResource, RolloutRecord.Gap)
  }

  /// What was seen.
  package var content: Content
  /// When it happened.
  package var at: Moment

  /// A sighting; see the members.
  package init(_ content: Content, at: Moment) {
    self.content = content
    self.at = at
  }
}

/// What is watched during a change.
package enum ClusterResource: String, Sendable, Hashable, CaseIterable {
  /// The workload itself.
  case workload
  /// ReplicaSets, of Deployments.
  case replicaSets = "replicasets"
  /// Pods.
  case pods
  /// EndpointSlices.
  case endpointSlices = "endpointslices"
  /// Events.
  case events
}
