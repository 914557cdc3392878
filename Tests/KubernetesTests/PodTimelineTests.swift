import Bench
import Kubernetes
import Testing

@Suite("A pod's life")
struct PodTimelineTests {
  private func exact(_ seconds: Double) -> Moment { Moment(RolloutScene.moment(seconds)) }

  private func between(_ earliest: Double, _ latest: Double) -> Moment {
    Moment(after: RolloutScene.moment(earliest), until: RolloutScene.moment(latest))
  }

  @Test(
    "the API server is away for 5 s: every pod still has all its times, those that fell in the gap as an interval",
    arguments: [
      "01-set-image-surge1-unavail1", "02-set-image-surge25pct-unavail0", "09-statefulset", "10-graceful-no-prestop",
    ],
    [0.2, 2, 4.6, 6.5])
  func blind(name: String, from: Double) throws {
    let recording = try RolloutRecording.named(name)
    let start = recording.commands[0].start
    let gap = start + .seconds(from)...start + .seconds(from + 5)
    let seen = recording.play()
    let blind = recording.play(blind: gap)
    #expect(blind.outcome == .complete)
    #expect(blind.gaps == [RolloutRecord.Gap(start: gap.lowerBound, end: gap.upperBound)])
    #expect(try #require(blind.end) >= #require(seen.end))
    for pod in seen.pods {
      let life = try #require(blind.pods.first { $0.uid == pod.uid }).times
      #expect(life.keys.sorted { $0.rawValue < $1.rawValue } == pod.times.keys.sorted { $0.rawValue < $1.rawValue })
      for (milestone, moment) in life where milestone != .sigterm {
        let truth = try #require(pod.times[milestone]?.latest)
        #expect(moment == (gap.contains(truth) ? Moment(after: gap.lowerBound, until: gap.upperBound) : Moment(truth)))
      }
      guard let sigterm = life[.sigterm] else { continue }
      let truth =
        recording.origin
        + .seconds(try #require(recording.pods[pod.name]?["sigterm"] ?? recording.pods[pod.uid]?["sigterm"]))
      #expect(sigterm.earliest + .milliseconds(-50) <= truth && truth <= sigterm.latest + .milliseconds(50))
    }
  }

  @Test("a recorded outage of 5 s is one gap, however many watches it broke")
  func outage() throws {
    let record = try RolloutRecording.named("20-apiserver-killed-midway").play()
    #expect(record.gaps.count == 1)
    let gap = try #require(record.gaps.first)
    #expect((gap.end - gap.start).seconds > 5)
  }

  @Test(
    "a Service may tell of a pod whose own word was lost with its watch, or is late: it was ready by then, not sooner")
  func lostWord() throws {
    var scene = try RolloutScene(.image("v2"))
    try scene.pod("new", ready: false, at: 1)
    try scene.endpoints("a", ["new": true], at: 2)
    try scene.pod("new", after: 2.5, at: 8)
    #expect(scene.moment(.endpointReady, of: "new") == exact(2))
    #expect(scene.moment(.ready, of: "new") == between(2, 8))
    try scene.pod("other", ready: false, at: 1)
    try scene.pod("other", after: 2.5, at: 8)
    #expect(scene.moment(.ready, of: "other") == between(2.5, 8))
    // What was told of long before was not ready, and a Service wanted it all the same.
    for (name, word, moment) in [("late", 2.6, exact(2)), ("early", 3.4, exact(3.4))] {
      try scene.pod(name, ready: false, at: 1)
      try scene.endpoints("a", [name: true], at: 2)
      try scene.pod(name, at: word)
      #expect(scene.moment(.ready, of: name) == moment)
    }
  }

  @Test("a pod in several slices is withdrawn when none sends requests to it, and removed when none has it")
  func slices() throws {
    var scene = try RolloutScene(.image("v2"))
    try scene.endpoints("a", ["new": true], at: 1)
    try scene.pod("new", at: 1.5)
    try scene.endpoints("b", ["new": true], at: 2)
    try scene.endpoints("a", ["new": false], at: 3)
    #expect(scene.moment(.endpointUnready, of: "new") == nil)
    try scene.endpoints("b", ["new": false], at: 4)
    try scene.endpoints("a", [:], at: 5)
    #expect(scene.moment(.endpointRemoved, of: "new") == nil)
    scene.see(.endpointsGone(uid: "b"), at: 6)
    #expect(scene.moment(.endpointReady, of: "new") == exact(1))
    #expect(scene.moment(.endpointUnready, of: "new") == exact(4))
    #expect(scene.moment(.endpointRemoved, of: "new") == exact(6))
  }

  @Test("a complete change waits for what the Services still have to tell, where there are any")
  func told() throws {
    for hasService in [true, false] {
      var scene = try RolloutScene(.image("v2"), wanted: 1)
      if hasService { try scene.endpoints("a", ["old-0": true], at: 0.1) }
      try scene.pod("new", at: 1)
      try scene.replicaSet(wanted: 1, at: 1)
      try scene.workload(at: 1)
      try scene.pod("old-0", template: 1, marked: true, at: 1.1)
      #expect(scene.outcome(at: 1.1) == nil)
      #expect(scene.progress.isTold)
      try scene.gone("old-0", at: 2)
      #expect(scene.outcome(at: 2) == .complete)
      #expect(scene.progress.isTold != hasService)
      guard hasService else { continue }
      try scene.endpoints("a", ["old-0": false, "new": true], at: 2.1)
      #expect(!scene.progress.isTold)
      try scene.endpoints("a", ["new": true], at: 2.2)
      #expect(scene.progress.isTold)
      #expect(scene.moment(.endpointReady, of: "new") == exact(2.1))
      #expect(scene.progress.record.end == RolloutScene.moment(2))
    }
  }

  @Test("a pod that stops to be ready and is again has not stopped for good")
  func flapping() throws {
    var scene = try RolloutScene(.image("v2"))
    try scene.endpoints("a", ["old-0": true], at: 0)
    try scene.pod("old-0", template: 1, ready: false, at: 1)
    try scene.endpoints("a", ["old-0": false], at: 1)
    #expect(scene.moment(.unready, of: "old-0") == exact(1))
    try scene.endpoints("a", [:], at: 1.5)
    #expect(scene.moment(.endpointRemoved, of: "old-0") == exact(1.5))
    try scene.pod("old-0", template: 1, at: 2)
    try scene.endpoints("a", ["old-0": true], at: 2)
    #expect(scene.moment(.unready, of: "old-0") == nil)
    #expect(scene.moment(.endpointUnready, of: "old-0") == nil)
    #expect(scene.moment(.endpointRemoved, of: "old-0") == nil)
    try scene.gone("old-0", at: 3)
    #expect(scene.moment(.unready, of: "old-0") == exact(3))
    #expect(scene.moment(.ready, of: "old-0") == nil)
  }

  @Test(
    "SIGTERM follows the mark, the kubelet's word, and the hook",
    arguments: [
      ("null", 1.1, 0.75, 1.1), ("null", 0.9, 0.65, 0.9), ("null", nil, 0.75, 9),
      (#"{"sleep":{"seconds":5}}"#, 1.1, 5.75, 6.35), (#"{"sleep":{"seconds":30}}"#, 1.1, 9, 9),
      (#"{"exec":{"command":["sleep","5"]}}"#, 1.1, 0.75, 9),
    ] as [(String, Double?, Double, Double)])
  func sigterm(hook: String, killing: Double?, earliest: Double, latest: Double) throws {
    var scene = try RolloutScene(.image("v2"))
    try scene.pod("new", hook: hook, at: 0.5)
    if let killing, killing < 1 { try scene.event("Killing", about: "new", at: killing) }
    try scene.pod("new", marked: true, hook: hook, at: 1)
    if let killing, killing > 1 { try scene.event("Killing", about: "new", at: killing) }
    #expect(scene.moment(.sigterm, of: "new") == nil)
    try scene.pod("new", marked: true, state: #""state":{"terminated":{"reason":"Error"}}"#, hook: hook, at: 9)
    #expect(scene.moment(.sigterm, of: "new") == between(earliest, latest))
  }

  @Test("a container that the kubelet killed long before the mark was killed for something else")
  func liveness() throws {
    var scene = try RolloutScene(.image("v2"))
    try scene.event("Killing", about: "old-0", at: 1)
    try scene.event("Killing", about: "old-1", at: 1)
    try scene.pod("old-0", template: 1, marked: true, at: 3)
    try scene.pod("old-1", template: 1, marked: true, at: 3)
    // The second one is told of another container, or told again.
    for number in 1...2 { try scene.event("Killing", about: "old-1", number: number, at: 3 + 0.1 * Double(number)) }
    try scene.gone("old-0", at: 4)
    try scene.gone("old-1", at: 4)
    #expect(scene.moment(.sigterm, of: "old-0") == between(2.75, 4))
    #expect(scene.moment(.sigterm, of: "old-1") == between(2.75, 3.1))
  }

  @Test("a pod that never ran was never told to end, and never started")
  func neverRan() throws {
    var scene = try RolloutScene(.image("v2"))
    try scene.pod("new", state: #""state":{"waiting":{"reason":"ImagePullBackOff"}}"#, at: 1)
    let end = #""state":{"terminated":{"reason":"ContainerStatusUnknown","exitCode":137}}"#
    try scene.pod("new", phase: "Failed", marked: true, state: end, at: 2)
    try scene.gone("new", template: 2, at: 3)
    let times = scene.progress.record.pods.first { $0.uid == "new" }?.times
    #expect(times.map { Set($0.keys) } == [.created, .scheduled, .marked, .gone])
  }

  @Test("what the cluster did is noted once, in its order: milestones, Events, conditions, sizes")
  func notes() throws {
    var scene = try RolloutScene(.image("v2"))
    let condition = #"{"type":"Progressing","status":"True","reason":"NewReplicaSetCreated","message":"it is new"}"#
    try scene.workload(conditions: condition, at: 1)
    try scene.workload(conditions: condition, at: 1.1)
    try scene.replicaSet(wanted: 1, at: 2)
    try scene.replicaSet(wanted: 1, at: 2.1)
    try scene.replicaSet(wanted: 2, at: 3)
    try scene.event("Scheduled", about: "d-2-new", at: 3)
    try scene.event("Scheduled", about: "another", at: 3)
    try scene.pod("d-2-new", ready: false, at: 4)
    try scene.event("Scheduled", about: "d-2-new", at: 5)
    try scene.event("ScalingReplicaSet", about: "d", kind: "Deployment", at: 6)
    let notes = scene.progress.record.notes.map {
      "\($0.at.latest.nanoseconds / 1_000_000_000) \($0.kind) \($0.what) \($0.text ?? "")"
    }
    #expect(
      notes == [
        "1 Deployment NewReplicaSetCreated Progressing=True: it is new", "2 ReplicaSet scaled from 0 to 1",
        "3 ReplicaSet scaled from 1 to 2", "4 Pod created ", "4 Pod scheduled ", "4 Pod started ",
        "3 Pod Scheduled Scheduled of d-2-new", "6 Deployment ScalingReplicaSet ScalingReplicaSet of d",
      ])
  }
}
