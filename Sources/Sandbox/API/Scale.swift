/// The `scale` part of a workload: how many replicas it should have and has.
enum Scale {
  /// The Scale object of a workload.
  static func of(_ workload: JSON) -> JSON {
    var metadata: JSON = [:]
    for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
      metadata[field] = workload["metadata", field]
    }
    var scale: JSON = [
      "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata,
      "spec": [:], "status": ["replicas": .int(workload["status", "replicas"].int ?? 0)],
    ]
    scale["spec", "replicas"] = workload["spec", "replicas"]
    scale["status", "selector"] = .string(LabelSelector(workload["spec", "selector"]).text)
    return scale
  }
}
