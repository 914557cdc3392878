/// As much of an OpenAPI description as kubectl needs in order to apply: which paths there are, and that the server
/// takes `dryRun` and `fieldValidation`.
///
/// There are no schemas, so kubectl checks no field names itself.
enum OpenAPI {
  /// `/openapi/v3`: where each group version is described.
  static let index: JSON = [
    "paths": .object(
      [String: JSON](
        Resource.served.map { resource in
          let place = resource.group.isEmpty ? "api/v1" : "apis/\(resource.apiVersion)"
          return (place, ["serverRelativeURL": .string("/openapi/v3/\(place)?hash=1")])
        }, uniquingKeysWith: { first, _ in first }))
  ]

  /// `/openapi/v3/apis/GROUP/VERSION`, or nil if there is no such group version.
  static func groupVersion(group: String, version: String) -> JSON? {
    let resources = Resource.served.filter { $0.group == group && $0.version == version }
    guard !resources.isEmpty else { return nil }
    var paths: [String: JSON] = [:]
    for resource in resources {
      let root = resource.group.isEmpty ? "/api/v1" : "/apis/\(resource.apiVersion)"
      let scope = resource.namespaced ? "/namespaces/{namespace}" : ""
      paths["\(root)\(scope)/\(resource.plural)/{name}"] = ["patch": operation(resource, "patch")]
      paths["\(root)\(scope)/\(resource.plural)"] = ["post": operation(resource, "post")]
    }
    return [
      "openapi": "3.0.0", "info": ["title": "Kubernetes", "version": "v1.33.1"], "paths": .object(paths),
      "components": ["schemas": [:]],
    ]
  }

  private static func operation(_ resource: Resource, _ action: String) -> JSON {
    let parameters: [JSON] = ["dryRun", "fieldManager", "fieldValidation"].map { name in
      ["name": .string(name), "in": "query", "schema": ["type": "string", "uniqueItems": true]]
    }
    return [
      "parameters": .array(parameters), "responses": ["200": ["description": "OK"]],
      "x-kubernetes-action": .string(action),
      "x-kubernetes-group-version-kind": [
        "group": .string(resource.group), "version": .string(resource.version), "kind": .string(resource.kind),
      ],
    ]
  }

  /// The JSON form of `/openapi/v2`.
  ///
  /// As protobuf, which kubectl up to 1.20 asks for, an empty message says the same.
  static let v2: JSON = ["swagger": "2.0", "info": ["title": "Kubernetes", "version": "v1.33.1"], "paths": [:]]
}
