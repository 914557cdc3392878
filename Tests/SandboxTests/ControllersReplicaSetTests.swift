import FoundationEssentials
import Testing

@testable import Sandbox

@Suite("The ReplicaSet controller and the EndpointSlice controller")
struct ControllersReplicaSetTests {
  private let now = Timestamp.moment("2026-11-22T19:10:00Z") ?? .distantPast

  private func pod(
    node: Bool = true, phase: String = "Running", readySince: String? = "2026-11-22T19:00:00Z", restarts: Int = 0,
    uid: String = "m"
  ) -> JSON {
    var pod: JSON = [
      "metadata": ["name": .string(uid), "uid": .string(uid), "creationTimestamp": "2026-11-22T19:00:00Z"],
      "status": ["phase": .string(phase), "containerStatuses": [["restartCount": .int(restarts)]]],
    ]
    if node { pod["spec", "nodeName"] = "sandbox" }
    if let readySince {
      pod["status", "conditions"] = [
        ["type": "Ready", "status": "True", "lastTransitionTime": .string(readySince)]
      ]
    }
    return pod
  }

  @Test("of too many pods the one that serves least goes first")
  func ranks() {
    let order = [
      pod(node: false, phase: "Pending", readySince: nil), pod(phase: "Pending", readySince: nil),
      pod(readySince: nil, restarts: 2), pod(readySince: nil),
      pod(readySince: "2026-11-22T19:09:59Z"), pod(restarts: 1), pod(uid: "a"), pod(uid: "b"),
    ]
    let ranks = order.map { PodRank($0, now: now) }
    for index in ranks.indices.dropLast() {
      #expect(ranks[index] < ranks[index + 1], "place \(index)")
    }
  }

  @Test("a pod that was deleted is replaced at once, before it is gone")
  func replaced() throws {
    let cluster = try TestCluster()
    try cluster.createDeployment(["replicas": 2])
    try cluster.finish()
    let victim = try #require(cluster.pods.first)
    try cluster.store.markDeleted(.pods, namespace: "oggy", name: victim.named)
    try cluster.settle()
    #expect(cluster.pods.count == 3)
    #expect(cluster.replicaSets[0]["status", "terminatingReplicas"] == 1)
    #expect(cluster.deployment["status", "readyReplicas"] == 1)
  }

  @Test("a pod is available only when it was ready for minReadySeconds")
  func minReadySeconds() throws {
    let cluster = try TestCluster()
    try cluster.createDeployment(["replicas": 1, "minReadySeconds": 4])
    try cluster.settle()
    try cluster.makeReady(try #require(cluster.pods.first))
    try cluster.advance(3.9)
    #expect(cluster.deployment["status", "readyReplicas"] == 1)
    #expect(cluster.deployment["status", "availableReplicas"].isNull)
    try cluster.advance(0.2)
    #expect(cluster.deployment["status", "availableReplicas"] == 1)
  }

  @Test("deleting a Deployment deletes its ReplicaSets and marks its pods")
  func deletion() throws {
    let cluster = try TestCluster()
    try cluster.createDeployment(["replicas": 2])
    try cluster.finish()
    try cluster.store.markDeleted(.deployments, namespace: "oggy", name: "voting-app")
    try cluster.settle()
    #expect(cluster.replicaSets.isEmpty)
    #expect(cluster.pods.map(\.isMarked) == [true, true])
  }

  @Test("an endpoint is ready, then serving but terminating, then gone")
  func endpoints() throws {
    let cluster = try TestCluster()
    try cluster.createDeployment(["replicas": 1])
    try cluster.change {
      $0["template", "spec", "containers"][0]["ports"] = [["name": "http", "containerPort": 8080]]
    }
    let service: JSON = [
      "metadata": ["name": "voting-service", "namespace": "oggy"],
      "spec": ["selector": ["app": "voting-app"], "ports": [["name": "http", "port": 80, "targetPort": "http"]]],
    ]
    try cluster.store.create(service, .services)
    try cluster.settle()
    #expect(try conditions(cluster) == [])
    let pod = try #require(cluster.pods.first).named
    try cluster.store.update(.pods, namespace: "oggy", name: pod) { $0["status", "podIP"] = "127.70.0.10" }
    try cluster.settle()
    #expect(try conditions(cluster) == [["ready": false, "serving": false, "terminating": false]])
    try cluster.makeReady(try #require(cluster.pods.first))
    try cluster.settle()
    #expect(try conditions(cluster) == [["ready": true, "serving": true, "terminating": false]])
    #expect(try slice(cluster)["ports"][0]["port"] == 8080)
    #expect(try slice(cluster)["endpoints"][0]["addresses"] == ["127.70.0.10"])
    try cluster.change { $0["replicas"] = 0 }
    try cluster.settle()
    #expect(try conditions(cluster) == [["ready": false, "serving": true, "terminating": true]])
    cluster.store.remove(.pods, namespace: "oggy", name: pod)
    try cluster.settle()
    #expect(try conditions(cluster) == [])
  }

  private func slice(_ cluster: TestCluster) throws -> JSON {
    try #require(cluster.store.list(.endpointSlices, namespace: "oggy").items.first)
  }

  private func conditions(_ cluster: TestCluster) throws -> [JSON] {
    try slice(cluster)["endpoints"].elements.map { $0["conditions"] }
  }
}
