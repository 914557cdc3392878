import Bench
import Testing

@testable import Kubernetes

/// A workload for tests of restoring: as it was, and with edits.
enum RestoreFixtures {
  static func text(_ kind: Workload.Kind) -> String {
    let isDeployment = kind == .deployment
    let strategy =
      isDeployment
      ? #""strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":"25%","maxUnavailable":1}}"#
      : #""updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":0}}"#
    let revision = isDeployment ? #","deployment.kubernetes.io/revision":"3""# : ""
    return """
      {"apiVersion":"apps/v1","kind":"\(isDeployment ? "Deployment" : "StatefulSet")",\
      "metadata":{"name":"w","uid":"u","generation":7,"annotations":{"team":"a"\(revision)},"labels":{"app":"w"}},\
      "spec":{"replicas":4,"selector":{"matchLabels":{"app":"w"}},\(strategy),"template":{\
      "metadata":{"creationTimestamp":null,"labels":{"app":"w"}},"spec":{"containers":[\
      {"name":"side","image":"s:1"},\
      {"name":"c","image":"i:1","env":[{"name":"A","value":"1"},{"name":"B","valueFrom":{"fieldRef":{}}}]}]}}},\
      "status":{"observedGeneration":7}}
      """
  }

  /// The workload with other values at these JSON pointers; nil takes a field away.
  static func snapshot(
    _ kind: Workload.Kind = .deployment, _ edits: [String: JSONValue?] = [:]
  ) throws -> WorkloadSnapshot {
    var object = try JSONValue(text: text(kind))
    for (pointer, value) in edits { object[FieldPath(pointer: pointer)] = value }
    return try WorkloadSnapshot(json: object.line)
  }

  /// The fields of a change of container `c`.
  static func fields(
    _ trigger: RolloutChange.Trigger, _ kind: Workload.Kind = .deployment
  ) throws -> [ChangedField] {
    let change = RolloutChange(workload: Workload(kind, "w"), container: "c", trigger: trigger)
    return try ChangedField.fields(of: change, before: snapshot(kind))
  }

  /// Applies the patch that a command sends, as RFC 6902 has it.
  static func apply(_ command: ChangeCommand?, to snapshot: WorkloadSnapshot) throws -> WorkloadSnapshot {
    guard case .kubectl(let words) = command else { return snapshot }
    #expect(words.prefix(4) == ["patch", "\(snapshot.workload)", "--type=json", "-p"])
    guard case .array(let operations) = try JSONValue(text: try #require(words.last)) else { return snapshot }
    var object = snapshot.object
    for operation in operations {
      let path = FieldPath(pointer: try #require(operation[["path"]]?.text))
      let holder = try #require(path.parent)
      #expect(object[holder] != nil, "\(path)")
      switch operation[["op"]]?.text {
      case "test": #expect(object[path] == operation[["value"]])
      case "add":
        #expect(operation[["value"]] != nil)
        object[path] = operation[["value"]]
      case "replace":
        #expect(object[path] != nil && operation[["value"]] != nil, "\(path)")
        object[path] = operation[["value"]]
      case "remove":
        #expect(object[path] != nil, "\(path)")
        object[path] = nil
      default: Issue.record("an operation that nobody knows: \(operation)")
      }
    }
    return try WorkloadSnapshot(json: object.line)
  }
}
