/// The rules for kinds that have no pods.
enum OtherRules {
  private typealias Cause = Validation.Cause

  /// Every rule that an object breaks.
  static func check(_ object: JSON, previous: JSON?, _ resource: Resource) -> [Validation.Cause] {
    let spec = object["spec"]
    return switch resource {
    case .services: service(spec, previous: previous?["spec"])
    case .ingresses: ingress(spec)
    case .configMaps: configMap(object, previous: previous)
    case .secrets: secret(object, previous: previous)
    case .jobs: job(spec, previous: previous?["spec"])
    case .persistentVolumeClaims: claim(spec, previous: previous)
    case .horizontalPodAutoscalers: autoscaler(spec)
    case .podDisruptionBudgets: budget(spec)
    case .roles, .clusterRoles: rules(object["rules"].elements)
    case .roleBindings, .clusterRoleBindings: binding(object, previous: previous)
    case .storageClasses:
      (object["provisioner"].string ?? "").isEmpty ? [.required("provisioner")] : []
    default: []
    }
  }

  // MARK: Network

  private static let serviceTypes = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]

  private static func service(_ spec: JSON, previous: JSON?) -> [Cause] {
    let type = spec["type"].string ?? "ClusterIP"
    var causes: [Cause] = serviceTypes.contains(type) ? [] : [.unsupported("spec.type", .string(type), serviceTypes)]
    let ports = spec["ports"].elements
    if ports.isEmpty, type != "ExternalName", spec["clusterIP"] != "None" { causes.append(.required("spec.ports")) }
    var names: Set<String> = []
    var numbers: Set<String> = []
    for (index, port) in ports.enumerated() {
      let place = "spec.ports[\(index)]"
      causes += PodRules.portNumber(port["port"].isNull ? 0 : port["port"], at: "\(place).port")
      causes += PodRules.portNumber(port["targetPort"], at: "\(place).targetPort") + PodRules.transport(port, at: place)
      let name = port["name"].string ?? ""
      if name.isEmpty {
        if ports.count > 1 { causes.append(.required("\(place).name")) }
      } else if let problem = Names.labelProblem(name) {
        causes.append(.invalid("\(place).name", .string(name), problem))
      } else if !names.insert(name).inserted {
        causes.append(.duplicate("\(place).name", .string(name)))
      }
      if !numbers.insert("\(port["port"].text)/\(port["protocol"].string ?? "TCP")").inserted {
        causes.append(.duplicate(place, port))
      }
    }
    if let before = previous?["clusterIP"].string, !before.isEmpty, let now = spec["clusterIP"].string, now != before {
      causes.append(.invalid("spec.clusterIPs[0]", [.string(now)], "may not change once set"))
    }
    return causes + Validation.labels(spec["selector"], at: "spec.selector")
  }

  private static func ingress(_ spec: JSON) -> [Cause] {
    let rules = spec["rules"].elements
    if rules.isEmpty, spec["defaultBackend"].isNull {
      return [.invalid("spec", [], "either `defaultBackend` or `rules` must be specified")]
    }
    var causes = backend(spec["defaultBackend"], at: "spec.defaultBackend")
    for (index, rule) in rules.enumerated() where !rule["http"].isNull {
      let paths = rule["http", "paths"].elements
      if paths.isEmpty { causes.append(.required("spec.rules[\(index)].http.paths")) }
      for (number, path) in paths.enumerated() {
        causes += check(path, at: "spec.rules[\(index)].http.paths[\(number)]")
      }
    }
    return causes
  }

  private static let pathTypes = ["Exact", "ImplementationSpecific", "Prefix"]

  private static func check(_ path: JSON, at place: String) -> [Cause] {
    var causes: [Cause] = []
    switch path["pathType"].string {
    case nil: causes.append(.required("\(place).pathType", "pathType must be specified"))
    case let type? where !pathTypes.contains(type):
      causes.append(.unsupported("\(place).pathType", .string(type), pathTypes))
    default:
      if path["pathType"] != "ImplementationSpecific", path["path"].string?.hasPrefix("/") != true {
        causes.append(.invalid("\(place).path", .string(path["path"].string ?? ""), "must be an absolute path"))
      }
    }
    guard !path["backend"].isNull else { return causes + [.required("\(place).backend")] }
    return causes + backend(path["backend"], at: "\(place).backend")
  }

  private static func backend(_ backend: JSON, at place: String) -> [Cause] {
    guard !backend.isNull, backend["resource"].isNull else { return [] }
    let service = backend["service"]
    guard !service.isNull else { return [.required("\(place)", "resource or service backend is required")] }
    var causes: [Cause] = (service["name"].string ?? "").isEmpty ? [.required("\(place).service.name")] : []
    let port = service["port"]
    if port["name"].isNull, port["number"].isNull {
      causes.append(.required("\(place).service.port", "port name or number is required"))
    }
    causes += PodRules.portNumber(port["number"], at: "\(place).service.port.number")
    return causes
  }

  // MARK: Configuration

  private static let configKey =
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  "
    + "or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"

  private static func configMap(_ object: JSON, previous: JSON?) -> [Cause] {
    keys(object, "data") + keys(object, "binaryData") + fixed(object, previous, ["data", "binaryData"])
  }

  private static func secret(_ object: JSON, previous: JSON?) -> [Cause] {
    var causes = keys(object, "data") + fixed(object, previous, ["data"])
    if object["type"] == "kubernetes.io/tls" {
      for key in ["tls.crt", "tls.key"] where object["data", key].isNull { causes.append(.required("data[\(key)]")) }
    }
    if let before = previous?["type"], before != object["type"] {
      causes.append(.invalid("type", object["type"], "field is immutable"))
    }
    return causes
  }

  private static func keys(_ object: JSON, _ field: String) -> [Cause] {
    (object[field].object ?? [:]).keys.sorted().filter { !Names.isConfigKey($0) }
      .map { .invalid("\(field)[\($0)]", .string($0), configKey) }
  }

  private static func fixed(_ object: JSON, _ previous: JSON?, _ fields: [String]) -> [Cause] {
    guard let previous, previous["immutable"] == true else { return [] }
    return (fields + ["immutable"]).filter { object[$0] != previous[$0] }
      .map { .forbidden($0, "field is immutable when `immutable` is set") }
  }

  // MARK: The rest

  private static func job(_ spec: JSON, previous: JSON?) -> [Cause] {
    let template = spec["template", "spec"]
    var causes = PodRules.check(template, at: "spec.template.spec")
    for field in ["parallelism", "completions", "backoffLimit", "activeDeadlineSeconds"] {
      causes += Validation.notNegative(spec, field, at: "spec")
    }
    if template["restartPolicy"] == "Always" {
      causes.append(.unsupported("spec.template.spec.restartPolicy", "Always", ["OnFailure", "Never"]))
    }
    guard let previous else { return causes }
    for field in ["completions", "selector", "template"] where spec[field] != previous[field] {
      causes.append(.invalid("spec.\(field)", spec[field], "field is immutable"))
    }
    return causes
  }

  private static func claim(_ spec: JSON, previous: JSON?) -> [Cause] {
    if let previous {
      let fixed = { (spec: JSON) in
        (spec.object ?? [:]).filter { !["resources", "volumeName", "volumeAttributesClassName"].contains($0.key) }
      }
      guard fixed(spec) != fixed(previous["spec"]) else { return [] }
      return [
        .forbidden(
          "spec",
          "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims")
      ]
    }
    var causes: [Cause] = []
    if spec["accessModes"].elements.isEmpty {
      causes.append(.required("spec.accessModes", "at least 1 access mode is required"))
    }
    if spec["resources", "requests", "storage"].isNull {
      causes.append(.required("spec.resources[storage]"))
    }
    return causes
  }

  private static func autoscaler(_ spec: JSON) -> [Cause] {
    var causes: [Cause] = []
    for field in ["kind", "name"] where (spec["scaleTargetRef", field].string ?? "").isEmpty {
      causes.append(.required("spec.scaleTargetRef.\(field)"))
    }
    let most = spec["maxReplicas"].int ?? 0
    if most < 1 { causes.append(.invalid("spec.maxReplicas", .int(most), "must be greater than 0")) }
    if let least = spec["minReplicas"].int, least > most {
      causes.append(.invalid("spec.maxReplicas", .int(most), "must be greater than or equal to `minReplicas`"))
    }
    return causes
  }

  private static func budget(_ spec: JSON) -> [Cause] {
    guard !spec["minAvailable"].isNull, !spec["maxUnavailable"].isNull else { return [] }
    return [.invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set")]
  }

  private static func rules(_ rules: [JSON]) -> [Cause] {
    rules.enumerated().filter { $0.element["verbs"].elements.isEmpty }
      .map { .required("rules[\($0.offset)].verbs", "verbs must contain at least one value") }
  }

  private static func binding(_ object: JSON, previous: JSON?) -> [Cause] {
    var causes: [Cause] = (object["roleRef", "name"].string ?? "").isEmpty ? [.required("roleRef.name")] : []
    if let before = previous?["roleRef"], before != object["roleRef"] {
      causes.append(.invalid("roleRef", object["roleRef"], "cannot change roleRef"))
    }
    return causes
  }
}
