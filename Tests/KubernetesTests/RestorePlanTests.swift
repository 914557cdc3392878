import Bench
import Testing

@testable import Kubernetes

/// What is put back, by which command, and what is not.
@Suite("Plans of restoring")
struct RestorePlanTests {
  private typealias Fixtures = RestoreFixtures
  private static let image = "/spec/template/spec/containers/1/image"
  private static let environment = "/spec/template/spec/containers/1/env"
  private static let restarted = "/spec/template/metadata/annotations"
  private static let stamp = JSONValue.object(["kubectl.kubernetes.io/restartedAt": .string("now")])

  private static func words(_ command: ChangeCommand?) -> String? {
    guard case .kubectl(let words) = command else { return nil }
    return words.joined(separator: " ")
  }

  @Test(
    "each trigger is taken back by the command that people use where that is exact, and by a patch elsewhere",
    arguments: Workload.Kind.allCases)
  func rollback(kind: Workload.Kind) throws {
    let set = JSONValue.object(["name": .string("A"), "value": .string("2")])
    let cases: [(RolloutChange.Trigger, [String: JSONValue?], String?)] = [
      (.image("i:2"), [Self.image: .string("i:2")], "rollout undo deployment/w --to-revision=3"),
      (.restart, [Self.restarted: Self.stamp], "rollout undo deployment/w --to-revision=3"),
      (.setEnv(["A=2", "B-"]), [Self.environment: .array([set])], "rollout undo deployment/w --to-revision=3"),
      (.scale(6), ["/spec/replicas": .int(6)], "scale \(kind.rawValue)/w --replicas=4"),
      (.deletePod, [:], nil),
      (.image("i:2"), [:], nil),
    ]
    let before = try Fixtures.snapshot(kind)
    for (trigger, edits, words) in cases {
      let now = try Fixtures.snapshot(kind, edits)
      let plan = RestorePlan(before, now: now, changed: try Fixtures.fields(trigger, kind))
      if kind == .deployment || words?.hasPrefix("rollout") != true {
        #expect(Self.words(plan.rollback) == words, "\(trigger)")
      } else {
        #expect(try Fixtures.apply(plan.rollback, to: now) == before)
      }
      #expect(try Fixtures.apply(plan.restore, to: now) == before)
      #expect(plan.isRestored == edits.isEmpty)
      #expect(plan.contested.isEmpty && plan.others.isEmpty && plan.warning == nil)
    }
  }

  @Test(
    "where undo is refused, or would not be exact, the template is patched",
    arguments: [
      ["/spec/revisionHistoryLimit": JSONValue.int(0)], ["/spec/paused": .bool(true)],
      ["/metadata/annotations/team": .string("b")], ["/metadata/uid": .string("another")],
      ["/spec/template/spec/containers/0/image": .string("s:2")],
    ])
  func noUndo(edits: [String: JSONValue]) throws {
    let before = try Fixtures.snapshot()
    let now = try Fixtures.snapshot(.deployment, edits.merging([Self.image: .string("i:2")]) { $1 })
    let plan = RestorePlan(before, now: now, changed: try Fixtures.fields(.image("i:2")))
    let back = try Fixtures.apply(plan.rollback, to: now)
    #expect(back == (try Fixtures.snapshot(.deployment, edits)))
    #expect(back == (try Fixtures.apply(plan.restore, to: now)))
    #expect(!plan.isRestored && plan.contested.isEmpty)
  }

  @Test("a revision that the cluster had not looked at yet is not undone to")
  func unsettled() throws {
    let before = try Fixtures.snapshot(.deployment, ["/status/observedGeneration": .int(6)])
    let now = try Fixtures.snapshot(.deployment, [Self.image: .string("i:2")])
    let plan = RestorePlan(before, now: now, changed: try Fixtures.fields(.image("i:2")))
    #expect(Self.words(plan.rollback)?.hasPrefix("patch deployment/w --type=json") == true)
  }

  @Test("the strategy is put back at the end, and not with the pods", arguments: Workload.Kind.allCases)
  func strategy(kind: Workload.Kind) throws {
    let before = try Fixtures.snapshot(kind)
    let rolling = kind == .deployment ? "/spec/strategy/rollingUpdate" : "/spec/updateStrategy/rollingUpdate"
    var edits: [String: JSONValue?] = ["\(rolling)/maxUnavailable": .string("50%"), "/spec/minReadySeconds": .int(3)]
    let change = StrategyChange(maxUnavailable: .percent(50), minReadySeconds: 3)
    let fields = ChangedField.fields(of: change, kind: kind)
    let alone = try RestorePlan(before, now: Fixtures.snapshot(kind, edits), changed: fields)
    #expect(alone.rollback == nil && !alone.isRestored)

    edits["/spec/replicas"] = .int(5)
    let now = try Fixtures.snapshot(kind, edits)
    let plan = RestorePlan(before, now: now, changed: fields + (try Fixtures.fields(.scale(5), kind)))
    #expect(Self.words(plan.rollback) == "scale \(kind.rawValue)/w --replicas=4")
    #expect(try Fixtures.apply(plan.restore, to: now) == before)
    #expect(ChangedField.missing(fields, in: now).isEmpty)
    #expect(ChangedField.missing(fields, in: before).count == 2)
  }

  @Test("a strategy is set by one merge patch; what the workload cannot have is refused by name")
  func setStrategy() throws {
    let all = StrategyChange(maxSurge: .pods(1), maxUnavailable: .percent(0), minReadySeconds: 0)
    let command = try ChangeCommand(all, before: try Fixtures.snapshot())
    let patch = #"{"spec":{"minReadySeconds":null,"strategy":{"rollingUpdate":{"maxSurge":1,"maxUnavailable":"0%"}}}}"#
    #expect(command == .kubectl(["patch", "deployment/w", "--type=merge", "-p", patch]))
    #expect(try ChangeCommand(StrategyChange(), before: try Fixtures.snapshot()) == nil)

    let recreate = try Fixtures.snapshot(.deployment, ["/spec/strategy": .object(["type": .string("Recreate")])])
    let onDelete = try Fixtures.snapshot(.statefulSet, ["/spec/updateStrategy": .object(["type": .string("OnDelete")])])
    for (before, name) in [(recreate, "Recreate"), (onDelete, "OnDelete")] {
      let problem = #expect(throws: ChangeProblem.self) {
        try ChangeCommand(StrategyChange(maxUnavailable: .pods(1)), before: before)
      }
      #expect(problem?.description.contains(name) == true)
      #expect(try ChangeCommand(StrategyChange(minReadySeconds: 1), before: before) != nil)
    }
    #expect(throws: ChangeProblem.self) {
      try ChangeCommand(StrategyChange(maxSurge: .pods(1)), before: try Fixtures.snapshot(.statefulSet))
    }
  }

  @Test("what somebody else made of our change is left alone, and said")
  func contested() throws {
    let before = try Fixtures.snapshot()
    let now = try Fixtures.snapshot(.deployment, [Self.image: .string("i:3"), "/spec/replicas": .int(6)])
    let plan = RestorePlan(before, now: now, changed: try Fixtures.fields(.image("i:2")))
    #expect(plan.rollback == nil && plan.restore == nil && !plan.isRestored)
    #expect(plan.contested == [#"spec.template.spec.containers[1].image is "i:3", was "i:1""#])
    #expect(plan.others == ["spec.replicas is 6, was 4"])
    #expect(try Fixtures.apply(plan.byHand, to: now) == Fixtures.snapshot(.deployment, ["/spec/replicas": .int(6)]))
  }

  @Test("what only others changed does not make a restore fail, and stays")
  func others() throws {
    let before = try Fixtures.snapshot()
    let theirs: [String: JSONValue?] = ["/metadata/annotations/argo~1sync": .string("x"), "/spec/replicas": .int(9)]
    let now = try Fixtures.snapshot(.deployment, theirs)
    let plan = RestorePlan(before, now: now, changed: try Fixtures.fields(.restart))
    #expect(plan.isRestored)
    #expect(plan.others == ["metadata.annotations.argo/sync is \"x\", was not set", "spec.replicas is 9, was 4"])
  }

  @Test("a change that is meant to stay is nobody else's")
  func kept() throws {
    let before = try Fixtures.snapshot()
    let now = try Fixtures.snapshot(
      .deployment, [Self.image: .string("i:2"), "/spec/minReadySeconds": .int(3), "/spec/replicas": .int(5)])
    let plan = RestorePlan(
      before, now: now, changed: ChangedField.fields(of: StrategyChange(minReadySeconds: 3), kind: .deployment),
      kept: try Fixtures.fields(.image("i:2")))
    let back = try Fixtures.snapshot(.deployment, [Self.image: .string("i:2"), "/spec/replicas": .int(5)])
    #expect(try Fixtures.apply(plan.restore, to: now) == back)
    #expect(plan.rollback == nil && plan.others == ["spec.replicas is 5, was 4"])
  }

  @Test("a command of the user's own: annotations, labels and the whole spec are put back, and more is not promised")
  func command() throws {
    let before = try Fixtures.snapshot()
    let now = try Fixtures.snapshot(
      .deployment,
      [
        "/metadata/annotations/helm": .string("2"), "/metadata/annotations/team": nil, "/metadata/labels": nil,
        "/spec/replicas": .int(1), "/spec/strategy": .object(["type": .string("Recreate")]),
        "/spec/paused": .bool(true), Self.image: .string("i:2"), Self.restarted: Self.stamp,
        "/metadata/annotations/deployment.kubernetes.io~1revision": .string("5"),
      ])
    let plan = RestorePlan(before, now: now, changed: try Fixtures.fields(.command("helm upgrade")))
    #expect(try Fixtures.apply(plan.restore, to: now).written == before.written)
    #expect(plan.warning?.contains("other objects than deployment/w") == true)
    let pods = try Fixtures.apply(plan.rollback, to: now).typed.spec
    #expect(pods.replicas == 4 && pods.template == before.typed.spec.template && pods.paused == true)
  }

  @Test("kubectl's note of its own command line is put back where there was one, and not touched elsewhere")
  func changeCause() throws {
    let key = "/metadata/annotations/kubernetes.io~1change-cause"
    let before = try Fixtures.snapshot(.deployment, [key: .string("old")])
    let now = try Fixtures.snapshot(.deployment, [key: .string("kubectl scale"), "/spec/replicas": .int(5)])
    let plan = RestorePlan(before, now: now, changed: try Fixtures.fields(.scale(5)))
    #expect(try Fixtures.apply(plan.restore, to: now) == before)
  }
}
