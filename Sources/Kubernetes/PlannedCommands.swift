package import Bench

/// The commands that a run is going to run, by what is known of the cluster before: for a dry run.
///
/// What only the run can know stands in capitals, and is explained.
package struct PlannedCommands: Sendable {
  /// In the order of being run.
  package private(set) var commands: [DryRunText.Command] = []

  private let kubectl: Kubectl
  /// The workloads as they are going to be.
  private var objects: [Workload: WorkloadObject] = [:]

  /// The commands of `rollout` in a cluster like `access`, which has all workloads.
  ///
  /// Throws when a change would do nothing, or when it is not clear what is meant.
  package init(_ rollout: RunProfile.Rollout, access: ClusterAccess, kubectl: Kubectl) throws(ChangeProblem) {
    self.kubectl = kubectl
    for found in access.workloads {
      objects[found.workload] = found.typed
      guard let strategy = rollout.strategy else { continue }
      if let command = try ChangeCommand(strategy, before: found) { add(.before, command.commandLine(with: kubectl)) }
    }
    var rollback: [String] = []
    for change in rollout.changes {
      guard let before = objects[change.workload] else { continue }
      add(.rollout, try line(of: change, before))
      let isFirst = access.workloads.contains { $0.workload == change.workload && $0.typed == before }
      if let line = undoing(change, before, isFirst: isFirst) { rollback.insert(line, at: 0) }
      objects[change.workload] = before.changed(by: change)
    }
    if rollout.rollback { for line in rollback { add(.rollback, line) } }
    guard rollout.strategy != nil || !rollback.isEmpty else { return }
    for found in access.workloads {
      add(.atEnd, patch(found.workload, "what of strategy and annotations is not as it was, if anything"))
    }
  }

  private mutating func add(_ moment: DryRunText.Command.Moment, _ line: String) {
    commands.append(DryRunText.Command(moment, line))
  }

  private func line(of change: RolloutChange, _ before: WorkloadObject) throws(ChangeProblem) -> String {
    if change.trigger == .deletePod {
      return kubectl.commandLine(["delete", "pod", "POD", "--wait=false"]) + "  (its first ready pod by name)"
    }
    return try ChangeCommand(change, before: before).commandLine(with: kubectl)
  }

  /// Nil when nothing is left to put back.
  private func undoing(_ change: RolloutChange, _ before: WorkloadObject, isFirst: Bool) -> String? {
    let workload = change.workload
    switch change.trigger {
    case .deletePod: return nil
    case .scale: return kubectl.commandLine(["scale", "\(workload)", "--replicas=\(before.wanted)"])
    case .command: return patch(workload, "what the command changed of it; other objects are not put back")
    case .image, .restart, .setEnv: break
    }
    if workload.kind == .statefulSet { return patch(workload, "its template as it was") }
    let known = isFirst ? before.metadata.annotations?["deployment.kubernetes.io/revision"] : nil
    let undo = kubectl.commandLine(["rollout", "undo", "\(workload)", "--to-revision=\(known ?? "REVISION")"])
    return known == nil ? undo + "  (the one before the change)" : undo
  }

  private func patch(_ workload: Workload, _ what: String) -> String {
    kubectl.commandLine(["patch", "\(workload)", "--type=json", "-p", "PATCH"]) + "  (\(what))"
  }
}

extension WorkloadObject {
  /// What it is after the change, as far as a further one asks for it.
  fileprivate func changed(by change: RolloutChange) -> WorkloadObject {
    var object = self
    switch change.trigger {
    case .image(let image):
      for place in spec.template.spec.containers.indices {
        let container = spec.template.spec.containers[place]
        guard change.container == nil || container.name == change.container else { continue }
        object.spec.template.spec.containers[place].image = ChangeCommand.image(image, insteadOf: container)
      }
    case .scale(let count): object.spec.replicas = count
    case .restart, .setEnv, .deletePod, .command: break
    }
    return object
  }
}
