import FoundationEssentials
import TestSupport
import Testing

@testable import Sandbox

/// What quotas refuse, and what the controllers make of a refusal.
@Suite("Quotas")
struct QuotaTests {
  private let cluster: TestCluster
  private let api: API

  init() throws {
    cluster = try TestCluster()
    api = API(cluster.store)
  }

  private func setQuota(_ hard: JSON) throws {
    cluster.store.remove(.resourceQuotas, namespace: "oggy", name: "q")
    let quota: JSON = [
      "apiVersion": "v1", "kind": "ResourceQuota", "metadata": ["name": "q"], "spec": ["hard": hard],
    ]
    let answer = api.answer("POST", "/api/v1/namespaces/oggy/resourcequotas", quota)
    try #require(answer["kind"].string == "ResourceQuota", "\(answer.text)")
  }

  private func createPod(_ name: String, _ resources: JSON, initial: JSON = .null) -> JSON {
    var pod: JSON = [
      "apiVersion": "v1", "kind": "Pod", "metadata": ["name": .string(name)],
      "spec": ["containers": [["name": "c", "image": "voting-app:v1", "resources": resources]]],
    ]
    if !initial.isNull {
      pod["spec", "initContainers"] = [["name": "i", "image": "voting-app:v1", "resources": initial]]
    }
    return api.answer("POST", "/api/v1/namespaces/oggy/pods", pod)
  }

  private static let small: JSON = [
    "requests": ["cpu": "100m", "memory": "64Mi"], "limits": ["cpu": "500m", "memory": "128Mi"],
  ]

  @Test(
    "the second pod is refused with what it asks, what is used and what is let",
    arguments: [
      (["pods": "1"], "exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1"),
      (["count/pods": 1], "exceeded quota: q, requested: count/pods=1, used: count/pods=1, limited: count/pods=1"),
      (
        ["requests.cpu": "150m", "pods": 5],
        "exceeded quota: q, requested: requests.cpu=100m, used: requests.cpu=100m, limited: requests.cpu=150m"
      ),
      (["cpu": "150m"], "exceeded quota: q, requested: cpu=100m, used: cpu=100m, limited: cpu=150m"),
      (
        ["requests.memory": "100Mi"],
        "exceeded quota: q, requested: requests.memory=64Mi, used: requests.memory=64Mi, limited: requests.memory=100Mi"
      ),
      (
        ["limits.cpu": "0.9", "limits.memory": "200Mi"],
        "exceeded quota: q, requested: limits.cpu=500m,limits.memory=128Mi, used: limits.cpu=500m,limits.memory=128Mi, "
          + "limited: limits.cpu=900m,limits.memory=200Mi"
      ),
      (["requests.cpu": "200m", "limits.cpu": 1, "requests.memory": "128Mi", "pods": 2], nil),
      (["services": "0"], nil),
    ] as [(JSON, String?)])
  func second(hard: JSON, why: String?) throws {
    try setQuota(hard)
    #expect(createPod("a", Self.small)["kind"] == "Pod")
    let answer = createPod("b", Self.small)
    #expect(answer["message"].string == why.map { #"pods "b" is forbidden: \#($0)"# })
    #expect(answer["code"].int == (why == nil ? nil : 403))
  }

  @Test("a pod has to say how much it asks where a quota limits that; its limit says it too")
  func unsaid() throws {
    try setQuota(["requests.cpu": "1", "limits.memory": "1Gi"])
    #expect(
      createPod("a", [:])["message"]
        == #"pods "a" is forbidden: failed quota: q: must specify limits.memory for: c; requests.cpu for: c"#)
    #expect(createPod("b", ["limits": ["cpu": "1", "memory": "1Gi"]])["kind"] == "Pod")
  }

  @Test("what comes first counts by its greatest, and pods that are over do not count")
  func counting() throws {
    try setQuota(["requests.cpu": "1"])
    let cpu: (JSON) -> JSON = { ["requests": ["cpu": $0]] }
    #expect(createPod("a", cpu("100m"), initial: cpu("800m"))["kind"] == "Pod")
    #expect(createPod("b", cpu("300m"))["code"] == 403)
    try cluster.store.update(.pods, namespace: "oggy", name: "a") { $0["status", "phase"] = "Failed" }
    #expect(createPod("b", cpu("300m"))["kind"] == "Pod")
    try cluster.settle()
    let quota = try #require(cluster.store.get(.resourceQuotas, namespace: "oggy", name: "q"))
    #expect(quota["status"] == ["hard": ["requests.cpu": "1"], "used": ["requests.cpu": "300m"]])
  }

  @Test("a rollout whose surge no quota lets says so, tries ever more seldom, and goes on when it is lifted")
  func rollout() throws {
    try cluster.createDeployment(["strategy": ["rollingUpdate": ["maxSurge": 1, "maxUnavailable": 0]]])
    try cluster.finish()
    try setQuota(["pods": "4"])
    try cluster.setImage("v2")
    try cluster.settle()
    let why = "is forbidden: exceeded quota: q, requested: pods=1, used: pods=4, limited: pods=4"
    let set = try #require(cluster.replicaSets.first { $0.tag == "v2" })
    for object in [set, cluster.deployment] {
      let condition = object["status", "conditions"][where: "type", is: "ReplicaFailure"]
      #expect(condition["status"] == "True" && condition["reason"] == "FailedCreate")
      #expect(condition["message"].string?.hasPrefix(#"pods "\#(set.named)-"#) == true)
      #expect(condition["message"].string?.hasSuffix(why) == true)
    }
    try cluster.advance(10)
    let failed = cluster.store.list(.events).items.filter { $0["reason"] == "FailedCreate" }
    #expect((10...12).contains(failed.count))
    #expect(failed.allSatisfy { $0["message"].string?.hasPrefix("Error creating: pods ") == true })
    #expect(failed.allSatisfy { $0["type"] == "Warning" && $0["involvedObject", "name"].string == set.named })
    try setQuota(["pods": "5"])
    try cluster.advance(12)
    try cluster.finish()
    #expect(cluster.sizes == ["v2": 4])
    #expect(cluster.condition("ReplicaFailure").isNull)
    #expect(cluster.condition("Progressing")["reason"] == "NewReplicaSetAvailable")
  }

  @Test("without a surge a rollout needs no more than the quota, and scaling beyond it stops at it")
  func withinQuota() throws {
    try setQuota(["pods": "4"])
    try cluster.createDeployment(["strategy": ["rollingUpdate": ["maxSurge": 0, "maxUnavailable": 1]]])
    try cluster.finish()
    try cluster.setImage("v2")
    try cluster.finish()
    for _ in 0..<5 {
      try cluster.advance(1)
      try cluster.finish()
    }
    #expect(cluster.sizes == ["v2": 4])
    #expect(cluster.condition("ReplicaFailure").isNull)
    try cluster.change { $0["replicas"] = 6 }
    try cluster.settle()
    #expect(cluster.pods.count == 4)
  }

  @Test("a StatefulSet tells of a pod that is refused, and makes it when it may")
  func statefulSet() throws {
    try setQuota(["pods": "1"])
    let labels: JSON = ["app": "db"]
    let set: JSON = [
      "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": ["name": "db"],
      "spec": [
        "replicas": 2, "serviceName": "db", "podManagementPolicy": "Parallel", "selector": ["matchLabels": labels],
        "template": [
          "metadata": ["labels": labels], "spec": ["containers": [["name": "db", "image": "postgres:15-alpine"]]],
        ],
      ],
    ]
    _ = api.answer("POST", "/apis/apps/v1/namespaces/oggy/statefulsets", set)
    try cluster.settle()
    #expect(cluster.pods.map(\.named) == ["db-0"])
    let failed = cluster.store.list(.events).items.first { $0["reason"] == "FailedCreate" }
    #expect(
      failed?["message"].string
        == #"create Pod db-1 in StatefulSet db failed error: pods "db-1" is forbidden: exceeded quota: q, "#
        + "requested: pods=1, used: pods=1, limited: pods=1")
    try setQuota(["pods": "2"])
    try cluster.advance(1)
    #expect(cluster.pods.map(\.named) == ["db-0", "db-1"])
  }

  @Test("kubectl sees a rollout stand by a quota, and go on without it")
  func live() async throws {
    let kubectl = try Executables.system("kubectl")
    try await APIStage.run { api in
      let strategy = #"{"spec":{"strategy":{"rollingUpdate":{"maxSurge":1,"maxUnavailable":0}}}}"#
      _ = try await api.kubectl(kubectl, "patch", "deployment", "voting-app", "-p", strategy)
      let ready = try await api.kubectl(kubectl, "rollout", "status", "deployment/voting-app", "--timeout=20s")
      #expect(ready.code == 0, "\(ready.text)")
      try await waitUntil("every workload has its pods") {
        api.store.list(.replicaSets).items.allSatisfy { $0["status", "replicas"] == $0["spec", "replicas"] }
          && api.store.list(.statefulSets).items.allSatisfy { $0["status", "replicas"] == $0["spec", "replicas"] }
      }
      let count = api.store.list(.pods, namespace: "oggy").items.count
      for (arguments, text) in [
        (["create", "quota", "q", "--hard=pods=\(count)"], "resourcequota/q created"),
        (["set", "image", "deployment/voting-app", "*=voting-app:v2"], "image updated"),
        (["wait", "--for=condition=ReplicaFailure", "deployment/voting-app", "--timeout=10s"], "condition met"),
        (["get", "events"], "exceeded quota: q, requested: pods=1, used: pods=\(count), limited: pods=\(count)"),
        (["get", "quota"], "pods: \(count)/\(count)"), (["describe", "quota", "q"], "Used"),
        (["delete", "quota", "q"], "deleted"),
        (["rollout", "status", "deployment/voting-app", "--timeout=30s"], "successfully rolled out"),
      ] {
        let said = try await api.kubectl(kubectl, arguments)
        #expect(said.code == 0 && said.text.contains(text), "\(arguments): \(said.text)")
      }
    }
  }
}
