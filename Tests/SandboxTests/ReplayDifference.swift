@testable import Sandbox

/// One way in which the sandbox's answer to a recorded request differs from the recorded answer.
struct ReplayDifference: Sendable, CustomStringConvertible {
  let request: KubectlRecording.Request
  /// Such as `status: 404, not 200` or `-spec.clusterIP`; paths as ``AnswerShape`` writes them.
  let what: String

  var description: String { "\(request.method) \(request.url): \(what)" }

  /// All differences; of an answer with another status only that.
  static func all(_ request: KubectlRecording.Request, _ answer: KubectlReplay.Answer) -> [ReplayDifference] {
    guard answer.status == request.status else {
      return [Self(request: request, what: "status: \(answer.status), not \(request.status)")]
    }
    var found: [String] = []
    if let problem = answer.problem { found.append(problem) }
    if answer.contentType != request.answerType {
      found.append("type: \(answer.contentType), not \(request.answerType)")
    }
    if let failure = request.failure, answer.body != failure {
      found.append("failure: \(answer.body.text), not \(failure.text)")
    }
    if let shape = request.shape {
      found += shape.differences(from: AnswerShape(of: answer.body), allowingMore: request.isCut)
    }
    let columns = answer.body["columnDefinitions"].elements.map(column)
    if columns != request.columns { found.append("columns: \(columns), not \(request.columns)") }
    return found.map { Self(request: request, what: $0) }
  }

  // A format that is empty is a dash.
  private static func column(_ column: JSON) -> String {
    let format = column["format"].string ?? ""
    let parts = [column["name"].string ?? "", column["type"].string ?? "", format.isEmpty ? "-" : format]
    return parts.joined(separator: " ") + " \(column["priority"].int ?? -1)"
  }

  // MARK: Differences that may be

  /// Differences of one cause.
  struct Expected: Sendable {
    /// Why they are.
    let reason: String
    /// What the path of the request ends with; nil for any.
    var paths: [String]?
    /// What the difference begins with.
    let differences: [String]

    func expects(_ difference: ReplayDifference) -> Bool {
      (paths?.contains { difference.request.path.hasSuffix($0) } ?? true)
        && differences.contains { difference.what.hasPrefix($0) }
    }
  }

  /// Whether this may be.
  var isAllowed: Bool { Self.allowed.contains { $0.expects(self) } }

  /// What no client of the sandbox can miss.
  private static let allowed = [
    Expected(
      reason: "kubectl takes JSON where it would rather have protobuf, and says so in its request",
      differences: ["type: application/json, not application/vnd.kubernetes.protobuf"]),
    Expected(
      reason: "controllers write no entry of their own: nobody else writes a status",
      differences: ["-", "-items[].", "-rows[].object."].map { "\($0)metadata.managedFields[].subresource" }),
    Expected(
      reason: "controllers write no entry of their own: nobody else has a say in what they made",
      paths: ["/pods", "/replicasets"],
      differences: ["-items[].metadata.managedFields", "-rows[].object.metadata.managedFields"]),
    Expected(
      reason: "these counts come and go with the moment of the rollout",
      paths: ["/deployments", "/deployments/voting-app"],
      differences: ["unavailableReplicas", "updatedReplicas"].flatMap { count in
        ["+status.", "-status.", "+items[].status.", "-items[].status."].map { $0 + count }
      }),
    Expected(
      reason: "the sandbox has no kinds of this group, and does not list it",
      paths: unservedGroups.map { "/apis/\($0)" }, differences: ["status: 404, not 200"]),
    Expected(
      reason: "the OpenAPI index names the groups that are served, each by its version",
      paths: ["/openapi/v3"],
      differences: unservedGroups.map { "-paths.apis/\($0)" }
        + unservedGroups.compactMap { $0.split(separator: "/").first.map { "-paths.apis/\($0)" } }
        + [".well-known/openid-configuration", "api", "apis", "openid/v1/jwks", "version"].map { "-paths.\($0)" }
        + ["apps", "batch", "discovery.k8s.io", "networking.k8s.io", "policy"].map { "-paths.apis/\($0)" }),
    Expected(
      reason: "the sandbox emulates no older version of itself",
      paths: ["/version"], differences: ["-emulation", "-minCompatibility"]),
    Expected(
      reason: "only the controllers of a real cluster compare hashes of stored versions",
      differences: ["-resources[].storageVersionHash"]),
    Expected(
      reason: "there are no CronJobs, the only kind of the group with a short name",
      paths: ["/apis/batch/v1"], differences: ["-resources[].shortNames"]),
    Expected(
      reason: "there are no evictions, parts of pods that another group describes",
      paths: ["/api/v1"], differences: ["-resources[].group", "-resources[].version"]),
  ]

  private static let unservedGroups = [
    "admissionregistration.k8s.io/v1", "apiextensions.k8s.io/v1", "apiregistration.k8s.io/v1",
    "autoscaling/v1", "certificates.k8s.io/v1",
    "coordination.k8s.io/v1", "events.k8s.io/v1", "flowcontrol.apiserver.k8s.io/v1", "node.k8s.io/v1",
    "rbac.authorization.k8s.io/v1", "resource.k8s.io/v1", "scheduling.k8s.io/v1", "storage.k8s.io/v1",
  ]
}
