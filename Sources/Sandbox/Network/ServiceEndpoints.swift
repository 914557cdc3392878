/// Where the pods of a Service are, as its EndpointSlices say it.
struct ServiceEndpoints: Sendable, Equatable {
  /// One place to connect to.
  struct Endpoint: Sendable, Hashable {
    var address: String
    var port: UInt16
  }

  /// One endpoint of a slice.
  struct Member: Sendable, Equatable {
    var address: String
    var isReady: Bool
    /// Whether it still answers though its end has begun.
    var servesToItsEnd: Bool
    /// The pod that it is, and the name that the slice gives it.
    var pod: String?
    var hostname: String?
    /// The numbers of its ports by their names.
    var ports: [String: UInt16]
  }

  private(set) var members: [Member] = []

  /// Reads them; `slices` may hold those of other Services too.
  init(_ service: JSON, slices: [JSON]) {
    for slice in slices
    where slice.namespace == service.namespace
      && slice["metadata", "labels", "kubernetes.io/service-name"].string == service.name
    {
      let ports = slice["ports"].elements.compactMap { port in
        port["port"].int.flatMap { UInt16(exactly: $0) }.map { (port["name"].string ?? "", $0) }
      }
      for endpoint in slice["endpoints"].elements {
        members += Self.members(endpoint, ports: [String: UInt16](ports, uniquingKeysWith: { $1 }))
      }
    }
  }

  private static func members(_ endpoint: JSON, ports: [String: UInt16]) -> [Member] {
    let conditions = endpoint["conditions"]
    return endpoint["addresses"].elements.compactMap(\.string).map { address in
      Member(
        address: address, isReady: conditions["ready"].bool != false,
        servesToItsEnd: conditions["terminating"].bool == true && conditions["serving"].bool == true,
        pod: endpoint["targetRef", "kind"].string == "Pod" ? endpoint["targetRef", "name"].string : nil,
        hostname: endpoint["hostname"].string, ports: ports)
    }
  }

  /// Where new connections to the port of that name may go.
  ///
  /// Ready ones; where there are none, those that still serve though their end has begun, as kube-proxy has it
  /// (KEP-1669).
  func usable(port name: String) -> [Endpoint] {
    let ready = members.filter(\.isReady)
    let chosen = ready.isEmpty ? members.filter(\.servesToItsEnd) : ready
    var seen: Set<Endpoint> = []
    return chosen.compactMap { member in
      member.ports[name].map { Endpoint(address: member.address, port: $0) }
    }.filter { seen.insert($0).inserted }
  }
}
