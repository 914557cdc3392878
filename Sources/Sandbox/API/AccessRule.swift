/// One rule of a Role or a ClusterRole.
struct AccessRule: Sendable, Hashable {
  var verbs: [String]
  var groups: [String] = []
  /// Such as `pods`, `pods/log`, `*/scale`, or `*` for all with all their parts.
  var resources: [String] = []
  /// Empty for every object.
  var names: [String] = []
  /// Such as `/healthz`, or `/api/*` for all below.
  var paths: [String] = []

  /// Reads an element of `rules`.
  init(_ rule: JSON) {
    func texts(_ field: String) -> [String] { rule[field].elements.compactMap(\.string) }
    verbs = texts("verbs")
    groups = texts("apiGroups")
    resources = texts("resources")
    names = texts("resourceNames")
    paths = texts("nonResourceURLs")
  }

  /// Whether what is asked is granted.
  ///
  /// A rule with names grants nothing that names no object. (kubernetes, pkg/registry/rbac, evaluation_helpers.go)
  func covers(_ asked: AccessAttributes) -> Bool {
    guard verbs.contains("*") || verbs.contains(asked.verb) else { return false }
    if let path = asked.path { return paths.contains { Self.matches($0, path) } }
    let combined = asked.subresource.isEmpty ? asked.resource : "\(asked.resource)/\(asked.subresource)"
    let isNamed = resources.contains { resource in
      resource == "*" || resource == combined
        || (!asked.subresource.isEmpty && resource == "*/\(asked.subresource)")
    }
    return isNamed && (groups.contains("*") || groups.contains(asked.group))
      && (names.isEmpty || names.contains(asked.name))
  }

  private static func matches(_ pattern: String, _ path: String) -> Bool {
    pattern == path || (pattern.hasSuffix("*") && path.hasPrefix(pattern.dropLast()))
  }
}
