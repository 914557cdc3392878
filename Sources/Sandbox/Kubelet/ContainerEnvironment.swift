import FoundationEssentials

/// The environment of a container: what its image brings and its pod's specification says, HOSTNAME, where the Services
/// are, and nothing else.
struct ContainerEnvironment: Sendable, Equatable {
  /// Why a container cannot be made, as its status says it.
  struct Failure: Error, Equatable {
    var message: String
  }

  private(set) var variables: [String: String]
  /// Those of Services and of the specification, without the image's: what `$(NAME)` in it can mean.
  private(set) var declared: [String: String] = [:]

  /// Works it out from the pod, a container of it, and what they refer to in the store.
  ///
  /// Throws where a ConfigMap, Secret or key is missing that is not optional.
  init(pod: JSON, container: JSON, image: Image, address: String, store: ObjectStore) throws(Failure) {
    variables = image.environment
    variables["HOSTNAME"] = pod["metadata", "name"].string
    declared = ServiceEnvironment.variables(for: pod, services: store.list(.services).items)
    let reader = Reader(pod: pod, container: container, address: address, store: store)
    for source in container["envFrom"].elements {
      let prefix = source["prefix"].string ?? ""
      for (name, value) in try reader.all(source) { declared[prefix + name] = value }
    }
    for variable in container["env"].elements {
      guard let name = variable["name"].string else { continue }
      guard let value = try reader.value(of: variable) else { continue }
      declared[name] = variable["valueFrom"].isNull ? expanded(value) : value
    }
    variables.merge(declared) { $1 }
  }

  /// A text with each `$(NAME)` replaced that is declared; `$$(NAME)` stands for `$(NAME)` itself.
  func expanded(_ text: String) -> String {
    var result = ""
    var rest = text[...]
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      rest = rest[dollar...].dropFirst()
      if rest.first == "$" {
        result += "$"
        rest = rest.dropFirst()
      } else if rest.first == "(", let end = rest.firstIndex(of: ")") {
        let name = String(rest[rest.index(after: rest.startIndex)..<end])
        result += declared[name] ?? "$(\(name))"
        rest = rest[rest.index(after: end)...]
      } else {
        result += "$"
      }
    }
    return result + rest
  }
}

/// Reads what a variable refers to.
private struct Reader {
  let pod: JSON
  let container: JSON
  let address: String
  let store: ObjectStore

  private var namespace: String? { pod["metadata", "namespace"].string }

  func value(of variable: JSON) throws(ContainerEnvironment.Failure) -> String? {
    let source = variable["valueFrom"]
    if let path = source["fieldRef", "fieldPath"].string { return try field(path) }
    if let resource = source["resourceFieldRef", "resource"].string {
      return try amount(resource, source["resourceFieldRef"])
    }
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
    guard let value = PodFields.value(at: path, of: pod, address: address) else {
      throw .init(message: "unsupported fieldPath: \(path)")
    }
    return value
  }

  private func amount(_ resource: String, _ reference: JSON) throws(ContainerEnvironment.Failure) -> String {
    let named = pod["spec", "containers"][where: "name", is: reference["containerName"].string ?? ""]
    guard let value = PodFields.amount(of: resource, in: named.isNull ? container : named, reference["divisor"]) else {
      throw .init(message: "unsupported container resource : \(resource)")
    }
    return value
  }
}
