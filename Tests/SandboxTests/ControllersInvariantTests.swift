import FoundationEssentials
import TestSupport
import Testing

@testable import Sandbox

/// Properties: whatever pods do, and whatever is changed midway, the rules of a rollout hold after each step, and in the
/// end all is as the spec says.
@Suite("The controllers under chance")
struct ControllersInvariantTests {
  @Test("a Deployment never breaks its limits, and always arrives", arguments: 0..<24)
  func deployments(seed: Int) throws {
    let chance = try DeploymentChance(seed: UInt64(seed))
    for step in 0..<60 { try chance.step("seed \(seed), step \(step)") }
    try chance.arrive("seed \(seed)")
  }

  @Test("a StatefulSet takes down one pod at a time, and always arrives", arguments: 0..<16)
  func statefulSets(seed: Int) throws {
    let chance = try StatefulSetChance(seed: UInt64(seed))
    for step in 0..<60 { try chance.step("seed \(seed), step \(step)") }
    try chance.arrive("seed \(seed)")
  }
}

/// What a kubelet may do to pods, by chance.
private struct ChanceKubelet {
  let cluster: TestCluster
  var random: NameGenerator

  mutating func act() throws {
    guard let pod = cluster.pods.randomElement(using: &random) else { return }
    if pod.isMarked {
      cluster.store.remove(.pods, namespace: "oggy", name: pod.named)
    } else if !pod.isReady {
      try cluster.makeReady(pod)
    }
  }

  /// A pod loses its readiness, or is over for good.
  mutating func fail() throws {
    guard let pod = cluster.pods.filter({ $0.isReady && !$0.isMarked }).randomElement(using: &random) else { return }
    try cluster.makeUnready(pod)
    guard Bool.random(using: &random) else { return }
    try cluster.store.update(.pods, namespace: "oggy", name: pod.named) { $0["status", "phase"] = "Failed" }
  }

  /// No pod fails any more, and all become ready.
  mutating func finish() throws {
    for _ in 0..<3 {
      for pod in cluster.pods where !pod.isMarked && !pod.isReady && !pod.isOver { try cluster.makeReady(pod) }
      try cluster.finish()
      // As long as any minReadySeconds here.
      try cluster.advance(5)
    }
    try cluster.finish()
  }

  func available(_ minReadySeconds: Int) -> Int {
    cluster.pods.count { pod in
      guard !pod.isMarked, !pod.isOver, let from = pod.availableFrom(minReadySeconds: minReadySeconds) else {
        return false
      }
      return from <= cluster.clock.now
    }
  }
}

/// A Deployment with a strategy by chance.
private final class DeploymentChance {
  private let cluster: TestCluster
  private var kubelet: ChanceKubelet
  private var replicas: Int
  private let surge: IntOrPercent
  private let unavailable: IntOrPercent
  private let minReadySeconds: Int
  private let isRecreate: Bool
  private var tag = "v1"

  init(seed: UInt64) throws {
    var random = NameGenerator(seed: seed)
    cluster = try TestCluster()
    replicas = .random(in: 1...7, using: &random)
    isRecreate = seed % 6 == 5
    let values: [(JSON, JSON)] = [
      (1, 1), ("25%", "25%"), (0, 1), ("25%", 0), (2, 0), ("50%", "50%"), (0, "34%"), (3, 2), ("100%", "0%"),
    ]
    let (surge, unavailable) = try #require(values.randomElement(using: &random))
    self.surge = try #require(IntOrPercent(surge))
    self.unavailable = try #require(IntOrPercent(unavailable))
    minReadySeconds = Bool.random(using: &random) ? 0 : 3
    let rolling: JSON = ["rollingUpdate": ["maxSurge": surge, "maxUnavailable": unavailable]]
    try cluster.createDeployment([
      "replicas": .int(replicas), "minReadySeconds": .int(minReadySeconds), "progressDeadlineSeconds": 30,
      "strategy": isRecreate ? ["type": "Recreate"] : rolling,
    ])
    kubelet = ChanceKubelet(cluster: cluster, random: random)
    try kubelet.finish()
  }

  private var most: Int { replicas + (isRecreate ? 0 : surge.of(replicas, roundUp: true)) }

  private var least: Int {
    guard !isRecreate else { return 0 }
    let count = unavailable.of(replicas, roundUp: false)
    return replicas - (count == 0 && surge.of(replicas, roundUp: true) == 0 ? 1 : count)
  }

  func step(_ place: Comment) throws {
    var isScaled = false
    switch Int.random(in: 0..<20, using: &kubelet.random) {
    case 0:
      tag = "v\(Int.random(in: 1...4, using: &kubelet.random))"
      try cluster.setImage(tag)
    case 1:
      replicas = .random(in: 1...7, using: &kubelet.random)
      isScaled = true
      try cluster.change { $0["replicas"] = .int(replicas) }
    case 2:
      let isPaused = Bool.random(using: &kubelet.random)
      try cluster.change { $0["paused"] = isPaused ? true : .null }
    case 3: try kubelet.fail()
    case 4, 5: cluster.clock.advance(.random(in: 0...4, using: &kubelet.random))
    default: try kubelet.act()
    }
    let before = kubelet.available(minReadySeconds)
    try cluster.settle()
    check(before: before, isScaled: isScaled, place)
  }

  private func check(before: Int, isScaled: Bool, _ place: Comment) {
    let living = cluster.pods.filter { !$0.isMarked && !$0.isOver }
    #expect(living.count <= most, place)
    // What fails takes more down than the strategy does, and who scales down takes what he takes.
    if !isScaled { #expect(kubelet.available(minReadySeconds) >= min(before, least), place) }
    if isRecreate { #expect(Set(living.map(\.tag)).count <= 1, place) }
  }

  func arrive(_ place: Comment) throws {
    try cluster.change { $0["paused"] = .null }
    try kubelet.finish()
    #expect(cluster.sizes == [tag: replicas], place)
    #expect(cluster.pods.filter { !$0.isOver }.count == replicas, place)
    #expect(cluster.deployment["status", "availableReplicas"].int == replicas, place)
    #expect(cluster.condition("Progressing")["reason"] == "NewReplicaSetAvailable", place)
  }
}

/// A StatefulSet with a strategy by chance.
private final class StatefulSetChance {
  private let set: StatefulCluster
  private var kubelet: ChanceKubelet
  private var replicas: Int
  private let minReadySeconds: Int
  private var tag = "v1"

  init(seed: UInt64) throws {
    var random = NameGenerator(seed: seed)
    replicas = .random(in: 1...5, using: &random)
    minReadySeconds = Bool.random(using: &random) ? 0 : 3
    set = try StatefulCluster([
      "replicas": .int(replicas), "minReadySeconds": .int(minReadySeconds),
      "podManagementPolicy": seed % 2 == 0 ? "OrderedReady" : "Parallel",
    ])
    kubelet = ChanceKubelet(cluster: set.cluster, random: random)
    try kubelet.finish()
  }

  func step(_ place: Comment) throws {
    var isScaled = false
    let store = set.cluster.store
    var change: (inout JSON) -> Void = { _ in }
    switch Int.random(in: 0..<20, using: &kubelet.random) {
    case 0:
      tag = "v\(Int.random(in: 1...4, using: &kubelet.random))"
      change = { [tag] in $0["template", "spec", "containers"][0]["image"] = .string("db:\(tag)") }
    case 1:
      replicas = .random(in: 1...5, using: &kubelet.random)
      isScaled = true
      change = { [replicas] in $0["replicas"] = .int(replicas) }
    case 2: try kubelet.fail()
    case 3, 4: set.cluster.clock.advance(.random(in: 0...4, using: &kubelet.random))
    default: try kubelet.act()
    }
    try store.update(.statefulSets, namespace: "oggy", name: "db") { change(&$0["spec"]) }
    let before = kubelet.available(minReadySeconds)
    try set.settle()
    if !isScaled, set.names.count <= replicas {
      #expect(kubelet.available(minReadySeconds) >= min(before, replicas - 1), place)
    }
  }

  func arrive(_ place: Comment) throws {
    try kubelet.finish()
    #expect(set.names == (0..<replicas).map { "db-\($0)" }, place)
    #expect(set.tags.allSatisfy { $0 == tag }, place)
    #expect(set.status["availableReplicas"].int == replicas, place)
    #expect(set.status["currentRevision"] == set.status["updateRevision"], place)
  }
}
