/// What the forwarder has to listen on, and where it sends connections: a pure function of the objects.
struct ForwardingTable: Sendable {
  /// Where a port of a Service is reached.
  struct ServicePort: Sendable, Hashable {
    var address: String
    var port: UInt16
  }

  /// Where connections go; a port whose Service has no usable endpoint is not in it.
  private(set) var endpoints: [ServicePort: [ServiceEndpoints.Endpoint]] = [:]
  /// The Service of each port that has an address.
  private(set) var services: [ServicePort: JSON] = [:]
  /// What is not offered, to be said on the Services.
  private(set) var notices: [EventRecord] = []

  static let component = "service-forwarder"

  /// Works it out from all Services and EndpointSlices.
  init(services all: [JSON], slices: [JSON]) {
    for service in all {
      notices += Self.notices(service)
      guard let address = service["spec", "clusterIP"].string, !["", "None"].contains(address) else { continue }
      let members = ServiceEndpoints(service, slices: slices)
      for port in service["spec", "ports"].elements where port["protocol"].isNull || port["protocol"] == "TCP" {
        guard let number = port["port"].int.flatMap({ UInt16(exactly: $0) }) else { continue }
        let key = ServicePort(address: address, port: number)
        services[key] = service
        let usable = members.usable(port: port["name"].string ?? "")
        if !usable.isEmpty { endpoints[key] = usable }
      }
    }
  }

  private static func notices(_ service: JSON) -> [EventRecord] {
    var notices: [EventRecord] = []
    func say(_ reason: String, _ message: String) {
      notices.append(
        EventRecord(service, reason: reason, message: message, kind: .warning, component: component))
    }
    let type = service["spec", "type"].string ?? "ClusterIP"
    if ["NodePort", "LoadBalancer"].contains(type) {
      say("NotOffered", "the sandbox has no \(type) Services: this one is reached at its cluster IP only")
    }
    let protocols = Set(service["spec", "ports"].elements.compactMap { $0["protocol"].string }).subtracting(["TCP"])
    for name in protocols.sorted() where type != "ExternalName" && service["spec", "clusterIP"] != "None" {
      say("NotOffered", "the sandbox forwards TCP only: \(name) ports of this Service are not reached")
    }
    if service["spec", "sessionAffinity"] == "ClientIP" {
      say("NotOffered", "the sandbox ignores sessionAffinity: every client has the same address on one machine")
    }
    return notices
  }

  /// What is said of a port that cannot be listened on.
  func notice(_ port: ServicePort, cause: String, needsRoot: Bool) -> EventRecord? {
    let remedy =
      needsRoot
      ? "ports below 1024 need root; the ingress goes by the endpoints and is not concerned"
      : "another program may listen there"
    return services[port].map {
      EventRecord(
        $0, reason: "PortNotBound", message: "cannot listen on \(port.address):\(port.port): \(cause): \(remedy)",
        kind: .warning, component: Self.component)
    }
  }
}
