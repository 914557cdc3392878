import FoundationEssentials

/// A pod's status as users see it, in the shape that a Kubernetes 1.36 node writes.
struct PodStatus: Sendable {
  /// The only node.
  static let node = "sandbox"

  private struct Condition: Sendable {
    var isTrue: Bool
    var reason: String?
    var message: String?
    var since: Date
  }

  private var conditions: [String: Condition] = [:]
  // The order in which a node writes them.
  private static let order = [
    "PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled",
  ]

  /// The status of a pod at that time; remembers since when each condition has been what it is.
  mutating func json(of pod: PodMachine, address: String?, node: String, now: Date) -> JSON {
    let phase = phase(of: pod)
    setConditions(pod, phase, now)
    var status: JSON = [
      "phase": .string(phase), "hostIP": .string(node), "hostIPs": [["ip": .string(node)]],
      "startTime": .string(Timestamp.text(pod.takenAt)), "qosClass": .string(pod.plan.qosClass),
      "containerStatuses": .array(statuses(pod) { $0 == .main }),
      "conditions": .array(Self.order.compactMap { type in conditions[type].map { Self.json(type, $0) } }),
    ]
    let first = statuses(pod) { $0 != .main }
    if !first.isEmpty { status["initContainerStatuses"] = .array(first) }
    if let address, pod.isPrepared || !pod.neverRan {
      status["podIP"] = .string(address)
      status["podIPs"] = [["ip": .string(address)]]
    }
    return status
  }

  private func phase(of pod: PodMachine) -> String {
    if pod.hasEnded {
      let failed = pod.containers.contains { $0.plan.role != .sidecar && ($0.finalCode ?? 0) != 0 }
      return failed ? "Failed" : "Succeeded"
    }
    let main = pod.containers.filter { $0.plan.role == .main }
    return pod.isInitialized && main.allSatisfy(\.hasRun) ? "Running" : "Pending"
  }

  private mutating func setConditions(_ pod: PodMachine, _ phase: String, _ now: Date) {
    set("PodScheduled", true, now)
    let first = names(pod) { $0.plan.role != .main && !($0.plan.role == .initial ? $0.finalCode == 0 : $0.isStarted) }
    set(
      "Initialized", pod.isInitialized || phase == "Succeeded", now, "ContainersNotInitialized",
      "containers with incomplete status: [\(first)]", whenTrue: phase == "Succeeded" ? "PodCompleted" : nil)
    set("PodReadyToStartContainers", !pod.hasEnded && (pod.isPrepared || !pod.neverRan), now)
    let unready: (reason: String, message: String?) =
      switch phase {
      case "Succeeded": ("PodCompleted", nil)
      case "Failed" where !pod.neverRan: ("PodFailed", nil)
      default:
        (
          "ContainersNotReady",
          "containers with unready status: [\(names(pod) { $0.plan.role != .initial && !$0.isReady })]"
        )
      }
    for type in ["ContainersReady", "Ready"] { set(type, pod.isReady, now, unready.reason, unready.message) }
  }

  private func names(_ pod: PodMachine, where matches: (ContainerMachine) -> Bool) -> String {
    pod.containers.filter(matches).map(\.plan.name).joined(separator: " ")
  }

  // The reason and message are those of a condition that does not hold.
  private mutating func set(
    _ type: String, _ isTrue: Bool, _ now: Date, _ reason: String? = nil, _ message: String? = nil,
    whenTrue: String? = nil
  ) {
    let before = conditions[type]
    let since = before?.isTrue == isTrue ? before?.since ?? now : now
    conditions[type] = Condition(
      isTrue: isTrue, reason: isTrue ? whenTrue : reason, message: isTrue ? nil : message, since: since)
  }

  private static func json(_ type: String, _ condition: Condition) -> JSON {
    var json: JSON = [
      "type": .string(type), "status": condition.isTrue ? "True" : "False",
      "lastTransitionTime": .string(Timestamp.text(condition.since)),
    ]
    if let reason = condition.reason { json["reason"] = .string(reason) }
    if let message = condition.message { json["message"] = .string(message) }
    return json
  }

  private func statuses(_ pod: PodMachine, of role: (ContainerPlan.Role) -> Bool) -> [JSON] {
    pod.containers.filter { role($0.plan.role) }.map(container)
  }

  private func container(_ container: ContainerMachine) -> JSON {
    [
      "name": .string(container.plan.name), "state": Self.state(container.state), "ready": .bool(container.isReady),
      "lastState": container.lastTermination.map { ["terminated": Self.json($0)] } ?? [:],
      "restartCount": .int(container.restarts), "started": .bool(container.isStarted),
      "image": .string(Image.fullName(container.plan.image)),
      "imageID": container.hasRun ? .string("sandbox://\(container.plan.image)") : "",
    ]
  }

  private static func state(_ state: ContainerMachine.State) -> JSON {
    switch state {
    case .waiting(let reason, let message):
      var json: JSON = ["reason": .string(reason)]
      if let message { json["message"] = .string(message) }
      return ["waiting": json]
    case .running(let since): return ["running": ["startedAt": .string(Timestamp.text(since))]]
    case .terminated(let termination): return ["terminated": json(termination)]
    }
  }

  private static func json(_ termination: ContainerMachine.Termination) -> JSON {
    var json: JSON = ["exitCode": .int(Int(termination.exitCode)), "reason": .string(termination.reason)]
    if let message = termination.message { json["message"] = .string(message) }
    if let startedAt = termination.startedAt { json["startedAt"] = .string(Timestamp.text(startedAt)) }
    if let finishedAt = termination.finishedAt { json["finishedAt"] = .string(Timestamp.text(finishedAt)) }
    return json
  }
}
