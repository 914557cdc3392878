@testable import Sandbox

/// Services, slices and pods as a cluster has them, made in a line.
enum NetworkFixtures {
  static func service(
    _ name: String, in namespace: String = "oggy", at address: String, ports: [(String, Int)] = [("", 6_379)],
    and more: JSON = [:]
  ) -> JSON {
    var service: JSON = [
      "kind": "Service", "apiVersion": "v1",
      "metadata": ["name": .string(name), "namespace": .string(namespace), "uid": .string("uid-\(name)")],
      "spec": [
        "type": "ClusterIP", "clusterIP": .string(address),
        "ports": .array(
          ports.map { port in
            var json: JSON = ["port": .int(port.1), "protocol": "TCP"]
            if !port.0.isEmpty { json["name"] = .string(port.0) }
            return json
          }),
      ],
    ]
    service["spec"].merge(more)
    return service
  }

  /// An endpoint: its address, and `ready`, `unready`, `ending` or `ended`.
  static func endpoint(_ address: String, _ state: String = "ready", pod: String? = nil) -> JSON {
    var endpoint: JSON = [
      "addresses": [.string(address)],
      "conditions": [
        "ready": .bool(state == "ready"), "serving": .bool(["ready", "ending"].contains(state)),
        "terminating": .bool(state.hasPrefix("end")),
      ],
    ]
    if let pod { endpoint["targetRef"] = ["kind": "Pod", "name": .string(pod)] }
    return endpoint
  }

  static func slice(
    of service: String, in namespace: String = "oggy", ports: [(String, Int)] = [("", 6_379)], _ endpoints: JSON...
  ) -> JSON {
    [
      "metadata": [
        "name": .string("\(service)-x"), "namespace": .string(namespace),
        "labels": ["kubernetes.io/service-name": .string(service)],
      ],
      "addressType": "IPv4", "endpoints": .array(endpoints),
      "ports": .array(ports.map { ["name": .string($0.0), "protocol": "TCP", "port": .int($0.1)] }),
    ]
  }

  static func pod(_ name: String, in namespace: String = "oggy", and more: JSON = [:]) -> JSON {
    var pod: JSON = [
      "metadata": ["name": .string(name), "namespace": .string(namespace), "uid": .string("uid-\(name)")], "spec": [:],
    ]
    pod["spec"].merge(more)
    return pod
  }
}
