package import Bench
import FoundationEssentials

/// The workload of a comparison, from before its first rollout until after its last: brought to where each rollout
/// begins, and put back at the end.
///
/// The rollouts themselves, and the strategies, are those of the runs. Everything written here stands in the comparison's
/// own journal first, so that `votebench restore` puts back what a killed comparison left.
package actor ComparedWorkload {
  private let kubectl: Kubectl
  private let change: RolloutChange
  private let journal: Journal
  private let limit: Duration
  private let tell: @Sendable (String) -> Void
  private var before: WorkloadSnapshot?
  private var fields: [ChangedField] = []
  private var applied: [JSONValue] = []

  /// The workload of `change`; its pods may take `limit` to be ready.
  ///
  /// `tell` gets each command line right before it is run.
  package init(
    kubectl: Kubectl, change: RolloutChange, journal: Journal, limit: Duration,
    tell: @escaping @Sendable (String) -> Void
  ) {
    self.kubectl = kubectl
    self.change = change
    self.journal = journal
    self.limit = limit
    self.tell = tell
  }

  private var workload: Workload { change.workload }

  /// Begins the journal with the workload as it is in `access`, and says what the `settings` may change of it.
  ///
  /// Throws what cannot be compared: a container that is not there, an image that it runs already.
  package func begin(_ access: ClusterAccess, _ settings: [ComparedSetting]) throws(KubectlError) {
    guard let before = access.workloads.first else { return }
    do throws(ChangeProblem) {
      let container = try ChangeCommand.container(of: change, before.typed)
      for setting in settings { _ = try ChangeCommand(change(to: setting), before: before.typed) }
      var patches: [JSONValue] = []
      for setting in settings { patches += (try? setting.patches(container: container.name)) ?? [] }
      fields = try ChangedField.fields(ofComparing: change, patches: patches, before: before)
    } catch {
      throw KubectlError(code: .refused, attempted: "", cause: error.description, remedy: "")
    }
    self.before = before
    try journal.write(.begin(JournalHeader(kubectl, at: access.address)))
    try journal.write(.before(before))
    try openJournal()
  }

  /// Says that the workload is not as before: a run that has ended leaves it with its image, and closes its own journal.
  private func openJournal() throws(KubectlError) {
    try journal.write(.doing(workload, "the rollouts of the comparison", fields))
  }

  /// The image with which a rollout ends; nil where it has none, as a restart.
  ///
  /// Back is to what the workload had before the comparison.
  package func image(after setting: ComparedSetting, isForward: Bool) throws(KubectlError) -> String? {
    guard let before, case .image(let image) = change.trigger else { return nil }
    let container = try container(before)
    return isForward ? ChangeCommand.image(setting.image ?? image, insteadOf: container) : container.image
  }

  /// Brings the workload to where a rollout under `setting` begins, and waits until its pods are ready and no other one
  /// is there any more; true when anything had to be changed for that.
  ///
  /// When the task is cancelled it throws `abandoned`; a command that changes something is not cut off.
  @discardableResult
  package func prepare(_ setting: ComparedSetting, isForward: Bool) async throws(KubectlError) -> Bool {
    guard let before else { return false }
    let patches = try setting.patches(container: try container(before).name)
    var isChanged = false
    if patches != applied {
      isChanged = true
      if !applied.isEmpty { try await putBack(before) }
      applied = []
      for patch in patches {
        try await make(["patch", "\(workload)", "--type=strategic", "-p", patch.line])
        applied.append(patch)
      }
    }
    if let image = try image(after: setting, isForward: !isForward) {
      let container = try container(try await WorkloadSnapshot.read(workload, with: kubectl))
      if container.image != image {
        isChanged = true
        try await make(["set", "image", "\(workload)", "\(container.name)=\(image)"])
      }
    }
    try await settle()
    return isChanged
  }

  /// Puts everything back to how it was before the comparison, and says what is not.
  package func restore() async -> RolloutSession.Restored {
    var restored = RolloutSession.Restored()
    guard let before, !fields.isEmpty else { return restored }
    await RolloutSession.restore(JournalRecord.Change(before: before, fields: fields), kubectl, journal, &restored)
    do throws(KubectlError) {
      if restored.problems.isEmpty { try await settle() }
    } catch {
      restored.notes.append("\(workload) is as before, its pods are not ready yet: \(error)")
    }
    return restored
  }

  private func change(to setting: ComparedSetting) -> RolloutChange {
    guard case .image(let image) = change.trigger else { return change }
    return RolloutChange(
      workload: change.workload, container: change.container, trigger: .image(setting.image ?? image))
  }

  private func container(_ snapshot: WorkloadSnapshot) throws(KubectlError) -> Pod.Container {
    do throws(ChangeProblem) {
      return try ChangeCommand.container(of: change, snapshot.typed)
    } catch {
      throw KubectlError(code: .refused, attempted: "", cause: error.description, remedy: "")
    }
  }

  private func putBack(_ before: WorkloadSnapshot) async throws(KubectlError) {
    let restoration = Restoration(
      kubectl: kubectl, journal: journal, change: JournalRecord.Change(before: before, fields: fields))
    let plan = try await toItsEnd { () async throws(KubectlError) in try await restoration.putBack() }
    if let left = plan.left.first {
      throw KubectlError(
        code: .refused, attempted: "putting \(workload) back before the next setting", cause: left,
        remedy: "Look who else changes it.")
    }
    // Now the journal says that all is as before, and the rollouts go on.
    try openJournal()
  }

  private func make(_ arguments: [String]) async throws(KubectlError) {
    let line = kubectl.commandLine(arguments)
    try journal.write(.doing(workload, line, fields))
    tell(line)
    let ended = try await toItsEnd { [kubectl] () async throws(KubectlError) in try await kubectl.require(arguments) }
    try journal.write(.done(line, exit: ended.exit))
  }

  /// Does something that changes the workload, which does not end with the task that waits for it.
  private func toItsEnd<Value: Sendable>(
    _ work: @escaping @Sendable () async throws(KubectlError) -> Value
  ) async throws(KubectlError) -> Value {
    if Task.isCancelled { throw kubectl.abandoned(.kubectl(["patch", "\(workload)"])) }
    let running = Task { () async -> Result<Value, KubectlError> in
      do throws(KubectlError) {
        return .success(try await work())
      } catch {
        return .failure(error)
      }
    }
    return try await running.value.get()
  }

  /// Waits until the workload has its pods, all ready, and none that ends.
  private func settle() async throws(KubectlError) {
    let driver = RolloutDriver(
      kubectl: kubectl, workload: workload, limit: limit, now: { MonotonicTime(nanoseconds: 0) })
    let deadline = ContinuousClock.now + limit
    var pods: [Pod] = []
    while ContinuousClock.now < deadline {
      let now = try await WorkloadSnapshot.read(workload, with: kubectl).typed
      pods = try await driver.pods()
      let isRolled = now.isObserved && now.status?.updatedReplicas == now.wanted
      if isRolled, pods.count == now.wanted, pods.allSatisfy({ $0.isReady && !$0.isMarked }) { return }
      do {
        try await Task.sleep(for: .milliseconds(250))
      } catch {
        throw kubectl.abandoned(.kubectl(["get", "pods"]))
      }
    }
    let names = pods.filter { !$0.isReady || $0.isMarked }.map(\.metadata.name)
    throw KubectlError(
      code: .noAnswer, attempted: "waiting for the pods of \(workload)",
      cause: "after \(limit) not all are ready, or some still end: \(names.joined(separator: ", "))",
      remedy: "See what they say (kubectl describe pods), or give them more time with --rollout-timeout.")
  }
}
