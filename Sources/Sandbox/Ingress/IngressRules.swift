/// What the Ingress objects ask for: routes, certificates, and what has to be said about them.
///
/// Pure. Where two of them want the same host and path, the older one has it, as in ingress-nginx.
/// (kubernetes.io/docs/concepts/services-networking/ingress)
struct IngressRules: Equatable, Sendable {
  /// A host whose certificate is in a Secret, and the Ingress that says so.
  struct Claim: Equatable, Sendable {
    var host: String
    var namespace: String
    /// The Secret's name; empty where the Ingress names none.
    var secret: String
    var ingress: JSON
  }

  /// Who says what is said about an Ingress.
  static let component = "nginx-ingress-controller"
  private static let annotationPrefix = "nginx.ingress.kubernetes.io/"
  private static let enforced: Set<String> = ["ssl-redirect", "force-ssl-redirect"]

  /// In no order: nginx sorts them.
  private(set) var routes: [IngressRoute] = []
  /// No two of them for one host.
  private(set) var claims: [Claim] = []
  /// What cannot be done as asked.
  private(set) var notices: [EventRecord] = []
  /// The Ingresses of our class, the oldest first.
  let ingresses: [JSON]

  private var takers: [[String]: String] = [:]

  /// Reads all Ingresses there are; those of another class are left alone.
  init(_ all: [JSON]) {
    ingresses = all.filter(Self.isOurs).sorted { left, right in
      let ages = [left, right].map { $0["metadata", "creationTimestamp"].string ?? "" }
      return (ages[0], left.namespace, left.name) < (ages[1], right.namespace, right.name)
    }
    for ingress in ingresses { add(ingress) }
  }

  private static func isOurs(_ ingress: JSON) -> Bool {
    let old = ingress["metadata", "annotations", "kubernetes.io/ingress.class"].string
    return !ingress.isTerminating && (old ?? ingress["spec", "ingressClassName"].string ?? "nginx") == "nginx"
  }

  private mutating func add(_ ingress: JSON) {
    for name in ingress["metadata", "annotations"].strings.keys.sorted() where name.hasPrefix(Self.annotationPrefix) {
      guard !Self.enforced.contains(String(name.dropFirst(Self.annotationPrefix.count))) else { continue }
      tell(ingress, "NotEnforced", "The annotation \(name) is stored, and has no effect in the sandbox")
    }
    let rules = ingress["spec", "rules"].elements.filter { isName(Self.host($0), ingress) }
    let hosts = rules.map(Self.host)
    let secured = addClaims(ingress, hosts: hosts)
    let annotations = ingress["metadata", "annotations"]
    let mayRedirect = annotations["\(Self.annotationPrefix)ssl-redirect"].string != "false"
    let mustRedirect = annotations["\(Self.annotationPrefix)force-ssl-redirect"].string == "true"
    func redirects(_ host: String) -> Bool {
      mustRedirect || mayRedirect && secured.contains { IngressRoute.covers($0, host) }
    }
    for (rule, host) in zip(rules, hosts) {
      for path in rule["http", "paths"].elements { add(path, host, redirects: redirects(host), ingress) }
    }
    guard !ingress["spec", "defaultBackend"].isNull else { return }
    guard let backend = backend(ingress["spec", "defaultBackend"], ingress) else { return }
    var seen: Set<String> = []
    for host in hosts + [""] where seen.insert(host).inserted {
      add(IngressRoute(host: host, match: .start, path: "", backend: backend, redirects: redirects(host)), ingress)
    }
  }

  // A host is any, or made of labels, the first of which may be a star.
  private mutating func isName(_ host: String, _ ingress: JSON) -> Bool {
    let rest = host.hasPrefix("*.") ? host.dropFirst(2) : host[...]
    let isName = rest.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
      case UInt8(ascii: "-"), UInt8(ascii: "."): true
      default: false
      }
    }
    if !isName { tell(ingress, "Rejected", "the host \"\(host)\" is no DNS name") }
    return isName
  }

  private static func host(_ rule: JSON) -> String { rule["host"].string?.lowercased() ?? "" }

  // Gives the hosts that have HTTPS by this Ingress. A TLS entry without hosts is about all of the rules'.
  private mutating func addClaims(_ ingress: JSON, hosts: [String]) -> [String] {
    var secured: [String] = []
    for entry in ingress["spec", "tls"].elements {
      let named = entry["hosts"].elements.compactMap { $0.string?.lowercased() }.filter { isName($0, ingress) }
      for host in named.isEmpty ? hosts : named {
        secured.append(host)
        let claim = Claim(
          host: host, namespace: ingress.namespace, secret: entry["secretName"].string ?? "", ingress: ingress)
        guard let other = claims.first(where: { $0.host == host }) else {
          claims.append(claim)
          continue
        }
        if other.namespace != claim.namespace || other.secret != claim.secret {
          tell(
            ingress, "Rejected",
            "host \"\(host)\" has its certificate from ingress \(other.ingress.namespace)/\(other.ingress.name) already"
          )
        }
      }
    }
    return secured
  }

  private mutating func add(_ path: JSON, _ host: String, redirects: Bool, _ ingress: JSON) {
    guard let backend = backend(path["backend"], ingress) else { return }
    let text = path["path"].string ?? "/"
    guard text.hasPrefix("/"), text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else {
      return tell(ingress, "Rejected", "the path \"\(text)\" must begin with / and have no spaces in it")
    }
    let match: IngressRoute.Match =
      switch path["pathType"].string {
      case "Exact": .exact
      case "Prefix": .prefix
      default: .start
      }
    let whole = match == .prefix ? String(text.reversed().drop { $0 == "/" }.reversed()) : text
    add(
      IngressRoute(host: host, match: match, path: whole, backend: backend, redirects: redirects), ingress, path: text)
  }

  private mutating func add(_ route: IngressRoute, _ ingress: JSON, path: String = "default backend") {
    let owner = "\(ingress.namespace)/\(ingress.name)"
    if let taker = takers[route.place] {
      let host = route.host.isEmpty ? "_" : route.host
      return tell(
        ingress, "Rejected", "host \"\(host)\" and path \"\(path)\" is already defined in ingress \(taker)")
    }
    takers[route.place] = owner
    routes.append(route)
  }

  private mutating func backend(_ backend: JSON, _ ingress: JSON) -> IngressBackend? {
    if let backend = IngressBackend(backend, namespace: ingress.namespace) { return backend }
    tell(ingress, "NotEnforced", "A backend that is no port of a Service has no effect in the sandbox")
    return nil
  }

  private mutating func tell(_ ingress: JSON, _ reason: String, _ message: String) {
    notices.append(
      EventRecord(ingress, reason: reason, message: message, kind: .warning, component: Self.component))
  }
}
