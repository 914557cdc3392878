import FoundationEssentials
import TestSupport
import Testing

@testable import Sandbox

@Suite("The StatefulSet controller")
struct ControllersStatefulSetTests {
  @Test("pods are made in order, each when the one before is ready, with names and claims of their own")
  func inOrder() throws {
    let cluster = try StatefulCluster(["volumeClaimTemplates": [StatefulCluster.claimTemplate]])
    for ordinal in 0..<3 {
      #expect(cluster.names == (0...ordinal).map { "db-\($0)" })
      try cluster.cluster.makeReady(cluster.pod(ordinal))
      try cluster.settle()
    }
    let pod = cluster.pod(2)
    #expect(pod["spec", "hostname"] == "db-2")
    #expect(pod["spec", "subdomain"] == "db")
    #expect(pod["metadata", "generateName"] == "db-")
    #expect(pod["metadata", "labels", "statefulset.kubernetes.io/pod-name"] == "db-2")
    #expect(pod["metadata", "labels", "apps.kubernetes.io/pod-index"] == "2")
    #expect(pod["spec", "volumes"] == [["name": "data", "persistentVolumeClaim": ["claimName": "data-db-2"]]])
    #expect(cluster.claims == ["data-db-0", "data-db-1", "data-db-2"])
    #expect(cluster.status["currentReplicas"] == 3)
  }

  @Test("in parallel all pods are made and deleted at once")
  func parallel() throws {
    let cluster = try StatefulCluster(["podManagementPolicy": "Parallel"])
    #expect(cluster.names == ["db-0", "db-1", "db-2"])
    try cluster.change { $0["replicas"] = 1 }
    #expect(cluster.marked == ["db-1", "db-2"])
  }

  @Test("scaling down takes the highest first, and the next when it is gone; the claims stay")
  func scalesDown() throws {
    let cluster = try StatefulCluster(["volumeClaimTemplates": [StatefulCluster.claimTemplate]])
    try cluster.finish()
    try cluster.change { $0["replicas"] = 1 }
    #expect(cluster.marked == ["db-2"])
    try cluster.remove(2)
    #expect(cluster.marked == ["db-1"])
    try cluster.remove(1)
    #expect(cluster.names == ["db-0"])
    #expect(cluster.claims == ["data-db-0", "data-db-1", "data-db-2"])
  }

  @Test(
    "claims go with what they are to go with",
    arguments: [
      // whenScaled, whenDeleted -> claims after scaling to 1, after deleting the set
      ("Retain", "Retain", 3, 3), ("Delete", "Retain", 1, 1), ("Retain", "Delete", 3, 0), ("Delete", "Delete", 1, 0),
    ])
  func retention(scaled: String, deleted: String, afterScaling: Int, afterDeleting: Int) throws {
    let cluster = try StatefulCluster([
      "volumeClaimTemplates": [StatefulCluster.claimTemplate],
      "persistentVolumeClaimRetentionPolicy": ["whenScaled": .string(scaled), "whenDeleted": .string(deleted)],
    ])
    try cluster.finish()
    try cluster.change { $0["replicas"] = 1 }
    try cluster.finish()
    #expect(cluster.claims.count == afterScaling)
    try cluster.cluster.store.markDeleted(.statefulSets, namespace: "oggy", name: "db")
    try cluster.finish()
    #expect(cluster.claims.count == afterDeleting)
  }

  @Test("a rollout goes from the highest down to the partition")
  func partition() throws {
    let cluster = try StatefulCluster()
    try cluster.finish()
    try cluster.change {
      $0["updateStrategy", "rollingUpdate", "partition"] = 1
      $0["template", "spec", "containers"][0]["image"] = "db:v2"
    }
    try cluster.finish()
    #expect(cluster.tags == ["v1", "v2", "v2"])
    #expect(cluster.status["updatedReplicas"] == 2)
    #expect(cluster.status["currentReplicas"] == 1)
    // One that is lost below the partition comes back as it was.
    try cluster.remove(0)
    try cluster.finish()
    #expect(cluster.tags == ["v1", "v2", "v2"])
    try cluster.change { $0["updateStrategy", "rollingUpdate", "partition"] = 0 }
    try cluster.finish()
    #expect(cluster.tags == ["v2", "v2", "v2"])
    #expect(cluster.status["currentRevision"] == cluster.status["updateRevision"])
  }

  @Test("OnDelete changes a pod only when someone deletes it")
  func onDelete() throws {
    let cluster = try StatefulCluster(["updateStrategy": ["type": "OnDelete"]])
    try cluster.finish()
    try cluster.setTag("v2")
    try cluster.finish()
    #expect(cluster.tags == ["v1", "v1", "v1"])
    try cluster.remove(1)
    try cluster.finish()
    #expect(cluster.tags == ["v1", "v2", "v1"])
    #expect(cluster.status["updatedReplicas"] == 1)
  }

  @Test("as many pods go at once as maxUnavailable says", arguments: [("2", 2), ("50%", 2), ("1", 1)])
  func maxUnavailable(value: String, count: Int) throws {
    let cluster = try StatefulCluster([
      "podManagementPolicy": "Parallel",
      "updateStrategy": [
        "type": "RollingUpdate",
        "rollingUpdate": ["partition": 0, "maxUnavailable": Int(value).map { .int($0) } ?? .string(value)],
      ],
    ])
    try cluster.finish()
    try cluster.setTag("v2")
    #expect(cluster.marked.count == count)
    #expect(cluster.marked.first == "db-\(3 - count)")
  }

  @Test("a rollout to a pod that is never ready stands still, also when it is undone, until the pod is deleted")
  func brokenRollout() throws {
    let cluster = try StatefulCluster()
    try cluster.finish()
    try cluster.setTag("broken")
    try cluster.remove(2)
    #expect(cluster.tags == ["v1", "v1", "broken"])
    try cluster.setTag("v1")
    try cluster.settle()
    #expect(cluster.tags == ["v1", "v1", "broken"])
    #expect(cluster.marked.isEmpty)
    try cluster.remove(2)
    try cluster.finish()
    #expect(cluster.tags == ["v1", "v1", "v1"])
  }

  @Test("a pod that is over is deleted and made again")
  func over() throws {
    let cluster = try StatefulCluster()
    try cluster.finish()
    let old = cluster.pod(1)["metadata", "uid"]
    try cluster.cluster.store.update(.pods, namespace: "oggy", name: "db-1") { $0["status", "phase"] = "Failed" }
    try cluster.settle()
    #expect(cluster.marked == ["db-1"])
    try cluster.remove(1)
    #expect(cluster.pod(1)["metadata", "uid"] != old)
  }

  @Test("a pod counts, and the next goes, only when it was ready for minReadySeconds")
  func minReadySeconds() throws {
    let cluster = try StatefulCluster(["minReadySeconds": 4])
    try cluster.cluster.makeReady(cluster.pod(0))
    try cluster.cluster.advance(3.9)
    #expect(cluster.names == ["db-0"])
    #expect(cluster.status["readyReplicas"] == 1)
    #expect(cluster.status["availableReplicas"] == 0)
    try cluster.cluster.advance(0.2)
    #expect(cluster.names == ["db-0", "db-1"])
    #expect(cluster.status["availableReplicas"] == 1)
  }

  @Test("revisions beyond the history limit are deleted, and one that comes back is the newest")
  func history() throws {
    let cluster = try StatefulCluster(["revisionHistoryLimit": 2])
    for tag in ["v1", "v2", "v3", "v4", "v5"] {
      try cluster.setTag(tag)
      try cluster.finish()
    }
    #expect(cluster.revisions == ["v3 3", "v4 4", "v5 5"])
    try cluster.setTag("v3")
    try cluster.finish()
    #expect(cluster.revisions == ["v4 4", "v5 5", "v3 6"])
  }

  @Test("pods of others, and names that are none of the set's, are left alone")
  func foreign() throws {
    let cluster = try StatefulCluster()
    try cluster.finish()
    let set = cluster.cluster.store.get(.statefulSets, namespace: "oggy", name: "db") ?? .null
    for name in ["db-01", "db-x", "db-", "other-1", "db--1"] {
      #expect(StatefulSetIdentity.ordinal(of: name, set: set) == nil, "\(name)")
    }
    try cluster.cluster.store.create(["metadata": ["name": "db-7", "namespace": "oggy"]], .pods)
    try cluster.finish()
    #expect(cluster.names == ["db-0", "db-1", "db-2", "db-7"])
  }
}

/// A StatefulSet `db` of three without processes.
struct StatefulCluster {
  static let claimTemplate: JSON = [
    "metadata": ["name": "data"],
    "spec": ["accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": "1Gi"]]],
  ]

  let cluster: TestCluster

  init(_ spec: JSON = [:]) throws {
    cluster = try TestCluster()
    let labels: JSON = ["app": "db"]
    var object: JSON = [
      "apiVersion": "apps/v1", "kind": "StatefulSet",
      "metadata": ["name": "db", "namespace": "oggy", "labels": labels],
      "spec": [
        "replicas": 3, "serviceName": "db", "selector": ["matchLabels": labels],
        "template": ["metadata": ["labels": labels], "spec": ["containers": [["name": "db", "image": "db:v1"]]]],
      ],
    ]
    object["spec"].merge(spec)
    let answer = API(cluster.store).answer("POST", "/apis/apps/v1/namespaces/oggy/statefulsets", object)
    guard answer["kind"].string == "StatefulSet" else { throw StageError("not created: \(answer.text)") }
    try cluster.settle()
  }

  func settle() throws { try cluster.settle() }
  func finish() throws { try cluster.finish() }

  func change(_ change: (inout JSON) -> Void) throws {
    try cluster.store.update(.statefulSets, namespace: "oggy", name: "db") { change(&$0["spec"]) }
    try settle()
  }

  func setTag(_ tag: String) throws {
    try change { $0["template", "spec", "containers"][0]["image"] = .string("db:\(tag)") }
  }

  /// Takes a pod away, as the kubelet does at its end.
  func remove(_ ordinal: Int) throws {
    cluster.store.remove(.pods, namespace: "oggy", name: "db-\(ordinal)")
    try settle()
  }

  func pod(_ ordinal: Int) -> JSON { cluster.store.get(.pods, namespace: "oggy", name: "db-\(ordinal)") ?? .null }
  var names: [String] { cluster.pods.map(\.named) }
  var marked: [String] { cluster.pods.filter(\.isMarked).map(\.named) }
  var tags: [String] { cluster.pods.map(\.tag) }
  var claims: [String] { cluster.store.list(.persistentVolumeClaims, namespace: "oggy").items.map(\.named) }

  var status: JSON {
    cluster.store.get(.statefulSets, namespace: "oggy", name: "db").map { $0["status"] } ?? .null
  }

  /// The tags of the revisions with their numbers, oldest first.
  var revisions: [String] {
    cluster.store.list(.controllerRevisions, namespace: "oggy").items
      .sorted { ($0["revision"].int ?? 0) < ($1["revision"].int ?? 0) }
      .map { "\($0["data"].tag) \($0["revision"].int ?? 0)" }
  }
}
