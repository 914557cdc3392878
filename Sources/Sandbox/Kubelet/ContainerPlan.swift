/// What a pod's specification asks for one of its containers, with Kubernetes' defaults.
struct ContainerPlan: Sendable, Equatable {
  /// A request of a probe or a hook.
  struct Request: Sendable, Equatable {
    /// Another host than the pod's own address.
    var host: String?
    var port: UInt16
    var path = "/"
    /// Lines such as `Accept: text/html`.
    var headers: [String] = []
  }

  /// How a probe finds out.
  enum Check: Sendable, Equatable {
    case http(Request)
    case tcp(host: String?, port: UInt16)
    case exec([String])
    /// What the sandbox does not do, and why: it fails each time, which an Event then tells.
    case notOffered(String)
  }

  /// A probe: its check, and its times in seconds.
  struct Probe: Sendable, Equatable {
    var check: Check
    var initialDelay = 0
    var period = 10
    var timeout = 1
    var failureThreshold = 3
    var successThreshold = 1
    /// Grace of its own for the container that failed it.
    var grace: Int?
  }

  /// What a probe is for.
  enum ProbeKind: String, Sendable, CaseIterable {
    case startup = "Startup"
    case readiness = "Readiness"
    case liveness = "Liveness"
  }

  /// When a hook runs.
  enum HookKind: String, Sendable {
    case postStart = "PostStart"
    case preStop = "PreStop"
  }

  /// What a hook does.
  enum Hook: Sendable, Equatable {
    case exec([String])
    case sleep(Int)
    case http(Request)
    case notOffered(String)
  }

  /// What a container is to its pod.
  enum Role: Sendable, Equatable {
    /// Runs to its end before the others begin.
    case initial
    /// Begins with the initial ones, in order, and runs as long as the pod does.
    case sidecar
    case main
  }

  var role = Role.main
  var name: String
  var image: String
  var neverPull: Bool
  var alwaysPull: Bool
  var ports: [UInt16]
  var probes: [ProbeKind: Probe]
  var hooks: [HookKind: Hook]
  /// Bytes; nil for no limit.
  var memoryLimit: Int?

  /// Nil for what has no name.
  init?(_ container: JSON, role: Role) {
    guard let name = container["name"].string else { return nil }
    self.name = name
    self.role = role
    image = container["image"].string ?? ""
    neverPull = container["imagePullPolicy"].string == "Never"
    alwaysPull = container["imagePullPolicy"].string == "Always"
    ports = container["ports"].elements.compactMap { Self.number($0["containerPort"]) }
    let limit = Quantity.whole(container["resources", "limits", "memory"])
    memoryLimit = limit > 0 ? limit : nil
    probes = [:]
    for kind in ProbeKind.allCases {
      probes[kind] = Self.probe(container["\(kind.rawValue.lowercased())Probe"], in: container)
    }
    hooks = [:]
    for kind in [HookKind.postStart, .preStop] {
      let key = kind == .preStop ? "preStop" : "postStart"
      hooks[kind] = Self.hook(container["lifecycle", key], in: container)
    }
  }

  /// Where Events about it point to.
  var fieldPath: String { "spec.\(role == .main ? "containers" : "initContainers"){\(name)}" }

  private static func probe(_ json: JSON, in container: JSON) -> Probe? {
    guard let check = check(json, in: container) else { return nil }
    return Probe(
      check: check, initialDelay: max(0, json["initialDelaySeconds"].int ?? 0),
      period: max(1, json["periodSeconds"].int ?? 10), timeout: max(1, json["timeoutSeconds"].int ?? 1),
      failureThreshold: max(1, json["failureThreshold"].int ?? 3),
      successThreshold: max(1, json["successThreshold"].int ?? 1),
      grace: json["terminationGracePeriodSeconds"].int)
  }

  private static func check(_ json: JSON, in container: JSON) -> Check? {
    if let command = json["exec", "command"].array { return .exec(command.compactMap(\.string)) }
    if !json["grpc"].isNull { return .notOffered("the sandbox makes no gRPC probes") }
    if !json["tcpSocket"].isNull {
      guard let port = port(json["tcpSocket", "port"], in: container) else { return unknownPort(json["tcpSocket"]) }
      return .tcp(host: json["tcpSocket", "host"].string, port: port)
    }
    guard !json["httpGet"].isNull else { return nil }
    if json["httpGet", "scheme"].string == "HTTPS" { return .notOffered("the sandbox makes no probes by HTTPS") }
    return request(json["httpGet"], in: container).map { .http($0) } ?? unknownPort(json["httpGet"])
  }

  private static func unknownPort(_ json: JSON) -> Check {
    .notOffered("couldn't find port: \(json["port"].string ?? "none")")
  }

  private static func hook(_ json: JSON, in container: JSON) -> Hook? {
    if let command = json["exec", "command"].array { return .exec(command.compactMap(\.string)) }
    if let seconds = json["sleep", "seconds"].int { return .sleep(seconds) }
    guard !json["httpGet"].isNull else { return nil }
    if json["httpGet", "scheme"].string == "HTTPS" { return .notOffered("the sandbox calls no hooks by HTTPS") }
    return request(json["httpGet"], in: container).map { .http($0) } ?? .notOffered("its port is not known")
  }

  private static func request(_ json: JSON, in container: JSON) -> Request? {
    guard let port = port(json["port"], in: container) else { return nil }
    let path = json["path"].string ?? "/"
    return Request(
      host: json["host"].string, port: port, path: path.hasPrefix("/") ? path : "/\(path)",
      headers: json["httpHeaders"].elements.map { "\($0["name"].string ?? ""): \($0["value"].string ?? "")" })
  }

  // A number, or the name of one of the container's ports.
  private static func port(_ json: JSON, in container: JSON) -> UInt16? {
    if let name = json.string {
      return number(container["ports"][where: "name", is: name]["containerPort"]) ?? UInt16(name)
    }
    return number(json)
  }

  private static func number(_ json: JSON) -> UInt16? {
    json.int.flatMap { UInt16(exactly: $0) }
  }
}
