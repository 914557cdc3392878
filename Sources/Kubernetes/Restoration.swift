package import Bench
import FoundationEssentials

/// Puts a workload back to how it was, and looks whether it is: the one place that acts on a `RestorePlan`.
///
/// Every command stands in the journal before it is run. A journal that cannot be written does not stop the putting back:
/// then it says too little, and the next reader looks once more.
package struct Restoration: Sendable {
  private let kubectl: Kubectl
  private let journal: Journal
  private let change: JournalRecord.Change

  /// How the workload was, and which fields of it were changed.
  package init(kubectl: Kubectl, journal: Journal, change: JournalRecord.Change) {
    self.kubectl = kubectl
    self.journal = journal
    self.change = change
  }

  /// The workload.
  package var workload: Workload { change.before.workload }

  /// What is to be done, by the workload as it is now.
  package func plan() async throws(KubectlError) -> RestorePlan {
    let now = try await WorkloadSnapshot.read(workload, with: kubectl)
    return RestorePlan(change.before, now: now, changed: change.fields, kept: change.kept)
  }

  /// Puts everything of ours back, reads the workload again, and says what is still not as it was.
  ///
  /// A patch that is refused because somebody changed the workload between our look and it is made anew. When the
  /// workload is as before, that is in the journal.
  package func putBack() async throws(KubectlError) -> RestorePlan {
    var plan = try await plan()
    for attempt in 1...3 {
      guard case .kubectl(let arguments) = plan.restore else { break }
      let line = kubectl.commandLine(arguments)
      try? journal.append(.doing(workload, line, []))
      do throws(KubectlError) {
        let ended = try await kubectl.require(arguments)
        try? journal.append(.done(line, exit: ended.exit))
      } catch {
        if error.code != .refused || attempt == 3 { throw error }
      }
      plan = try await self.plan()
    }
    if plan.isRestored { try? journal.append(.restored(workload)) }
    return plan
  }

  /// Waits until the pods are as the workload wants them; throws `refused` when they are not in time.
  package func settle(within limit: Duration) async throws(KubectlError) {
    let spec = change.before.typed.spec
    // Its pods are replaced only when somebody deletes them, and kubectl refuses to wait for that.
    if spec.updateStrategy?.type == "OnDelete" { return }
    try await freeStuckPods(within: limit)
    let seconds = max(1, limit.components.seconds)
    try await kubectl.require(
      ["rollout", "status", "\(workload)", "--timeout=\(seconds)s"], limit: .seconds(seconds + 10))
  }

  /// Waits until a StatefulSet is put back, and deletes the pods that keep it from acting on it; see
  /// `WorkloadObject.stuck(_:)`.
  ///
  /// A Deployment has none.
  package func freeStuckPods(within limit: Duration) async throws(KubectlError) {
    guard workload.kind == .statefulSet else { return }
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline, !Task.isCancelled {
      let now = try await WorkloadSnapshot.read(workload, with: kubectl)
      let plan = RestorePlan(change.before, now: now, changed: change.fields)
      if plan.rollback == nil, now.typed.isObserved { return try await free(now.typed) }
      try? await Task.sleep(for: .milliseconds(500))
    }
  }

  private func free(_ now: WorkloadObject) async throws(KubectlError) {
    let labels = (now.spec.selector.matchLabels ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    let selector = labels.isEmpty ? [] : ["-l", labels.joined(separator: ",")]
    let printed = try await kubectl.require(["get", "pods", "-o", "json"] + selector).output
    let pods = (try? JSONDecoder().decode(ObjectList<Pod>.self, from: Data(printed.utf8)))?.items ?? []
    for name in now.stuck(pods) { try await kubectl.require(["delete", "pod", name, "--wait=false"]) }
  }
}

extension WorkloadObject {
  /// True when the status tells of the present spec.
  var isObserved: Bool { status?.observedGeneration ?? 0 >= metadata.generation ?? 0 }

  /// The pods, by name, that keep a StatefulSet from leaving a revision that never became ready.
  ///
  /// Kubernetes waits for such a pod before it replaces any, even when the template was put back, and says that it has to
  /// be deleted by hand ("Forced rollback" in its documentation of StatefulSets).
  func stuck(_ pods: [Pod]) -> [String] {
    guard let status, isObserved, let wanted = status.updateRevision else { return [] }
    return pods.filter { pod in
      let revision = pod.metadata.labels?["controller-revision-hash"]
      return pod.metadata.ownerReferences?.contains { $0.uid == metadata.uid } == true && !pod.isReady && !pod.isMarked
        && revision != wanted && revision != status.currentRevision
    }
    .map(\.metadata.name)
  }
}
