import Bench
import Kubernetes
import Testing

@Suite("Rollout outcome")
struct RolloutOutcomeTests {
  private static let quota = #"{"type":"ReplicaFailure","status":"True","reason":"FailedCreate","message":"exceeded"}"#
  private static let unschedulable =
    #"{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"no cpu"}"#
  private static let late =
    #"{"type":"Progressing","status":"False","reason":"ProgressDeadlineExceeded","message":"timed out"}"#

  /// The new template is wanted; nothing has come of it yet.
  private func begun(_ change: RolloutChange.Trigger = .image("v2"), _ kind: Workload.Kind = .deployment) throws
    -> RolloutScene
  {
    var scene = try RolloutScene(change, kind)
    try scene.workload(counts: .init(wanted: 2, updated: 0))
    if kind == .deployment { try scene.replicaSet() }
    return scene
  }

  /// The two old pods are gone, the two new ones are ready.
  private func replace(_ scene: inout RolloutScene, at seconds: Double) throws {
    for place in 0...1 {
      try scene.pod("new-\(place)", at: seconds)
      try scene.gone("old-\(place)", at: seconds)
    }
  }

  // MARK: Completion

  @Test("a change of the template is complete when all speak of it: status, pods, and nothing old is left")
  func complete() throws {
    var scene = try begun()
    try scene.workload()
    try replace(&scene, at: 3)
    #expect(scene.outcome(at: 3.1) == .complete)
    #expect(scene.progress.record.end == RolloutScene.moment(3))
    #expect(scene.progress.record.wantedBefore == 2 && scene.progress.record.wantedAfter == 2)
  }

  @Test("a status of the generation before the change says nothing, whatever it counts")
  func stale() throws {
    var scene = try RolloutScene(.image("v2"))
    try scene.replicaSet()
    try replace(&scene, at: 1)
    try scene.workload(generation: 1, template: 2)
    #expect(scene.outcome(at: 1) == nil)
    try scene.workload(observed: 1, conditions: Self.late)
    #expect(scene.outcome(at: 1) == nil)
    try scene.workload()
    #expect(scene.outcome(at: 1) == .complete)
  }

  @Test("a status that is told before the pods are does not complete a change, though as many pods are known as wanted")
  func statusFirst() throws {
    var scene = try begun()
    try scene.workload()
    #expect(scene.outcome(at: 1) == nil)
    try replace(&scene, at: 2)
    #expect(scene.outcome(at: 2) == .complete)
  }

  @Test("a change is not complete while one thing is missing", arguments: 0..<7)
  func nearMiss(missing: Int) throws {
    var scene = try begun()
    try replace(&scene, at: 1)
    switch missing {
    case 0: try scene.workload(counts: .init(wanted: 2, updated: 1))
    case 1: try scene.workload(counts: .init(wanted: 2, available: 1))
    case 2: try scene.workload(counts: .init(wanted: 2, replicas: 3))
    case 3: try scene.pod("old-2", template: 1, marked: true)
    case 4: try scene.pod("new-0", ready: false)
    case 5: try scene.pod("new-2")
    default: try scene.pod("new-0", phase: "Failed", ready: false, marked: true)
    }
    if missing > 2 { try scene.workload() }
    #expect(scene.outcome(at: 2) == nil)
  }

  @Test("pods that have ended for good, such as evicted ones, do not count")
  func evicted() throws {
    var scene = try RolloutScene(.image("v2"), evicted: true)
    try scene.workload()
    try scene.replicaSet()
    try replace(&scene, at: 1)
    #expect(scene.outcome(at: 1) == .complete)
  }

  @Test("of two changes, the later one counts")
  func twoGenerations() throws {
    var scene = try begun()
    try replace(&scene, at: 1)
    try scene.workload(generation: 3, observed: 2)
    #expect(scene.outcome(at: 1) == nil)
    try scene.workload(generation: 3, template: 3, counts: .init(wanted: 2, updated: 0))
    #expect(scene.outcome(at: 1) == nil)
    try scene.workload(generation: 3, template: 3)
    try scene.replicaSet(3)
    for place in 0...1 {
      try scene.pod("newer-\(place)", template: 3, at: 2)
      try scene.gone("new-\(place)", template: 2, at: 2)
    }
    #expect(scene.outcome(at: 2) == .complete)
  }

  @Test("a StatefulSet is complete when every pod carries its new revision")
  func statefulSet() throws {
    var scene = try begun(.image("v2"), .statefulSet)
    try scene.workload()
    try scene.pod("new-1", at: 1)
    try scene.gone("old-1", at: 1)
    #expect(scene.outcome(at: 1) == nil)
    try scene.pod("new-0", at: 2)
    try scene.gone("old-0", at: 2)
    #expect(scene.outcome(at: 2) == .complete)
  }

  @Test("a workload that wants no pods is complete as soon as its status is current", arguments: [true, false])
  func noPods(isScale: Bool) throws {
    var scene = try RolloutScene(isScale ? .scale(0) : .restart, wanted: 0)
    #expect(scene.outcome(at: 0) == nil)
    if isScale { scene.commandEnded(at: 1) } else { try scene.workload() }
    #expect(scene.outcome(at: 1) == .complete)
  }

  @Test("a scale is complete when the excess is gone, or the new ones are available")
  func scale() throws {
    var down = try RolloutScene(.scale(1))
    try down.workload(template: 1, counts: .init(wanted: 1))
    try down.pod("old-1", template: 1, marked: true, at: 1)
    #expect(down.outcome(at: 1) == nil)
    try down.gone("old-1", at: 2)
    #expect(down.outcome(at: 2) == .complete)
    #expect(down.progress.record.wantedAfter == 1)

    var up = try RolloutScene(.scale(3))
    try up.workload(template: 1, counts: .init(wanted: 3, available: 2))
    try up.pod("new-0", template: 1, at: 1)
    #expect(up.outcome(at: 1) == nil)
    try up.workload(template: 1, counts: .init(wanted: 3))
    #expect(up.outcome(at: 2) == .complete)
  }

  @Test("a deleted pod is healed when it is gone and another one is ready; the generation stays")
  func deletedPod() throws {
    var scene = try RolloutScene(.deletePod)
    #expect(scene.outcome(at: 0) == nil)
    try scene.pod("old-0", template: 1, marked: true, at: 1)
    try scene.pod("new-0", template: 1, ready: false, at: 1)
    try scene.gone("old-0", at: 2)
    #expect(scene.outcome(at: 2) == nil)
    try scene.pod("new-0", template: 1, at: 3)
    #expect(scene.outcome(at: 3) == .complete)
  }

  @Test("a command may change the workload after its end, or never; one that goes on is waited for")
  func command() throws {
    var late = try RolloutScene(.command("argocd app sync"))
    late.commandEnded()
    #expect(late.outcome(at: 59) == nil)
    try late.workload(at: 59)
    try late.replicaSet()
    try replace(&late, at: 59)
    #expect(late.outcome(at: 59) == .complete)

    var never = try RolloutScene(.command("true"))
    never.commandEnded()
    #expect(never.outcome(at: 59) == nil)
    #expect(never.outcome(at: 60) == .noChange)

    var hanging = try RolloutScene(.command("helm upgrade"))
    try hanging.workload()
    try hanging.replicaSet()
    try replace(&hanging, at: 1)
    #expect(hanging.outcome(at: 1) == nil)
    hanging.commandEnded(at: 2)
    #expect(hanging.outcome(at: 2) == .complete)
  }

  @Test("a workload that is deleted, and a run that is interrupted, end a change")
  func ended() throws {
    var deleted = try begun()
    deleted.see(.workloadGone, at: 1)
    #expect(deleted.outcome(at: 1) == .deleted)
    var interrupted = try begun()
    interrupted.progress.interrupt(at: RolloutScene.moment(1))
    #expect(interrupted.outcome(at: 2) == .interrupted)
    #expect(interrupted.progress.record.end == RolloutScene.moment(1))
  }

  // MARK: Failure

  @Test(
    "what a container of a new pod waits for names the failure at once, in the cluster's words",
    arguments: [
      ("ImagePullBackOff", RolloutOutcome.imagePull), ("ErrImageNeverPull", .imagePull),
      ("InvalidImageName", .imagePull), ("CreateContainerConfigError", .containerConfig),
      ("CreateContainerError", .containerConfig), ("RunContainerError", .containerConfig),
      ("CrashLoopBackOff", .crashLoop),
    ])
  func waiting(reason: String, outcome: RolloutOutcome) throws {
    let state = #""state":{"waiting":{"reason":"\#(reason)","message":"it says so"}}"#
    var scene = try begun()
    try scene.pod("new-0", state: state, at: 1)
    #expect(scene.outcome(at: 1) == outcome)
    #expect(scene.progress.record.detail == "it says so")
    // The same on an old pod, or on one that is going, is nothing that the change did.
    var old = try begun()
    try old.pod("old-0", template: 1, state: state, at: 1)
    try old.pod("new-0", marked: true, state: state, at: 1)
    #expect(old.outcome(at: 30) == nil)
  }

  @Test(
    "how a container of a new pod ended names the failure",
    arguments: [
      (#""state":{"terminated":{"reason":"StartError","message":"it says so"}}"#, RolloutOutcome.containerConfig),
      (
        #""state":{"waiting":{"reason":"CrashLoopBackOff"}},"lastState":{"terminated":{"reason":"StartError"}}"#,
        .containerConfig
      ),
      (#""restartCount":2,"state":{"running":{}},"lastState":{"terminated":{"exitCode":1}}"#, .crashLoop),
    ])
  func terminated(state: String, outcome: RolloutOutcome) throws {
    var scene = try begun()
    try scene.pod("new-0", state: state, at: 1)
    #expect(scene.outcome(at: 1) == outcome)
    #expect(scene.progress.record.detail?.isEmpty == false)
  }

  @Test(
    "what may still become fine is no failure before the limit",
    arguments: [
      #""state":{"waiting":{"reason":"ErrImagePull"}}"#, #""state":{"waiting":{"reason":"ContainerCreating"}}"#,
      #""restartCount":1,"state":{"running":{}},"lastState":{"terminated":{"exitCode":1}}"#,
      #""state":{"terminated":{"reason":"Error","exitCode":1}}"#,
      #""state":{"running":{}},"lastState":{"terminated":{"reason":"StartError"}}"#,
    ])
  func notYet(state: String) throws {
    var scene = try begun()
    try scene.pod("new-0", state: state, at: 1)
    #expect(scene.outcome(at: 59) == nil)
    #expect(scene.outcome(at: 60) != nil)
  }

  @Test("a pod that is ready after all is no failure, however often it was started")
  func readyAfterAll() throws {
    var scene = try begun()
    try scene.workload()
    try replace(&scene, at: 1)
    try scene.pod("new-0", ready: true, state: #""state":{"running":{}},"restartCount":2"#, at: 1)
    #expect(scene.outcome(at: 1) == .complete)
  }

  /// Ways in which a cluster says that it makes no more pods.
  enum Refusal: CaseIterable {
    case replicaSet, deployment, statefulSet, unschedulable

    var outcome: RolloutOutcome { self == .unschedulable ? .unschedulable : .quota }
  }

  private func refuse(_ refusal: Refusal, _ scene: inout RolloutScene, at seconds: Double) throws {
    switch refusal {
    case .replicaSet: try scene.replicaSet(conditions: Self.quota, at: seconds)
    case .deployment:
      try scene.workload(counts: .init(wanted: 2, updated: 0), conditions: Self.quota, at: seconds)
    case .statefulSet: try scene.event("FailedCreate", about: "d", kind: "StatefulSet", at: seconds)
    case .unschedulable: try scene.pod("new-0", conditions: Self.unschedulable, state: #""state":{}"#, at: seconds)
    }
  }

  @Test(
    "new pods that are refused, or find no node, have failed after 5 s in which nothing moved",
    arguments: Refusal.allCases)
  func refused(refusal: Refusal) throws {
    var scene = try begun(.image("v2"), refusal == .statefulSet ? .statefulSet : .deployment)
    try scene.pod("old-0", template: 1, marked: true, at: 1)
    try refuse(refusal, &scene, at: 1)
    // A pod that leaves may make room.
    #expect(scene.outcome(at: 20) == nil)
    try scene.gone("old-0", at: 20)
    try refuse(refusal, &scene, at: 22)
    #expect(scene.outcome(at: 24.9) == nil)
    #expect(scene.outcome(at: 25) == refusal.outcome)
    #expect(scene.progress.record.detail?.isEmpty == false)
  }

  @Test("a refusal that is taken back is forgotten, and one that comes again stands anew", arguments: Refusal.allCases)
  func flapping(refusal: Refusal) throws {
    var scene = try begun(.image("v2"), refusal == .statefulSet ? .statefulSet : .deployment)
    try refuse(refusal, &scene, at: 1)
    #expect(scene.outcome(at: 5.9) == nil)
    try scene.replicaSet(at: 5.9)
    try scene.workload(counts: .init(wanted: 2, updated: 0), at: 5.9)
    try scene.pod("new-0", at: 5.9)
    #expect(scene.outcome(at: 30) == nil)
    if refusal == .statefulSet { return }
    try refuse(refusal, &scene, at: 30)
    #expect(scene.outcome(at: 34.9) == nil)
    #expect(scene.outcome(at: 35) == refusal.outcome)
  }

  @Test("a refusal while a new pod still starts is no failure: when it is ready, an old one makes room")
  func starting() throws {
    var scene = try begun()
    try scene.pod("new-0", ready: false, at: 1)
    try refuse(.replicaSet, &scene, at: 1)
    #expect(scene.outcome(at: 20) == nil)
    try scene.pod("new-0", at: 20)
    // With minReadySeconds it makes room later still.
    try scene.workload(counts: .init(wanted: 2, updated: 1, ready: 3, available: 2), at: 20)
    #expect(scene.outcome(at: 50) == nil)
    try scene.workload(counts: .init(wanted: 2, updated: 1, ready: 3, available: 3), at: 50)
    #expect(scene.outcome(at: 55) == .quota)
  }

  @Test("a deadline that passed is named by what the new pods show, and otherwise as it is")
  func deadline() throws {
    var bare = try begun()
    try bare.workload(counts: .init(wanted: 2, updated: 0), conditions: Self.late, at: 1)
    #expect(bare.outcome(at: 1) == .progressDeadline)
    #expect(bare.progress.record.detail == "timed out")

    var idle = try begun()
    try idle.pod("new-0", ready: false, at: 1)
    try idle.workload(counts: .init(wanted: 2, updated: 0), conditions: Self.late, at: 1)
    #expect(idle.outcome(at: 1) == .neverReady)
    #expect(idle.progress.record.detail == "containers with unready status: [c]")

    var hinted = try begun()
    try hinted.pod("new-0", state: #""state":{"waiting":{"reason":"ErrImagePull","message":"no"}}"#, at: 1)
    try hinted.workload(counts: .init(wanted: 2, updated: 0), conditions: Self.late, at: 1)
    #expect(hinted.outcome(at: 1) == .imagePull)

    var refused = try begun()
    try refuse(.replicaSet, &refused, at: 1)
    try refused.workload(counts: .init(wanted: 2, updated: 0), conditions: Self.late, at: 1)
    #expect(refused.outcome(at: 1) == .quota)
  }

  @Test("at its limit a change has timed out where it began, and changed nothing where it did not")
  func limit() throws {
    var begun = try begun()
    begun.commandEnded()
    #expect(begun.outcome(at: 60) == .timedOut)
    var hanging = try RolloutScene(.image("v2"))
    #expect(hanging.outcome(at: 60) == .timedOut)
    var untouched = try RolloutScene(.deletePod)
    untouched.commandEnded()
    #expect(untouched.outcome(at: 60) == .noChange)
    var stuck = try RolloutScene(.deletePod)
    stuck.commandEnded()
    try stuck.pod("old-0", template: 1, marked: true, at: 1)
    #expect(stuck.outcome(at: 60) == .timedOut)
  }
}
