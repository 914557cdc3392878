/// What the names of Services mean, as a cluster's DNS would answer: a pure function of the objects.
///
/// A Service with an address has that; a headless one has the addresses of its ready pods, and a name for each pod
/// that has a hostname of its own. (kubernetes/dns, docs/specification.md)
struct ServiceNames: Sendable, Equatable {
  static let domain = "cluster.local"

  private struct Entry: Sendable, Equatable {
    var namespace: String
    /// Within the namespace, such as `redis` or `db-0.db`.
    var name: String
    var addresses: [String]

    var full: String { "\(name).\(namespace).svc.\(ServiceNames.domain)" }
  }

  private var entries: [Entry] = []
  /// What cannot be resolved, to be said on the Services.
  private(set) var notices: [EventRecord] = []

  /// Works them out; `api` is the address of the API server, which has a name also where no Service gives it one.
  init(services: [JSON], slices: [JSON], pods: [JSON], api: String) {
    let pods = [String: JSON](pods.map { ("\($0.namespace)/\($0.name)", $0) }, uniquingKeysWith: { $1 })
    for service in services where service["spec", "type"].string != "ExternalName" {
      let address = service["spec", "clusterIP"].string ?? ""
      if address == "None" {
        entries += Self.headless(service, ServiceEndpoints(service, slices: slices), pods)
      } else if !address.isEmpty {
        entries.append(Entry(namespace: service.namespace, name: service.name, addresses: [address]))
      }
    }
    if !entries.contains(where: { $0.namespace == "default" && $0.name == "kubernetes" }) {
      entries.append(Entry(namespace: "default", name: "kubernetes", addresses: [api]))
    }
    for service in services where service["spec", "type"].string == "ExternalName" { addAlias(service) }
  }

  private static func headless(
    _ service: JSON, _ endpoints: ServiceEndpoints, _ pods: [String: JSON]
  ) -> [Entry] {
    let all = service["spec", "publishNotReadyAddresses"].bool == true
    let members = endpoints.members.filter { all || $0.isReady }
    guard !members.isEmpty else { return [] }
    let own = Entry(namespace: service.namespace, name: service.name, addresses: members.map(\.address))
    return [own]
      + members.compactMap { member in
        let pod = member.pod.flatMap { pods["\(service.namespace)/\($0)"] } ?? .null
        let isOwn = pod["spec", "subdomain"].string == service.name
        guard let name = member.hostname ?? (isOwn ? pod["spec", "hostname"].string : nil) else { return nil }
        return Entry(namespace: service.namespace, name: "\(name).\(service.name)", addresses: [member.address])
      }
  }

  // An alias of an alias is not followed.
  private mutating func addAlias(_ service: JSON) {
    var target = service["spec", "externalName"].string ?? ""
    if target.hasSuffix(".") { target.removeLast() }
    if let found = entries.first(where: { $0.full == target }) {
      entries.append(Entry(namespace: service.namespace, name: service.name, addresses: found.addresses))
      return
    }
    let message =
      "the sandbox knows no \"\(target)\": an ExternalName can mean the full name of a Service here, no more"
    notices.append(
      EventRecord(
        service, reason: "ExternalNameNotResolved", message: message, kind: .warning,
        component: ForwardingTable.component))
  }

  /// The hosts file of a pod that has this address.
  ///
  /// The short names are those of its own namespace. It has no comments and no empty lines, which nss_wrapper takes
  /// for mistakes.
  func hosts(for pod: JSON, at address: String) -> String {
    let hostname = Self.hostname(of: pod)
    var own = hostname
    if let subdomain = pod["spec", "subdomain"].string {
      own = "\(hostname).\(subdomain).\(pod.namespace).svc.\(Self.domain)\t\(hostname)"
    }
    // No comments: nss_wrapper takes a `#` for an address.
    var lines = ["127.0.0.1\tlocalhost", "\(address)\t\(own)"]
    for alias in pod["spec", "hostAliases"].elements {
      let names = alias["hostnames"].elements.compactMap(\.string).joined(separator: "\t")
      if let address = alias["ip"].string, !names.isEmpty { lines.append("\(address)\t\(names)") }
    }
    for entry in entries {
      let qualified = "\(entry.name).\(entry.namespace)"
      var names = [entry.full, "\(entry.full).", "\(qualified).svc", qualified]
      if entry.namespace == pod.namespace { names.append(entry.name) }
      lines += entry.addresses.map { "\($0)\t\(names.joined(separator: "\t"))" }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// What a pod calls itself: its `hostname`, else its name, as far as the system allows.
  static func hostname(of pod: JSON) -> String {
    let name = pod["spec", "hostname"].string ?? pod.name
    return String(name.prefix(63))
  }
}
