import FoundationEssentials

/// Writes the node's Events about pods, which `kubectl describe` and `get events` show.
enum PodEvents {
  /// Whom an Event is about.
  struct Subject: Sendable, Equatable {
    var namespace: String
    var name: String
    var uid: String
  }

  /// Adds an Event, or counts one up that says the same of the same pod.
  static func write(
    _ report: PodMachine.Report, about pod: Subject, by component: String = "kubelet", to store: ObjectStore
  ) {
    let now = Timestamp.text(store.now)
    let name = "\(pod.name).\(digest(report, pod))"
    let counted = try? store.update(.events, namespace: pod.namespace, name: name) { event in
      event["count"] = .int((event["count"].int ?? 1) + 1)
      event["lastTimestamp"] = .string(now)
    }
    guard counted == nil else { return }
    var about: JSON = [
      "kind": "Pod", "apiVersion": "v1", "namespace": .string(pod.namespace), "name": .string(pod.name),
      "uid": .string(pod.uid),
    ]
    if let path = report.fieldPath { about["fieldPath"] = .string(path) }
    _ = try? store.create(
      [
        "metadata": ["name": .string(name), "namespace": .string(pod.namespace)],
        "involvedObject": about, "type": .string(report.type), "reason": .string(report.reason),
        "message": .string(report.message), "count": 1, "firstTimestamp": .string(now), "lastTimestamp": .string(now),
        "source": ["component": .string(component), "host": .string(PodStatus.node)],
        "reportingComponent": .string(component), "reportingInstance": .string(PodStatus.node),
      ], .events)
  }

  // FNV-1a of what makes two Events the same: a name that is the same in each run.
  private static func digest(_ report: PodMachine.Report, _ pod: Subject) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in "\(pod.uid)\n\(report.reason)\n\(report.fieldPath ?? "")\n\(report.message)".utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x0100_0000_01b3
    }
    return String(hash, radix: 16)
  }
}
