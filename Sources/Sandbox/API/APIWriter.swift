/// The API's changes: create, replace, patch, delete; with the defaults and rules that an object goes through
/// before it is stored.
struct APIWriter {
  /// The objects.
  var store: ObjectStore

  /// Answers a request that changes something.
  func answer(_ request: APIRequest, _ target: APITarget) throws(APIStatus) -> APIAnswer {
    switch (request.method, target.name) {
    case ("POST", nil): return try create(request, target)
    case ("PUT", let name?):
      let body = try request.json()
      return try update(request, target, name) { (object) throws(APIStatus) in object = body }
    case ("PATCH", let name?): return try patch(request, target, name)
    case ("DELETE", let name?): return try delete(request, target, name)
    case ("DELETE", nil): return try deleteCollection(request, target)
    default:
      throw APIStatus(
        .methodNotAllowed, "the server does not allow this method on the requested resource", details: [:])
    }
  }

  // MARK: Create

  private func create(_ request: APIRequest, _ target: APITarget) throws(APIStatus) -> APIAnswer {
    .json(try create(try request.json(), request, target), status: 201)
  }

  private func create(_ body: JSON, _ request: APIRequest, _ target: APITarget) throws(APIStatus) -> JSON {
    var object = body
    let resource = target.resource
    guard object["kind"].string == resource.kind, object["apiVersion"].string == resource.apiVersion else {
      let found = "\(object["apiVersion"].string ?? "")/\(object["kind"].string ?? "")"
      throw APIStatus(.badRequest, "\(found) in the body does not match the endpoint for \(resource.kind)")
    }
    if resource.namespaced {
      let named = object["metadata", "namespace"].string ?? target.namespace
      guard named == target.namespace, let namespace = named else {
        throw APIStatus(
          .badRequest, "the namespace of the provided object does not match the namespace sent on the request")
      }
      guard store.get(.namespaces, namespace: nil, name: namespace) != nil else {
        throw .notFound(.namespaces, namespace)
      }
      object["metadata", "namespace"] = .string(namespace)
    }
    // Only controllers and the kubelet write a status.
    if resource.subresources.contains("status") { object["status"] = .null }
    Defaults.fill(&object, resource)
    try Validation.check(object, previous: nil, resource)
    return request.isDryRun ? object : try store.create(object, resource)
  }

  // MARK: Change

  private func patch(_ request: APIRequest, _ target: APITarget, _ name: String) throws(APIStatus) -> APIAnswer {
    let change: (inout JSON) throws(APIStatus) -> Void
    switch request.contentType {
    case "application/json-patch+json":
      let patch = try JSONPatch(try request.json())
      change = { (object) throws(APIStatus) in try patch.apply(to: &object) }
    case "application/merge-patch+json":
      let patch = try request.json()
      change = { (object) throws(APIStatus) in object.merge(patch) }
    case "application/strategic-merge-patch+json":
      let patch = try request.json()
      change = { (object) throws(APIStatus) in try StrategicMergePatch.apply(patch, to: &object) }
    case "application/apply-patch+yaml":
      // kubectl writes this body as JSON. There are no field managers here: what is applied is merged.
      let patch = try request.json()
      if store.get(target.resource, namespace: target.namespace, name: name) == nil {
        return .json(try create(patch, request, target), status: 201)
      }
      change = { (object) throws(APIStatus) in try StrategicMergePatch.apply(patch, to: &object) }
    default:
      throw APIStatus(.unsupportedMediaType, "415: Unsupported Media Type", details: [:])
    }
    return try update(request, target, name, change)
  }

  private func update(
    _ request: APIRequest, _ target: APITarget, _ name: String, _ change: (inout JSON) throws(APIStatus) -> Void
  ) throws(APIStatus) -> APIAnswer {
    func checked(_ object: inout JSON) throws(APIStatus) {
      try apply(change, to: &object, target)
    }
    let changed: JSON
    if request.isDryRun {
      guard var object = store.get(target.resource, namespace: target.namespace, name: name) else {
        throw .notFound(target.resource, name)
      }
      try checked(&object)
      changed = object
    } else {
      changed = try store.update(target.resource, namespace: target.namespace, name: name, checked)
    }
    return .json(target.subresource == "scale" ? Scale.of(changed) : changed)
  }

  private func apply(
    _ change: (inout JSON) throws(APIStatus) -> Void, to object: inout JSON, _ target: APITarget
  ) throws(APIStatus) {
    let before = object
    var after = target.subresource == "scale" ? Scale.of(before) : before
    try change(&after)
    // A change that names a version is meant for that version only.
    if let meant = after["metadata", "resourceVersion"].string, meant != before["metadata", "resourceVersion"].string {
      throw .conflict(target.resource, before["metadata", "name"].string ?? "")
    }
    switch target.subresource {
    case "scale": object["spec", "replicas"] = after["spec", "replicas"]
    case "status": object["status"] = after["status"]
    default:
      object = after
      object["kind"] = before["kind"]
      object["apiVersion"] = before["apiVersion"]
      if target.resource.subresources.contains("status") { object["status"] = before["status"] }
      for field in ["deletionTimestamp", "deletionGracePeriodSeconds"] {
        object["metadata", field] = before["metadata", field]
      }
    }
    Defaults.fill(&object, target.resource)
    try Validation.check(object, previous: before, target.resource)
  }

  // MARK: Delete

  private func delete(_ request: APIRequest, _ target: APITarget, _ name: String) throws(APIStatus) -> APIAnswer {
    guard let before = store.get(target.resource, namespace: target.namespace, name: name) else {
      throw .notFound(target.resource, name)
    }
    let options = try options(request)
    if let uid = options["preconditions", "uid"].string, uid != before["metadata", "uid"].string {
      throw .conflict(target.resource, name)
    }
    if !request.isDryRun, options["dryRun"].elements.isEmpty {
      try store.markDeleted(target.resource, namespace: target.namespace, name: name, grace: grace(request, options))
    }
    // What is only marked is given back; what is gone is reported.
    if let marked = store.get(target.resource, namespace: target.namespace, name: name) { return .json(marked) }
    var details: JSON = ["name": .string(name), "kind": .string(target.resource.plural)]
    if !target.resource.group.isEmpty { details["group"] = .string(target.resource.group) }
    details["uid"] = before["metadata", "uid"]
    return .json([
      "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "details": details,
    ])
  }

  private func deleteCollection(_ request: APIRequest, _ target: APITarget) throws(APIStatus) -> APIAnswer {
    let matches = try APIService.selection(request, target)
    let options = try options(request)
    let found = store.list(target.resource, namespace: target.namespace)
    let items = found.items.filter(matches)
    for item in items where !request.isDryRun {
      guard let name = item["metadata", "name"].string else { continue }
      try store.markDeleted(
        target.resource, namespace: item["metadata", "namespace"].string, name: name, grace: grace(request, options))
    }
    return .json([
      "kind": .string("\(target.resource.kind)List"), "apiVersion": .string(target.resource.apiVersion),
      "metadata": ["resourceVersion": .string("\(store.resourceVersion)")], "items": .array(items),
    ])
  }

  private func options(_ request: APIRequest) throws(APIStatus) -> JSON {
    request.body.isEmpty ? [:] : try request.json()
  }

  private func grace(_ request: APIRequest, _ options: JSON) -> Duration? {
    let seconds = request.query["gracePeriodSeconds"].flatMap { Int($0) } ?? options["gracePeriodSeconds"].int
    return seconds.map { .seconds(max(0, $0)) }
  }
}
