/// The rules that an object must keep to be stored, with the messages of a real server.
///
/// Only rules whose violation would break a controller here, or that a rollout's author is likely to meet.
enum Validation {
  private struct Cause {
    var field: String
    var message: String
    var reason = "FieldValueInvalid"
  }

  /// Throws `invalid` with every cause if the object must not be stored.
  static func check(_ object: JSON, previous: JSON?, _ resource: Resource) throws(APIStatus) {
    var causes: [Cause] = []
    if [.deployments, .replicaSets, .statefulSets].contains(resource) {
      causes += replicas(object["spec"]) + selector(object["spec"], previous: previous?["spec"])
      causes += containers(object["spec", "template", "spec"], at: "spec.template.spec")
    }
    if resource == .deployments { causes += strategy(object["spec"]) }
    if resource == .pods { causes += containers(object["spec"], at: "spec") }
    guard !causes.isEmpty else { return }
    throw status(causes, object, resource)
  }

  /// What a scale to fewer than none is answered.
  static func negative(_ replicas: Int, _ target: APITarget, _ object: JSON) -> APIStatus {
    status(self.replicas(["replicas": .int(replicas)]), object, target.resource)
  }

  private static func status(_ causes: [Cause], _ object: JSON, _ resource: Resource) -> APIStatus {
    let name = object["metadata", "name"].string ?? ""
    let kind = resource.group.isEmpty ? resource.kind : "\(resource.kind).\(resource.group)"
    let texts = causes.map { "\($0.field): \($0.message)" }
    let text = texts.count == 1 ? texts[0] : "[\(texts.joined(separator: ", "))]"
    var details: JSON = [
      "name": .string(name), "kind": .string(resource.kind),
      "causes": .array(
        causes.map { ["reason": .string($0.reason), "message": .string($0.message), "field": .string($0.field)] }),
    ]
    if !resource.group.isEmpty { details["group"] = .string(resource.group) }
    return APIStatus(.invalid, "\(kind) \"\(name)\" is invalid: \(text)", details: details)
  }

  private static func replicas(_ spec: JSON) -> [Cause] {
    guard let replicas = spec["replicas"].int, replicas < 0 else { return [] }
    return [
      Cause(field: "spec.replicas", message: "Invalid value: \(replicas): must be greater than or equal to 0")
    ]
  }

  private static func selector(_ spec: JSON, previous: JSON?) -> [Cause] {
    var causes: [Cause] = []
    let labels = spec["template", "metadata", "labels"]
    if spec["selector"].isNull {
      return [Cause(field: "spec.selector", message: "Required value", reason: "FieldValueRequired")]
    }
    if !LabelSelector(spec["selector"]).matches(labels.strings) {
      causes.append(
        Cause(
          field: "spec.template.metadata.labels",
          message: "Invalid value: \(labels.text): `selector` does not match template `labels`"))
    }
    if let previous, previous["selector"] != spec["selector"] {
      causes.append(
        Cause(field: "spec.selector", message: "Invalid value: \(spec["selector"].text): field is immutable"))
    }
    return causes
  }

  private static func containers(_ spec: JSON, at path: String) -> [Cause] {
    guard !spec["containers"].elements.isEmpty else {
      return [Cause(field: "\(path).containers", message: "Required value", reason: "FieldValueRequired")]
    }
    var causes: [Cause] = []
    for (index, container) in spec["containers"].elements.enumerated() {
      for field in ["name", "image"] where (container[field].string ?? "").isEmpty {
        causes.append(
          Cause(
            field: "\(path).containers[\(index)].\(field)", message: "Required value", reason: "FieldValueRequired"))
      }
    }
    return causes
  }

  private static func strategy(_ spec: JSON) -> [Cause] {
    let strategy = spec["strategy"]
    let path = "spec.strategy"
    switch strategy["type"].string {
    case "RollingUpdate":
      return rolling(strategy["rollingUpdate"], at: "\(path).rollingUpdate")
    case "Recreate":
      guard !strategy["rollingUpdate"].isNull else { return [] }
      let message = "Forbidden: may not be specified when strategy `type` is 'Recreate'"
      return [Cause(field: "\(path).rollingUpdate", message: message, reason: "FieldValueForbidden")]
    case let other:
      let message =
        "Unsupported value: \"\(other ?? "")\": supported values: \"Recreate\", \"RollingUpdate\""
      return [Cause(field: path, message: message, reason: "FieldValueNotSupported")]
    }
  }

  private static func rolling(_ update: JSON, at path: String) -> [Cause] {
    var causes: [Cause] = []
    for field in ["maxUnavailable", "maxSurge"] where IntOrPercent(update[field]) == nil {
      let value = update[field].string.map { "\"\($0)\"" } ?? update[field].text
      let rule =
        update[field].int != nil
        ? "must be greater than or equal to 0"
        : "a valid percent string must be a numeric string followed by an ending '%' "
          + "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
      causes.append(Cause(field: "\(path).\(field)", message: "Invalid value: \(value): \(rule)"))
    }
    if causes.isEmpty, IntOrPercent(update["maxSurge"])?.isZero == true,
      IntOrPercent(update["maxUnavailable"])?.isZero == true
    {
      causes.append(
        Cause(
          field: "\(path).maxUnavailable",
          message: "Invalid value: \(update["maxUnavailable"].text): may not be 0 when `maxSurge` is 0"))
    }
    return causes
  }
}
