import FoundationEssentials
import TestSupport
import Testing

/// What a run may do in a cluster, and whether it gets there at all: found out before any vote.
@Suite("Access to a cluster")
struct ClusterAccessTests {
  private typealias Light = ClusterUnderTest.Light

  /// A Role, as far as its rules can be taken away.
  private struct Role: Codable {
    struct Metadata: Codable {
      var name: String
      var namespace: String
    }
    struct Rule: Codable {
      var apiGroups: [String]
      var resources: [String]
      var verbs: [String]
    }
    var apiVersion: String
    var kind: String
    var metadata: Metadata
    var rules: [Rule]
  }

  @Test("the role of the manifests suffices for a whole run; without any one of its rules: exit 69, which says so")
  func role() async throws {
    try await withCluster { cluster in
      let light = Light(name: "light")
      try await cluster.apply([light])
      let token = try await cluster.kubectl(["create", "token", "votebench"]).split(separator: "\n")[0]
      let kubeconfig = try await cluster.kubeconfig("votebench", token: String(token))
      let whole = try await cluster.run(
        "whole", light.flag + ["--scale", "3", "--strategy", "minReadySeconds=1"], kubeconfig: kubeconfig)
      #expect(whole.isFine, "\(whole.output)")

      let role = try JSONDecoder().decode(
        Role.self, from: Data(try await cluster.kubectl(["get", "role", "votebench", "-o", "json"]).utf8))
      for (place, rule) in role.rules.enumerated() where Self.isNeeded(rule) {
        var less = role
        less.rules.remove(at: place)
        try await cluster.apply(manifest: String(decoding: try JSONEncoder().encode(less), as: UTF8.self))
        let run = try await cluster.run(
          "less-\(place)", light.flag + ["--scale", "3"], kubeconfig: kubeconfig)
        #expect(run.status == 69, "\(rule): \(run.output)")
        #expect(run.output.contains("may not "), "\(rule): \(run.output)")
        #expect(rule.resources.contains { run.output.contains($0.replacing("/", with: ".apps/")) }, "\(run.output)")
        #expect(rule.verbs.contains { run.output.contains($0) }, "\(run.output)")
        #expect(!run.output.contains("warmup"))
      }
    }
  }

  /// Not every rule is for a Deployment that is scaled.
  private static func isNeeded(_ rule: Role.Rule) -> Bool {
    rule.resources.contains {
      ["deployments", "deployments/scale", "replicasets", "pods", "events", "endpointslices"].contains($0)
    }
  }

  @Test("what keeps a run from beginning is said in one line within seconds: exit 69")
  func refused() async throws {
    try await withCluster { cluster in
      let server = try cluster.server()
      let gone = try cluster.kubeconfig("gone") { $0.replacing(server, with: "127.0.0.1:1") }
      let stranger = try await cluster.kubeconfig("stranger", token: "expired")
      let cases: [(flags: [String], kubeconfig: String?, says: String)] = [
        (["--kubectl", "kubectl-that-is-not-there"], nil, "Install kubectl"),
        (["--context", "nowhere"], nil, "nowhere"),
        (["--namespace", "nobody"], nil, "there is no namespace 'nobody'"),
        (["--deployment", "nobody"], nil, "there is no deployment 'nobody'"),
        ([], gone, "127.0.0.1:1"),
        ([], stranger, "token"),
      ]
      for (place, example) in cases.enumerated() {
        let began = ContinuousClock.now
        let run = try await cluster.run(
          "refused-\(place)", ["--image", "voting-app:v2"] + example.flags, kubeconfig: example.kubeconfig)
        #expect(began.duration(to: .now) < .seconds(8), "\(run.output)")
        #expect(run.status == 69, "\(run.output)")
        #expect(run.output.contains(example.says), "\(run.output)")
        #expect(run.output.split(separator: "\n").filter { $0.hasPrefix("votebench: ") }.count == 1, "\(run.output)")
        #expect(run.summary == nil)
      }
    }
  }
}
