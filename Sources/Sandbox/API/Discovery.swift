/// What the API server says about itself: its version, its groups and its kinds, in the plain form that kubectl
/// 1.20 asks for and in the aggregated one that later versions prefer.
enum Discovery {
  /// The answer to `/version`.
  ///
  /// A kubectl that is a dispatcher picks the client by its minor version.
  static let version: JSON = [
    "major": "1", "minor": "33", "gitVersion": "v1.33.1", "gitCommit": "votebench-sandbox", "gitTreeState": "clean",
    "buildDate": "2025-05-15T08:19:08Z", "goVersion": "go1.24.2", "compiler": "gc", "platform": "linux/amd64",
  ]

  /// The media type of the aggregated form; discovery answers with it only if asked to.
  static let aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

  /// `/api`: the versions of the core group.
  static let coreVersions: JSON = [
    "kind": "APIVersions", "versions": ["v1"],
    "serverAddressByClientCIDRs": [["clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1:443"]],
  ]

  /// The groups with a name, in the order of the table.
  private static let groups: [String] = Resource.served.reduce(into: []) { groups, resource in
    if !resource.group.isEmpty, !groups.contains(resource.group) { groups.append(resource.group) }
  }

  private static func version(of group: String) -> String {
    Resource.served.first { $0.group == group }?.version ?? "v1"
  }

  /// `/apis`: the other groups.
  static let groupList: JSON = [
    "kind": "APIGroupList", "apiVersion": "v1", "groups": .array(groups.map(group)),
  ]

  private static func group(_ name: String) -> JSON {
    let version: JSON = [
      "groupVersion": .string("\(name)/\(version(of: name))"), "version": .string(version(of: name)),
    ]
    return ["name": .string(name), "versions": [version], "preferredVersion": version]
  }

  /// `/apis/GROUP`, or nil if there is no such group.
  static func groupDescription(_ name: String) -> JSON? {
    guard groups.contains(name) else { return nil }
    var description = group(name)
    description["kind"] = "APIGroup"
    description["apiVersion"] = "v1"
    return description
  }

  /// `/api/v1` or `/apis/GROUP/VERSION`: the kinds of a group, or nil if there is no such group version.
  static func resourceList(group: String, version: String) -> JSON? {
    let resources = Resource.served.filter { $0.group == group && $0.version == version }
    guard let first = resources.first else { return nil }
    var list: JSON = [
      "kind": "APIResourceList", "groupVersion": .string(first.apiVersion),
      "resources": .array(resources.flatMap(plain)),
    ]
    if !group.isEmpty { list["apiVersion"] = "v1" }  // the core group's list has none
    return list
  }

  private static func verbs(of subresource: String) -> JSON {
    switch subresource {
    case "log": ["get"]
    case "exec", "attach", "portforward": ["create", "get"]
    case "token": ["create"]
    default: ["get", "patch", "update"]
    }
  }

  private static func plain(_ resource: Resource) -> [JSON] {
    var entry: JSON = [
      "name": .string(resource.plural), "singularName": .string(resource.singular),
      "namespaced": .bool(resource.namespaced), "kind": .string(resource.kind),
      "verbs": .array(resource.verbs.map { .string($0) }),
    ]
    if !resource.shortNames.isEmpty { entry["shortNames"] = .array(resource.shortNames.map { .string($0) }) }
    if resource.inAll { entry["categories"] = ["all"] }
    return [entry]
      + resource.subresources.map { name in
        var entry: JSON = [
          "name": .string("\(resource.plural)/\(name)"), "singularName": "",
          "namespaced": .bool(resource.namespaced), "kind": .string(kind(of: name, resource)),
          "verbs": verbs(of: name),
        ]
        if let group = group(ofPart: name) { entry.merge(["group": .string(group), "version": "v1"]) }
        return entry
      }
  }

  private static func kind(of subresource: String, _ resource: Resource) -> String {
    switch subresource {
    case "scale": "Scale"
    case "exec": "PodExecOptions"
    case "attach": "PodAttachOptions"
    case "portforward": "PodPortForwardOptions"
    case "token": "TokenRequest"
    default: resource.kind
    }
  }

  // Of parts that are of another group than their object, always in its version v1.
  private static func group(ofPart name: String) -> String? {
    ["scale": "autoscaling", "token": "authentication.k8s.io"][name]
  }

  /// `/api` or `/apis` in the aggregated form.
  static func aggregated(core: Bool) -> JSON {
    let items: [JSON] = (core ? [""] : groups).map { group in
      let version: JSON = [
        "version": .string(version(of: group)), "freshness": "Current",
        "resources": .array(Resource.served.filter { $0.group == group }.map(aggregated)),
      ]
      // The core group has no name.
      return ["metadata": group.isEmpty ? [:] : ["name": .string(group)], "versions": [version]]
    }
    return [
      "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": [:], "items": .array(items),
    ]
  }

  private static func aggregated(_ resource: Resource) -> JSON {
    var entry: JSON = [
      "resource": .string(resource.plural), "singularResource": .string(resource.singular),
      "responseKind": ["group": "", "version": "", "kind": .string(resource.kind)],
      "scope": resource.namespaced ? "Namespaced" : "Cluster",
      "verbs": .array(resource.verbs.map { .string($0) }),
    ]
    if !resource.shortNames.isEmpty { entry["shortNames"] = .array(resource.shortNames.map { .string($0) }) }
    if resource.inAll { entry["categories"] = ["all"] }
    if !resource.subresources.isEmpty {
      entry["subresources"] = .array(
        resource.subresources.map { name in
          let group = group(ofPart: name)
          return [
            "subresource": .string(name), "verbs": verbs(of: name),
            "responseKind": [
              "group": .string(group ?? ""), "version": group == nil ? "" : "v1",
              "kind": .string(kind(of: name, resource)),
            ],
          ]
        })
    }
    return entry
  }
}
