package import Bench

/// The changes of a run in a cluster: from the first question before any load to the check that all is as it was.
///
/// Everything that a command is about to write stands in the journal before it is run, so that what a killed run left
/// can be put back. Changes are made and put back one at a time; `restore` comes last, and may be called again.
package actor RolloutSession {
  /// What the cluster is like at the end.
  package struct Restored: Sendable, Hashable {
    /// What is not as it was, and should be: a line each; empty when all is.
    package var problems: [String] = []
    /// What else is worth knowing: what somebody else changed, objects that a command may have changed.
    package var notes: [String] = []
  }

  /// A change that was made, or perhaps made.
  private struct Made {
    var before: WorkloadSnapshot
    var fields: [ChangedField]
    /// False while it is to stay.
    var isToRestore: Bool
  }

  private let kubectl: Kubectl
  private let rollout: RunProfile.Rollout
  private let journal: Journal
  private let now: @Sendable () -> MonotonicTime
  private let tell: @Sendable (String) -> Void
  private let seen: @Sendable (RolloutRecord) -> Void
  /// Each workload before anything of it was changed; empty until the journal is begun.
  private var workloads: [WorkloadSnapshot] = []
  private var strategies: [Workload: [ChangedField]] = [:]
  private var made: [Int: Made] = [:]
  private var restoring: Task<Restored, Never>?

  /// A session of `rollout`, not begun.
  ///
  /// `tell` gets each command line right before it is run, `seen` a change as it stands whenever something was seen of it.
  package init(
    kubectl: Kubectl, rollout: RunProfile.Rollout, journal: Journal, now: @escaping @Sendable () -> MonotonicTime,
    tell: @escaping @Sendable (String) -> Void, seen: @escaping @Sendable (RolloutRecord) -> Void = { _ in }
  ) {
    self.kubectl = kubectl
    self.rollout = rollout
    self.journal = journal
    self.now = now
    self.tell = tell
    self.seen = seen
  }

  // MARK: Before the load

  /// Finds out whether the cluster lets all changes be made and put back; changes nothing.
  package func prepare() async throws(KubectlError) -> ClusterAccess {
    try await Preflight(kubectl: kubectl, changes: rollout.changes, strategy: rollout.strategy).run()
  }

  /// Finds out whether the changes make sense with the workloads of `access`.
  package func check(_ access: ClusterAccess) throws(KubectlError) {
    do throws(ChangeProblem) {
      _ = try PlannedCommands(rollout, access: access, kubectl: kubectl)
    } catch {
      throw Self.refused(error)
    }
  }

  /// Begins the journal with the workloads of `access`, and sets the strategy where there is one.
  package func begin(_ access: ClusterAccess) async throws(KubectlError) {
    try journal.write(.begin(JournalHeader(kubectl, at: access.address)))
    for before in access.workloads { try journal.write(.before(before)) }
    workloads = access.workloads
    guard let strategy = rollout.strategy else { return }
    for before in workloads { try await set(strategy, of: before) }
  }

  private func set(_ strategy: StrategyChange, of before: WorkloadSnapshot) async throws(KubectlError) {
    let workload = before.workload
    let command: ChangeCommand?
    do throws(ChangeProblem) {
      command = try ChangeCommand(strategy, before: before)
    } catch {
      throw Self.refused(error)
    }
    guard case .kubectl(let arguments) = command else { return }
    let fields = ChangedField.fields(of: strategy, kind: workload.kind)
    strategies[workload] = fields
    let line = kubectl.commandLine(arguments)
    try journal.write(.doing(workload, line, fields))
    tell(line)
    try await kubectl.require(arguments)
    try journal.write(.done(line, exit: 0))
    let missing = ChangedField.missing(fields, in: try await WorkloadSnapshot.read(workload, with: kubectl))
    if !missing.isEmpty {
      throw KubectlError(
        code: .unsupported, attempted: line, cause: "the server did not take \(missing.joined(separator: ", "))",
        remedy: "Leave it out of --strategy.")
    }
  }

  // MARK: Changes

  /// Makes the change of this index and follows it to its end; an error means what it means to `RolloutDriver`.
  package func make(_ index: Int) async throws(KubectlError) -> RolloutRecord {
    let change = rollout.changes[index]
    let before = try await WorkloadSnapshot.read(change.workload, with: kubectl)
    let pods = change.trigger == .deletePod ? try await driver(change.workload).pods() : []
    let command: ChangeCommand
    let fields: [ChangedField]
    do throws(ChangeProblem) {
      command = try ChangeCommand(change, before: before.typed, pods: pods)
      fields = try ChangedField.fields(of: change, before: before)
    } catch {
      throw Self.refused(error)
    }
    let line = command.commandLine(with: kubectl)
    made[index] = Made(before: before, fields: fields, isToRestore: rollout.rollback)
    try journal.write(.doing(change.workload, line, fields))
    tell(line)
    do throws(KubectlError) {
      let record = try await driver(change.workload).perform(command, trigger: change.trigger, isRollback: false)
      try? journal.append(.done(line, exit: record.exit ?? 0))
      return record
    } catch {
      // A command that failed may have done a part all the same: the fields stay in the journal until the end.
      made[index]?.isToRestore = true
      throw error
    }
  }

  /// Puts the change of this index back and follows that to its end; nil when the pods are as they were before it.
  package func putBack(_ index: Int) async throws(KubectlError) -> RolloutRecord? {
    guard let change = made[index] else { return nil }
    made[index]?.isToRestore = true
    let workload = change.before.workload
    let plan = RestorePlan(
      change.before, now: try await WorkloadSnapshot.read(workload, with: kubectl), changed: change.fields)
    guard let command = plan.rollback else { return nil }
    let line = command.commandLine(with: kubectl)
    try? journal.append(.doing(workload, line, []))
    tell(line)
    let trigger: RolloutChange.Trigger =
      if case .scale = rollout.changes[index].trigger { .scale(change.before.typed.wanted) } else { .image(nil) }
    // Without it a StatefulSet never leaves a revision that did not become ready.
    let restoration = Restoration(
      kubectl: kubectl, journal: journal,
      change: JournalRecord.Change(before: change.before, fields: change.fields))
    let freeing = Task { [limit = rollout.timeout] in try? await restoration.freeStuckPods(within: limit) }
    defer { freeing.cancel() }
    let record = try await driver(workload).perform(command, trigger: trigger, isRollback: true)
    try? journal.append(.done(line, exit: record.exit ?? 0))
    return record
  }

  private func driver(_ workload: Workload) -> RolloutDriver {
    RolloutDriver(kubectl: kubectl, workload: workload, limit: rollout.timeout, now: now, seen: seen)
  }

  // MARK: The end

  /// Restores whatever of ours is not as it was, save changes that are to stay, and looks whether it is.
  package func restore() async -> Restored {
    if let restoring { return await restoring.value }
    let changes = workloads.map { before in
      let changes = made.values.filter { $0.before.workload == before.workload }
      return JournalRecord.Change(
        before: before,
        fields: changes.filter(\.isToRestore).flatMap(\.fields) + strategies[before.workload, default: []],
        kept: changes.filter { !$0.isToRestore }.flatMap(\.fields))
    }
    let task = Task { [kubectl, journal] in
      var restored = Restored()
      for change in changes { await Self.restore(change, kubectl, journal, &restored) }
      return restored
    }
    restoring = task
    return await task.value
  }

  static func restore(
    _ change: JournalRecord.Change, _ kubectl: Kubectl, _ journal: Journal, _ restored: inout Restored
  ) async {
    let workload = change.before.workload
    do throws(KubectlError) {
      let plan = try await Restoration(kubectl: kubectl, journal: journal, change: change).putBack()
      restored.problems += plan.left.map { "\(workload): \($0)" }
      restored.notes += (plan.contested + plan.others).map {
        "\(workload): \($0): changed by somebody else, left alone"
      }
      if let byHand = plan.byHand {
        restored.notes.append("to put all of it back: \(byHand.commandLine(with: kubectl))")
      }
      if let warning = plan.warning { restored.notes.append(warning) }
    } catch {
      restored.problems.append("\(workload): \(error)")
    }
  }

  private static func refused(_ problem: ChangeProblem) -> KubectlError {
    KubectlError(code: .refused, attempted: "", cause: problem.description, remedy: "")
  }
}
