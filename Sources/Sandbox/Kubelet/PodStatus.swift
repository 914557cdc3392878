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
      "startTime": .string(Timestamp.text(pod.takenAt)), "qosClass": "BestEffort",
      "containerStatuses": [container(pod)],
      "conditions": .array(Self.order.compactMap { type in conditions[type].map { Self.json(type, $0) } }),
    ]
    if let address, started(pod) {
      status["podIP"] = .string(address)
      status["podIPs"] = [["ip": .string(address)]]
    }
    return status
  }

  private func phase(of pod: PodMachine) -> String {
    if pod.hasEnded, case .terminated(let termination) = pod.container {
      return termination.exitCode == 0 ? "Succeeded" : "Failed"
    }
    return started(pod) ? "Running" : "Pending"
  }

  private func started(_ pod: PodMachine) -> Bool {
    switch pod.container {
    case .waiting: pod.lastTermination != nil
    case .running: true
    case .terminated(let termination): termination.startedAt != nil
    }
  }

  private mutating func setConditions(_ pod: PodMachine, _ phase: String, _ now: Date) {
    let unready: (reason: String, message: String?) =
      switch phase {
      case "Succeeded": ("PodCompleted", nil)
      case "Failed" where started(pod): ("PodFailed", nil)
      default: ("ContainersNotReady", "containers with unready status: [\(pod.plan.container)]")
      }
    set("PodScheduled", true, now)
    set("Initialized", true, now)
    set("PodReadyToStartContainers", !pod.hasEnded, now)
    for type in ["ContainersReady", "Ready"] {
      set(type, pod.isReady, now, pod.isReady ? nil : unready.reason, pod.isReady ? nil : unready.message)
    }
  }

  private mutating func set(
    _ type: String, _ isTrue: Bool, _ now: Date, _ reason: String? = nil, _ message: String? = nil
  ) {
    let before = conditions[type]
    let since = before?.isTrue == isTrue ? before?.since ?? now : now
    conditions[type] = Condition(isTrue: isTrue, reason: reason, message: message, since: since)
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

  private func container(_ pod: PodMachine) -> JSON {
    let isRunning = if case .running = pod.container { true } else { false }
    return [
      "name": .string(pod.plan.container), "state": Self.state(pod.container), "ready": .bool(pod.isReady),
      "lastState": pod.lastTermination.map { ["terminated": Self.json($0)] } ?? [:],
      "restartCount": .int(pod.restarts), "started": .bool(isRunning), "image": .string(Image.fullName(pod.plan.image)),
      "imageID": started(pod) ? .string("sandbox://\(pod.plan.image)") : "",
    ]
  }

  private static func state(_ container: PodMachine.Container) -> JSON {
    switch container {
    case .waiting(let reason, let message):
      var json: JSON = ["reason": .string(reason)]
      if let message { json["message"] = .string(message) }
      return ["waiting": json]
    case .running(let since): return ["running": ["startedAt": .string(Timestamp.text(since))]]
    case .terminated(let termination): return ["terminated": json(termination)]
    }
  }

  private static func json(_ termination: PodMachine.Termination) -> JSON {
    var json: JSON = ["exitCode": .int(Int(termination.exitCode)), "reason": .string(termination.reason)]
    if let message = termination.message { json["message"] = .string(message) }
    if let startedAt = termination.startedAt { json["startedAt"] = .string(Timestamp.text(startedAt)) }
    if let finishedAt = termination.finishedAt { json["finishedAt"] = .string(Timestamp.text(finishedAt)) }
    return json
  }
}
