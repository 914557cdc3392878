package import Bench
import FoundationEssentials

/// A Deployment or StatefulSet as it was at one moment, with every field: what is put back afterwards.
package struct WorkloadSnapshot: Sendable, Hashable {
  /// Which workload.
  package let workload: Workload
  /// The object as far as a rollout needs it.
  package let typed: WorkloadObject
  /// The object as the server gave it, without `metadata.managedFields`.
  let object: JSONValue

  /// Reads what `kubectl get -o json` prints.
  package init(json: String) throws(KubectlError) {
    do {
      try self.init(JSONValue(text: json))
    } catch {
      throw KubectlError(
        code: .unreadable, attempted: "reading kubectl's answer", cause: "\(error)",
        remedy: "Check by hand what kubectl get -o json prints for the workload.")
    }
  }

  init(_ object: JSONValue) throws {
    var object = object
    object[["metadata", "managedFields"]] = nil
    guard let kind = Workload.Kind(rawValue: object[["kind"]]?.text?.lowercased() ?? "") else {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(codingPath: [], debugDescription: "neither a Deployment nor a StatefulSet"))
    }
    typed = try JSONDecoder().decode(WorkloadObject.self, from: Data(object.line.utf8))
    workload = Workload(kind, typed.metadata.name)
    self.object = object
  }

  /// Asks the cluster for the workload as it is.
  package static func read(_ workload: Workload, with kubectl: Kubectl) async throws(KubectlError) -> WorkloadSnapshot {
    try WorkloadSnapshot(json: try await kubectl.require(["get", "\(workload)", "-o", "json"]).output)
  }

  /// The number of a Deployment's revision; nil when the cluster has not looked at its present template yet.
  var revision: String? {
    guard workload.kind == .deployment, object[["status", "observedGeneration"]] == object[["metadata", "generation"]]
    else { return nil }
    return object[["metadata", "annotations", Self.revisionKey]]?.text
  }

  /// What people and programs wrote into it: annotations, labels and spec, without what Kubernetes itself counts up.
  var written: JSONValue {
    var written = JSONValue.object(["metadata": .object([:]), "spec": object[["spec"]] ?? .object([:])])
    for key in ["annotations", "labels"] {
      written[["metadata", key]] = object[["metadata", key]] ?? .object([:])
    }
    written[["metadata", "annotations", Self.revisionKey]] = nil
    return written
  }

  private static let revisionKey = "deployment.kubernetes.io/revision"
}

extension WorkloadSnapshot: Codable {
  /// Reads the object.
  package init(from decoder: any Decoder) throws {
    try self.init(try JSONValue(from: decoder))
  }

  /// Writes the object.
  package func encode(to encoder: any Encoder) throws {
    try object.encode(to: encoder)
  }
}
