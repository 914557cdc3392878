import FoundationEssentials
import Sandbox
import Testing

/// The controllers are given the readiness and the ends of pods at the times of a recording of a real cluster, and
/// must scale the ReplicaSets in its sequence, and say of the progress what was said there.
@Suite("The controllers against recordings")
struct ControllersRecordingTests {
  @Test(
    "a rollout takes the steps that were recorded",
    arguments: [
      "01-set-image-surge1-unavail1", "02-set-image-surge25pct-unavail0", "03-set-image-surge0-unavail1",
      "04-rollout-undo", "05-broken-image", "07-scale-4-6-3", "08-crash-loop", "10-graceful-no-prestop",
      "11-graceful-prestop-sleep5", "12-ignore-sigterm-grace8", "13-patch-pause-resume", "14-change-of-mind",
      "19-min-ready-seconds",
    ])
  func recordedSteps(name: String) async throws {
    let replay = try Replay(Fixture.json("rollout-\(name)"))
    let seen = try await replay.run()
    #expect(seen.sizes == replay.recordedSizes)
    #expect(seen.progress == replay.recordedProgress)
  }
}

/// One recording, replayed.
private final class Replay {
  private let recording: JSON
  private let cluster: TestCluster
  private var marked: [String: [String]] = [:]

  init(_ recording: JSON) throws {
    self.recording = recording
    cluster = try TestCluster()
  }

  var recordedSizes: [String] {
    recording["sizes"].elements.map { "\($0[0].string ?? "") \($0[1].int ?? -1)" }
  }

  var recordedProgress: [String] {
    recording["progress"].elements.map { "\($0[0].string ?? "") \($0[1].string ?? "")" }
  }

  func run() async throws -> (sizes: [String], progress: [String]) {
    try prepare()
    let steps = timeline()
    let first = steps.first?.moment ?? .distantPast
    cluster.clock.now = first.addingTimeInterval(-1)
    let version = cluster.store.resourceVersion
    let changes = try cluster.store.watch(.replicaSets, from: version)
    let deployments = try cluster.store.watch(.deployments, from: version)
    let before = Self.progress(of: cluster.deployment)
    for step in steps {
      try cluster.advance(to: step.moment)
      noteMarked()
      try step.act()
      try cluster.settle()
      noteMarked()
      checkBounds()
    }
    // The last pods become available.
    try cluster.advance(5)
    for resource in [Resource.replicaSets, .deployments] {
      try cluster.store.create(["metadata": ["name": "end", "namespace": "oggy"]], resource)
    }
    return (await Self.sizes(changes), await Self.progress(deployments, after: before))
  }

  // The ReplicaSets of the beginning, the one in use last.
  private func prepare() throws {
    let spec = recording["deployment"]
    let current = spec["image"].string ?? ""
    let others = recording["initial"].elements.compactMap { $0[0].string }.filter { $0 != current }
    let tags = others + [current]
    try cluster.createDeployment(
      [
        "replicas": spec["replicas"], "minReadySeconds": spec["minReadySeconds"],
        "progressDeadlineSeconds": spec["progressDeadlineSeconds"],
        "strategy": ["rollingUpdate": ["maxSurge": spec["maxSurge"], "maxUnavailable": spec["maxUnavailable"]]],
      ], image: tags[0])
    for tag in tags {
      try cluster.setImage(tag)
      try cluster.finish()
      // As long as the longest minReadySeconds.
      try cluster.advance(5)
      try cluster.finish()
    }
  }

  private struct Step {
    var moment: Date
    var act: () throws -> Void
  }

  private func timeline() -> [Step] {
    var steps = recording["changes"].elements.map { change in
      step(change["t"]) {
        if let image = change["image"].string { try self.cluster.setImage(image) }
        if let paused = change["paused"].bool { try self.cluster.change { $0["paused"] = paused ? true : .null } }
        if let replicas = change["replicas"].int { try self.cluster.change { $0["replicas"] = .int(replicas) } }
      }
    }
    steps += recording["ready"].elements.map { ready in
      step(ready["t"]) { try self.makeReady(ready) }
    }
    var counts: [String: Int] = [:]
    for end in recording["ends"].elements {
      let tag = end["set"].string ?? ""
      let index = counts[tag, default: 0]
      counts[tag] = index + 1
      steps.append(step(end["over"]) { try self.end(tag, index, gone: false) })
      steps.append(step(end["gone"]) { try self.end(tag, index, gone: true) })
    }
    return steps.sorted { $0.moment < $1.moment }
  }

  private func step(_ time: JSON, _ act: @escaping () throws -> Void) -> Step {
    guard case .double(let seconds) = time else { return Step(moment: .distantFuture, act: act) }
    return Step(moment: Date(timeIntervalSince1970: seconds), act: act)
  }

  private func makeReady(_ ready: JSON) throws {
    let waiting = cluster.pods.first {
      $0.tag == ready["set"].string && !$0.isMarked && $0["status", "phase"].string == "Pending"
    }
    try cluster.makeReady(try #require(waiting, "a pod became ready that is not there"), since: ready["since"].string)
  }

  private func end(_ tag: String, _ index: Int, gone: Bool) throws {
    let known = marked[tag] ?? []
    try #require(known.indices.contains(index), "the recording marked one more pod of \(tag)")
    if gone {
      cluster.store.remove(.pods, namespace: "oggy", name: known[index])
    } else if let pod = cluster.store.get(.pods, namespace: "oggy", name: known[index]) {
      try cluster.makeUnready(pod)
      try cluster.store.update(.pods, namespace: "oggy", name: known[index]) { $0["status", "phase"] = "Succeeded" }
    }
  }

  private func noteMarked() {
    for pod in cluster.pods where pod.isMarked && !(marked[pod.tag] ?? []).contains(pod.named) {
      marked[pod.tag, default: []].append(pod.named)
    }
  }

  // Never more pods than replicas and surge, never fewer available than replicas less unavailable.
  private func checkBounds() {
    let status = cluster.deployment["status"]
    let replicas = cluster.deployment["spec", "replicas"].int ?? 0
    guard recording["changes"].elements.allSatisfy({ $0["replicas"].isNull }) else { return }
    #expect(cluster.pods.count { !$0.isMarked } <= replicas + 1)
    #expect((status["availableReplicas"].int ?? 0) >= replicas - (recording["deployment", "maxUnavailable"].int ?? 0))
  }

  private static func sizes(_ changes: AsyncStream<WatchEvent>) async -> [String] {
    var sizes: [String] = []
    for await change in changes {
      let set = change.object
      if set.named == "end" { break }
      let before = change.previous?["spec", "replicas"].int ?? 0
      guard change.kind != .deleted, let now = set["spec", "replicas"].int, now != before else { continue }
      sizes.append("\(set.tag) \(now)")
    }
    return sizes
  }

  private static func progress(of deployment: JSON) -> String {
    let condition = deployment["status", "conditions"][where: "type", is: "Progressing"]
    return "\(condition["status"].string ?? "") \(condition["reason"].string ?? "")"
  }

  private static func progress(_ changes: AsyncStream<WatchEvent>, after first: String) async -> [String] {
    var progress = [first]
    for await change in changes {
      if change.object.named == "end" { break }
      let now = Self.progress(of: change.object)
      if now != progress.last { progress.append(now) }
    }
    return progress
  }
}
