import FoundationEssentials
import Testing

@testable import Sandbox

@Suite("The Deployment controller")
struct ControllersDeploymentTests {
  @Test(
    "surge is rounded up, unavailable down, and never may both be none",
    arguments: [
      // replicas, maxSurge, maxUnavailable -> most pods, least available
      (4, "25%", "25%", 5, 3), (3, "25%", "25%", 4, 3), (10, "25%", "25%", 13, 8), (1, "25%", "25%", 2, 1),
      (4, "0", "1%", 4, 3), (2, "50%", "50%", 3, 1), (4, "1", "1", 5, 3), (4, "100%", "0", 8, 4), (3, "0", "34%", 3, 2),
    ])
  func rounding(replicas: Int, surge: String, unavailable: String, most: Int, least: Int) throws {
    let cluster = try TestCluster()
    try cluster.createDeployment([
      "replicas": .int(replicas),
      "strategy": ["rollingUpdate": ["maxSurge": value(surge), "maxUnavailable": value(unavailable)]],
    ])
    try cluster.finish()
    try cluster.setImage("v2")
    var seen = (most: 0, least: replicas)
    for _ in 0..<60 {
      try cluster.settle()
      seen.most = max(seen.most, cluster.pods.count { !$0.isMarked })
      let available = cluster.pods.count { !$0.isMarked && $0["status", "phase"].string == "Running" }
      seen.least = min(seen.least, available)
      if let waiting = cluster.pods.first(where: { !$0.isMarked && $0["status", "phase"].string == "Pending" }) {
        try cluster.makeReady(waiting)
      }
    }
    #expect(seen == (most, least))
    #expect(cluster.sizes == ["v2": replicas])
  }

  private func value(_ text: String) -> JSON { Int(text).map { .int($0) } ?? .string(text) }

  @Test("Recreate starts the new pods when the last old one is gone")
  func recreate() throws {
    let cluster = try TestCluster()
    try cluster.createDeployment(["replicas": 2, "strategy": ["type": "Recreate"]])
    try cluster.finish()
    try cluster.setImage("v2")
    try cluster.settle()
    #expect(cluster.sizes == [:])
    #expect(cluster.pods.count { $0.isMarked } == 2)
    for pod in cluster.pods {
      #expect(cluster.pods.allSatisfy { $0.tag == "v1" })
      cluster.store.remove(.pods, namespace: "oggy", name: pod.named)
      try cluster.settle()
    }
    #expect(cluster.pods.map(\.tag) == ["v2", "v2"])
    try cluster.finish()
    #expect(cluster.condition("Progressing")["reason"] == "NewReplicaSetAvailable")
  }

  @Test("undo gives the old ReplicaSet the next revision")
  func undo() throws {
    let cluster = try TestCluster()
    try cluster.createDeployment()
    for tag in ["v1", "v2", "v1"] {
      try cluster.setImage(tag)
      try cluster.finish()
    }
    let revisions = cluster.replicaSets.map { "\($0.tag) \(DeploymentRevision.of($0))" }.sorted()
    #expect(revisions == ["v1 3", "v2 2"])
    #expect(cluster.deployment["metadata", "annotations", DeploymentRevision.revision] == "3")
    let first = cluster.replicaSets.first { $0.tag == "v1" }
    #expect(first?["metadata", "annotations", DeploymentRevision.history] == "1")
  }

  @Test("the oldest empty ReplicaSets beyond the history limit are deleted")
  func history() throws {
    let cluster = try TestCluster()
    try cluster.createDeployment(["revisionHistoryLimit": 2])
    for tag in ["v1", "v2", "v3", "v4", "v5"] {
      try cluster.setImage(tag)
      try cluster.finish()
    }
    #expect(cluster.replicaSets.map(\.tag).sorted() == ["v3", "v4", "v5"])
  }

  @Test("a rollout that stands still past its deadline is said to have failed, and the old pods stay")
  func deadline() throws {
    let cluster = try TestCluster()
    try cluster.createDeployment(["progressDeadlineSeconds": 60])
    try cluster.finish()
    try cluster.setImage("missing")
    try cluster.advance(0)
    #expect(cluster.condition("Progressing")["reason"] == "ReplicaSetUpdated")
    try cluster.advance(59)
    #expect(cluster.condition("Progressing")["status"] == "True")
    try cluster.advance(3)
    #expect(cluster.condition("Progressing")["status"] == "False")
    #expect(cluster.condition("Progressing")["reason"] == "ProgressDeadlineExceeded")
    #expect(cluster.condition("Available")["status"] == "True")
    #expect(cluster.sizes == ["v1": 3, "missing": 2])
    try cluster.setImage("v1")
    try cluster.finish()
    #expect(cluster.condition("Progressing")["reason"] == "NewReplicaSetAvailable")
    #expect(cluster.sizes == ["v1": 4])
  }

  @Test("a paused Deployment rolls nothing, and goes on when it is resumed")
  func paused() throws {
    let cluster = try TestCluster()
    try cluster.createDeployment()
    try cluster.finish()
    try cluster.change { $0["paused"] = true }
    try cluster.setImage("v2")
    try cluster.finish()
    #expect(cluster.sizes == ["v1": 4])
    #expect(cluster.condition("Progressing")["reason"] == "DeploymentPaused")
    try cluster.change { $0["paused"] = .null }
    try cluster.finish()
    #expect(cluster.sizes == ["v2": 4])
  }

  @Test("scaling in the middle of a rollout gives each ReplicaSet its share")
  func proportional() throws {
    let cluster = try TestCluster()
    try cluster.createDeployment([
      "replicas": 10, "strategy": ["rollingUpdate": ["maxSurge": 3, "maxUnavailable": 2]],
    ])
    try cluster.finish()
    try cluster.setImage("v2")
    try cluster.settle()
    #expect(cluster.sizes == ["v1": 8, "v2": 5])
    try cluster.change { $0["replicas"] = 15 }
    try cluster.settle()
    // The example of Kubernetes' documentation, "Proportional scaling".
    #expect(cluster.sizes == ["v1": 11, "v2": 7])
  }

  @Test("a status says nothing of what is zero")
  func status() throws {
    let cluster = try TestCluster()
    try cluster.createDeployment()
    try cluster.settle()
    var status = cluster.deployment["status"]
    status["conditions"] = .null
    #expect(
      status == [
        "observedGeneration": 1, "replicas": 4, "updatedReplicas": 4, "unavailableReplicas": 4,
        "terminatingReplicas": 0,
      ])
    #expect(cluster.condition("Available")["reason"] == "MinimumReplicasUnavailable")
    try cluster.finish()
    status = cluster.deployment["status"]
    status["conditions"] = .null
    #expect(
      status == [
        "observedGeneration": 1, "replicas": 4, "updatedReplicas": 4, "readyReplicas": 4, "availableReplicas": 4,
        "terminatingReplicas": 0,
      ])
  }

  @Test("each step of a rollout leaves an Event, and what is said again is counted")
  func events() throws {
    let cluster = try TestCluster()
    try cluster.createDeployment(["replicas": 2])
    try cluster.finish()
    try cluster.setImage("v2")
    try cluster.finish()
    let events = cluster.store.list(.events, namespace: "oggy").items
    let scaling = events.filter { $0["reason"] == "ScalingReplicaSet" }.compactMap { $0["message"].string }
    #expect(scaling.count == 5)
    #expect(scaling.contains { $0.hasPrefix("Scaled up replica set voting-app-") && $0.hasSuffix("from 0 to 2") })
    #expect(events.count { $0["reason"] == "SuccessfulCreate" } == 4)
    #expect(events.count { $0["reason"] == "SuccessfulDelete" } == 2)
    let record = EventRecord(cluster.deployment, reason: "Test", message: "twice", component: "test")
    cluster.store.record(record)
    cluster.store.record(record)
    let twice = cluster.store.list(.events, namespace: "oggy").items.filter { $0["reason"] == "Test" }
    #expect(twice.map { $0["count"] } == [2])
  }
}
