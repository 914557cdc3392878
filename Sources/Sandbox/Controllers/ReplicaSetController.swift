import FoundationEssentials

/// Keeps as many pods as a ReplicaSet says.
///
/// Pods whose end has begun, or that are over, do not count. (kubernetes/pkg/controller/replicaset)
package enum ReplicaSetController {
  /// Decides what to create and delete for a ReplicaSet, and its status.
  ///
  /// `pods` may hold those of others too. The status counts the pods as they are, not as the actions will make them:
  /// these show in the next call. `refusal` is why the last pod was not created; until its time nothing is created.
  /// `names` gives the ends of the pods' names.
  static func sync(
    _ set: JSON, pods: [JSON], refusal: RefusedPods.Refusal? = nil, now: Date, names: inout NameGenerator
  ) -> ControllerOutcome {
    let own = pods.filter { $0.isControlled(by: set) }
    let active = own.filter { !$0.isTerminating && !$0.isOver }
    var outcome = ControllerOutcome()
    if !set.isTerminating {
      let missing = set.desiredReplicas - active.count
      let waits = refusal.map { $0.retry > now } ?? false
      if missing > 0, !waits {
        outcome.actions += create(missing, for: set, names: &names)
      } else if missing < 0 {
        outcome.actions += delete(-missing, of: active, set: set, now: now)
      }
    }
    var counted = status(of: set, active: active, own: own, now: now)
    let failure = active.count < set.desiredReplicas ? refusal : nil
    noteFailure(failure, in: &counted.set, now: now)
    outcome.again = [counted.again, failure?.retry].compactMap(\.self).min()
    if counted.set != set { outcome.actions.append(.replace(counted.set, .replicaSets)) }
    return outcome
  }

  // The first refusal is told until there is none. (replica_set_utils.go, calculateStatus)
  private static func noteFailure(_ refusal: RefusedPods.Refusal?, in set: inout JSON, now: Date) {
    let isTold = !set["status", "conditions"][where: "type", is: "ReplicaFailure"].isNull
    if let refusal, !isTold {
      set.setCondition("ReplicaFailure", "True", reason: "FailedCreate", refusal.message, now: now)
    } else if refusal == nil, isTold {
      set["status", "conditions"][where: "type", is: "ReplicaFailure"] = .null
      if set["status", "conditions"].elements.isEmpty { set["status", "conditions"] = .null }
    }
  }

  private static func create(_ count: Int, for set: JSON, names: inout NameGenerator) -> [ControllerAction] {
    var actions: [ControllerAction] = []
    for _ in 0..<count {
      let name = "\(set.name)-\(names.suffix())"
      var metadata = set["spec", "template", "metadata"]
      metadata.merge([
        "name": .string(name), "generateName": .string("\(set.name)-"), "namespace": .string(set.namespace),
        "ownerReferences": [set.controllerReference],
      ])
      var pod: JSON = [
        "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": set["spec", "template", "spec"],
      ]
      Defaults.fill(&pod, .pods)
      actions.append(.create(pod, .pods))
      actions.append(event(set, "SuccessfulCreate", "Created pod: \(name)"))
    }
    return actions
  }

  private static func delete(_ count: Int, of active: [JSON], set: JSON, now: Date) -> [ControllerAction] {
    active.sorted { PodRank($0, now: now) < PodRank($1, now: now) }.prefix(count).flatMap { pod in
      [
        .delete(.pods, namespace: pod.namespace, name: pod.name),
        event(set, "SuccessfulDelete", "Deleted pod: \(pod.name)"),
      ]
    }
  }

  private static func event(_ set: JSON, _ reason: String, _ message: String) -> ControllerAction {
    .event(EventRecord(set, reason: reason, message: message, component: "replicaset-controller"))
  }

  private static func status(
    of set: JSON, active: [JSON], own: [JSON], now: Date
  ) -> (set: JSON, again: Date?) {
    let minReadySeconds = set["spec", "minReadySeconds"].int ?? 0
    let template = set["spec", "template", "metadata", "labels"].strings
    let availableFrom = active.compactMap { $0.availableFrom(minReadySeconds: minReadySeconds) }
    let labelled = active.filter { pod in
      template.allSatisfy { pod["metadata", "labels", $0.key].string == $0.value }
    }
    var changed = set
    let counts: [(String, Int)] = [
      ("fullyLabeledReplicas", labelled.count), ("readyReplicas", active.count { $0.isReady }),
      ("availableReplicas", availableFrom.count { $0 <= now }),
    ]
    for (field, count) in counts { changed["status", field] = count == 0 ? .null : .int(count) }
    changed["status", "replicas"] = .int(active.count)
    changed["status", "terminatingReplicas"] = .int(own.count { $0.isTerminating && !$0.isOver })
    changed["status", "observedGeneration"] = set["metadata", "generation"]
    return (changed, availableFrom.filter { $0 > now }.min())
  }
}

/// How soon a pod is given up when there are too many: the smaller goes first.
/// (kubernetes/pkg/controller/controller_utils.go, ActivePodsWithRanks)
struct PodRank: Comparable {
  private let keys: [Int]
  private let uid: String

  init(_ pod: JSON, now: Date) {
    let phases = ["Pending": 0, "Unknown": 1, "Running": 2]
    let restarts = pod["status", "containerStatuses"].elements.map { $0["restartCount"].int ?? 0 }.max() ?? 0
    let cost = pod["metadata", "annotations", "controller.kubernetes.io/pod-deletion-cost"].string.flatMap { Int($0) }
    keys = [
      pod["spec", "nodeName"].isNull ? 0 : 1, phases[pod["status", "phase"].string ?? ""] ?? 0, pod.isReady ? 1 : 0,
      cost ?? 0, Self.age(pod.isReady ? pod.readySince : nil, now: now), -restarts, Self.age(pod.created, now: now),
    ]
    uid = pod.uid
  }

  // Ages are compared by their order of magnitude only, so that of a rollout's pods, all of about one age, not
  // always the youngest goes; the uid decides.
  private static func age(_ since: Date?, now: Date) -> Int {
    guard let since else { return -1 }
    let nanoseconds = now.timeIntervalSince(since) * 1_000_000_000
    return nanoseconds < 1 ? -1 : Int(nanoseconds.binade.exponent)
  }

  static func < (left: PodRank, right: PodRank) -> Bool {
    for (a, b) in zip(left.keys, right.keys) where a != b { return a < b }
    return left.uid < right.uid
  }
}
