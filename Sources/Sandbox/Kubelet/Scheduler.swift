/// Assigns pods to the only node, or says why none will have them.
///
/// Pure but for ``run(store:node:)``, which follows the store: a pod that cannot be assigned is looked at again after
/// any change.
struct Scheduler: Sendable {
  let node: SandboxNode
  /// Claims by namespace and name.
  let claims: [String: JSON]
  private var used: (cpu: Int, memory: Int, pods: Int)

  /// For a cluster with these pods and claims.
  init(node: SandboxNode, pods: [JSON], claims: [JSON]) {
    self.node = node
    self.claims = Dictionary(claims.map { (Self.key($0["metadata", "namespace"], $0["metadata", "name"]), $0) }) { $1 }
    used = (0, 0, 0)
    for pod in pods where pod["spec", "nodeName"].string != nil && !Self.hasEnded(pod) { add(pod) }
  }

  /// Nil if the node takes the pod, which then counts as being there; else why it does not, in the scheduler's words.
  mutating func refusal(of pod: JSON) -> String? {
    if let claim = claimRefusal(of: pod) { return message(claim, helpful: "Preemption is not helpful for scheduling") }
    let selector = pod["spec", "nodeSelector"].strings
    if !selector.allSatisfy({ node.labels[$0.key] == $0.value }) {
      return message(
        "1 node(s) didn't match Pod's node affinity/selector", helpful: "Preemption is not helpful for scheduling")
    }
    let asked = Self.requests(of: pod)
    let lacking = [
      asked.cpu > 0 && used.cpu + asked.cpu > node.cpu ? "1 Insufficient cpu" : nil,
      asked.memory > 0 && used.memory + asked.memory > node.memory ? "1 Insufficient memory" : nil,
      used.pods >= node.pods ? "1 Too many pods" : nil,
    ].compactMap(\.self)
    if lacking.isEmpty {
      add(pod)
      return nil
    }
    let isHopeless = asked.cpu > node.cpu || asked.memory > node.memory
    return message(
      lacking.joined(separator: ", "),
      helpful: isHopeless
        ? "Preemption is not helpful for scheduling" : "No preemption victims found for incoming pod")
  }

  private func message(_ reasons: String, helpful: String) -> String {
    "0/1 nodes are available: \(reasons). no new claims to deallocate, preemption: "
      + "0/1 nodes are available: 1 \(helpful)."
  }

  private func claimRefusal(of pod: JSON) -> String? {
    for volume in pod["spec", "volumes"].elements {
      guard let name = volume["persistentVolumeClaim", "claimName"].string else { continue }
      guard let claim = claims[Self.key(pod["metadata", "namespace"], .string(name))] else {
        return "persistentvolumeclaim \"\(name)\" not found"
      }
      if claim["metadata", "deletionTimestamp"].string != nil {
        return "persistentvolumeclaim \"\(name)\" is being deleted"
      }
      if claim["status", "phase"].string != "Bound" { return "pod has unbound immediate PersistentVolumeClaims" }
    }
    return nil
  }

  private mutating func add(_ pod: JSON) {
    let asked = Self.requests(of: pod)
    used = (used.cpu + asked.cpu, used.memory + asked.memory, used.pods + 1)
  }

  private static func requests(of pod: JSON) -> (cpu: Int, memory: Int) {
    let memory = PodRequests.milli("requests", "memory", of: pod)
    return (PodRequests.milli("requests", "cpu", of: pod), (memory + 999) / 1_000)
  }

  private static func hasEnded(_ pod: JSON) -> Bool {
    ["Succeeded", "Failed"].contains(pod["status", "phase"].string)
  }

  private static func key(_ namespace: JSON, _ name: JSON) -> String {
    "\(namespace.string ?? "default")/\(name.string ?? "")"
  }
}

extension Scheduler {
  /// Follows the store until the task is cancelled, and assigns what it can.
  static func run(store: ObjectStore, node: SandboxNode) async {
    for await _ in store.changes() { assign(in: store, node: node) }
  }

  private static func assign(in store: ObjectStore, node: SandboxNode) {
    let pods = store.list(.pods).items
    let waiting = pods.filter {
      $0["spec", "nodeName"].string == nil && $0["metadata", "deletionTimestamp"].string == nil && !hasEnded($0)
    }
    guard !waiting.isEmpty else { return }
    var scheduler = Scheduler(node: node, pods: pods, claims: store.list(.persistentVolumeClaims).items)
    for pod in waiting { write(scheduler.refusal(of: pod), about: pod, to: store) }
  }

  private static func write(_ refusal: String?, about pod: JSON, to store: ObjectStore) {
    let metadata = pod["metadata"]
    guard let name = metadata["name"].string, let uid = metadata["uid"].string else { return }
    let subject = PodEvents.Subject(namespace: metadata["namespace"].string ?? "default", name: name, uid: uid)
    let old = pod["status", "conditions"][where: "type", is: "PodScheduled"]
    if let refusal, old["message"].string == refusal { return }
    var condition: JSON = [
      "type": "PodScheduled", "status": refusal == nil ? "True" : "False",
      "lastTransitionTime": .string(Timestamp.text(store.now)),
    ]
    if let refusal {
      condition["reason"] = "Unschedulable"
      condition["message"] = .string(refusal)
    }
    _ = try? store.update(.pods, namespace: subject.namespace, name: name) { object in
      guard object["metadata", "uid"].string == uid else { return }
      if refusal == nil { object["spec", "nodeName"] = .string(PodStatus.node) }
      object["status", "phase"] = "Pending"
      object["status", "conditions"] = [condition]
    }
    let report = refusal.map { PodMachine.Report(type: "Warning", reason: "FailedScheduling", message: $0) }
    let assigned = "Successfully assigned \(subject.namespace)/\(name) to \(PodStatus.node)"
    PodEvents.write(
      report ?? PodMachine.Report(reason: "Scheduled", message: assigned), about: subject, by: "default-scheduler",
      to: store)
  }
}
