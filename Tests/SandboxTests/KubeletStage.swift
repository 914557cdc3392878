import FoundationEssentials
import Glibc
import Logging
import TestSupport

@testable import Sandbox

/// A real kubelet with a store of its own, and nothing else: pods are given by hand.
struct KubeletStage: Sendable {
  let store: ObjectStore
  let folder: SandboxFolder
  let stage: Stage
  let kubelet: Kubelet
  let range: LoopbackRange

  /// Runs a test with it; afterwards its processes are dead and its folder is gone.
  static func run(
    base: String? = nil, pace: Pace = .prompt, node: SandboxNode = .machine, preloading: Bool = false,
    _ body: (KubeletStage) async throws -> Void
  ) async throws {
    try await withStage { stage in
      let folder = try SandboxFolder.create(in: base ?? stage.folder, account: .needed())
      _ = try folder.makeFolder("logs")
      let store = ObjectStore()
      let programs = try Programs.locate()
      let votingd = try folder.copyProgram(Executables.built("votingd"), to: "votingd")
      let range = try LoopbackRange()
      var names = try await PodHosts.make(in: folder, store: store, api: range.api, library: programs.nssWrapper)
      if preloading {
        names = try PodHosts(
          in: folder, store: store, api: range.api, resolution: .preloaded(library: programs.nssWrapper))
      }
      let runner = ContainerRunner(
        store: store, programs: try ImagePrograms(in: folder, votingd: votingd, programs: programs),
        volumes: try VolumeFolders(in: folder, store: store), logs: PodLogs(folder: try folder.makeFolder("pods")),
        account: folder.account, journal: ProcessJournal(folder: folder.path),
        names: names)
      let kubelet = Kubelet(
        store: store, runner: runner, range: range, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        node: node, pace: pace)
      let run = Task { await kubelet.run() }
      let it = KubeletStage(store: store, folder: folder, stage: stage, kubelet: kubelet, range: range)
      do {
        try await body(it)
      } catch {
        it.show()
        await it.end(run)
        throw error
      }
      await it.end(run)
    }
  }

  private func end(_ run: Task<Void, Never>) async {
    run.cancel()
    await kubelet.stop()
    await run.value
    folder.remove()
  }

  private func show() {
    for event in store.list(.events).items { print(event["reason"].string ?? "", event["message"].string ?? "") }
    for pod in store.list(.pods).items { print(pod["status", "containerStatuses"].text) }
    let logs = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/pods")) ?? []
    for log in logs { print(log, LogFile.lastLines(of: "\(folder.path)/pods/\(log)", count: 20)) }
  }

  // MARK: Objects

  /// A pod of one container, as a StatefulSet's if it is to keep its address.
  @discardableResult
  func createPod(
    _ name: String, _ container: JSON, volumes: JSON = [], ofStatefulSet: Bool = false,
    and specification: JSON = [:]
  ) throws -> JSON {
    var container = container
    if container["name"].isNull { container["name"] = "main" }
    var pod: JSON = [
      "metadata": ["name": .string(name), "namespace": "default"],
      "spec": ["containers": [container], "volumes": volumes, "terminationGracePeriodSeconds": 10],
    ]
    pod["spec"].merge(specification)
    if ofStatefulSet {
      pod["metadata", "ownerReferences"] = [["kind": "StatefulSet", "name": "set", "uid": "set-uid"]]
    }
    return try store.create(pod, .pods)
  }

  /// A claim that is bound.
  func createClaim(_ name: String) throws {
    try store.create(
      ["metadata": ["name": .string(name), "namespace": "default"], "status": ["phase": "Bound"]],
      .persistentVolumeClaims)
  }

  func pod(_ name: String) -> JSON { store.get(.pods, namespace: "default", name: name) ?? .null }

  /// The first container's status.
  func status(_ name: String) -> JSON { pod(name)["status", "containerStatuses"][0] }

  func isReady(_ name: String) -> Bool {
    pod(name)["status", "conditions"][where: "type", is: "Ready"]["status"].string == "True"
  }

  func address(_ name: String) -> String { pod(name)["status", "podIP"].string ?? "" }

  /// Deletes a pod as its controller does, and waits until it is gone.
  func deletePod(_ name: String) async throws {
    try store.markDeleted(.pods, namespace: "default", name: name)
    try await waitUntil("\(name) is gone") { pod(name).isNull }
  }

  /// The messages of a pod's Events with that reason.
  func events(_ name: String, _ reason: String) -> [String] {
    store.list(.events).items.filter {
      $0["involvedObject", "name"].string == name && $0["reason"].string == reason
    }.compactMap { $0["message"].string }
  }

  /// What a command says in a pod's first container.
  func execute(_ command: [String], in name: String) async throws -> ContainerRunner.CommandOutcome {
    let uid = pod(name)["metadata", "uid"].string ?? ""
    guard let target = await kubelet.runningContainer(ofPod: uid) else { throw StageError("\(name) does not run") }
    return await kubelet.runner.execute(command, in: target, within: .seconds(10))
  }

  /// The container's process that runs now.
  func process(_ name: String) async -> ChildProcess? {
    await kubelet.process(of: pod(name)["metadata", "uid"].string ?? "")
  }
}

extension Kubelet {
  func process(of uid: String) -> ChildProcess? {
    pods[uid]?.containers.first?.child.flatMap { $0.endingSoFar == nil ? $0 : nil }
  }
}
