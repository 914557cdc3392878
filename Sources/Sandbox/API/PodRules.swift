/// The rules for the spec of a pod, also in a template.
enum PodRules {
  private typealias Cause = Validation.Cause

  /// Every rule that a spec breaks; `path` is where it is.
  ///
  /// `claims` are volumes that it can mount without naming them: those that a StatefulSet makes for each of its pods.
  static func check(_ spec: JSON, at path: String, claims: [String] = []) -> [Validation.Cause] {
    let containers = spec["containers"].elements
    guard !containers.isEmpty else { return [.required("\(path).containers")] }
    var causes: [Cause] = []
    var names: Set<String> = []
    let volumes = volumeNames(spec["volumes"].elements, at: "\(path).volumes", &causes).union(claims)
    for (field, all) in [("containers", containers), ("initContainers", spec["initContainers"].elements)] {
      for (index, container) in all.enumerated() {
        let place = "\(path).\(field)[\(index)]"
        causes += named(container, at: place, &names) + check(container, volumes, at: place)
      }
    }
    if let policy = spec["restartPolicy"].string, !["Always", "OnFailure", "Never"].contains(policy) {
      causes.append(.unsupported("\(path).restartPolicy", .string(policy), ["Always", "OnFailure", "Never"]))
    }
    return causes + Validation.notNegative(spec, "terminationGracePeriodSeconds", at: path)
  }

  private static func named(_ object: JSON, at place: String, _ names: inout Set<String>) -> [Cause] {
    let name = object["name"].string ?? ""
    guard !name.isEmpty else { return [.required("\(place).name")] }
    if let problem = Names.labelProblem(name) { return [.invalid("\(place).name", .string(name), problem)] }
    return names.insert(name).inserted ? [] : [.duplicate("\(place).name", .string(name))]
  }

  private static func volumeNames(_ volumes: [JSON], at path: String, _ causes: inout [Cause]) -> Set<String> {
    var names: Set<String> = []
    for (index, volume) in volumes.enumerated() {
      causes += named(volume, at: "\(path)[\(index)]", &names)
      let sources = (volume.object ?? [:]).keys.filter { $0 != "name" }.sorted()
      if sources.isEmpty { causes.append(.required("\(path)[\(index)]", "must specify a volume type")) }
      for extra in sources.dropFirst() {
        causes.append(.forbidden("\(path)[\(index)].\(extra)", "may not specify more than 1 volume type"))
      }
    }
    return names
  }

  private static func check(_ container: JSON, _ volumes: Set<String>, at path: String) -> [Cause] {
    var causes: [Cause] = []
    if (container["image"].string ?? "").isEmpty { causes.append(.required("\(path).image")) }
    if let policy = container["imagePullPolicy"].string, !["Always", "IfNotPresent", "Never"].contains(policy) {
      causes.append(
        .unsupported("\(path).imagePullPolicy", .string(policy), ["Always", "IfNotPresent", "Never"]))
    }
    causes += ports(container["ports"].elements, at: "\(path).ports")
    causes += environment(container["env"].elements, at: "\(path).env")
    causes += mounts(container["volumeMounts"].elements, volumes, at: "\(path).volumeMounts")
    causes += resources(container["resources"], at: "\(path).resources")
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] where !container[probe].isNull {
      causes += check(probe: container[probe], at: "\(path).\(probe)", mustSucceedOnce: probe != "readinessProbe")
    }
    for hook in ["postStart", "preStop"] where !container["lifecycle", hook].isNull {
      causes += handler(
        container["lifecycle", hook], ["exec", "httpGet", "tcpSocket", "sleep"], at: "\(path).lifecycle.\(hook)")
    }
    return causes
  }

  /// A port's number, from 1 to 65535.
  static func portNumber(_ port: JSON, at path: String) -> [Validation.Cause] {
    guard let number = port.int else { return [] }
    return (1...65_535).contains(number)
      ? [] : [.invalid(path, .int(number), "must be between 1 and 65535, inclusive")]
  }

  private static func ports(_ ports: [JSON], at path: String) -> [Cause] {
    var names: Set<String> = []
    return ports.enumerated().flatMap { index, port -> [Cause] in
      let place = "\(path)[\(index)]"
      var causes = port["containerPort"].isNull ? [Cause.required("\(place).containerPort")] : []
      causes += portNumber(port["containerPort"], at: "\(place).containerPort")
      if let name = port["name"].string, !name.isEmpty {
        if let problem = Names.portProblem(name) {
          causes.append(.invalid("\(place).name", .string(name), problem))
        } else if !names.insert(name).inserted {
          causes.append(.duplicate("\(place).name", .string(name)))
        }
      }
      return causes + transport(port, at: place)
    }
  }

  /// The protocol of a port.
  static func transport(_ port: JSON, at path: String) -> [Validation.Cause] {
    guard let name = port["protocol"].string, !["TCP", "UDP", "SCTP"].contains(name) else { return [] }
    return [.unsupported("\(path).protocol", .string(name), ["SCTP", "TCP", "UDP"])]
  }

  private static func environment(_ variables: [JSON], at path: String) -> [Cause] {
    variables.enumerated().flatMap { index, variable -> [Cause] in
      let place = "\(path)[\(index)]"
      var causes: [Cause] = []
      let name = variable["name"].string ?? ""
      if name.isEmpty { causes.append(.required("\(place).name")) }
      if name.contains("=") {
        let detail = "a valid environment variable name must consist only of printable ASCII characters other than '='"
        causes.append(.invalid("\(place).name", .string(name), detail))
      }
      let source = variable["valueFrom"]
      guard !source.isNull else { return causes }
      if !(variable["value"].string ?? "").isEmpty {
        causes.append(.invalid("\(place).valueFrom", "", "may not be specified when `value` is not empty"))
      } else if (source.object ?? [:]).count != 1 {
        let detail =
          (source.object ?? [:]).isEmpty
          ? "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"
          : "may not have more than one field specified at a time"
        causes.append(.invalid("\(place).valueFrom", "", detail))
      }
      for reference in ["configMapKeyRef", "secretKeyRef"] where !source[reference].isNull {
        if (source[reference, "key"].string ?? "").isEmpty {
          causes.append(.required("\(place).valueFrom.\(reference).key"))
        }
      }
      return causes
    }
  }

  private static func mounts(_ mounts: [JSON], _ volumes: Set<String>, at path: String) -> [Cause] {
    var paths: Set<String> = []
    return mounts.enumerated().flatMap { index, mount -> [Cause] in
      let place = "\(path)[\(index)]"
      var causes: [Cause] = []
      let name = mount["name"].string ?? ""
      if name.isEmpty {
        causes.append(.required("\(place).name"))
      } else if !volumes.contains(name) {
        causes.append(.notFound("\(place).name", .string(name)))
      }
      let target = mount["mountPath"].string ?? ""
      if target.isEmpty {
        causes.append(.required("\(place).mountPath"))
      } else if !paths.insert(target).inserted {
        causes.append(.invalid("\(place).mountPath", .string(target), "must be unique"))
      }
      return causes
    }
  }

  private static func resources(_ resources: JSON, at path: String) -> [Cause] {
    var causes: [Cause] = []
    for part in ["limits", "requests"] {
      for (name, amount) in (resources[part].object ?? [:]).sorted(by: { $0.key < $1.key }) {
        guard let value = Quantity.value(amount), value < 0 else { continue }
        causes.append(.invalid("\(path).\(part)[\(name)]", amount, "must be greater than or equal to 0"))
      }
    }
    for (name, request) in (resources["requests"].object ?? [:]).sorted(by: { $0.key < $1.key }) {
      guard let asked = Quantity.value(request), let limit = Quantity.value(resources["limits", name]), asked > limit
      else { continue }
      let most = resources["limits", name].string ?? resources["limits", name].text
      let detail = "must be less than or equal to \(name) limit of \(most)"
      causes.append(.invalid("\(path).requests", request, detail))
    }
    return causes
  }

  private static func check(probe: JSON, at path: String, mustSucceedOnce: Bool) -> [Cause] {
    var causes = handler(probe, ["exec", "httpGet", "tcpSocket", "grpc"], at: path)
    for field in [
      "initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold",
    ] {
      causes += Validation.notNegative(probe, field, at: path)
    }
    if mustSucceedOnce, let successes = probe["successThreshold"].int, successes > 1 {
      causes.append(.invalid("\(path).successThreshold", .int(successes), "must be 1"))
    }
    return causes
  }

  private static func handler(_ handler: JSON, _ kinds: [String], at path: String) -> [Cause] {
    let given = kinds.filter { !handler[$0].isNull }
    guard let first = given.first else { return [.required(path, "must specify a handler type")] }
    var causes = given.dropFirst().map { kind -> Cause in
      .forbidden("\(path).\(kind)", "may not specify more than 1 handler type")
    }
    switch first {
    case "httpGet", "tcpSocket", "grpc":
      let port = handler[first, "port"]
      if port.isNull { causes.append(.required("\(path).\(first).port")) }
      causes += portNumber(port, at: "\(path).\(first).port")
    case "exec" where handler["exec", "command"].elements.isEmpty:
      causes.append(.required("\(path).exec.command"))
    default: break
    }
    return causes
  }
}
