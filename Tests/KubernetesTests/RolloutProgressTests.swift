import Bench
import FoundationEssentials
import Kubernetes
import Testing

/// A recording of a real rollout (Kubernetes 1.36), as watch events in the order in which they came.
struct Recording {
  struct Line: Decodable {
    var t: Double
    var end: Double?
    var command: [String]?
    var exit: Int?
    var resource: String?
    var type: String?
  }
  struct PodEvent: Decodable { var object: Pod }
  struct DeploymentEvent: Decodable { var object: WorkloadObject }

  let name: String
  let lines: [(line: Line, text: String)]

  init(_ name: String, file: String = #filePath) throws {
    self.name = name
    let folder = file.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    let text = try String(contentsOf: URL(filePath: "\(folder)/Fixtures/\(name).ndjson"), encoding: .utf8)
    lines = try text.split(separator: "\n").map {
      (try JSONDecoder().decode(Line.self, from: Data($0.utf8)), String($0))
    }
  }

  static func moment(_ t: Double) -> MonotonicTime { MonotonicTime(nanoseconds: Int64(t * 1e9)) }

  /// Plays the change that begins with command number `number` (commands that ask are left out), to its outcome.
  func play(_ number: Int = 0, limit: Duration = .seconds(120)) throws -> RolloutRecord {
    let commands = lines.compactMap { $0.line.command == nil ? nil : $0.line }
    let command = commands[number]
    let until = number + 1 < commands.count ? commands[number + 1].t : .infinity
    var deployment: WorkloadObject?
    var pods: [String: Pod] = [:]
    var progress: RolloutProgress?
    for (line, text) in lines where line.command == nil && line.t < until {
      if line.t >= command.t, progress == nil, let deployment {
        progress = RolloutProgress(
          record: RolloutRecord(
            trigger: (command.command ?? []).joined(separator: " "), workload: Workload(.deployment, "voting-app"),
            start: Self.moment(command.t)),
          deployment: deployment, pods: Array(pods.values), limit: limit)
      }
      let now = Self.moment(line.t)
      // Deadlines pass also between events.
      if let record = ended(&progress, now) { return record }
      if line.resource == "deployments" {
        deployment = try JSONDecoder().decode(DeploymentEvent.self, from: Data(text.utf8)).object
        if let deployment { progress?.observe(deployment: deployment) }
      } else {
        let pod = try JSONDecoder().decode(PodEvent.self, from: Data(text.utf8)).object
        if line.type == "DELETED" {
          pods[pod.metadata.uid] = nil
          progress?.observe(gone: pod.metadata.uid, at: now)
        } else {
          pods[pod.metadata.uid] = pod
          progress?.observe(pod: pod, at: now)
        }
      }
      if let record = ended(&progress, now) { return record }
    }
    return try #require(progress).record
  }

  private func ended(_ progress: inout RolloutProgress?, _ now: MonotonicTime) -> RolloutRecord? {
    guard progress?.outcome(at: now) != nil else { return nil }
    return progress?.record
  }

  /// When the last pod that was there before was deleted, or when the last new one was available if that was later
  /// (with maxSurge 0 an old pod goes before the new one comes).
  func changeOver() throws -> Double {
    let gone = lines.last { $0.line.resource == "pods" && $0.line.type == "DELETED" }?.line.t ?? 0
    let command = lines.first { $0.line.command != nil }?.line.t ?? 0
    let available = try lines.first {
      guard $0.line.resource == "deployments", $0.line.t > command + 1 else { return false }
      let status = try JSONDecoder().decode(DeploymentEvent.self, from: Data($0.text.utf8)).object.status
      return status?.availableReplicas == 4 && status?.updatedReplicas == 4 && status?.replicas == 4
    }
    return max(gone, available?.line.t ?? 0)
  }
}

@Suite("Rollout progress, over recordings of real rollouts")
struct RolloutProgressTests {
  @Test(
    "a rollout ends when its last old pod is gone, within 100 ms, and never with rollout status",
    arguments: [
      "01-set-image-surge1-unavail1", "02-set-image-surge25pct-unavail0", "03-set-image-surge0-unavail1",
      "04-rollout-undo", "06-rollout-restart", "11-graceful-prestop-sleep5",
    ])
  func complete(name: String) throws {
    let recording = try Recording(name)
    let record = try recording.play()
    #expect(record.outcome == .complete)
    let end = try #require(record.end)
    let changeOver = try Recording.moment(recording.changeOver())
    #expect(abs((end - changeOver).seconds) < 0.1)
    #expect(record.pods.filter(\.isOld).count == 4)
    #expect(record.pods.filter { $0.isOld && $0.times[.marked] != nil && $0.times[.gone] != nil }.count == 4)
    #expect(record.pods.filter { !$0.isOld && $0.times[.ready] != nil }.count == 4)
  }

  @Test(
    "a rollout that fails is known by its own name as soon as the cluster shows it",
    arguments: [
      ("05-broken-image", RolloutOutcome.imagePull), ("05b-image-never-pull", .imagePull),
      ("08-crash-loop", .crashLoop), ("17-never-ready", .progressDeadline),
    ])
  func fails(name: String, outcome: RolloutOutcome) throws {
    let record = try Recording(name).play()
    #expect(record.outcome == outcome)
    #expect(record.detail?.isEmpty == false)
  }

  @Test(
    "the undo of a failed rollout completes, whatever the status still said of the failure",
    arguments: ["05-broken-image", "05b-image-never-pull", "08-crash-loop", "17-never-ready"])
  func undone(name: String) throws {
    #expect(try Recording(name).play(1).outcome == .complete)
  }

  @Test("a rollout that takes longer than its limit has timed out")
  func timesOut() throws {
    #expect(try Recording("17-never-ready").play(limit: .seconds(5)).outcome == .timedOut)
  }

  @Test("a status of the generation before the change says nothing")
  func staleStatus() throws {
    let recording = try Recording("01-set-image-surge1-unavail1")
    let text = try #require(recording.lines.first { $0.line.resource == "deployments" }?.text)
    let before = try JSONDecoder().decode(Recording.DeploymentEvent.self, from: Data(text.utf8)).object
    var progress = RolloutProgress(
      record: RolloutRecord(trigger: "", workload: Workload(.deployment, "d"), start: Recording.moment(0)),
      deployment: before, pods: [],
      limit: .seconds(10))
    progress.observe(deployment: before)
    #expect(progress.outcome(at: Recording.moment(1)) == nil)
    #expect(progress.outcome(at: Recording.moment(10)) == .timedOut)
  }

  @Test("a pod that has ended for good, such as an evicted one, does not keep a rollout from being complete")
  func evicted() throws {
    let decoder = JSONDecoder()
    func deployment(_ generation: Int) throws -> WorkloadObject {
      try decoder.decode(
        WorkloadObject.self,
        from: Data(
          """
          {"metadata":{"name":"d","uid":"d","generation":\(generation)},"spec":{"replicas":1,"selector":{},
          "template":{"spec":{"containers":[]}}},
          "status":{"observedGeneration":\(generation),"replicas":1,"updatedReplicas":1,"availableReplicas":1}}
          """.utf8))
    }
    func pod(_ uid: String, _ phase: String) throws -> Pod {
      let text =
        #"{"metadata":{"name":"\#(uid)","uid":"\#(uid)"},"spec":{"containers":[]},"status":{"phase":"\#(phase)"}}"#
      return try decoder.decode(Pod.self, from: Data(text.utf8))
    }
    var progress = RolloutProgress(
      record: RolloutRecord(trigger: "", workload: Workload(.deployment, "d"), start: Recording.moment(0)),
      deployment: try deployment(1),
      pods: [try pod("old", "Running"), try pod("evicted", "Failed")], limit: .seconds(10))
    progress.observe(deployment: try deployment(2))
    progress.observe(pod: try pod("new", "Running"), at: Recording.moment(1))
    #expect(progress.outcome(at: Recording.moment(1)) == nil)
    progress.observe(gone: "old", at: Recording.moment(2))
    #expect(progress.outcome(at: Recording.moment(2)) == .complete)
  }

  @Test("pods that vanished in a gap of the watch are gone when a list shows it")
  func gap() throws {
    let recording = try Recording("01-set-image-surge1-unavail1")
    let pods = try recording.lines.filter { $0.line.resource == "pods" && $0.line.type == "ADDED" }.prefix(4).map {
      try JSONDecoder().decode(Recording.PodEvent.self, from: Data($0.text.utf8)).object
    }
    let text = try #require(recording.lines.first { $0.line.resource == "deployments" }?.text)
    let before = try JSONDecoder().decode(Recording.DeploymentEvent.self, from: Data(text.utf8)).object
    var progress = RolloutProgress(
      record: RolloutRecord(trigger: "", workload: Workload(.deployment, "d"), start: Recording.moment(0)),
      deployment: before,
      pods: Array(pods), limit: .seconds(10))
    progress.observe(all: [pods[0]], at: Recording.moment(3))
    #expect(progress.record.pods.filter { $0.times[.gone]?.latest == Recording.moment(3) }.count == 3)
  }
}
