import Bench
import FoundationEssentials
import Kubernetes
import Testing

@Suite("Permissions")
struct PermissionsTests {
  private static let deployment = Workload(.deployment, "d")
  private static let statefulSet = Workload(.statefulSet, "s")
  private static let watching = [
    "list pods", "watch pods", "list endpointslices.discovery.k8s.io", "watch endpointslices.discovery.k8s.io",
    "list events", "watch events",
  ]
  private static let deploymentWatching =
    ["get deployments.apps d", "list deployments.apps d", "watch deployments.apps d"]
  private static let replicaSets = ["list replicasets.apps", "watch replicasets.apps"]

  static func spelled(_ permissions: [Permissions.Permission]) -> [String] {
    permissions.map { "\($0.verb) \($0.target)" + ($0.name.isEmpty ? "" : " \($0.name)") }
  }

  @Test(
    "each kind of change needs what kubectl asks the API server for, and no more",
    arguments: [
      (.image("i"), deployment, deploymentWatching + ["patch deployments.apps d"] + replicaSets),
      (.restart, deployment, deploymentWatching + ["patch deployments.apps d"] + replicaSets),
      (.command("helm"), deployment, deploymentWatching + ["patch deployments.apps d"] + replicaSets),
      (
        .scale(3), deployment,
        deploymentWatching + ["patch deployments.apps d", "patch deployments.apps/scale d"] + replicaSets
      ),
      (.deletePod, deployment, deploymentWatching + ["delete pods"] + replicaSets),
      (
        .setEnv(["A=1"]), statefulSet,
        [
          "get statefulsets.apps s", "list statefulsets.apps s", "watch statefulsets.apps s",
          "patch statefulsets.apps s", "list controllerrevisions.apps",
        ]
      ),
    ] as [(RolloutChange.Trigger, Workload, [String])])
  func needed(trigger: RolloutChange.Trigger, workload: Workload, wanted: [String]) {
    let permissions = Permissions(changes: [RolloutChange(workload: workload, trigger: trigger)], strategy: nil)
    #expect(Self.spelled(permissions.all) == wanted + Self.watching)
  }

  @Test("a strategy needs a patch even where the change does not; several changes ask for nothing twice")
  func several() {
    let strategy = StrategyChange(maxSurge: .pods(1))
    let delete = RolloutChange(workload: Self.deployment, trigger: .deletePod)
    #expect(
      Self.spelled(Permissions(changes: [delete], strategy: strategy).all).contains("patch deployments.apps d"))
    let twice = Permissions(
      changes: [delete, delete, RolloutChange(workload: Self.statefulSet, trigger: .restart)], strategy: nil)
    #expect(Set(twice.all).count == twice.all.count)
    #expect(Self.spelled(twice.all).contains("patch statefulsets.apps s"))
  }

  private static let everything = Permissions(
    changes: [
      RolloutChange(workload: deployment, trigger: .scale(2)), RolloutChange(workload: deployment, trigger: .deletePod),
      RolloutChange(workload: statefulSet, trigger: .scale(2)),
    ], strategy: nil)

  /// What kubectl prints for `question`.
  static func answer(_ permissions: Permissions, denying denied: Set<Permissions.Permission> = []) -> String {
    permissions.all.map { asked in
      [asked.verb, asked.group, asked.resource, asked.subresource, asked.name, "\(!denied.contains(asked))"]
        .joined(separator: "\t") + "\n"
    }.joined()
  }

  @Test("a permission that is denied is missing, and no other; in whatever order the answers come")
  func missing() {
    for asked in Self.everything.all {
      let lines = Self.answer(Self.everything, denying: [asked]).split(separator: "\n").shuffled()
      #expect(Self.everything.missing(in: lines.joined(separator: "\n")) == [asked])
    }
    #expect(Self.everything.missing(in: Self.answer(Self.everything)) == [])
  }

  @Test("a permission that was not answered is not taken for given: the answer does not count")
  func unanswered() {
    let answer = Self.answer(Self.everything).split(separator: "\n")
    for place in answer.indices {
      var rest = answer
      rest.remove(at: place)
      #expect(Self.everything.missing(in: rest.joined(separator: "\n")) == nil)
    }
    #expect(Self.everything.missing(in: "error: no matches for kind\n") == nil)
  }

  @Test("what is missing is said in one sentence, a resource at a time")
  func sentence() {
    let all = Permissions(changes: [RolloutChange(workload: Self.deployment, trigger: .scale(2))], strategy: nil).all
    #expect(
      Permissions.sentence(all)
        == "get, list, watch and patch deployments.apps, patch deployments.apps/scale, list and watch replicasets.apps, "
        + "list and watch pods, list and watch endpointslices.discovery.k8s.io, list and watch events")
  }

  @Test("each review asks about one permission in the namespace, an object a line")
  func reviews() throws {
    struct Review: Decodable {
      struct Spec: Decodable {
        var resourceAttributes: [String: String]
      }
      var apiVersion: String
      var kind: String
      var spec: Spec
    }
    let lines = Self.everything.reviews(namespace: "n").split(separator: "\n")
    #expect(lines.count == Self.everything.all.count)
    for (line, asked) in zip(lines, Self.everything.all) {
      let review = try JSONDecoder().decode(Review.self, from: Data(line.utf8))
      #expect(review.kind == "SelfSubjectAccessReview" && review.apiVersion == "authorization.k8s.io/v1")
      let wanted = [
        "namespace": "n", "verb": asked.verb, "group": asked.group, "resource": asked.resource,
        "subresource": asked.subresource, "name": asked.name,
      ]
      #expect(review.spec.resourceAttributes == wanted)
    }
  }

  @Test("the Role among the manifests grants all that any run needs")
  func role() throws {
    let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    let text = try String(contentsOfFile: root + "/Profiles/manifests/70-votebench.yaml", encoding: .utf8)
    var granted: Set<String> = []
    var (groups, resources): ([String], [String]) = ([], [])
    for line in text.split(separator: "\n") {
      let words = line.split(separator: "[").last.map { list in
        list.split { ", \"]".contains($0) }.map(String.init)
      }
      if line.contains("apiGroups: [") { groups = line.contains("\"\"") ? [""] : words ?? [] }
      if line.contains("resources: [") { resources = words ?? [] }
      guard line.contains("verbs: [") else { continue }
      for verb in words ?? [] {
        for group in groups {
          for resource in resources { granted.insert("\(verb) \(group) \(resource)") }
        }
      }
    }
    for need in Self.everything.all {
      let resource = need.resource + (need.subresource.isEmpty ? "" : "/\(need.subresource)")
      #expect(granted.contains("\(need.verb) \(need.group) \(resource)"))
    }
  }
}
