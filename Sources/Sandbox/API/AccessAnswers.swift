import FoundationEssentials

/// What a client may ask about itself, and the tokens of ServiceAccounts: requests whose answer is no stored object.
struct AccessAnswers {
  /// Who may do what, and who there is.
  var store: ObjectStore
  /// Where new tokens are kept.
  var tokens: AccountTokens

  /// A token for this server is for this audience.
  private static let audience = "https://kubernetes.default.svc.cluster.local"

  /// Throws `forbidden` unless someone may do what a request asks for.
  ///
  /// An apply that would create an object asks for that too.
  func authorize(_ request: APIRequest, _ identity: Identity) throws(APIStatus) {
    let asked = AccessAttributes(request)
    try authorize(asked, identity)
    guard request.contentType == "application/apply-patch+yaml", let target = APITarget(path: request.path),
      let name = target.name, store.get(target.resource, namespace: target.namespace, name: name) == nil
    else { return }
    var creation = asked
    creation.verb = "create"
    try authorize(creation, identity)
  }

  private func authorize(_ asked: AccessAttributes, _ identity: Identity) throws(APIStatus) {
    // Most requests are the admin's, whom no policy limits.
    guard !identity.groups.contains(Identity.masters) else { return }
    if case .denied(let reason) = store.accessPolicy.decide(asked, by: identity) {
      throw .forbidden(identity, asked, reason: reason)
    }
  }

  /// The answer to such a request; nil if the request is about an object.
  func answer(_ request: APIRequest, _ target: APITarget, _ identity: Identity) throws(APIStatus) -> APIAnswer? {
    let isToken = target.resource == .serviceAccounts && target.subresource == "token"
    guard isToken || Resource.reviews.contains(target.resource) else { return nil }
    guard request.method == "POST", isToken == (target.name != nil) else {
      throw APIStatus(
        .methodNotAllowed, "the server does not allow this method on the requested resource", details: [:])
    }
    var body = try request.object()
    body["status"] = .null
    switch target.resource {
    case .selfSubjectAccessReviews: body["status"] = try access(body["spec"], identity)
    case .selfSubjectRulesReviews: body["status"] = try rules(body["spec"], identity)
    case .selfSubjectReviews: body["status", "userInfo"] = user(identity)
    default: try giveToken(&body, target)
    }
    body["metadata", "creationTimestamp"] = .string(Timestamp.text(store.now))
    return .json(body, status: 201)
  }

  // MARK: Reviews

  private func access(_ spec: JSON, _ identity: Identity) throws(APIStatus) -> JSON {
    let (resource, path) = (spec["resourceAttributes"], spec["nonResourceAttributes"])
    guard resource.isNull != path.isNull else {
      throw APIStatus(
        .invalid,
        "SelfSubjectAccessReview.authorization.k8s.io \"\" is invalid: spec.resourceAttributes: Invalid value: "
          + "\(resource.text): exactly one of nonResourceAttributes or resourceAttributes must be specified")
    }
    func text(_ field: String) -> String { resource[field].string ?? "" }
    let asked =
      path.isNull
      ? AccessAttributes(
        verb: text("verb"), group: text("group"), resource: text("resource"), subresource: text("subresource"),
        namespace: text("namespace"), name: text("name"))
      : AccessAttributes(verb: path["verb"].string ?? "", path: path["path"].string ?? "")
    switch store.accessPolicy.decide(asked, by: identity) {
    case .allowed(let reason): return ["allowed": true, "reason": .string(reason)]
    case .denied(let reason):
      return reason.isEmpty ? ["allowed": false] : ["allowed": false, "reason": .string(reason)]
    }
  }

  private func rules(_ spec: JSON, _ identity: Identity) throws(APIStatus) -> JSON {
    guard let namespace = spec["namespace"].string, !namespace.isEmpty else {
      throw APIStatus(.badRequest, "no namespace on request")
    }
    let rules = store.accessPolicy.grants(to: identity, in: namespace).grants.map(\.rule)
    return [
      "resourceRules": .array(rules.filter(\.paths.isEmpty).map(Self.resourceRule)),
      "nonResourceRules": .array(
        rules.filter { !$0.paths.isEmpty }.map {
          ["verbs": Self.list($0.verbs), "nonResourceURLs": Self.list($0.paths)]
        }),
      "incomplete": false,
    ]
  }

  private static func resourceRule(_ rule: AccessRule) -> JSON {
    var json: JSON = [
      "verbs": list(rule.verbs), "apiGroups": list(rule.groups), "resources": list(rule.resources),
    ]
    if !rule.names.isEmpty { json["resourceNames"] = list(rule.names) }
    return json
  }

  private static func list(_ texts: [String]) -> JSON { .array(texts.map { .string($0) }) }

  private func user(_ identity: Identity) -> JSON {
    var user: JSON = ["username": .string(identity.user), "groups": Self.list(identity.groups)]
    if let uid = identity.uid { user["uid"] = .string(uid) }
    return user
  }

  // MARK: Tokens

  private func giveToken(_ body: inout JSON, _ target: APITarget) throws(APIStatus) {
    let name = target.name ?? ""
    guard let account = store.get(.serviceAccounts, namespace: target.namespace, name: name) else {
      throw .notFound(.serviceAccounts, name)
    }
    let seconds = body["spec", "expirationSeconds"].int ?? 3_600
    guard seconds >= 600 else {
      throw APIStatus(
        .invalid,
        "TokenRequest.authentication.k8s.io \"\" is invalid: spec.expirationSeconds: Invalid value: \(seconds): "
          + "may not specify a duration less than 10 minutes")
    }
    guard body["spec", "boundObjectRef"].isNull else {
      throw APIStatus(.badRequest, "spec.boundObjectRef: the sandbox binds a token to its ServiceAccount only")
    }
    if body["spec", "audiences"].elements.isEmpty { body["spec", "audiences"] = [.string(Self.audience)] }
    body["spec", "expirationSeconds"] = .int(seconds)
    let end = store.now.addingTimeInterval(Double(seconds))
    body["metadata"] = ["name": .string(name), "namespace": .string(account.namespace)]
    body["status"] = [
      "token": .string(tokens.issue(for: account, until: end, now: store.now)),
      "expirationTimestamp": .string(Timestamp.text(end)),
    ]
  }
}
