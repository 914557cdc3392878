/// The API's changes: create, replace, patch and apply; with the schema, the defaults and the rules that an object
/// goes through before it is stored.
///
/// Deletions are in ``APIDeletion``.
struct APIWriter {
  /// The objects.
  var store: ObjectStore

  /// Answers a request that changes something.
  func answer(_ request: APIRequest, _ target: APITarget) throws(APIStatus) -> APIAnswer {
    switch (request.method, target.name) {
    case ("POST", nil): return try create(try request.object(), request, target)
    case ("PUT", let name?): return try replace(request, target, name)
    case ("PATCH", let name?): return try patch(request, target, name)
    case ("DELETE", _): return try APIDeletion(store: store).answer(request, target)
    default:
      throw APIStatus(
        .methodNotAllowed, "the server does not allow this method on the requested resource", details: [:])
    }
  }

  // MARK: Create

  private func create(_ body: JSON, _ request: APIRequest, _ target: APITarget) throws(APIStatus) -> APIAnswer {
    let resource = target.resource
    try checkKind(body, resource)
    var decoded = Decoded(validation: request.fieldValidation)
    var object = try decoded.read(body, resource)
    try place(&object, target)
    // Only controllers and the kubelet write a status.
    if resource.subresources.contains("status") { object["status"] = .null }
    object["metadata", "managedFields"] = .null
    object["metadata", "resourceVersion"] = .null
    try complete(&object, request, target, applied: false)
    let stored = try store.create(object, resource, dryRun: request.isDryRun)
    return .object(
      stored, status: 201,
      warnings: decoded.warnings + NotEnforced.warnings(stored, previous: nil, resource))
  }

  // What every new object goes through before it is stored.
  private func complete(
    _ object: inout JSON, _ request: APIRequest, _ target: APITarget, applied: Bool
  ) throws(APIStatus) {
    let given = object
    Defaults.fill(&object, target.resource)
    try Validation.check(object, previous: nil, target.resource)
    if applied {
      try ServerSideApply.apply(
        given, to: &object, as: writer(request, target, "Apply"), force: true, isNew: true, target.resource)
    } else {
      ManagedFields.note(writer(request, target, "Update"), before: [:], after: &object, target.resource)
    }
  }

  private func checkKind(_ body: JSON, _ resource: Resource) throws(APIStatus) {
    guard let kind = body["kind"].string, !kind.isEmpty else {
      throw APIStatus(.badRequest, "Object 'Kind' is missing in '\(body.text)'")
    }
    let version = body["apiVersion"].string ?? ""
    guard version == resource.apiVersion else {
      let text = "the API version in the data (\(version)) does not match the expected API version"
      throw APIStatus(.badRequest, "\(text) (\(resource.apiVersion))")
    }
    guard kind == resource.kind else {
      throw APIStatus(
        .badRequest,
        "\(kind) in version \"\(resource.version)\" cannot be handled as a \(resource.kind): "
          + "converting (\(kind)) to (\(resource.kind)): unknown conversion")
    }
  }

  private func place(_ object: inout JSON, _ target: APITarget) throws(APIStatus) {
    guard target.resource.namespaced else {
      object["metadata", "namespace"] = .null
      return
    }
    let named = object["metadata", "namespace"].string ?? target.namespace
    guard named == target.namespace, let namespace = named else {
      throw APIStatus(
        .badRequest, "the namespace of the provided object does not match the namespace sent on the request")
    }
    guard let holder = store.get(.namespaces, namespace: nil, name: namespace) else {
      throw .notFound(.namespaces, namespace)
    }
    guard holder["metadata", "deletionTimestamp"].isNull else {
      throw .namespaceEnding(target.resource, object["metadata", "name"].string ?? "", namespace)
    }
    object["metadata", "namespace"] = .string(namespace)
  }

  // MARK: Change

  private typealias Change = (inout JSON) throws(APIStatus) -> Void

  private func replace(_ request: APIRequest, _ target: APITarget, _ name: String) throws(APIStatus) -> APIAnswer {
    let body = try request.object()
    if target.subresource == nil {
      try checkKind(body, target.resource)
      let named = body["metadata", "name"].string ?? ""
      guard named == name else {
        throw APIStatus(
          .badRequest, "the name of the object (\(named)) does not match the name on the URL (\(name))")
      }
    }
    return try update(request, target, name, patch: nil) { (object) throws(APIStatus) in
      let uid = body["metadata", "uid"].string
      guard uid == nil || uid == object["metadata", "uid"].string else { throw .conflict(target.resource, name) }
      object = body
    }
  }

  private func patch(_ request: APIRequest, _ target: APITarget, _ name: String) throws(APIStatus) -> APIAnswer {
    let change: Change
    var text: String?
    switch request.contentType {
    case "application/json-patch+json":
      let patch = try JSONPatch(try request.json())
      change = { (object) throws(APIStatus) in try patch.apply(to: &object) }
    case "application/merge-patch+json":
      let patch = try request.json()
      change = { (object) throws(APIStatus) in object.merge(patch) }
    case "application/strategic-merge-patch+json":
      let patch = try request.json()
      text = patch.goText
      change = { (object) throws(APIStatus) in try StrategicMergePatch.apply(patch, to: &object) }
    case "application/apply-patch+yaml": return try apply(request, target, name)
    default: throw APIStatus(.unsupportedMediaType, "415: Unsupported Media Type", details: [:])
    }
    return try update(request, target, name, patch: text ?? "", change)
  }

  /// `patch` is nil for a replacement, and the text of a strategic merge patch, which a refusal quotes.
  private func update(
    _ request: APIRequest, _ target: APITarget, _ name: String, patch: String?, _ change: Change
  ) throws(APIStatus) -> APIAnswer {
    var warnings: [String] = []
    let changed = try store.update(
      target.resource, namespace: target.namespace, name: name, dryRun: request.isDryRun
    ) { (object) throws(APIStatus) in
      let before = object
      try merge(change, into: &object, target)
      var decoded = Decoded(validation: request.fieldValidation, patch: patch)
      object = try decoded.read(object, target.resource, previous: before)
      try settle(&object, before, target)
      ManagedFields.note(writer(request, target, "Update"), before: before, after: &object, target.resource)
      warnings = decoded.warnings + NotEnforced.warnings(object, previous: before, target.resource)
    }
    return .object(target.subresource == "scale" ? Scale.of(changed) : changed, warnings: warnings)
  }

  // Makes the change in the part that the request is for, and nowhere else.
  private func merge(_ change: Change, into object: inout JSON, _ target: APITarget) throws(APIStatus) {
    let before = object
    var after = target.subresource == "scale" ? Scale.of(before) : before
    try change(&after)
    // A change that names a version is meant for that version only.
    if let meant = after["metadata", "resourceVersion"].string, meant != before["metadata", "resourceVersion"].string {
      throw .conflict(target.resource, before["metadata", "name"].string ?? "")
    }
    switch target.subresource {
    case "scale":
      if let replicas = after["spec", "replicas"].int, replicas < 0 {
        throw Validation.negative(replicas, target, before)
      }
      object["spec", "replicas"] = after["spec", "replicas"]
    case "status": object["status"] = after["status"]
    default: object = after
    }
  }

  private func settle(_ object: inout JSON, _ before: JSON, _ target: APITarget) throws(APIStatus) {
    object["kind"] = before["kind"]
    object["apiVersion"] = before["apiVersion"]
    if target.subresource != "status", target.resource.subresources.contains("status") {
      object["status"] = before["status"]
    }
    for field in ["name", "namespace", "deletionTimestamp", "deletionGracePeriodSeconds"] {
      object["metadata", field] = before["metadata", field]
    }
    if object["metadata", "managedFields"].isNull {
      object["metadata", "managedFields"] = before["metadata", "managedFields"]
    }
    Defaults.fill(&object, target.resource)
    try Validation.check(object, previous: before, target.resource)
  }

  // MARK: Apply

  private func apply(_ request: APIRequest, _ target: APITarget, _ name: String) throws(APIStatus) -> APIAnswer {
    guard request.query["fieldManager"]?.isEmpty == false else {
      throw APIStatus(
        .invalid, "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch")
    }
    // kubectl writes this body as JSON.
    let body = try request.json()
    try checkKind(body, target.resource)
    var decoded = Decoded(validation: request.fieldValidation, isApplied: true)
    var applied = try decoded.read(body, target.resource)
    applied["metadata", "managedFields"] = .null
    guard store.get(target.resource, namespace: target.namespace, name: name) != nil else {
      try place(&applied, target)
      applied["metadata", "name"] = .string(name)
      if target.resource.subresources.contains("status") { applied["status"] = .null }
      try complete(&applied, request, target, applied: true)
      let stored = try store.create(applied, target.resource, dryRun: request.isDryRun)
      return .object(
        stored, status: 201,
        warnings: decoded.warnings + NotEnforced.warnings(stored, previous: nil, target.resource))
    }
    var warnings: [String] = []
    let stored = try store.update(
      target.resource, namespace: target.namespace, name: name, dryRun: request.isDryRun
    ) { (object) throws(APIStatus) in
      let before = object
      if let meant = applied["metadata", "resourceVersion"].string,
        meant != before["metadata", "resourceVersion"].string
      {
        throw .conflict(target.resource, name)
      }
      var configuration = applied
      if target.subresource == nil, target.resource.subresources.contains("status") { configuration["status"] = .null }
      try ServerSideApply.apply(
        configuration, to: &object, as: writer(request, target, "Apply"), force: request.isForced, target.resource)
      keepLastApplied(body, in: &object, request)
      try settle(&object, before, target)
      warnings = NotEnforced.warnings(object, previous: before, target.resource)
    }
    return .object(stored, warnings: decoded.warnings + warnings)
  }

  // A client-side apply that comes later compares with this annotation, so that kubectl's applies keep it up to date.
  private func keepLastApplied(_ body: JSON, in object: inout JSON, _ request: APIRequest) {
    let key = "kubectl.kubernetes.io/last-applied-configuration"
    guard request.fieldManager == "kubectl", !object["metadata", "annotations", key].isNull else { return }
    var applied = body
    applied["metadata", "annotations", key] = .null
    object["metadata", "annotations", key] = .string(applied.text + "\n")
  }

  private func writer(_ request: APIRequest, _ target: APITarget, _ operation: String) -> ManagedFields.Entry {
    ManagedFields.Entry(
      manager: request.fieldManager, operation: operation, subresource: target.subresource,
      apiVersion: target.resource.apiVersion, time: Timestamp.text(store.now), fields: FieldSet())
  }
}
