import Bench

/// The cluster during a change as it was seen last, and what it means for the workload.
///
/// What is told on several connections may be told in any order: a question is answered by what all of them say alike.
struct RolloutView: Sendable {
  /// Deployment or StatefulSet.
  let kind: Workload.Kind
  /// The workload.
  var workload: WorkloadObject
  /// True when it is not there any more.
  var isDeleted = false
  /// Its ReplicaSets by uid.
  var replicaSets: [String: WorkloadObject] = [:]
  /// Every pod that was seen, also those that are gone.
  var pods: [PodTimeline] = []
  /// That a StatefulSet could not make a pod, which it says by an Event alone; nil when it made one since.
  var refusal: FailureSign?

  /// The workload as it is, with nothing else seen yet.
  init(kind: Workload.Kind, workload: WorkloadObject) {
    self.kind = kind
    self.workload = workload
  }

  /// The kind as Kubernetes spells it.
  var kindName: String {
    switch kind {
    case .deployment: "Deployment"
    case .statefulSet: "StatefulSet"
    }
  }

  /// True for a ReplicaSet of the workload.
  func owns(_ set: WorkloadObject) -> Bool {
    set.metadata.ownerReferences?.contains { $0.uid == workload.metadata.uid } ?? false
  }

  /// True when the status tells of the newest generation; right after a change it still tells of the one before.
  private var isObserved: Bool { workload.status?.observedGeneration ?? 0 >= workload.metadata.generation ?? 0 }

  private var ready: Int { workload.status?.readyReplicas ?? 0 }

  private var available: Int {
    // Servers before 1.22 do not count a StatefulSet's available pods.
    workload.status?.availableReplicas ?? (kind == .statefulSet ? ready : 0)
  }

  // MARK: Completion

  /// True when there are as many pods as wanted, all of them available, and none is on its way out.
  var isWhole: Bool {
    let there = pods.filter(\.isPresent)
    return isObserved && workload.status?.replicas ?? 0 == workload.wanted && available == workload.wanted
      && there.count == workload.wanted && there.allSatisfy(\.pod.isReady) && !isLeaving
  }

  /// True when every pod is made from the newest template, as far as the status is not of the one before.
  var isUpdated: Bool {
    workload.status?.updatedReplicas ?? 0 == workload.wanted && pods.allSatisfy { !$0.isPresent || isUpdated($0.pod) }
  }

  private func isUpdated(_ pod: Pod) -> Bool {
    switch kind {
    case .statefulSet:
      return pod.metadata.labels?["controller-revision-hash"] == workload.status?.updateRevision
    case .deployment:
      let owner = pod.metadata.ownerReferences?.lazy.compactMap { replicaSets[$0.uid] }.first
      return owner?.revision != nil && owner?.revision == workload.revision
    }
  }

  /// True while a pod is on its way out, be it one that has ended for good.
  private var isLeaving: Bool { pods.contains { $0.pod.isMarked && !$0.isGone } }

  // MARK: Failure

  /// The pods that the change made and that are to stay.
  private var newPods: some Sequence<PodTimeline> {
    pods.lazy.filter { !$0.isOld && $0.isPresent && !$0.pod.isMarked }
  }

  /// A sign on a new pod that means at least so much; nil when there is none.
  func sign(_ weight: FailureSign.Weight) -> FailureSign? {
    newPods.lazy.compactMap(\.pod.failureSign).first { $0.weight >= weight }
  }

  /// Why new pods do not come, or find no place; nil when nothing says so.
  var standingSign: FailureSign? {
    sign(.standing) ?? (isObserved ? workload.quotaSign : nil) ?? replicaSets.values.lazy.compactMap(\.quotaSign).first
      ?? refusal
  }

  /// True while something goes on that may make room: a pod that leaves, or one that is not available yet.
  var isMoving: Bool {
    isLeaving || newPods.contains { !$0.pod.isReady && $0.pod.failureSign == nil } || ready > available
  }

  /// A new pod that runs and is not ready, and shows nothing else; nil when there is none.
  var idlePod: PodTimeline? {
    newPods.first { $0.hasPassed(.started) && !$0.pod.isReady && $0.pod.failureSign == nil }
  }

  /// What the workload says when its own deadline for progress has passed; nil while it has not.
  var deadlineMessage: String? {
    guard isObserved, let progressing = workload.status?.conditions?.condition("Progressing"),
      progressing.reason == "ProgressDeadlineExceeded"
    else { return nil }
    return progressing.message ?? "ProgressDeadlineExceeded"
  }
}

extension WorkloadObject {
  /// The number that a Deployment gives to a template, and to the ReplicaSet that has it.
  fileprivate var revision: String? { metadata.annotations?["deployment.kubernetes.io/revision"] }
}
