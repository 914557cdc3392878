/// The rules that an object must keep to be stored, with the messages of a real server.
///
/// Here are the rules for all kinds and for workloads; those for pods are in ``PodRules``, those for other kinds in
/// ``OtherRules``. The words are those of Kubernetes' `validation` packages.
enum Validation {
  /// One rule that is broken.
  struct Cause: Equatable {
    var field: String
    var message: String
    var reason = "FieldValueInvalid"

    /// Something must be there.
    static func required(_ field: String, _ detail: String = "") -> Cause {
      Cause(
        field: field, message: "Required value" + (detail.isEmpty ? "" : ": \(detail)"), reason: "FieldValueRequired")
    }

    /// A value is not right.
    static func invalid(_ field: String, _ value: JSON, _ detail: String) -> Cause {
      Cause(field: field, message: "Invalid value: \(value.text): \(detail)")
    }

    /// Something must not be there, or not change.
    static func forbidden(_ field: String, _ detail: String) -> Cause {
      Cause(field: field, message: "Forbidden: \(detail)", reason: "FieldValueForbidden")
    }

    /// A value is none of those there are.
    static func unsupported(_ field: String, _ value: JSON, _ allowed: [String]) -> Cause {
      let list = allowed.sorted().map { "\"\($0)\"" }.joined(separator: ", ")
      return Cause(
        field: field, message: "Unsupported value: \(value.text): supported values: \(list)",
        reason: "FieldValueNotSupported")
    }

    /// A value is there twice.
    static func duplicate(_ field: String, _ value: JSON) -> Cause {
      Cause(field: field, message: "Duplicate value: \(value.text)", reason: "FieldValueDuplicate")
    }

    /// A value names something that is not there.
    static func notFound(_ field: String, _ value: JSON) -> Cause {
      Cause(field: field, message: "Not found: \(value.text)", reason: "FieldValueNotFound")
    }
  }

  /// Throws `invalid` with every cause if the object must not be stored.
  static func check(_ object: JSON, previous: JSON?, _ resource: Resource) throws(APIStatus) {
    var causes = metadata(object, resource)
    switch resource {
    case .deployments, .replicaSets, .statefulSets:
      causes += workload(object["spec"], previous: previous?["spec"], resource)
    case .pods: causes += PodRules.check(object["spec"], at: "spec")
    default: causes += OtherRules.check(object, previous: previous, resource)
    }
    guard !causes.isEmpty else { return }
    throw status(causes, object, resource)
  }

  /// What a scale to fewer than none is answered.
  static func negative(_ replicas: Int, _ target: APITarget, _ object: JSON) -> APIStatus {
    status(notNegative(["replicas": .int(replicas)], "replicas", at: "spec"), object, target.resource)
  }

  /// A number that must not be below zero.
  static func notNegative(_ object: JSON, _ field: String, at path: String) -> [Cause] {
    guard let number = object[field].int, number < 0 else { return [] }
    return [.invalid("\(path).\(field)", .int(number), "must be greater than or equal to 0")]
  }

  private static func metadata(_ object: JSON, _ resource: Resource) -> [Cause] {
    let metadata = object["metadata"]
    var causes: [Cause] = []
    let name = metadata["name"].string ?? ""
    if name.isEmpty, (metadata["generateName"].string ?? "").isEmpty {
      causes.append(.required("metadata.name", "name or generateName is required"))
    } else if !name.isEmpty, let problem = Names.problem(name, of: resource) {
      causes.append(.invalid("metadata.name", .string(name), problem))
    }
    return causes + labels(metadata["labels"], at: "metadata.labels")
      + keys(metadata["annotations"], at: "metadata.annotations")
  }

  /// Labels, whose keys and values have a form.
  static func labels(_ labels: JSON, at path: String) -> [Cause] {
    keys(labels, at: path)
      + labels.strings.sorted { $0.key < $1.key }.compactMap { _, value in
        Names.labelValueProblem(value).map { .invalid(path, .string(value), $0) }
      }
  }

  private static func keys(_ map: JSON, at path: String) -> [Cause] {
    map.strings.keys.sorted().compactMap { key in
      Names.keyProblem(key).map { .invalid(path, .string(key), $0) }
    }
  }

  // MARK: Workloads

  private static func workload(_ spec: JSON, previous: JSON?, _ resource: Resource) -> [Cause] {
    var causes = notNegative(spec, "replicas", at: "spec") + selector(spec, previous: previous, resource)
    for field in ["minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"] {
      causes += notNegative(spec, field, at: "spec")
    }
    let template = spec["template"]
    causes += labels(template["metadata", "labels"], at: "spec.template.metadata.labels")
    let claims = spec["volumeClaimTemplates"].elements.compactMap { $0["metadata", "name"].string }
    causes += PodRules.check(template["spec"], at: "spec.template.spec", claims: claims)
    if let policy = template["spec", "restartPolicy"].string, policy != "Always" {
      causes.append(.unsupported("spec.template.spec.restartPolicy", .string(policy), ["Always"]))
    }
    switch resource {
    case .deployments: return causes + strategy(spec) + deadline(spec)
    case .statefulSets: return causes + statefulSet(spec, previous: previous)
    default: return causes
    }
  }

  private static func deadline(_ spec: JSON) -> [Cause] {
    guard let deadline = spec["progressDeadlineSeconds"].int, deadline >= 0,
      deadline <= spec["minReadySeconds"].int ?? 0
    else { return [] }
    return [.invalid("spec.progressDeadlineSeconds", .int(deadline), "must be greater than minReadySeconds")]
  }

  private static let changeable = [
    "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy", "minReadySeconds",
  ]

  private static func statefulSet(_ spec: JSON, previous: JSON?) -> [Cause] {
    var causes: [Cause] = []
    if let policy = spec["podManagementPolicy"].string, !["OrderedReady", "Parallel"].contains(policy) {
      causes.append(.invalid("spec.podManagementPolicy", .string(policy), "must be 'OrderedReady' or 'Parallel'"))
    }
    if let type = spec["updateStrategy", "type"].string, !["RollingUpdate", "OnDelete"].contains(type) {
      causes.append(.invalid("spec.updateStrategy", .string(type), "must be 'RollingUpdate' or 'OnDelete'"))
    }
    causes += notNegative(spec["updateStrategy", "rollingUpdate"], "partition", at: "spec.updateStrategy.rollingUpdate")
    guard let previous else { return causes }
    let fixed = { (spec: JSON) in (spec.object ?? [:]).filter { !changeable.contains($0.key) } }
    if fixed(spec) != fixed(previous) {
      causes.append(
        .forbidden(
          "spec",
          "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
            + "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"))
    }
    return causes
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

  private static func selector(_ spec: JSON, previous: JSON?, _ resource: Resource) -> [Cause] {
    var causes: [Cause] = []
    let labels = spec["template", "metadata", "labels"]
    if spec["selector"].isNull {
      return [.required("spec.selector")]
    }
    if spec["selector", "matchLabels"].strings.isEmpty, spec["selector", "matchExpressions"].elements.isEmpty {
      let detail = "empty selector is invalid for \(resource.kind.lowercased())"
      return [.invalid("spec.selector", spec["selector"], detail)]
    }
    if !LabelSelector(spec["selector"]).matches(labels.strings) {
      causes.append(
        Cause(
          field: "spec.template.metadata.labels",
          message: "Invalid value: \(labels.text): `selector` does not match template `labels`"))
    }
    if resource != .statefulSets, let previous, previous["selector"] != spec["selector"] {
      causes.append(
        Cause(field: "spec.selector", message: "Invalid value: \(spec["selector"].text): field is immutable"))
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
