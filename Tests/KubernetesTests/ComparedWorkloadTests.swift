import Bench
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Kubernetes

/// A workload between the rollouts of a comparison, with a script in the place of kubectl that keeps it in a file.
@Suite("The workload of a comparison")
struct ComparedWorkloadTests {
  /// Takes the commands that a comparison gives; its pods are as ready as `ready` says.
  private static let script = """
    #!/usr/bin/python3
    import json, os, sys, time
    os.chdir(os.path.dirname(os.path.abspath(sys.argv[0])))
    words = sys.argv[3:]
    with open("log", "a") as log: log.write(" ".join(words) + "\\n")
    with open("workload") as file: workload = json.load(file)
    def save():
        workload["metadata"]["generation"] += 1
        workload["status"]["observedGeneration"] = workload["metadata"]["generation"]
        with open("workload", "w") as file: json.dump(workload, file)
    def merge(into, patch):
        for key, value in patch.items():
            if isinstance(value, dict): merge(into.setdefault(key, {}), value)
            else: into[key] = value
    if words[:2] == ["set", "image"]:
        workload["spec"]["template"]["spec"]["containers"][0]["image"] = words[3].split("=")[1]
        save()
    elif words[0] == "patch" and "--type=strategic" in words:
        while os.path.exists("hold"): time.sleep(0.01)
        merge(workload, json.loads(words[-1]))
        save()
    elif words[0] == "patch":
        for step in json.loads(words[-1]):
            *outer, last = step["path"].split("/")[1:]
            holder = workload
            for key in outer: holder = holder[int(key) if isinstance(holder, list) else key]
            if step["op"] == "test": assert holder[last] == step["value"]
            elif step["op"] == "remove": del holder[last]
            else: holder[last] = step["value"]
        save()
    elif words[:2] == ["get", "deployment/d"]:
        print(json.dumps(workload))
    else:
        with open("ready") as file: ready = file.read().strip()
        pod = {"metadata": {"name": "p", "uid": "p", "labels": {"app": "d"}},
               "spec": {"containers": [{"name": "c"}]},
               "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]}}
        print(json.dumps({"metadata": {"resourceVersion": "1"}, "items": [pod]}))
    """

  private static let workload = """
    {"kind":"Deployment","metadata":{"name":"d","uid":"d","generation":1,"annotations":{},"labels":{}},\
    "spec":{"replicas":1,"selector":{"matchLabels":{"app":"d"}},"template":{"metadata":{"labels":{"app":"d"}},\
    "spec":{"containers":[{"name":"c","image":"i:1"}]}}},\
    "status":{"observedGeneration":1,"replicas":1,"updatedReplicas":1,"readyReplicas":1,"availableReplicas":1}}
    """

  /// The workload in a folder of its own, with the journal of its comparison.
  private struct Scene {
    let folder: String
    let compared: ComparedWorkload
    var journal: Journal { Journal(folder: folder) }

    init(_ folder: String) throws {
      self.folder = folder
      for (name, text) in [("kubectl", script), ("workload", ComparedWorkloadTests.workload), ("ready", "True")] {
        try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)"))
      }
      chmod(folder + "/kubectl", 0o755)
      compared = ComparedWorkload(
        kubectl: Kubectl(executable: folder + "/kubectl", namespace: "n"),
        change: RolloutChange(workload: Workload(.deployment, "d"), trigger: .image("i:2")),
        journal: Journal(folder: folder), limit: .seconds(600), tell: { _ in })
    }

    var log: String { (try? String(contentsOfFile: folder + "/log", encoding: .utf8)) ?? "" }

    func now() throws -> WorkloadSnapshot {
      try WorkloadSnapshot(json: String(contentsOfFile: folder + "/workload", encoding: .utf8))
    }

    func begin(_ settings: [ComparedSetting]) async throws {
      let address = ClusterAddress(context: nil, server: nil)
      try await compared.begin(
        ClusterAccess(address: address, namespace: "n", workloads: [try now()]), settings)
    }

    /// What a run does that has ended: the workload has its image, and the run's own journal is closed.
    func roll(to image: String) async throws {
      try await Kubectl(executable: folder + "/kubectl", namespace: "n")
        .require(["set", "image", "deployment/d", "c=\(image)"])
    }
  }

  @Test("from before the first rollout until all is put back the journal says that something is to be put back")
  func open() async throws {
    try await withStage { stage in
      let scene = try Scene(stage.folder)
      let before = try scene.now()
      let variant = try #require(ComparedSetting(variant: "terminationGracePeriodSeconds=3"))
      let plain = try #require(ComparedSetting(strategy: "maxSurge=1"))
      try await scene.begin([variant, plain])
      #expect(scene.journal.hasOpen)
      #expect(try await scene.compared.prepare(variant, isForward: false))
      #expect(try scene.now().object[["spec", "template", "spec", "terminationGracePeriodSeconds"]] == .int(3))
      #expect(scene.journal.hasOpen)
      try await scene.roll(to: "i:1")
      // It is put back to where this one begins, and has nothing to patch.
      try await scene.compared.prepare(plain, isForward: true)
      #expect(try scene.now().written == before.written)
      #expect(scene.journal.hasOpen)
      try await scene.roll(to: "i:2")
      #expect(try await scene.compared.prepare(plain, isForward: false) == false)
      #expect(scene.journal.hasOpen)
      #expect(try scene.journal.read().open.map(\.before) == [before])
      let restored = await scene.compared.restore()
      #expect(restored.problems.isEmpty && !scene.journal.hasOpen)
      #expect(try scene.now().written == before.written)
    }
  }

  @Test("a wait for pods that is given up ends at once, and what was begun is put back")
  func givenUp() async throws {
    try await withStage { stage in
      let scene = try Scene(stage.folder)
      let before = try scene.now()
      let variant = try #require(ComparedSetting(variant: "terminationGracePeriodSeconds=3"))
      try await scene.begin([variant, try #require(ComparedSetting(strategy: "maxSurge=1"))])
      try Data("False".utf8).write(to: URL(filePath: stage.folder + "/ready"))
      let preparing = Task { try await scene.compared.prepare(variant, isForward: true) }
      // Its pods never become ready, for which it has ten minutes.
      try await waitUntil("it waits for the pods", within: .seconds(120)) { scene.log.contains("pods") }
      preparing.cancel()
      let error = await #expect(throws: KubectlError.self) { try await preparing.value }
      #expect(error?.code == .abandoned && scene.journal.hasOpen)
      try Data("True".utf8).write(to: URL(filePath: stage.folder + "/ready"))
      #expect(await scene.compared.restore().problems.isEmpty)
      #expect(try scene.now().written == before.written)
    }
  }

  @Test("a command that changes the workload is not cut off when the wait is given up")
  func notCutOff() async throws {
    try await withStage { stage in
      let scene = try Scene(stage.folder)
      let variant = try #require(ComparedSetting(variant: "terminationGracePeriodSeconds=3"))
      try await scene.begin([variant, try #require(ComparedSetting(strategy: "maxSurge=1"))])
      try Data().write(to: URL(filePath: stage.folder + "/hold"))
      let preparing = Task { try await scene.compared.prepare(variant, isForward: true) }
      try await waitUntil("the patch is under way", within: .seconds(120)) { scene.log.contains("--type=strategic") }
      preparing.cancel()
      try FileManager.default.removeItem(atPath: stage.folder + "/hold")
      await #expect(throws: KubectlError.self) { try await preparing.value }
      #expect(try scene.now().object[["spec", "template", "spec", "terminationGracePeriodSeconds"]] == .int(3))
    }
  }
}
