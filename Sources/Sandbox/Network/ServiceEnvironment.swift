/// The variables by which a container finds the Services that were there when it started.
///
/// The older way beside names, which Kubernetes still offers. (kubernetes/pkg/kubelet/envvars)
enum ServiceEnvironment {
  /// The variables for a pod: the API server's always, the others unless `enableServiceLinks` is false.
  static func variables(for pod: JSON, services: [JSON]) -> [String: String] {
    let isLinked = pod["spec", "enableServiceLinks"].bool != false
    var variables: [String: String] = [:]
    for service in services where service.namespace == "default" && service.name == "kubernetes" {
      variables = Self.variables(of: service)
    }
    for service in services where isLinked && service.namespace == pod.namespace {
      variables.merge(Self.variables(of: service)) { $1 }
    }
    return variables
  }

  private static func variables(of service: JSON) -> [String: String] {
    let ports = service["spec", "ports"].elements
    guard let address = service["spec", "clusterIP"].string, !["", "None"].contains(address),
      let first = ports.first
    else { return [:] }
    let prefix = spelled(service.name)
    var variables = [
      "\(prefix)_SERVICE_HOST": address, "\(prefix)_SERVICE_PORT": number(first), "\(prefix)_PORT": url(first, address),
    ]
    for port in ports {
      if let name = port["name"].string { variables["\(prefix)_SERVICE_PORT_\(spelled(name))"] = number(port) }
      let own = "\(prefix)_PORT_\(number(port))_\(transport(port).uppercased())"
      variables[own] = url(port, address)
      variables["\(own)_PROTO"] = transport(port)
      variables["\(own)_PORT"] = number(port)
      variables["\(own)_ADDR"] = address
    }
    return variables
  }

  private static func spelled(_ name: String) -> String {
    name.uppercased().replacing("-", with: "_")
  }

  private static func number(_ port: JSON) -> String { "\(port["port"].int ?? 0)" }

  private static func transport(_ port: JSON) -> String { (port["protocol"].string ?? "TCP").lowercased() }

  private static func url(_ port: JSON, _ address: String) -> String {
    "\(transport(port))://\(address):\(number(port))"
  }
}
