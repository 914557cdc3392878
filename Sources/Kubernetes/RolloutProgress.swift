package import Bench

/// Decides when a change of a Deployment has ended, and how: a pure state machine over what the watch streams said.
///
/// Complete: the status counts for the new generation, every replica is updated and available, and no terminating pod
/// is left. `rollout status` ends earlier, while the ingress may still send votes to pods that are going.
/// Failures are recognised by what the cluster calls them, as early as it shows them.
package struct RolloutProgress: Sendable {
  private let generationBefore: Int
  private let podsBefore: Set<String>
  private let deadline: MonotonicTime
  private var deployment: WorkloadObject?
  private var present: Set<String> = []
  /// Pods that are there and have ended for good.
  private var ended: Set<String> = []
  private var terminating: Set<String> = []
  private var failure: (outcome: RolloutOutcome, detail: String)?
  /// What was seen so far, with the life of each pod.
  package private(set) var record: RolloutRecord

  /// A change that begins at `record.start`, of a Deployment as it was with its pods before, and may take `limit`.
  package init(record: RolloutRecord, deployment: WorkloadObject, pods: [Pod], limit: Duration) {
    self.record = record
    generationBefore = deployment.metadata.generation ?? 0
    podsBefore = Set(pods.map(\.metadata.uid))
    deadline = record.start + limit
    for pod in pods { observe(pod: pod, at: record.start) }
  }

  /// The cluster right before the change.
  package struct Before: Sendable {
    /// The workload.
    package var workload: WorkloadObject
    /// Its pods, also those that have ended for good.
    package var pods: [Pod]
    /// Its ReplicaSets; none of a StatefulSet.
    package var replicaSets: [WorkloadObject]
    /// The EndpointSlices of its namespace.
    package var endpoints: [EndpointSlice]

    /// A cluster; see the members.
    package init(
      workload: WorkloadObject, pods: [Pod], replicaSets: [WorkloadObject] = [], endpoints: [EndpointSlice] = []
    ) {
      self.workload = workload
      self.pods = pods
      self.replicaSets = replicaSets
      self.endpoints = endpoints
    }
  }

  /// A change that begins at `record.start` and may take `limit`; one that puts a template back is `.image(nil)`.
  package init(record: RolloutRecord, change: RolloutChange.Trigger, before: Before, limit: Duration) {
    self.init(record: record, deployment: before.workload, pods: before.pods, limit: limit)
  }

  /// Takes in what was seen; sightings come in the order of being seen.
  package mutating func see(_ sighting: Sighting) {
    switch sighting.content {
    case .workload(let workload): observe(deployment: workload)
    case .pod(let pod): observe(pod: pod, at: sighting.at.latest)
    case .podGone(let pod): observe(gone: pod.metadata.uid, at: sighting.at.latest)
    default: break
    }
  }

  /// The command that began the change ended so.
  package mutating func commandEnded(exit: Int, at now: MonotonicTime) {
    record.exit = exit
  }

  /// The Deployment is like this.
  package mutating func observe(deployment: WorkloadObject) {
    self.deployment = deployment
    guard isCurrent(deployment) else { return }
    let progressing = deployment.status?.conditions?.first { $0.type == "Progressing" }
    if progressing?.reason == "ProgressDeadlineExceeded" {
      fail(.progressDeadline, progressing?.message ?? "")
    }
  }

  /// A pod is there, and like this.
  package mutating func observe(pod: Pod, at now: MonotonicTime) {
    let uid = pod.metadata.uid
    present.insert(uid)
    if pod.hasEnded { ended.insert(uid) }
    let place = place(of: pod)
    if !podsBefore.contains(uid) { pass(.created, place, now) }
    if pod.isReady, !podsBefore.contains(uid) { pass(.ready, place, now) }
    if pod.metadata.deletionTimestamp != nil {
      terminating.insert(uid)
      pass(.marked, place, now)
    } else if !podsBefore.contains(uid), let waiting = pod.waiting {
      recognise(waiting)
    }
  }

  /// A pod is gone.
  package mutating func observe(gone uid: String, at now: MonotonicTime) {
    present.remove(uid)
    ended.remove(uid)
    terminating.remove(uid)
    guard let place = record.pods.firstIndex(where: { $0.uid == uid }) else { return }
    pass(.gone, place, now)
  }

  /// These pods are there and no others: what a list says after a gap in the watch.
  package mutating func observe(all pods: [Pod], at now: MonotonicTime) {
    for uid in present.subtracting(pods.map(\.metadata.uid)) { observe(gone: uid, at: now) }
    for pod in pods { observe(pod: pod, at: now) }
  }

  /// How the change has ended, nil while it goes on.
  ///
  /// Ends the record once.
  package mutating func outcome(at now: MonotonicTime) -> RolloutOutcome? {
    if let outcome = record.outcome { return outcome }
    if isComplete {
      end(.complete, nil, now)
    } else if let failure {
      end(failure.outcome, failure.detail, now)
    } else if now >= deadline {
      end(.timedOut, nil, now)
    }
    return record.outcome
  }

  /// The change is given up as it is.
  package mutating func interrupt(at now: MonotonicTime) {
    if record.outcome == nil { end(.interrupted, nil, now) }
  }

  private mutating func end(_ outcome: RolloutOutcome, _ detail: String?, _ now: MonotonicTime) {
    record.outcome = outcome
    record.detail = detail
    record.end = now
  }

  /// Right after a change the status still tells of the state before; it counts once its generation has caught up.
  private func isCurrent(_ deployment: WorkloadObject) -> Bool {
    let generation = deployment.metadata.generation ?? 0
    return generation > generationBefore && deployment.status?.observedGeneration ?? 0 >= generation
  }

  private var isComplete: Bool {
    guard let deployment, isCurrent(deployment), let status = deployment.status else { return false }
    let wanted = deployment.spec.replicas ?? 1
    return status.updatedReplicas ?? 0 == wanted && status.replicas ?? 0 == wanted
      && status.availableReplicas ?? 0 == wanted && terminating.isEmpty && present.subtracting(ended).count == wanted
  }

  private mutating func recognise(_ waiting: Pod.ContainerStatus.State.Waiting) {
    switch waiting.reason {
    // A first ErrImagePull may be a hiccup of the registry; the back-off says that it was tried again.
    case "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName": fail(.imagePull, waiting.message ?? "")
    case "CrashLoopBackOff": fail(.crashLoop, waiting.message ?? "")
    default: break
    }
  }

  private mutating func pass(_ milestone: PodMilestone, _ place: Int, _ now: MonotonicTime) {
    if record.pods[place].times[milestone] == nil { record.pods[place].times[milestone] = Moment(now) }
  }

  private mutating func fail(_ outcome: RolloutOutcome, _ detail: String) {
    if failure == nil { failure = (outcome, detail) }
  }

  private mutating func place(of pod: Pod) -> Int {
    if let place = record.pods.firstIndex(where: { $0.uid == pod.metadata.uid }) { return place }
    record.pods.append(
      RolloutRecord.Pod(
        name: pod.metadata.name, uid: pod.metadata.uid, isOld: podsBefore.contains(pod.metadata.uid),
        image: pod.spec.containers.first?.image ?? ""))
    return record.pods.count - 1
  }
}
