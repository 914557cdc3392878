/// Where the ready pods behind each backend are, by Services and their EndpointSlices.
///
/// Pure. No Service, or none with that port, is as good as one without a ready pod: an empty list.
enum IngressEndpoints {
  /// Each backend's ready endpoints as `ADDRESS:PORT`, in the order of the slices.
  typealias Lists = [IngressBackend: [String]]

  /// Looks up backends; `services` and `slices` are all there are.
  static func lists(of backends: Set<IngressBackend>, services: [JSON], slices: [JSON]) -> Lists {
    var byService: [String: [JSON]] = [:]
    for slice in slices where slice["addressType"].string ?? "IPv4" == "IPv4" {
      let service = slice["metadata", "labels", "kubernetes.io/service-name"].string ?? ""
      byService["\(slice.namespace)/\(service)", default: []].append(slice)
    }
    var lists = Lists(uniqueKeysWithValues: backends.map { ($0, []) })
    for service in services {
      let own = byService["\(service.namespace)/\(service.name)"] ?? []
      for backend in backends where backend.service == service.name && backend.namespace == service.namespace {
        guard let port = port(backend.port, of: service) else { continue }
        lists[backend] = endpoints(in: own, port: port)
      }
    }
    return lists
  }

  private static func port(_ wanted: String, of service: JSON) -> JSON? {
    service["spec", "ports"].elements.first { port in
      Int(wanted).map { port["port"].int == $0 } ?? (port["name"].string == wanted)
    }
  }

  // A port of a Service and those of its slices go together by name. Unknown readiness counts as ready.
  private static func endpoints(in slices: [JSON], port: JSON) -> [String] {
    var found: [String] = []
    for slice in slices {
      let named = slice["ports"].elements.first { $0["name"].string ?? "" == port["name"].string ?? "" }
      guard let number = named?["port"].int else { continue }
      for endpoint in slice["endpoints"].elements where endpoint["conditions", "ready"].bool != false {
        found += endpoint["addresses"].elements.compactMap { $0.string.map { "\($0):\(number)" } }
      }
    }
    var seen: Set<String> = []
    return found.filter { seen.insert($0).inserted }
  }
}
