/// Who may do what: the Roles of a cluster and who has them.
///
/// What no rule grants is denied. (kubernetes, plugin/pkg/auth/authorizer/rbac)
struct AccessPolicy: Sendable {
  /// Roles of any namespace, and ClusterRoles.
  var roles: [JSON]
  /// RoleBindings of any namespace, and ClusterRoleBindings.
  var bindings: [JSON]

  /// A rule, and by what it was given.
  struct Grant: Sendable, Hashable {
    var rule: AccessRule
    /// Such as `RoleBinding "votebench/oggy" of Role "votebench" to ServiceAccount "votebench/oggy"`.
    var source: String
  }

  /// Whether something may be done, and why.
  enum Decision: Sendable, Hashable {
    case allowed(reason: String)
    /// The reason is empty if simply no rule grants it.
    case denied(reason: String)
  }

  /// Decides what someone asks for.
  func decide(_ asked: AccessAttributes, by identity: Identity) -> Decision {
    let (grants, missing) = grants(to: identity, in: asked.namespace)
    if let grant = grants.first(where: { $0.rule.covers(asked) }) {
      return .allowed(reason: "RBAC: allowed by \(grant.source)")
    }
    let list = missing.count > 1 ? "[\(missing.joined(separator: ", "))]" : missing.first ?? ""
    return .denied(reason: missing.isEmpty ? "" : "RBAC: \(list)")
  }

  /// What someone has in a namespace, or in none for an empty one; and the Roles that are bound but not there.
  func grants(to identity: Identity, in namespace: String) -> (grants: [Grant], missing: [String]) {
    var grants = Self.given.filter { identity.groups.contains($0.group) }.map(\.grant)
    var missing: [String] = []
    for binding in bindings {
      guard binding.namespace.isEmpty || binding.namespace == namespace,
        let subject = binding["subjects"].elements.first(where: { Self.means($0, identity) })
      else { continue }
      let reference = binding["roleRef"]
      guard let role = role(reference, namespace: binding.namespace) else {
        let kind = (reference["kind"].string ?? "").lowercased()
        missing.append("\(kind).rbac.authorization.k8s.io \"\(reference["name"].string ?? "")\" not found")
        continue
      }
      let source = Self.source(binding, subject)
      grants += role["rules"].elements.map { Grant(rule: AccessRule($0), source: source) }
    }
    return (grants, missing)
  }

  private func role(_ reference: JSON, namespace: String) -> JSON? {
    let home = reference["kind"].string == "Role" ? namespace : ""
    return roles.first { $0.name == reference["name"].string && $0.namespace == home }
  }

  private static func means(_ subject: JSON, _ identity: Identity) -> Bool {
    let name = subject["name"].string ?? ""
    return switch subject["kind"].string {
    case "User": name == identity.user
    case "Group": identity.groups.contains(name)
    case "ServiceAccount": identity.user == Identity.accountUser(subject["namespace"].string ?? "", name)
    default: false
    }
  }

  private static func source(_ binding: JSON, _ subject: JSON) -> String {
    func full(_ name: String, _ namespace: String) -> String { namespace.isEmpty ? name : "\(name)/\(namespace)" }
    let kind = binding.namespace.isEmpty ? "ClusterRoleBinding" : "RoleBinding"
    let role = "\(binding["roleRef", "kind"].string ?? "") \"\(binding["roleRef", "name"].string ?? "")\""
    let who = full(subject["name"].string ?? "", subject["namespace"].string ?? "")
    return "\(kind) \"\(full(binding.name, binding.namespace))\" of \(role) to "
      + "\(subject["kind"].string ?? "") \"\(who)\""
  }

  // MARK: What every cluster grants

  private static let given = [
    (Identity.masters, "cluster-admin", ["verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]]),
    (Identity.masters, "cluster-admin", ["verbs": ["*"], "nonResourceURLs": ["*"]]),
    (
      Identity.authenticated, "system:basic-user",
      [
        "verbs": ["create"], "apiGroups": ["authorization.k8s.io"],
        "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
      ]
    ),
    (
      Identity.authenticated, "system:basic-user",
      ["verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"]]
    ),
    (
      Identity.authenticated, "system:discovery",
      [
        "verbs": ["get"],
        "nonResourceURLs": [
          "/", "/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz",
          "/version", "/version/",
        ],
      ]
    ),
  ].map(grant)

  private static func grant(_ group: String, _ role: String, _ rule: JSON) -> (group: String, grant: Grant) {
    let source = "ClusterRoleBinding \"\(role)\" of ClusterRole \"\(role)\" to Group \"\(group)\""
    return (group, Grant(rule: AccessRule(rule), source: source))
  }
}

extension ObjectStore {
  /// The policy as it is now.
  var accessPolicy: AccessPolicy {
    AccessPolicy(
      roles: list(.roles).items + list(.clusterRoles).items,
      bindings: list(.clusterRoleBindings).items + list(.roleBindings).items)
  }
}
