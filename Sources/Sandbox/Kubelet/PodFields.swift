/// What a container can be told of its own pod.
///
/// (kubernetes/pkg/fieldpath and pkg/api/v1/resource)
enum PodFields {
  /// The value of a `fieldRef`; nil for a field that cannot be referred to.
  static func value(at path: String, of pod: JSON, address: String) -> String? {
    switch path {
    case "metadata.name": return pod["metadata", "name"].string ?? ""
    case "metadata.namespace": return pod["metadata", "namespace"].string ?? ""
    case "metadata.uid": return pod["metadata", "uid"].string ?? ""
    case "status.podIP", "status.podIPs": return address
    case "status.hostIP", "status.hostIPs": return pod["status", "hostIP"].string ?? address
    case "spec.nodeName": return pod["spec", "nodeName"].string ?? PodStatus.node
    case "spec.serviceAccountName": return pod["spec", "serviceAccountName"].string ?? "default"
    default: return entry(at: path, of: pod)
    }
  }

  // `metadata.labels['KEY']`; an entry that is not there is empty.
  private static func entry(at path: String, of pod: JSON) -> String? {
    for map in ["labels", "annotations"] {
      let start = "metadata.\(map)['"
      guard path.hasPrefix(start), path.hasSuffix("']") else { continue }
      return pod["metadata", map, String(path.dropFirst(start.count).dropLast(2))].string ?? ""
    }
    return nil
  }

  /// The value of a `resourceFieldRef` in units of the divisor, rounded up; nil for what is no amount.
  ///
  /// A limit that is not set is what the node has, a request that is not set is 0.
  static func amount(
    of resource: String, in container: JSON, _ divisor: JSON, node: SandboxNode = .machine
  ) -> String? {
    let words = resource.split(separator: ".").map(String.init)
    guard words.count == 2, ["limits", "requests"].contains(words[0]) else { return nil }
    let set = Quantity.value(container["resources", words[0], words[1]])
    let whole: Double
    switch words[1] {
    case "cpu": whole = Double(node.cpu) / 1_000
    case "memory": whole = Double(node.memory)
    default: whole = 0
    }
    let amount = set ?? (words[0] == "limits" ? whole : 0)
    let unit = Quantity.value(divisor) ?? 1
    return Int(exactly: (amount / (unit > 0 ? unit : 1)).rounded(.up)).map { "\($0)" }
  }
}
