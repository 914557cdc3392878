import Bench
import Testing

@Suite("Profile of a rollout")
struct RolloutProfileTests {
  private let cluster: [Settings.Key: String] = [.duringRollout: "true", .target: "https://a.example"]
  private let sandbox: [Settings.Key: String] = [.duringRollout: "true"]

  private func settings(_ values: [Settings.Key: String]) -> Settings {
    var settings = Settings()
    for (key, text) in values { settings.set(key, Settings.Setting(text, place: "--\(key.rawValue)")) }
    return settings
  }

  private func rollout(_ settings: Settings) throws -> RunProfile.Rollout {
    try #require(try RunProfile.validate(settings, freshSeed: 7).get().rollout)
  }

  private func change(_ values: [Settings.Key: String]) throws -> RolloutChange {
    let changes = try rollout(settings(sandbox.merging(values) { $1 })).changes
    #expect(changes.count == 1)
    return try #require(changes.first)
  }

  private func problems(_ settings: Settings) -> [Settings.Problem] {
    guard case .failure(let list) = RunProfile.validate(settings, freshSeed: 7) else { return [] }
    return list.problems
  }

  private func places(_ values: [Settings.Key: String]) -> [String] { problems(settings(values)).map(\.place) }

  @Test("the sandbox's voting-app gets the other image unless something else is asked for")
  func byDefault() throws {
    let rollout = try rollout(settings(sandbox))
    #expect(rollout.changes == [RolloutChange(workload: Workload(.deployment, "voting-app"), trigger: .image(nil))])
    #expect(rollout.namespace == "oggy" && rollout.kubectl == "kubectl" && rollout.strategy == nil)
    #expect(try change([.deployment: "voting-app", .container: "app"]).trigger == .image(nil))
  }

  @Test(
    "every trigger is read",
    arguments: [
      ([.image: "registry.example:5000/app@sha256:0a"], .image("registry.example:5000/app@sha256:0a")),
      ([.restart: "true"], .restart), ([.scale: "0"], .scale(0)), ([.deletePod: "true"], .deletePod),
      ([.setEnv: "A_b.c=x=y z"], .setEnv(["A_b.c=x=y z"])), ([.setEnv: "_GONE-"], .setEnv(["_GONE-"])),
      ([.setEnv: "EMPTY="], .setEnv(["EMPTY="])), ([.trigger: "helm upgrade -i a ."], .command("helm upgrade -i a .")),
    ] as [([Settings.Key: String], RolloutChange.Trigger)])
  func triggers(values: [Settings.Key: String], trigger: RolloutChange.Trigger) throws {
    #expect(try change(values).trigger == trigger)
    #expect(places(cluster.merging(values) { $1 }).isEmpty, "it is enough on any target")
    #expect(places(values) == values.keys.map { "--\($0.rawValue)" }, "it needs --during-rollout")
    var several = values
    several[.statefulset] = "db"
    #expect(try change(several).workload == Workload(.statefulSet, "db"))
  }

  @Test(
    "what cannot be, alone or together, is refused at the setting that is to blame",
    arguments: [
      ([.image: "a", .restart: "true"], ["--restart"]),
      ([.setEnv: "A=1", .scale: "1", .trigger: "x"], ["--scale", "--trigger"]),
      ([.deployment: "a", .statefulset: "b", .restart: "true"], ["--statefulset"]),
      ([.deployment: "result-app"], ["--deployment"]), ([.statefulset: "db"], ["--statefulset"]),
      ([.container: "app", .restart: "true"], ["--container"]), ([.container: "app", .scale: "2"], ["--container"]),
      ([.container: "app", .trigger: "x"], ["--container"]),
      ([.container: "app", .deletePod: "true"], ["--container"]),
      ([.image: ""], ["--image"]), ([.image: "-v2"], ["--image"]), ([.image: "app v2"], ["--image"]),
      ([.image: "app=voting-app:v2"], ["--image"]), ([.image: "app:v2\n"], ["--image"]),
      ([.restart: "false"], ["--restart"]), ([.deletePod: "yes"], ["--delete-pod"]),
      ([.scale: "-1"], ["--scale"]), ([.scale: "many"], ["--scale"]), ([.scale: "2147483648"], ["--scale"]),
      ([.setEnv: "A"], ["--set-env"]), ([.setEnv: "=1"], ["--set-env"]), ([.setEnv: "-"], ["--set-env"]),
      ([.setEnv: "1A=1"], ["--set-env"]), ([.setEnv: "A B=1"], ["--set-env"]), ([.setEnv: "-A=1"], ["--set-env"]),
      ([.setEnv: "\u{e9}=1"], ["--set-env"]),
      ([.trigger: ""], ["--trigger"]), ([.trigger: " \t"], ["--trigger"]),
      ([.deployment: "Voting", .restart: "true"], ["--deployment"]),
      ([.deployment: "a..b", .restart: "true"], ["--deployment"]),
      ([.statefulset: "-a", .restart: "true"], ["--statefulset"]),
      ([.statefulset: "a/b", .restart: "true"], ["--statefulset"]), ([.container: "a.b"], ["--container"]),
      ([.container: ""], ["--container"]), ([.container: "a-"], ["--container"]),
      ([.rolloutTimeout: "0s"], ["--rollout-timeout"]), ([.kubeconfig: "a"], ["--kubeconfig"]),
    ] as [([Settings.Key: String], [String])])
  func refused(values: [Settings.Key: String], at expected: [String]) {
    #expect(places(sandbox.merging(values) { $1 }) == expected)
  }

  @Test("names are as long and have such characters as Kubernetes lets them")
  func names() {
    let restart = cluster.merging([.restart: "true"]) { $1 }
    let label = String(repeating: "a", count: 63)
    for name in ["a", "0", "a-b", label] { #expect(places(restart.merging([.namespace: name]) { $1 }).isEmpty) }
    for name in [label + "a", "a.b", "\u{e9}", "a_b", ""] {
      #expect(places(restart.merging([.namespace: name]) { $1 }) == ["--namespace"], "\(name)")
    }
    let long = [label, label, label, String(repeating: "a", count: 61)].joined(separator: ".")
    #expect(places(restart.merging([.deployment: long]) { $1 }).isEmpty)
    #expect(places(restart.merging([.deployment: long + "a"]) { $1 }) == ["--deployment"])
  }

  @Test("on a target that is not the sandbox a trigger is needed, and the message names them all")
  func clusterNeedsTrigger() throws {
    let found = problems(settings(cluster.merging([.deployment: "web"]) { $1 }))
    #expect(found.map(\.place) == ["--during-rollout"])
    let sentence = try #require(found.first).expected
    for flag in ["--image", "--restart", "--set-env", "--scale", "--delete-pod", "--trigger"] {
      #expect(sentence.contains(flag))
    }
  }

  @Test("a variable that is given twice is refused, and no message repeats a value, which may be a secret")
  func environment() {
    var twice = settings(sandbox)
    for text in ["TOKEN=hunter2", "TOKEN-", "2=hunter2"] {
      twice.add(.setEnv, Settings.Setting(text, place: "--set-env"))
    }
    let found = problems(twice)
    #expect(found.map(\.place) == ["--set-env", "--set-env"])
    #expect(found.contains { $0.expected == "TOKEN is given twice" })
    #expect(!found.contains { $0.expected.contains("hunter2") })
  }

  // MARK: Strategy

  @Test(
    "strategies are read as Kubernetes spells them",
    arguments: [
      ("maxSurge=1,maxUnavailable=0", StrategyChange(maxSurge: .pods(1), maxUnavailable: .pods(0))),
      (
        "maxUnavailable=100%,maxSurge=150%,minReadySeconds=5",
        StrategyChange(maxSurge: .percent(150), maxUnavailable: .percent(100), minReadySeconds: 5)
      ),
      ("minReadySeconds=0", StrategyChange(minReadySeconds: 0)),
    ])
  func strategy(text: String, strategy: StrategyChange) throws {
    #expect(try rollout(settings(sandbox.merging([.strategy: text]) { $1 })).strategy == strategy)
  }

  @Test(
    "what is no strategy is refused",
    arguments: [
      "", "maxSurge", "maxSurge=", "maxSurge=1,", "maxSurge=1,maxSurge=2", "maxSurge=-1", "maxSurge=+1", "maxSurge=1.5",
      "maxSurge=%", "maxUnavailable=101%", "minReadySeconds=5s", "minReadySeconds=5%", "surge=1", "maxSurge=1 ",
      "maxSurge=9999999999", "maxSurge=0,maxUnavailable=0", "maxSurge=0%,maxUnavailable=0", "maxSurge=\u{661}",
    ])
  func noStrategy(text: String) {
    #expect(places(sandbox.merging([.strategy: text]) { $1 }) == ["--strategy"])
  }

  @Test(
    "a StatefulSet has no maxSurge, and always one pod that may be away",
    arguments: [
      ("maxSurge=1", 1), ("maxSurge=1,maxUnavailable=0", 2), ("maxUnavailable=0%", 1), ("maxUnavailable=1", 0),
      ("minReadySeconds=3", 0),
    ])
  func statefulStrategy(text: String, count: Int) {
    let values = sandbox.merging([.statefulset: "db", .restart: "true", .strategy: text]) { $1 }
    #expect(places(values) == Array(repeating: "--strategy", count: count))
  }

  // MARK: Profiles

  private func read(_ yaml: String) throws -> Settings {
    try Settings.read(yaml: yaml, name: "ci.yaml").get()
  }

  @Test("a profile has several changes in turn, each with a workload, a container and a trigger of its own")
  func several() throws {
    let rollout = try rollout(
      read(
        """
        during-rollout: true
        strategy: maxUnavailable=1
        rollouts:
          - image: voting-app:v2
            container: app
          - statefulset: db
            set-env: [A=1, B-]
          - deployment: worker
            scale: 3
          - delete-pod: true
          - deployment: result-app
            restart: true
          - trigger: helm upgrade shop .
        """))
    let app = Workload(.deployment, "voting-app")
    #expect(
      rollout.changes == [
        RolloutChange(workload: app, container: "app", trigger: .image("voting-app:v2")),
        RolloutChange(workload: Workload(.statefulSet, "db"), trigger: .setEnv(["A=1", "B-"])),
        RolloutChange(workload: Workload(.deployment, "worker"), trigger: .scale(3)),
        RolloutChange(workload: app, trigger: .deletePod),
        RolloutChange(workload: Workload(.deployment, "result-app"), trigger: .restart),
        RolloutChange(workload: app, trigger: .command("helm upgrade shop .")),
      ])
    #expect(rollout.strategy == StrategyChange(maxUnavailable: .pods(1)))
  }

  @Test("what is wrong with one of several changes is named with its line")
  func wrongInList() throws {
    let settings = try read(
      """
      during-rollout: true
      image: voting-app:v2
      strategy: maxSurge=1
      rollouts:
        - deployment: worker
        - statefulset: DB
          scale: x
        - restart: true
          delete-pod: true
        - statefulset: db
          restart: true
      """)
    #expect(
      problems(settings).map(\.place) == [
        "ci.yaml:2: image", "ci.yaml:3: strategy", "ci.yaml:5: rollouts", "ci.yaml:6: statefulset", "ci.yaml:7: scale",
        "ci.yaml:9: delete-pod",
      ])
    let alone = try read("rollouts:\n- restart: true\n")
    #expect(problems(alone).map(\.place) == ["ci.yaml:2: rollouts"], "it needs during-rollout")
  }

  @Test(
    "a list of changes that is none is refused with its line",
    arguments: [
      ("rollouts: image\n", ["ci.yaml:1: rollouts"]), ("rollouts: []\n", ["ci.yaml:1: rollouts"]),
      ("rollouts: {image: a}\n", ["ci.yaml:1: rollouts"]), ("rollouts:\n- image: a\n- b\n", ["ci.yaml:1: rollouts"]),
      (
        "rollouts:\n- image: a\n  rate: 5\n- tag: b\n- scale: [1]\n",
        ["ci.yaml:3: rate", "ci.yaml:4: tag", "ci.yaml:5: scale"]
      ),
      ("rollouts:\n- rollouts: []\n", ["ci.yaml:2: rollouts"]), ("set-env: {A: 1}\n", ["ci.yaml:1: set-env"]),
    ])
  func noList(yaml: String, expected: [String]) {
    guard case .failure(let list) = Settings.read(yaml: yaml, name: "ci.yaml") else {
      Issue.record("it was read")
      return
    }
    #expect(list.problems.map(\.place) == expected)
  }

  @Test("a flag takes the place of what it stands against in a profile")
  func flagsWin() throws {
    let list = try read("during-rollout: true\nrollouts:\n- restart: true\n- scale: 3\n")
    #expect(try rollout(list.overridden(by: settings([.image: "a:2"]))).changes.map(\.trigger) == [.image("a:2")])
    #expect(problems(list.overridden(by: settings([.statefulset: "db"]))).map(\.place) == ["--statefulset"])
    let single = try read("during-rollout: true\ndeployment: web\ncontainer: app\nimage: a:1\nset-env: A=1\n")
    let other = try rollout(single.overridden(by: settings([.statefulset: "db", .restart: "true"])))
    #expect(other.changes == [RolloutChange(workload: Workload(.statefulSet, "db"), trigger: .restart)])
    let newer = try rollout(single.overridden(by: settings([.image: "a:2"])))
    #expect(newer.changes.first?.container == "app" && newer.changes.first?.trigger == .image("a:2"))
    let both = settings([.image: "a:2", .restart: "true"])
    #expect(problems(single.overridden(by: both)).map(\.place) == ["--restart"])
  }
}
