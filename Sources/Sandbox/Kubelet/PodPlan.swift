/// What a pod's specification asks of the kubelet, read once when the pod is taken.
struct PodPlan: Sendable, Equatable {
  /// Which containers are started again when they end.
  enum RestartPolicy: String, Sendable {
    case always = "Always"
    case onFailure = "OnFailure"
    case never = "Never"
  }

  var namespace: String
  var name: String
  var uid: String
  var restartPolicy: RestartPolicy
  /// Seconds from the request to end until SIGKILL.
  var grace: Int
  /// All of them, those that come first at the beginning.
  var containers: [ContainerPlan]
  /// Whether its name and so its address outlive it, as with a StatefulSet's.
  var keepsAddress: Bool
  /// How the node would treat it when memory runs out.
  var qosClass: String

  /// Nil for an object that is no pod with a container.
  init?(_ pod: JSON) {
    guard let name = pod["metadata", "name"].string, let uid = pod["metadata", "uid"].string else { return nil }
    let first = pod["spec", "initContainers"].elements.compactMap { container in
      ContainerPlan(container, role: container["restartPolicy"].string == "Always" ? .sidecar : .initial)
    }
    let main = pod["spec", "containers"].elements.compactMap { ContainerPlan($0, role: .main) }
    guard !main.isEmpty else { return nil }
    namespace = pod["metadata", "namespace"].string ?? "default"
    self.name = name
    self.uid = uid
    containers = first + main
    restartPolicy = RestartPolicy(rawValue: pod["spec", "restartPolicy"].string ?? "") ?? .always
    grace = pod["spec", "terminationGracePeriodSeconds"].int ?? 30
    keepsAddress = pod["metadata", "ownerReferences"].elements.contains { $0["kind"].string == "StatefulSet" }
    qosClass = Self.qosClass(of: pod)
  }

  /// The ports that it listens on, as far as it says.
  var ports: [UInt16] {
    let named = containers.flatMap(\.ports)
    return named.isEmpty ? [8_080] : Array(Set(named)).sorted()
  }

  // Guaranteed: each container has limits for both, and asks for no less.
  private static func qosClass(of pod: JSON) -> String {
    let all = (pod["spec", "containers"].elements + pod["spec", "initContainers"].elements).map { $0["resources"] }
    let names = ["cpu", "memory"]
    if all.allSatisfy({ each in
      names.allSatisfy { name in
        let limit = each["limits", name]
        return !limit.isNull && (each["requests", name].isNull || each["requests", name] == limit)
      }
    }) {
      return "Guaranteed"
    }
    let asks = all.contains { each in
      names.contains { !each["requests", $0].isNull || !each["limits", $0].isNull }
    }
    return asks ? "Burstable" : "BestEffort"
  }
}
