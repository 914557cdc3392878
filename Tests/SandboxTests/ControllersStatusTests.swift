import FoundationEssentials
import TestSupport
import Testing

@testable import Sandbox

/// What is said of the kinds that are stored and shown, but not acted upon.
@Suite("The status of budgets, autoscalers, Jobs and namespaces")
struct ControllersStatusTests {
  @Test(
    "a budget says how many pods may be evicted",
    arguments: [
      // field, value, ready of 4 -> expected, desired, allowed
      ("maxUnavailable", "1", 4, 4, 3, 1), ("maxUnavailable", "1", 3, 4, 3, 0), ("maxUnavailable", "1", 2, 4, 3, 0),
      ("maxUnavailable", "30%", 4, 4, 2, 2), ("maxUnavailable", "0", 4, 4, 4, 0),
      ("maxUnavailable", "100%", 3, 4, 0, 3),
      ("minAvailable", "2", 4, 4, 2, 2), ("minAvailable", "30%", 4, 4, 2, 2), ("minAvailable", "100%", 4, 4, 4, 0),
      ("minAvailable", "9", 4, 4, 9, 0),
    ])
  func budgets(field: String, value: String, ready: Int, expected: Int, desired: Int, allowed: Int) throws {
    let cluster = try TestCluster()
    try cluster.createDeployment()
    try cluster.settle()
    for pod in cluster.pods.prefix(ready) { try cluster.makeReady(pod) }
    try cluster.store.create(
      [
        "metadata": ["name": "budget", "namespace": "oggy"],
        "spec": [
          "selector": ["matchExpressions": [["key": "app", "operator": "In", "values": ["voting-app"]]]],
          field: Int(value).map { .int($0) } ?? .string(value),
        ],
      ], .podDisruptionBudgets)
    try cluster.settle()
    let status = cluster.store.get(.podDisruptionBudgets, namespace: "oggy", name: "budget")?["status"] ?? .null
    #expect(status["expectedPods"].int == expected)
    #expect(status["desiredHealthy"].int == desired)
    #expect(status["currentHealthy"].int == ready)
    #expect(status["disruptionsAllowed"].int == allowed)
    #expect(status["conditions"][0]["reason"] == (allowed > 0 ? "SufficientPods" : "InsufficientPods"))
  }

  @Test("a budget that selects nothing allows nothing")
  func emptyBudget() throws {
    let budget: JSON = ["spec": ["maxUnavailable": 1, "selector": ["matchLabels": ["app": "none"]]]]
    let outcome = DisruptionController.sync(budget, pods: [], workloads: [], now: .distantPast)
    guard case .replace(let changed, _)? = outcome.actions.first else { throw StageError("no status") }
    #expect(changed["status", "disruptionsAllowed"] == 0)
    #expect(changed["status", "expectedPods"] == 0)
  }

  @Test("an autoscaler says once that there are no metrics to scale by, and how many replicas there are")
  func autoscaler() throws {
    let cluster = try TestCluster()
    try cluster.store.create(
      [
        "metadata": ["name": "more", "namespace": "oggy"],
        "spec": [
          "scaleTargetRef": ["apiVersion": "apps/v1", "kind": "Deployment", "name": "voting-app"], "maxReplicas": 8,
          "metrics": [["type": "Resource", "resource": ["name": "memory"]]],
        ],
      ], .horizontalPodAutoscalers)
    try cluster.settle()
    #expect(condition(cluster, "AbleToScale")["reason"] == "FailedGetScale")
    try cluster.createDeployment()
    try cluster.finish()
    #expect(condition(cluster, "AbleToScale")["reason"] == "SucceededGetScale")
    #expect(condition(cluster, "ScalingActive")["reason"] == "FailedGetResourceMetric")
    #expect(condition(cluster, "ScalingActive")["message"].string?.contains("metrics for resource memory") == true)
    #expect(autoscaler(cluster)["status", "currentReplicas"] == 4)
    #expect(cluster.deployment["spec", "replicas"] == 4)
    let events = cluster.store.list(.events).items.filter { $0["reason"] == "FailedGetResourceMetric" }
    #expect(events.map { $0["count"] } == [1])
  }

  private func autoscaler(_ cluster: TestCluster) -> JSON {
    cluster.store.get(.horizontalPodAutoscalers, namespace: "oggy", name: "more") ?? .null
  }

  private func condition(_ cluster: TestCluster, _ type: String) -> JSON {
    autoscaler(cluster)["status", "conditions"][where: "type", is: type]
  }

  @Test("a Job says that it is not run")
  func job() throws {
    let cluster = try TestCluster()
    try cluster.store.create(["metadata": ["name": "once", "namespace": "oggy"], "spec": [:]], .jobs)
    try cluster.finish()
    let job = cluster.store.get(.jobs, namespace: "oggy", name: "once")
    #expect(job?["status", "conditions"][0]["reason"] == "NotRun")
    #expect(cluster.store.list(.events).items.map { $0["reason"] } == ["NotRun"])
    #expect(cluster.pods.isEmpty)
  }

  @Test("each namespace has its ServiceAccount, which is made again if someone deletes it")
  func accounts() throws {
    let cluster = try TestCluster()
    try cluster.settle()
    #expect(cluster.store.get(.serviceAccounts, namespace: "oggy", name: "default") != nil)
    try cluster.store.markDeleted(.serviceAccounts, namespace: "oggy", name: "default")
    try cluster.settle()
    #expect(cluster.store.list(.serviceAccounts).items.count == 1)
  }

  @Test("a namespace that ends gets nothing new, and goes")
  func namespaceEnd() throws {
    let cluster = try TestCluster()
    try cluster.store.update(.namespaces, namespace: nil, name: "oggy") { $0["spec", "finalizers"] = ["kubernetes"] }
    try cluster.createDeployment()
    try cluster.finish()
    try cluster.store.markDeleted(.namespaces, namespace: nil, name: "oggy")
    try cluster.settle()
    #expect(cluster.store.get(.namespaces, namespace: nil, name: "oggy")?["status", "phase"] == "Terminating")
    try cluster.advance(3)
    #expect(cluster.pods.count == 4)
    #expect(cluster.pods.allSatisfy { $0.isMarked })
    try cluster.finish()
    #expect(cluster.store.get(.namespaces, namespace: nil, name: "oggy") == nil)
    #expect(cluster.store.list(.serviceAccounts).items.isEmpty)
  }
}
