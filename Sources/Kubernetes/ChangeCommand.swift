package import Bench

/// The command that makes a change of the cluster, or puts one back.
package enum ChangeCommand: Sendable, Hashable {
  /// kubectl with these arguments; they never pass through a shell.
  case kubectl([String])
  /// A command of the user's own, run by `/bin/sh -c`.
  case shell(String)

  /// The command line, such that a person can paste it into a shell.
  package func commandLine(with kubectl: Kubectl) -> String {
    switch self {
    case .kubectl(let arguments): kubectl.commandLine(arguments)
    case .shell(let text): text
    }
  }

  /// The command of a change of a workload that is like `before` and has these pods.
  ///
  /// Throws when nothing would roll, or when it is not clear what is meant.
  package init(_ change: RolloutChange, before: WorkloadObject, pods: [Pod] = []) throws(ChangeProblem) {
    let workload = change.workload
    try Self.checkRolls(change, before)
    switch change.trigger {
    case .image(let image):
      let container = try Self.container(of: change, before)
      let wanted = Self.image(image, insteadOf: container)
      if wanted == container.image { throw .sameImage(workload, wanted) }
      self = .kubectl(["set", "image", "\(workload)", "\(container.name)=\(wanted)"])
    case .restart:
      self = .kubectl(["rollout", "restart", "\(workload)"])
    case .setEnv(let variables):
      let container = try Self.container(of: change, before)
      self = .kubectl(try Self.setEnv(workload, container.name, variables))
    case .scale(let count):
      if count == before.wanted { throw .sameReplicas(workload, count) }
      self = .kubectl(["scale", "\(workload)", "--replicas=\(count)"])
    case .deletePod:
      let ready = pods.filter { $0.isReady && !$0.isMarked && !$0.hasEnded }.map(\.metadata.name)
      guard let first = ready.min() else { throw .noReadyPod(workload) }
      self = .kubectl(["delete", "pod", first, "--wait=false"])
    case .command(let text):
      self = .shell(text)
    }
  }

  /// The command that sets a strategy for the run; nil when there is nothing to set.
  ///
  /// No rollout begins by it. A server that does not know a field of it drops that field in silence: see
  /// `ChangedField.missing(_:in:)`.
  package init?(_ strategy: StrategyChange, before: WorkloadSnapshot) throws(ChangeProblem) {
    let workload = before.workload
    if strategy.maxSurge != nil, workload.kind == .statefulSet {
      throw .strategy(workload, "a StatefulSet knows no maxSurge.")
    }
    let type = (before.typed.spec.strategy ?? before.typed.spec.updateStrategy)?.type ?? "RollingUpdate"
    if strategy.maxSurge != nil || strategy.maxUnavailable != nil, type != "RollingUpdate" {
      throw .strategy(workload, "its strategy is \(type), which knows no maxSurge and no maxUnavailable.")
    }
    var patch = JSONValue.object([:])
    for field in ChangedField.fields(of: strategy, kind: workload.kind) where !field.any {
      patch[field.path] = field.value ?? .null
    }
    if patch == .object([:]) { return nil }
    self = .kubectl(["patch", "\(workload)", "--type=merge", "-p", patch.line])
  }

  /// The image that a container gets; unless one is named, the other of the sandbox's v1 and v2.
  static func image(_ image: String?, insteadOf container: Pod.Container) -> String {
    image ?? (container.image == "voting-app:v2" ? "voting-app:v1" : "voting-app:v2")
  }

  /// The container that `image` and `setEnv` mean.
  static func container(of change: RolloutChange, _ before: WorkloadObject) throws(ChangeProblem) -> Pod.Container {
    let containers = before.spec.template.spec.containers
    if change.container == nil, containers.count > 1 {
      throw .severalContainers(change.workload, containers.map(\.name))
    }
    guard let found = containers.first(where: { change.container == nil || $0.name == change.container }) else {
      throw .noContainer(change.workload, change.container ?? "", has: containers.map(\.name))
    }
    return found
  }

  private static func checkRolls(_ change: RolloutChange, _ before: WorkloadObject) throws(ChangeProblem) {
    switch change.trigger {
    case .scale, .deletePod, .command: return
    case .image, .restart, .setEnv:
      if before.spec.paused == true { throw .paused(change.workload) }
      if before.spec.updateStrategy?.type == "OnDelete" { throw .onDelete(change.workload) }
    }
  }

  private static func setEnv(
    _ workload: Workload, _ container: String, _ variables: [String]
  ) throws(ChangeProblem) -> [String] {
    for variable in variables {
      // A lone `-` would make kubectl read variables from its standard input.
      let isNamed = variable.contains("=") ? !variable.hasPrefix("=") : variable.hasSuffix("-") && variable != "-"
      if !isNamed { throw .noVariable(variable) }
    }
    // A name may begin with `-`, and must not become a flag.
    let end = variables.contains { $0.hasPrefix("-") } ? ["--"] : []
    return ["set", "env", "\(workload)", "--containers=\(container)"] + end + variables
  }
}

/// Why a change cannot be made as it was asked for: found before anything is changed.
package enum ChangeProblem: Error, Sendable, Hashable, CustomStringConvertible {
  /// The workload has no container of this name.
  case noContainer(Workload, String, has: [String])
  /// It has several containers, and none is named.
  case severalContainers(Workload, [String])
  /// It runs this image already.
  case sameImage(Workload, String)
  /// It has so many replicas already.
  case sameReplicas(Workload, Int)
  /// It is a paused Deployment.
  case paused(Workload)
  /// It is a StatefulSet whose pods are replaced only when somebody deletes them.
  case onDelete(Workload)
  /// There is no pod of it that could be deleted.
  case noReadyPod(Workload)
  /// Not `NAME=value` and not `NAME-`.
  case noVariable(String)
  /// This part of the strategy cannot be set on this workload, for this reason.
  case strategy(Workload, String)

  /// One line for people: what cannot be done, why, and what to do.
  package var description: String {
    switch self {
    case .noContainer(let workload, let name, let has):
      "\(workload) has no container '\(name)': it has \(has.joined(separator: ", ")). Name one with --container."
    case .severalContainers(let workload, let names):
      "\(workload) has several containers: \(names.joined(separator: ", ")). Name one with --container."
    case .sameImage(let workload, let image):
      "\(workload) runs \(image) already: nothing would roll. Name another image with --image."
    case .sameReplicas(let workload, let count):
      "\(workload) has \(count) replicas already: nothing would change. Give another number with --scale."
    case .paused(let workload):
      "\(workload) is paused: nothing would roll. Resume it first: kubectl rollout resume \(workload)"
    case .onDelete(let workload):
      "\(workload) has the update strategy OnDelete: nothing would roll. Use --delete-pod, or set RollingUpdate first."
    case .noReadyPod(let workload):
      "\(workload) has no ready pod that could be deleted. Wait until it is ready, or see: kubectl describe \(workload)"
    case .noVariable(let text):
      "'\(text)' is no change of a variable. Write --set-env NAME=value, or NAME- to take one away."
    case .strategy(let workload, let reason):
      "\(workload): \(reason) Leave it out of --strategy."
    }
  }
}

extension Sequence<String> {
  /// As a line that a POSIX shell splits into exactly these words.
  var quotedForShell: String {
    map { word in
      let isPlain =
        !word.isEmpty && word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "@%+=:,./_-".contains($0)) }
      return isPlain ? word : "'\(word.replacing("'", with: #"'\''"#))'"
    }.joined(separator: " ")
  }
}
