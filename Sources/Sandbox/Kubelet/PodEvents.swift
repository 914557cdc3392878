import FoundationEssentials

/// Writes the kubelet's Events about pods, which `kubectl describe` and `get events` show.
enum PodEvents {
  /// Adds an Event, or counts one up that says the same of the same pod.
  static func write(_ report: PodMachine.Report, about plan: PodPlan, to store: ObjectStore) {
    let now = Timestamp.text(store.now)
    let name = "\(plan.name).\(digest(report, plan))"
    let counted = try? store.update(.events, namespace: plan.namespace, name: name) { event in
      event["count"] = .int((event["count"].int ?? 1) + 1)
      event["lastTimestamp"] = .string(now)
    }
    guard counted == nil else { return }
    let component = report.reason == "Scheduled" ? "default-scheduler" : "kubelet"
    var about: JSON = [
      "kind": "Pod", "apiVersion": "v1", "namespace": .string(plan.namespace), "name": .string(plan.name),
      "uid": .string(plan.uid),
    ]
    if report.ofContainer { about["fieldPath"] = .string("spec.containers{\(plan.container)}") }
    _ = try? store.create(
      [
        "metadata": ["name": .string(name), "namespace": .string(plan.namespace)],
        "involvedObject": about, "type": .string(report.type), "reason": .string(report.reason),
        "message": .string(report.message), "count": 1, "firstTimestamp": .string(now), "lastTimestamp": .string(now),
        "source": ["component": .string(component), "host": .string(PodStatus.node)],
        "reportingComponent": .string(component), "reportingInstance": .string(PodStatus.node),
      ], .events)
  }

  // FNV-1a of what makes two Events the same: a name that is the same in each run.
  private static func digest(_ report: PodMachine.Report, _ plan: PodPlan) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in "\(plan.uid)\n\(report.reason)\n\(report.message)".utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x0100_0000_01b3
    }
    return String(hash, radix: 16)
  }
}
