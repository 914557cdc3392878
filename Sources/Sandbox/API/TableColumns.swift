import FoundationEssentials

/// The columns that `kubectl get` shows for each kind, as a real server gives them
/// (kubernetes/pkg/printers/internalversion/printers.go).
enum TableColumns {
  /// The columns of a kind; name and age for those that have none of their own.
  static func of(_ resource: Resource) -> [TableColumn] {
    switch resource {
    case .pods: [name] + PodColumns.all
    case .deployments:
      [
        name, ready, text("Up-to-date", number("status", "updatedReplicas")),
        text("Available", number("status", "availableReplicas")), age,
      ] + template + [selector]
    case .replicaSets:
      [
        name, count("Desired", number("spec", "replicas")), count("Current", number("status", "replicas")),
        count("Ready", number("status", "readyReplicas")), age,
      ] + template + [selector]
    case .statefulSets: [name, ready, age] + template
    case .services: [name] + services
    case .events: events
    case .namespaces: [name, text("Status", string("status", "phase")), age]
    case .configMaps: [name, text("Data", { .int($0["data"].object?.count ?? 0) }), age]
    case .secrets:
      [name, text("Type", string("type")), text("Data", { .int($0["data"].object?.count ?? 0) }), age]
    case .ingresses: [name] + ingresses
    case .endpointSlices: [name] + endpointSlices
    default: [name] + (KindColumns.of(resource) ?? []) + [age]
    }
  }

  static let name = text("Name", string("metadata", "name"))
  static let age = TableColumn(name: "Age") { object, now in
    .string(Age.text(since: object["metadata", "creationTimestamp"].string, now: now))
  }

  /// A column that needs no time.
  static func text(
    _ name: String, priority: Int = 0, _ cell: @escaping @Sendable (JSON) -> JSON
  ) -> TableColumn {
    TableColumn(name: name, priority: priority) { object, _ in cell(object) }
  }

  private static func count(_ name: String, _ cell: @escaping @Sendable (JSON) -> JSON) -> TableColumn {
    TableColumn(name: name, type: "integer") { object, _ in cell(object) }
  }

  private static func string(_ path: String...) -> @Sendable (JSON) -> JSON {
    { .string(path.reduce($0) { $0[$1] }.string ?? "<none>") }
  }

  private static func number(_ path: String...) -> @Sendable (JSON) -> JSON {
    { .int(path.reduce($0) { $0[$1] }.int ?? 0) }
  }

  private static let ready = text("Ready") { object in
    .string("\(object["status", "readyReplicas"].int ?? 0)/\(object["spec", "replicas"].int ?? 0)")
  }

  private static let template = ["Containers", "Images"].map { heading in
    text(heading, priority: 1) { object in
      let field = heading == "Images" ? "image" : "name"
      return list(object["spec", "template", "spec", "containers"].elements.compactMap { $0[field].string })
    }
  }

  private static let selector = text("Selector", priority: 1) { .string(LabelSelector($0["spec", "selector"]).text) }

  private static func list(_ items: [String]) -> JSON {
    .string(items.isEmpty ? "<none>" : items.joined(separator: ","))
  }

  private static let services = [
    text("Type", string("spec", "type")), text("Cluster-IP", string("spec", "clusterIP")),
    text("External-IP", string("spec", "externalIP")),
    text("Port(s)") { object in
      list(object["spec", "ports"].elements.map { "\($0["port"].int ?? 0)/\($0["protocol"].string ?? "TCP")" })
    },
    age,
    text("Selector", priority: 1) { .string(LabelSelector($0["spec", "selector"].strings).text) },
  ]

  private static let ingresses = [
    text("Class", string("spec", "ingressClassName")),
    text("Hosts") { list($0["spec", "rules"].elements.compactMap { $0["host"].string }) },
    text("Address") { object in
      .string(
        object["status", "loadBalancer", "ingress"].elements.compactMap { $0["ip"].string }.joined(separator: ","))
    },
    text("Ports") { $0["spec", "tls"].elements.isEmpty ? "80" : "80, 443" }, age,
  ]

  private static let endpointSlices = [
    text("AddressType", string("addressType")),
    text("Ports") { list($0["ports"].elements.compactMap { $0["port"].int.map { "\($0)" } }) },
    text("Endpoints") { list($0["endpoints"].elements.flatMap { $0["addresses"].elements.compactMap(\.string) }) },
    age,
  ]

  private static let events: [TableColumn] = [
    TableColumn(name: "Last Seen") { event, now in
      let moment = event["lastTimestamp"].string ?? event["eventTime"].string
      return .string(Age.text(since: moment ?? event["metadata", "creationTimestamp"].string, now: now))
    },
    text("Type", string("type")), text("Reason", string("reason")),
    text("Object") { event in
      let object = event["involvedObject"]
      return .string("\((object["kind"].string ?? "").lowercased())/\(object["name"].string ?? "")")
    },
    text("Subobject", priority: 1) { .string($0["involvedObject", "fieldPath"].string ?? "") },
    text("Source", priority: 1) { .string($0["source", "component"].string ?? $0["reportingComponent"].string ?? "") },
    text("Message") { .string($0["message"].string ?? "") },
    TableColumn(name: "First Seen", priority: 1) { event, now in
      .string(Age.text(since: event["firstTimestamp"].string ?? event["eventTime"].string, now: now))
    },
    text("Count", priority: 1) { .int($0["count"].int ?? 1) },
    TableColumn(name: "Name", priority: 1) { event, _ in event["metadata", "name"] },
  ]
}

/// How old something is, as kubectl writes it: `0s`, `119s`, `5m30s`, `3h10m`, `4d`.
enum Age {
  /// The age of a timestamp; `<unknown>` for none. (apimachinery, util/duration, HumanDuration)
  static func text(since timestamp: String?, now: Date) -> String {
    guard let timestamp, let moment = Timestamp.moment(timestamp) else { return "<unknown>" }
    let seconds = Int(now.timeIntervalSince(moment))
    if seconds < -1 { return "<invalid>" }
    if seconds < 0 { return "0s" }
    return text(seconds: seconds)
  }

  private static func text(seconds: Int) -> String {
    let (minutes, hours) = (seconds / 60, seconds / 3_600)
    switch seconds {
    case ..<120: return "\(seconds)s"
    case ..<600: return both("\(minutes)m", seconds % 60, "s")
    case ..<(3 * 3_600): return "\(minutes)m"
    case ..<(8 * 3_600): return both("\(hours)h", minutes % 60, "m")
    case ..<(48 * 3_600): return "\(hours)h"
    case ..<(8 * 86_400): return both("\(hours / 24)d", hours % 24, "h")
    default: return "\(hours / 24)d"
    }
  }

  private static func both(_ large: String, _ rest: Int, _ unit: String) -> String {
    rest == 0 ? large : "\(large)\(rest)\(unit)"
  }
}
