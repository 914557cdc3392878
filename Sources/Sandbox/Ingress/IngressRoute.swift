/// One way from a request to a Service, as an Ingress has it.
struct IngressRoute: Hashable, Sendable {
  /// How a path is compared, the stricter first.
  enum Match: String, Sendable {
    /// The path and no other.
    case exact
    /// By whole elements: `/vote` is in `/vote` and `/vote/x`, not in `/votes`.
    case prefix
    /// By characters, which is what ingress-nginx makes of `ImplementationSpecific`.
    case start
  }

  /// The host in small letters; `*.` and a name for one more label before it, empty for any.
  var host: String
  var match: Match
  /// Empty with ``Match/prefix`` or ``Match/start`` for everything.
  var path: String
  var backend: IngressBackend
  /// Whether a request that came in plain HTTP is sent to HTTPS.
  var redirects: Bool

  /// What two routes must not share.
  var place: [String] { [host, match.rawValue, path] }

  /// As it is told to nginx.
  var line: String { "route\t\(host)\t\(match.rawValue)\t\(path)\t\(backend.key)\t\(redirects ? "redirect" : "-")\n" }

  /// Whether a certificate's host, which may begin with `*.`, stands for a host.
  ///
  /// The star is exactly one label, as Kubernetes has it.
  static func covers(_ pattern: String, _ host: String) -> Bool {
    if pattern == host { return true }
    guard pattern.hasPrefix("*."), let dot = host.firstIndex(of: ".") else { return false }
    return host[dot...] == pattern.dropFirst()
  }
}

/// The port of a Service that an Ingress sends requests to.
struct IngressBackend: Hashable, Sendable {
  var namespace: String
  var service: String
  /// The port's name, or its number in digits; a name is never all digits.
  var port: String

  /// The name that nginx knows it by.
  var key: String { "\(namespace)/\(service)/\(port)" }

  /// What stands in an Ingress; nil for a resource, which is none, or where no port is named.
  init?(_ backend: JSON, namespace: String) {
    let port = backend["service", "port"]
    guard let service = backend["service", "name"].string,
      let name = port["name"].string ?? port["number"].int.map({ "\($0)" }),
      (service + name).utf8.allSatisfy({ $0 > 0x20 })
    else { return nil }
    self.namespace = namespace
    self.service = service
    self.port = name
  }
}
