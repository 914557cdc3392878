/// What a pod's specification asks of the kubelet, read once when the pod is taken.
///
/// One container a pod: the first is run, others are not.
struct PodPlan: Sendable, Equatable {
  /// A probe by HTTP, with Kubernetes' defaults.
  struct Probe: Sendable, Equatable {
    var path = "/"
    var port: UInt16
    var initialDelay = 0
    var period = 10
    var timeout = 1
    var failureThreshold = 3
    var successThreshold = 1
  }

  /// What a probe is for.
  enum ProbeKind: String, Sendable, CaseIterable {
    case startup = "Startup"
    case readiness = "Readiness"
    case liveness = "Liveness"
  }

  /// What runs before SIGTERM.
  enum PreStop: Sendable, Equatable {
    case exec([String])
    case sleep(Int)
    case httpGet(path: String, port: UInt16)
  }

  var namespace: String
  var name: String
  var uid: String
  var container: String
  var image: String
  var port: UInt16
  var probes: [ProbeKind: Probe]
  var preStop: PreStop?
  /// Seconds from the request to end until SIGKILL.
  var grace: Int

  /// Nil for an object that is no pod with a container.
  init?(_ pod: JSON) {
    let container = pod["spec", "containers"][0]
    guard let name = pod["metadata", "name"].string, let uid = pod["metadata", "uid"].string,
      let containerName = container["name"].string
    else { return nil }
    namespace = pod["metadata", "namespace"].string ?? "default"
    self.name = name
    self.uid = uid
    self.container = containerName
    image = container["image"].string ?? ""
    port = Self.number(container["ports"][0]["containerPort"]) ?? 8_080
    grace = pod["spec", "terminationGracePeriodSeconds"].int ?? 30
    probes = [:]
    for (kind, key) in [
      (ProbeKind.startup, "startupProbe"), (.readiness, "readinessProbe"), (.liveness, "livenessProbe"),
    ] {
      probes[kind] = Self.probe(container[key], in: container)
    }
    preStop = Self.preStop(container["lifecycle", "preStop"], in: container)
  }

  private static func probe(_ json: JSON, in container: JSON) -> Probe? {
    guard !json["httpGet"].isNull, let port = port(json["httpGet", "port"], in: container) else { return nil }
    return Probe(
      path: json["httpGet", "path"].string ?? "/", port: port, initialDelay: json["initialDelaySeconds"].int ?? 0,
      period: max(1, json["periodSeconds"].int ?? 10), timeout: max(1, json["timeoutSeconds"].int ?? 1),
      failureThreshold: max(1, json["failureThreshold"].int ?? 3),
      successThreshold: max(1, json["successThreshold"].int ?? 1))
  }

  private static func preStop(_ json: JSON, in container: JSON) -> PreStop? {
    if let command = json["exec", "command"].array { return .exec(command.compactMap(\.string)) }
    if let seconds = json["sleep", "seconds"].int { return .sleep(seconds) }
    guard let port = port(json["httpGet", "port"], in: container) else { return nil }
    return .httpGet(path: json["httpGet", "path"].string ?? "/", port: port)
  }

  // A number, or the name of one of the container's ports.
  private static func port(_ json: JSON, in container: JSON) -> UInt16? {
    if let name = json.string { return number(container["ports"][where: "name", is: name]["containerPort"]) }
    return number(json)
  }

  private static func number(_ json: JSON) -> UInt16? {
    json.int.flatMap { UInt16(exactly: $0) }
  }
}
