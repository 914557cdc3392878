import FoundationEssentials

/// The environment of a container: what its image brings and its pod's specification says, PATH and HOSTNAME,
/// and nothing else.
struct ContainerEnvironment: Sendable, Equatable {
  /// Why a container cannot be made, as its status says it.
  struct Failure: Error, Equatable {
    var message: String
  }

  private(set) var variables: [String: String]

  /// Works it out from the pod and what it refers to in the store.
  ///
  /// Throws where a ConfigMap, Secret or key is missing that is not optional.
  init(pod: JSON, image: Image, address: String, store: ObjectStore) throws(Failure) {
    variables = image.environment
    variables["PATH"] = image.hasPrograms ? "/usr/local/bin:/usr/bin:/bin" : "/app"
    variables["HOSTNAME"] = pod["metadata", "name"].string
    let reader = Reader(pod: pod, address: address, store: store)
    for source in pod["spec", "containers"][0]["envFrom"].elements {
      variables.merge(try reader.all(source)) { $1 }
    }
    for variable in pod["spec", "containers"][0]["env"].elements {
      guard let name = variable["name"].string else { continue }
      if let value = try reader.value(of: variable) { variables[name] = value }
    }
  }
}

/// Reads what a variable refers to.
private struct Reader {
  let pod: JSON
  let address: String
  let store: ObjectStore

  private var namespace: String? { pod["metadata", "namespace"].string }

  func value(of variable: JSON) throws(ContainerEnvironment.Failure) -> String? {
    let source = variable["valueFrom"]
    if let path = source["fieldRef", "fieldPath"].string { return try field(path) }
    if !source["configMapKeyRef"].isNull { return try key(source["configMapKeyRef"], .configMaps) }
    if !source["secretKeyRef"].isNull { return try key(source["secretKeyRef"], .secrets) }
    return variable["value"].string ?? ""
  }

  func all(_ source: JSON) throws(ContainerEnvironment.Failure) -> [String: String] {
    for (field, resource) in [("configMapRef", Resource.configMaps), ("secretRef", .secrets)] {
      guard let name = source[field, "name"].string else { continue }
      return try contents(resource, name, optional: source[field, "optional"].bool == true) ?? [:]
    }
    return [:]
  }

  private func key(_ reference: JSON, _ resource: Resource) throws(ContainerEnvironment.Failure) -> String? {
    let name = reference["name"].string ?? ""
    let key = reference["key"].string ?? ""
    let optional = reference["optional"].bool == true
    guard let contents = try contents(resource, name, optional: optional) else { return nil }
    if let value = contents[key] { return value }
    if optional { return nil }
    let kind = resource == .secrets ? "Secret" : "ConfigMap"
    throw .init(message: "couldn't find key \(key) in \(kind) \(namespace ?? "default")/\(name)")
  }

  private func contents(
    _ resource: Resource, _ name: String, optional: Bool
  ) throws(ContainerEnvironment.Failure) -> [String: String]? {
    guard let object = store.get(resource, namespace: namespace, name: name) else {
      if optional { return nil }
      throw .init(message: "\(resource == .secrets ? "secret" : "configmap") \"\(name)\" not found")
    }
    guard resource == .secrets else { return object["data"].strings }
    let decoded = object["data"].strings.compactMapValues(Self.decoded)
    return decoded.merging(object["stringData"].strings) { $1 }
  }

  private static func decoded(_ base64: String) -> String? {
    Data(base64Encoded: base64).map { String(decoding: $0, as: UTF8.self) }
  }

  private func field(_ path: String) throws(ContainerEnvironment.Failure) -> String {
    switch path {
    case "metadata.name": return pod["metadata", "name"].string ?? ""
    case "metadata.namespace": return namespace ?? ""
    case "metadata.uid": return pod["metadata", "uid"].string ?? ""
    case "status.podIP", "status.hostIP": return address
    case "spec.nodeName": return PodStatus.node
    default: throw .init(message: "unsupported fieldPath: \(path)")
    }
  }
}
