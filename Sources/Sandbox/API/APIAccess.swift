/// Who may use the API: whoever has a client certificate, or the bearer token; nobody else, for nothing.
struct APIAccess: Sendable {
  /// The token; nil if there is none.
  var token: String?

  /// Throws `unauthorized` for credentials that are wrong, and `forbidden` where there are none.
  ///
  /// `clientVerify` is what the TLS server says of the client's certificate.
  func check(_ request: APIRequest, clientVerify: String?, authorization: String?) throws(APIStatus) {
    guard clientVerify != "SUCCESS" else { return }
    guard let authorization else { throw .forbidden(request) }
    let words = authorization.split(separator: " ", maxSplits: 1)
    guard words.count == 2, words[0].lowercased() == "bearer", let token, Self.areEqual(words[1], token) else {
      throw APIStatus(.unauthorized, "Unauthorized")
    }
  }

  // Takes as long for a near miss as for any other.
  private static func areEqual(_ given: Substring, _ token: String) -> Bool {
    guard given.utf8.count == token.utf8.count else { return false }
    return zip(given.utf8, token.utf8).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
  }
}

extension APIStatus {
  /// Who has no credentials may do nothing.
  static func forbidden(_ request: APIRequest) -> APIStatus {
    let user = "User \"system:anonymous\" cannot"
    guard let target = APITarget(path: request.path) else {
      let path = "/" + request.path.joined(separator: "/")
      let text = "forbidden: \(user) \(request.method.lowercased()) path \"\(path)\""
      return APIStatus(.forbidden, text, details: [:])
    }
    let resource = target.resource
    var details: JSON = ["kind": .string(resource.plural)]
    if !resource.group.isEmpty { details["group"] = .string(resource.group) }
    if let name = target.name { details["name"] = .string(name) }
    let part = target.subresource.map { "/\($0)" } ?? ""
    let object = target.name.map { " \"\($0)\"" } ?? ""
    let scope = target.namespace.map { "in the namespace \"\($0)\"" } ?? "at the cluster scope"
    let text =
      "\(resource.qualifiedName)\(object) is forbidden: \(user) \(verb(request, target)) resource "
      + "\"\(resource.plural)\(part)\" in API group \"\(resource.group)\" \(scope)"
    return APIStatus(.forbidden, text, details: details)
  }

  private static func verb(_ request: APIRequest, _ target: APITarget) -> String {
    switch (request.method, target.name) {
    case ("GET", nil): request.query["watch"] != nil && request.flag("watch") ? "watch" : "list"
    case ("DELETE", nil): "deletecollection"
    case ("POST", _): "create"
    case ("PUT", _): "update"
    default: request.method.lowercased()
    }
  }
}
