/// What a request asks leave for, in the words of Roles: a verb on a resource, or on a path that is none.
///
/// (kubernetes, apiserver/pkg/endpoints/request/requestinfo.go)
struct AccessAttributes: Sendable, Hashable {
  /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete` or `deletecollection`.
  var verb: String
  /// The resource's group; empty for the core group.
  var group = ""
  /// Its plural; empty for a path.
  var resource = ""
  /// A part of it, such as `scale`; empty for the object itself.
  var subresource = ""
  /// The namespace; empty for the whole cluster.
  var namespace = ""
  /// The object; empty if none is named.
  var name = ""
  /// A path that names no resource, such as `/version`; nil for a resource.
  var path: String?
}

extension AccessAttributes {
  /// What a request asks for.
  ///
  /// A list or a watch that a field selector limits to one name asks for that object only.
  init(_ request: APIRequest) {
    var parts = request.path[...]
    let prefix = parts.first == "api" ? 2 : 3
    guard ["api", "apis"].contains(parts.first), parts.count > prefix else {
      self.init(verb: request.method.lowercased(), path: "/" + parts.joined(separator: "/"))
      return
    }
    self.init(verb: "", group: prefix == 2 ? "" : parts[1])
    parts = parts.dropFirst(prefix)
    // A namespace is in itself, so that a Role of it can let it be read.
    if parts.first == "namespaces", parts.count > 1 {
      namespace = parts[parts.startIndex + 1]
      if parts.count > 2, !["status", "finalize"].contains(parts[parts.startIndex + 2]) { parts = parts.dropFirst(2) }
    }
    resource = parts.popFirst() ?? ""
    name = parts.popFirst() ?? ""
    subresource = parts.popFirst() ?? ""
    verb = Self.verb(request, isNamed: !name.isEmpty)
    if name.isEmpty, verb != "create" { name = Self.selectedName(request) }
  }

  private static func verb(_ request: APIRequest, isNamed: Bool) -> String {
    switch (request.method, isNamed) {
    case ("GET", false), ("HEAD", false):
      request.query["watch"] != nil && request.flag("watch") ? "watch" : "list"
    case ("HEAD", true): "get"
    case ("DELETE", false): "deletecollection"
    case ("POST", _): "create"
    case ("PUT", _): "update"
    default: request.method.lowercased()
    }
  }

  private static func selectedName(_ request: APIRequest) -> String {
    for term in (request.query["fieldSelector"] ?? "").split(separator: ",") {
      let sides = term.split(separator: "=")
      if sides.count == 2, sides[0] == "metadata.name" { return String(sides[1]) }
    }
    return ""
  }
}

extension APIStatus {
  /// Who is known, or is not, may not do this; a real server's words.
  static func forbidden(_ identity: Identity, _ asked: AccessAttributes, reason: String = "") -> APIStatus {
    let user = "User \"\(identity.user)\" cannot \(asked.verb)"
    let because = reason.isEmpty ? "" : ": \(reason)"
    if let path = asked.path {
      return APIStatus(.forbidden, "forbidden: \(user) path \"\(path)\"\(because)", details: [:])
    }
    var details: JSON = ["kind": .string(asked.resource)]
    if !asked.group.isEmpty { details["group"] = .string(asked.group) }
    if !asked.name.isEmpty { details["name"] = .string(asked.name) }
    let kind = asked.resource + (asked.group.isEmpty ? "" : ".\(asked.group)")
    let object = asked.name.isEmpty ? "" : " \"\(asked.name)\""
    let part = asked.subresource.isEmpty ? "" : "/\(asked.subresource)"
    let scope = asked.namespace.isEmpty ? "at the cluster scope" : "in the namespace \"\(asked.namespace)\""
    return APIStatus(
      .forbidden,
      "\(kind)\(object) is forbidden: \(user) resource \"\(asked.resource)\(part)\" in API group \"\(asked.group)\" "
        + scope + because, details: details)
  }
}
