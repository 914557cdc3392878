/// The API's deletions: of one object or of many, with preconditions and what is to become of what they own.
struct APIDeletion {
  /// The objects.
  var store: ObjectStore

  /// Answers a DELETE.
  func answer(_ request: APIRequest, _ target: APITarget) throws(APIStatus) -> APIAnswer {
    let options = try options(request)
    guard let name = target.name else { return try deleteCollection(request, target, options) }
    return try delete(request, target, name, options)
  }

  private func delete(
    _ request: APIRequest, _ target: APITarget, _ name: String, _ options: JSON
  ) throws(APIStatus) -> APIAnswer {
    guard let before = store.get(target.resource, namespace: target.namespace, name: name) else {
      throw .notFound(target.resource, name)
    }
    try check(options["preconditions"], before, target.resource, name)
    if !isDryRun(request, options) {
      try end(before, request, target, name, options)
      // What is only marked is given back; what is gone is reported.
      if let marked = store.get(target.resource, namespace: target.namespace, name: name) { return .json(marked) }
    }
    var details: JSON = ["name": .string(name), "kind": .string(target.resource.plural)]
    if !target.resource.group.isEmpty { details["group"] = .string(target.resource.group) }
    details["uid"] = before["metadata", "uid"]
    return .json([
      "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "details": details,
    ])
  }

  private func deleteCollection(
    _ request: APIRequest, _ target: APITarget, _ options: JSON
  ) throws(APIStatus) -> APIAnswer {
    let matches = try APIService.selection(request, target)
    let items = store.list(target.resource, namespace: target.namespace).items.filter(matches)
    for item in items where !isDryRun(request, options) {
      guard let name = item["metadata", "name"].string else { continue }
      var target = target
      target.namespace = item["metadata", "namespace"].string
      try end(item, request, target, name, options)
    }
    return .json([
      "kind": .string("\(target.resource.kind)List"), "apiVersion": .string(target.resource.apiVersion),
      "metadata": ["resourceVersion": .string("\(store.resourceVersion)")], "items": .array(items),
    ])
  }

  private func end(
    _ object: JSON, _ request: APIRequest, _ target: APITarget, _ name: String, _ options: JSON
  ) throws(APIStatus) {
    if propagation(request, options) == "Orphan", let uid = object["metadata", "uid"].string { orphan(uid) }
    try store.markDeleted(
      target.resource, namespace: target.namespace, name: name, grace: grace(request, options))
  }

  // Dependents that name their owner no more stay when it goes.
  private func orphan(_ uid: String) {
    for resource in Resource.all {
      for object in store.list(resource).items {
        let owners = object["metadata", "ownerReferences"].elements
        guard owners.contains(where: { $0["uid"].string == uid }), let name = object["metadata", "name"].string else {
          continue
        }
        let rest = owners.filter { $0["uid"].string != uid }
        _ = try? store.update(resource, namespace: object["metadata", "namespace"].string, name: name) { object in
          object["metadata", "ownerReferences"] = rest.isEmpty ? .null : .array(rest)
        }
      }
    }
  }

  private func check(
    _ wanted: JSON, _ object: JSON, _ resource: Resource, _ name: String
  ) throws(APIStatus) {
    for (field, title) in [("uid", "UID"), ("resourceVersion", "ResourceVersion")] {
      guard let meant = wanted[field].string, let found = object["metadata", field].string, meant != found else {
        continue
      }
      var conflict = APIStatus.conflict(resource, name)
      conflict.message =
        "Operation cannot be fulfilled on \(resource.qualifiedName) \"\(name)\": Precondition failed: "
        + "\(title) in precondition: \(meant), \(title) in object meta: \(found)"
      throw conflict
    }
  }

  private func options(_ request: APIRequest) throws(APIStatus) -> JSON {
    request.body.isEmpty ? [:] : try request.object()
  }

  private func isDryRun(_ request: APIRequest, _ options: JSON) -> Bool {
    request.isDryRun || !options["dryRun"].elements.isEmpty
  }

  private func propagation(_ request: APIRequest, _ options: JSON) -> String? {
    if options["orphanDependents"] == true || request.query["orphanDependents"] == "true" { return "Orphan" }
    return request.query["propagationPolicy"] ?? options["propagationPolicy"].string
  }

  private func grace(_ request: APIRequest, _ options: JSON) -> Duration? {
    let seconds = request.query["gracePeriodSeconds"].flatMap { Int($0) } ?? options["gracePeriodSeconds"].int
    return seconds.map { .seconds(max(0, $0)) }
  }
}
