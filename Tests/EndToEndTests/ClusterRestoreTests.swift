import Bench
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Kubernetes

/// `votebench restore` against a real API with a real kubectl: what a killed run had changed is as it was.
@Suite("Restoring after a run that was killed", .serialized)
struct ClusterRestoreTests {
  /// Two pods that do nothing, and end when they are told to.
  private static func workload(_ workload: Workload) -> String {
    let kind = workload.kind == .deployment ? "Deployment" : "StatefulSet"
    let service = workload.kind == .deployment ? "" : #""serviceName":"none","#
    return """
      {"apiVersion":"apps/v1","kind":"\(kind)","metadata":{"name":"\(workload.name)","namespace":"oggy",\
      "annotations":{"note":"a"}},"spec":{"replicas":2,\(service)"selector":{"matchLabels":{"app":"\(workload.name)"}},\
      "template":{"metadata":{"labels":{"app":"\(workload.name)"}},"spec":{"terminationGracePeriodSeconds":0,\
      "containers":[{"name":"c","image":"redis:7","command":["sh","-c","exec sleep 600"]}]}}}}
      """
  }

  /// A run that was killed: what it did, as it would have stood in its journal.
  private struct KilledRun {
    let kubectl: Kubectl
    let journal: Journal

    init(_ kubectl: Kubectl, folder: String) async throws {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      self.kubectl = kubectl
      journal = Journal(folder: folder)
      var header = JournalHeader(kubectl, at: try await ClusterAddress(of: kubectl))
      header.processStart = "0"
      try journal.append(.begin(header))
    }

    func make(_ command: ChangeCommand, _ workload: Workload, _ fields: [ChangedField]) async throws {
      let line = command.commandLine(with: kubectl)
      try journal.append(.doing(workload, line, fields))
      switch command {
      case .kubectl(let arguments): try await kubectl.require(arguments)
      // The command of this test begins with `kubectl`, and means this one.
      case .shell(let text): try await kubectl.require(text.split(separator: " ").dropFirst().map(String.init))
      }
      try journal.append(.done(line, exit: 0))
    }

    func change(_ workload: Workload, _ triggers: [RolloutChange.Trigger], _ strategy: StrategyChange?) async throws {
      let before = try await WorkloadSnapshot.read(workload, with: kubectl)
      try journal.append(.before(before))
      if let strategy, let command = try ChangeCommand(strategy, before: before) {
        let fields = ChangedField.fields(of: strategy, kind: workload.kind)
        try await make(command, workload, fields)
        #expect(ChangedField.missing(fields, in: try await .read(workload, with: kubectl)).isEmpty)
      }
      for trigger in triggers {
        let change = RolloutChange(workload: workload, trigger: trigger)
        let now = try await WorkloadSnapshot.read(workload, with: kubectl)
        let pods = try await kubectl.require(["get", "pods", "-l", "app=\(workload.name)", "-o", "json"]).output
        let list = try JSONDecoder().decode(ObjectList<Pod>.self, from: Data(pods.utf8))
        try await make(
          ChangeCommand(change, before: now.typed, pods: list.items), workload,
          ChangedField.fields(of: change, before: now))
      }
    }
  }

  /// The object as people see it, without what Kubernetes itself counts up.
  private func seen(_ workload: Workload, _ kubectl: Kubectl) async throws -> JSONValue {
    var object = try await WorkloadSnapshot.read(workload, with: kubectl).object
    object[["status"]] = nil
    for key in ["generation", "resourceVersion"] { object[["metadata", key]] = nil }
    object[["metadata", "annotations", "deployment.kubernetes.io/revision"]] = nil
    return object
  }

  @Test("every trigger, with a strategy and without, on Deployments and StatefulSets: the objects are as they were")
  func everyTrigger() async throws {
    try await withSandboxUp { votebench, up in
      let changes: [(Workload, [RolloutChange.Trigger], StrategyChange?)] = [
        (
          Workload(.deployment, "a"), [.image("redis:missing"), .setEnv(["A=1 2", "B="])],
          StrategyChange(maxSurge: .percent(50), maxUnavailable: .pods(0), minReadySeconds: 1)
        ),
        (Workload(.deployment, "b"), [.restart, .scale(3), .deletePod], nil),
        (
          Workload(.deployment, "c"),
          [
            .command(
              #"kubectl patch deployment/c -p {"metadata":{"annotations":{"note":"b","x":"y"}},"spec":{"paused":true}}"#
            )
          ],
          nil
        ),
        (Workload(.deployment, "e"), [.image("redis:missing")], StrategyChange(maxSurge: .pods(2))),
        // A pod that never becomes ready, for which a StatefulSet waits whatever its template says.
        (Workload(.statefulSet, "d"), [.image("redis:missing")], StrategyChange(minReadySeconds: 1)),
      ]
      let stage = votebench.stage
      let manifest = changes.map { Self.workload($0.0) }.joined(separator: "\n---\n")
      try Data(manifest.utf8).write(to: URL(filePath: stage.folder + "/w.yaml"))
      let names = changes.map { "\($0.0)" }.joined(separator: " ")
      let up1 = try await up.shell(
        "kubectl apply -f \(stage.folder)/w.yaml && for w in \(names); do kubectl -n oggy rollout status $w; done",
        on: stage)
      #expect(up1.ending == .exited(0), "\(up1.output)")

      let kubectl = Kubectl(kubeconfig: up.kubeconfig, namespace: "oggy", home: stage.folder)
      let folder = stage.folder + "/Reports/runs/killed"
      let run = try await KilledRun(kubectl, folder: folder)
      var before: [JSONValue] = []
      for (workload, triggers, strategy) in changes {
        before.append(try await seen(workload, kubectl))
        try await run.change(workload, triggers, strategy)
      }
      // Killed when the pods were brought back already, and the strategy was not.
      let last = try #require(try run.journal.read().open.first { $0.before.workload.name == "e" })
      let rollback = try #require(
        try await Restoration(kubectl: kubectl, journal: run.journal, change: last).plan().rollback)
      #expect(rollback == .kubectl(["rollout", "undo", "deployment/e", "--to-revision=1"]))
      try await run.make(rollback, last.before.workload, [])
      try await waitUntil("the broken pod is there", within: .seconds(20)) {
        try await kubectl.run(["get", "pods", "-o", "json", "-l", "app=d"]).output.contains("redis:missing")
      }

      let plan = try await votebench.run(["restore", "killed", "--dry-run"])
      #expect(plan.status == 0 && plan.output.contains("patch deployment/a --type=json"), "\(plan.output)")
      #expect(try await seen(changes[0].0, kubectl) != before[0])
      let restored = try await votebench.run(["restore", folder, "--rollout-timeout", "60s"])
      #expect(restored.status == 0, "\(restored.output)")
      for (change, object) in zip(changes, before) {
        let now = try await seen(change.0, kubectl)
        #expect(object.differences(to: now).isEmpty, "\(change.0): \(object.differences(to: now))")
      }
      let again = try await votebench.run(["restore", "killed"])
      #expect(again.status == 0 && again.output.contains("nothing to restore"), "\(again.output)")
    }
  }

  @Test(
    "a run that goes on, a cluster that is another one now or is gone, a journal that is none: exit 69, and why",
    arguments: [
      ("alive", "run w goes on"), ("switched", "this is context c (https://other) now"),
      ("gone", "cannot be found any more"), ("torn", "line 1 is not a line of a journal"),
    ])
  func refused(what: String, said: String) async throws {
    try await withStage { stage in
      let votebench = try Votebench(on: stage)
      let folder = stage.folder + "/Reports/runs/w"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let kubectl = Kubectl(kubeconfig: stage.folder + "/kubeconfig", namespace: "oggy")
      var header = JournalHeader(kubectl, at: ClusterAddress(context: "c", server: "https://one"))
      if what != "alive" { header.processStart = "0" }
      if what != "gone" { try Data(Self.kubeconfig.utf8).write(to: URL(filePath: stage.folder + "/kubeconfig")) }
      let journal = Journal(folder: folder)
      let before = try WorkloadSnapshot(
        json: Self.workload(Workload(.deployment, "a")).replacing(#""name":"a","#, with: #""name":"a","uid":"u","#))
      let change = RolloutChange(workload: before.workload, trigger: .restart)
      try journal.append(.begin(header))
      try journal.append(.before(before))
      try journal.append(.doing(before.workload, "x", ChangedField.fields(of: change, before: before)))
      if what == "torn" { try Data("{\n".utf8).write(to: URL(filePath: journal.path)) }
      let ended = try await votebench.run(["restore", "w"])
      #expect(ended.status == 69)
      #expect(ended.output.contains(said), "\(ended.output)")
      #expect(ended.output.split(separator: "\n").count == 1, "\(ended.output)")
    }
  }

  private static let kubeconfig = """
    {"apiVersion":"v1","kind":"Config","current-context":"c",\
    "contexts":[{"name":"c","context":{"cluster":"d","user":"u"}}],\
    "clusters":[{"name":"d","cluster":{"server":"https://other"}}],"users":[{"name":"u","user":{}}]}
    """

  @Test(
    "what is no run, or has no journal, is named: exit 64",
    arguments: [(["restore", "nobody"], "no run 'nobody'"), (["restore", "/tmp"], "no journal.ndjson")])
  func noRun(arguments: [String], said: String) async throws {
    try await withStage { stage in
      let ended = try await Votebench(on: stage).run(arguments)
      #expect(ended.status == 64)
      #expect(ended.output.contains(said), "\(ended.output)")
    }
  }
}
