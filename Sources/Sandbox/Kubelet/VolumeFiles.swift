import FoundationEssentials

/// The files that a volume of a ConfigMap, a Secret or of the pod's own fields holds, by their names.
///
/// As of the moment the pod starts: later changes of a ConfigMap do not reach a pod that runs.
struct VolumeFiles {
  private(set) var contents: [String: Data] = [:]
  private let pod: JSON
  private let store: ObjectStore

  /// None for a volume that begins empty; throws where an object or key is missing that is not optional, or for a kind
  /// of volume that the sandbox has not.
  init(_ volume: JSON, pod: JSON, store: ObjectStore) throws(VolumeFolders.Failure) {
    self.pod = pod
    self.store = store
    if !volume["emptyDir"].isNull || !volume["persistentVolumeClaim"].isNull || !volume["hostPath"].isNull { return }
    if let sources = volume["projected", "sources"].array {
      for source in sources { try add(source) }
    } else {
      try add(volume)
    }
  }

  private mutating func add(_ source: JSON) throws(VolumeFolders.Failure) {
    if !source["configMap"].isNull {
      let name = source["configMap", "name"].string ?? ""
      try add(.configMaps, name, source["configMap"])
    } else if !source["secret"].isNull {
      try add(
        .secrets, source["secret", "secretName"].string ?? source["secret", "name"].string ?? "", source["secret"])
    } else if let items = source["downwardAPI", "items"].array {
      for item in items { add(field: item) }
    } else if source["serviceAccountToken"].isNull {
      let kinds = (source.object ?? [:]).keys.filter { $0 != "name" }.sorted().joined(separator: ", ")
      // A volume that says nothing is an empty one.
      if !kinds.isEmpty { throw .init(message: "the sandbox has no volumes of this kind: \(kinds)") }
    }
  }

  private mutating func add(_ resource: Resource, _ name: String, _ source: JSON) throws(VolumeFolders.Failure) {
    let optional = source["optional"].bool == true
    guard let object = store.get(resource, namespace: pod["metadata", "namespace"].string, name: name) else {
      if optional { return }
      throw .init(message: "\(resource == .secrets ? "secret" : "configmap") \"\(name)\" not found")
    }
    let all = Self.data(of: object, resource)
    guard let items = source["items"].array else { return contents.merge(all) { $1 } }
    for item in items {
      let key = item["key"].string ?? ""
      if let bytes = all[key] {
        contents[item["path"].string ?? key] = bytes
      } else if !optional {
        throw .init(message: "references non-existent config key: \(key)")
      }
    }
  }

  private static func data(of object: JSON, _ resource: Resource) -> [String: Data] {
    let plain = object[resource == .secrets ? "stringData" : "data"].strings.mapValues { Data($0.utf8) }
    let coded = object[resource == .secrets ? "data" : "binaryData"].strings.compactMapValues {
      Data(base64Encoded: $0)
    }
    return coded.merging(plain) { $1 }
  }

  private mutating func add(field item: JSON) {
    guard let path = item["path"].string, let field = item["fieldRef", "fieldPath"].string else { return }
    let keys = field.split(separator: ".").map(String.init)
    var value = pod
    for key in keys { value = value[key] }
    let text =
      value.string
      ?? value.strings.sorted { $0.key < $1.key }.map { "\($0.key)=\"\($0.value)\"" }.joined(separator: "\n")
    contents[path] = Data(text.utf8)
  }
}
