package import Bench

/// A field of a workload that a change of ours writes, and what it writes there.
///
/// By it we know our own change again: a field that has this value is put back, one that has a third value was changed by
/// somebody else and is left alone.
package struct ChangedField: Sendable, Hashable, Codable {
  /// Which field.
  let path: FieldPath
  /// What it becomes; nil when it is taken away.
  var value: JSONValue?
  /// True when it may become anything, or when anything in it may be changed.
  var any = false

  init(_ path: FieldPath, _ value: JSONValue?) {
    self.path = path
    self.value = value
  }

  private init(any path: FieldPath) {
    self.path = path
    any = true
  }

  /// What a change writes to a workload that was like `before`; nothing for a deleted pod.
  package static func fields(
    of change: RolloutChange, before: WorkloadSnapshot
  ) throws(ChangeProblem) -> [ChangedField] {
    switch change.trigger {
    case .image(let image):
      let (container, place) = try container(of: change, before)
      let wanted = ChangeCommand.image(image, insteadOf: container)
      return [changeCause, ChangedField(place + "image", .string(wanted))]
    case .restart:
      // kubectl writes the time.
      return [
        changeCause,
        ChangedField(any: ["spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt"]),
      ]
    case .setEnv(let variables):
      let path = try container(of: change, before).place + "env"
      return [changeCause, ChangedField(path, environment(before.object[path], changedBy: variables))]
    case .scale(let count): return [changeCause, ChangedField(["spec", "replicas"], .int(count))]
    case .deletePod: return []
    case .command: return everything
    }
  }

  /// What a comparison writes from one rollout to the next: the image in turn, and what `patches` name.
  ///
  /// Of a patch it is the whole of each member of the spec, and of the metadata.
  static func fields(
    ofComparing change: RolloutChange, patches: [JSONValue], before: WorkloadSnapshot
  ) throws(ChangeProblem) -> [ChangedField] {
    var fields = try fields(of: change, before: before).map { ChangedField(any: $0.path) }
    for patch in patches {
      for part in ["spec", "metadata"] {
        for key in (patch[[part]]?.members ?? [:]).keys.sorted() { fields.append(ChangedField(any: [part, key])) }
      }
    }
    return fields
  }

  /// What a change of the strategy writes.
  package static func fields(of strategy: StrategyChange, kind: Workload.Kind) -> [ChangedField] {
    let rolling: FieldPath = ["spec", kind == .deployment ? "strategy" : "updateStrategy", "rollingUpdate"]
    let fields = [
      strategy.maxSurge.map { ChangedField(rolling + "maxSurge", JSONValue($0)) },
      strategy.maxUnavailable.map { ChangedField(rolling + "maxUnavailable", JSONValue($0)) },
      strategy.minReadySeconds.map { ChangedField(["spec", "minReadySeconds"], $0 == 0 ? nil : .int($0)) },
    ]
    return [changeCause] + fields.compactMap(\.self)
  }

  /// The fields, by name, that the server did not take: `object` was read after they were set.
  package static func missing(_ fields: [ChangedField], in object: WorkloadSnapshot) -> [String] {
    fields.filter { !$0.any && object.object[$0.path] != $0.value }.map(\.path.description)
  }

  /// A command of the user's own may write anywhere.
  private static let everything = [
    ChangedField(any: ["metadata", "annotations"]), ChangedField(any: ["metadata", "labels"]),
    ChangedField(any: ["spec"]),
  ]

  /// Where it is there, kubectl writes its own command line into it.
  private static let changeCause = ChangedField(any: ["metadata", "annotations", "kubernetes.io/change-cause"])

  private static func container(
    of change: RolloutChange, _ before: WorkloadSnapshot
  ) throws(ChangeProblem) -> (container: Pod.Container, place: FieldPath) {
    let container = try ChangeCommand.container(of: change, before.typed)
    let index = before.typed.spec.template.spec.containers.firstIndex { $0.name == container.name } ?? 0
    return (container, ["spec", "template", "spec", "containers", "\(index)"])
  }

  /// As kubectl does it: what is there keeps its place, what is new is appended, and of one name the first counts.
  private static func environment(_ before: JSONValue?, changedBy changes: [String]) -> JSONValue? {
    var variables: [JSONValue] = if case .array(let elements) = before { elements } else { [] }
    var seen: Set<String> = []
    for change in changes where change.contains("=") {
      let parts = change.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard seen.insert(parts[0]).inserted else { continue }
      // An empty value is a field that is absent.
      var variable: JSONValue = .object(["name": .string(parts[0])])
      if !parts[1].isEmpty { variable[["value"]] = .string(parts[1]) }
      if let place = variables.firstIndex(where: { $0[["name"]] == .string(parts[0]) }) {
        variables[place] = variable
      } else {
        variables.append(variable)
      }
    }
    let removed = changes.filter { !$0.contains("=") }.map { JSONValue.string(String($0.dropLast())) }
    variables.removeAll { removed.contains($0[["name"]] ?? .null) }
    return variables.isEmpty ? nil : .array(variables)
  }
}

extension JSONValue {
  /// As Kubernetes writes it: a number, or a text with a percent sign.
  init(_ amount: StrategyChange.Amount) {
    self =
      switch amount {
      case .pods(let count): .int(count)
      case .percent: .string(amount.description)
      }
  }
}
