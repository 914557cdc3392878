import Glibc
import TestSupport
import Testing

/// Rollouts that fail, each in its own way, and are undone.
@Suite("Rollouts that fail in a cluster")
struct ClusterFailureTests {
  private typealias Light = ClusterUnderTest.Light

  /// A way to fail.
  private struct Failure: Sendable {
    var outcome: String
    /// The flags of the change; NAME stands for the workload, KUBECTL for the beginning of a command line.
    var change: [String]
    var detail = "progressDeadlineSeconds: 60"
    var namespace = "oggy"
  }

  private static let missingKey = """
    {"spec":{"template":{"spec":{"containers":[{"name":"app","env":[{"name":"KEY","valueFrom":\
    {"configMapKeyRef":{"name":"nowhere","key":"key"}}}]}]}}}}
    """

  private static let failures = [
    Failure(outcome: "image-pull", change: ["--image", "voting-app:v9"]),
    Failure(outcome: "crash-loop", change: ["--image", "voting-app:crash"]),
    Failure(
      outcome: "never-ready", change: ["--image", "voting-app:never-ready"], detail: "progressDeadlineSeconds: 5"),
    Failure(
      outcome: "unschedulable", change: ["--trigger", "KUBECTL set resources deployment/NAME --requests=cpu=64"]),
    Failure(outcome: "container-config", change: ["--trigger", "KUBECTL patch deployment/NAME -p '\(missingKey)'"]),
    Failure(outcome: "quota", change: ["--image", "voting-app:v2"], namespace: "tight"),
  ]

  @Test("a rollout that fails is known by its own name before its timeout, undone, and reported: exit 1")
  func failures() async throws {
    try await withCluster { cluster in
      try await cluster.kubectl(["create", "namespace", "tight"])
      try await forEach(Self.failures, atOnce: 3) { try await fails($0, in: cluster) }
    }
  }

  private func fails(_ failure: Failure, in cluster: ClusterUnderTest) async throws {
    let light = Light(name: failure.outcome, detail: failure.detail)
    try await cluster.apply([light], namespace: failure.namespace)
    if failure.namespace != "oggy" {
      try await cluster.kubectl(["create", "quota", "two", "-n", failure.namespace, "--hard=pods=2"])
    }
    let before = try await cluster.yaml(light.workload, namespace: failure.namespace)
    let change = failure.change.map { word in
      word.replacing("KUBECTL", with: "\(cluster.kubectlLine) -n oggy").replacing("NAME", with: light.name)
    }
    let run = try await cluster.run(failure.outcome, light.flag + ["--namespace", failure.namespace] + change)
    let summary = try #require(run.summary, "\(run.output)")
    #expect(run.status == 1, "\(run.output)")
    #expect(summary.rollouts.map(\.outcome) == [failure.outcome, "complete"], "\(run.output)")
    #expect(summary.rollouts.map(\.isRollback) == [false, true])
    #expect(summary.rollouts.first?.detail?.isEmpty == false, "\(failure.outcome): \(run.output)")
    #expect(summary.rollouts.first.map { $0.durationS < 40 } == true, "\(run.output)")
    let after = try await cluster.yaml(light.workload, namespace: failure.namespace)
    #expect(after == before, "\(run.output)")
  }
}
