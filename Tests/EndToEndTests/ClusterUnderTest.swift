import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// A cluster that is not the run's own, with light workloads of the test, and votes that no rollout touches.
///
/// Several runs can go on in it at once, each with a workload and a tally of its own: what they share is the cluster.
struct ClusterUnderTest: Sendable {
  /// A workload that rolls within seconds, of `Fixtures/light.yaml`.
  struct Light: Sendable {
    var kind = "deployment"
    var name: String
    /// A line of its spec.
    var detail = "progressDeadlineSeconds: 60"

    /// As kubectl names it.
    var workload: String { "\(kind)/\(name)" }
    /// The flag that names it.
    var flag: [String] { ["--\(kind)", name] }

    static func statefulSet(_ name: String) -> Light {
      Light(kind: "statefulset", name: name, detail: "serviceName: \(name)")
    }
  }

  let votebench: Votebench
  let sandbox: SandboxUp
  /// Port of `Fixtures/counted_votes.py`.
  let votes: Int

  var stage: Stage { votebench.stage }

  fileprivate init(_ votebench: Votebench, _ sandbox: SandboxUp) async throws {
    self.votebench = votebench
    self.sandbox = sandbox
    votes = try FreePort.next()
    _ = try Self.script("counted_votes.py", ["\(votes)"], on: votebench.stage)
    try await waitUntil("votes can be sent") {
      _ = try LoopbackSocket(port: votes)
      return true
    }
  }

  /// Starts a Python script of the fixtures.
  static func script(_ name: String, _ arguments: [String], on stage: Stage) throws -> ServerProcess {
    try stage.start(
      try Executables.system("python3"), [fixture(name)] + arguments, name: "\(name)-\(arguments[0])")
  }

  private static func fixture(_ name: String) -> String {
    Executables.projectFile("Tests/EndToEndTests/Fixtures/\(name)")
  }

  // MARK: kubectl

  /// kubectl's own files, and everything that a run may leave at home, belong to the test.
  private var environment: [String: String] { votebench.environment().merging(["HOME": stage.folder]) { $1 } }

  /// The kubectl of the machine as an administrator's, as a line of a shell begins.
  var kubectlLine: String { "kubectl --kubeconfig \(sandbox.kubeconfig)" }

  /// What kubectl prints as the cluster's administrator, in the namespace of the kubeconfig; throws when it fails.
  @discardableResult
  func kubectl(_ arguments: [String], kubeconfig: String? = nil) async throws -> String {
    let name = "kubectl-\(UInt64.random(in: 0 ... .max))"
    let all = ["--kubeconfig", kubeconfig ?? sandbox.kubeconfig] + arguments
    let process = try stage.start(try Executables.system("kubectl"), all, environment: environment, name: name)
    guard try await process.wait(within: .seconds(90)) == .exited(0) else {
      throw StageError("kubectl \(arguments): \(stage.log(of: name))")
    }
    return stage.log(of: name)
  }

  /// Applies a manifest.
  func apply(manifest: String, namespace: String = "oggy") async throws {
    let file = "\(stage.folder)/manifest-\(UInt64.random(in: 0 ... .max)).yaml"
    try manifest.write(toFile: file, atomically: true, encoding: .utf8)
    try await kubectl(["apply", "-n", namespace, "-f", file])
  }

  /// Applies workloads, and waits until they are ready.
  func apply(_ workloads: [Light], namespace: String = "oggy") async throws {
    let template = try String(contentsOfFile: Self.fixture("light.yaml"), encoding: .utf8)
    let manifest = workloads.map { light in
      template.replacing("KIND", with: light.kind == "deployment" ? "Deployment" : "StatefulSet")
        .replacing("NAME", with: light.name).replacing("DETAIL", with: light.detail)
    }
    try await apply(manifest: manifest.joined(), namespace: namespace)
    for light in workloads {
      try await kubectl(["rollout", "status", "-n", namespace, light.workload, "--timeout=60s"])
    }
  }

  /// A workload as `kubectl get -o yaml` shows it, apart from what Kubernetes itself counts up.
  func yaml(_ workload: String, namespace: String = "oggy") async throws -> String {
    let counted = ["generation:", "resourceVersion:", "deployment.kubernetes.io/revision:"]
    let text = try await kubectl(["get", "-n", namespace, workload, "-o", "yaml"])
    let lines = text.split(separator: "\n").prefix { $0 != "status:" }
    return lines.filter { line in !counted.contains { line.drop { $0 == " " }.hasPrefix($0) } }
      .joined(separator: "\n")
  }

  /// A field of a workload, by its JSONPath.
  func field(_ path: String, of workload: String) async throws -> String {
    try await kubectl(["get", workload, "-o", "jsonpath={\(path)}"])
  }

  /// Waits until a workload has the new image.
  func rolls(_ workload: String) async throws {
    try await waitUntil("\(workload) rolls", within: .seconds(30)) {
      try await field(".spec.template.spec.containers[0].image", of: workload) == "voting-app:v2"
    }
  }

  /// A copy of the administrator's kubeconfig, changed.
  func kubeconfig(_ name: String, _ change: (String) -> String) throws -> String {
    let file = "\(stage.folder)/\(name).kubeconfig"
    try change(try String(contentsOfFile: sandbox.kubeconfig, encoding: .utf8))
      .write(toFile: file, atomically: true, encoding: .utf8)
    return file
  }

  /// The server's host and port, by the kubeconfig.
  func server() throws -> String {
    let text = try String(contentsOfFile: sandbox.kubeconfig, encoding: .utf8)
    guard let start = text.firstRange(of: "server: https://") else { throw StageError("no server in \(text)") }
    return String(text[start.upperBound...].prefix { !$0.isWhitespace })
  }

  /// A kubeconfig whose user has this bearer token, and no certificate.
  func kubeconfig(_ name: String, token: String) async throws -> String {
    let file = try kubeconfig(name) { $0 }
    try await kubectl(["config", "set-credentials", name, "--token=\(token)"], kubeconfig: file)
    try await kubectl(["config", "set-context", "--current", "--user=\(name)"], kubeconfig: file)
    return file
  }

  // MARK: Runs

  /// Few votes and short phases.
  static let short = [
    "--during-rollout", "--connections", "4", "--warmup", "0s", "--baseline", "1s", "--settle", "1s",
    "--recovered", "1s", "--drain-max", "20s", "--rollout-timeout", "60s", "--progress", "plain",
  ]

  /// Starts a run of this name, which has a tally and a folder of its own; `flags` come last.
  func start(_ name: String, _ flags: [String], kubeconfig: String? = nil) throws -> ClusterRun {
    let folder = "\(stage.folder)/Reports/runs/\(name)"
    let target = [
      "--target", "http://127.0.0.1:\(votes)", "--vote-path", "/\(name)/vote", "--result-path", "/\(name)/result",
      "--rate", "25", "--kubeconfig", kubeconfig ?? sandbox.kubeconfig, "--out", folder,
    ]
    return try start(["run"] + target + Self.short + flags, name: name, folder: folder)
  }

  /// Starts votebench with just these arguments.
  func start(_ arguments: [String], name: String, folder: String = "") throws -> ClusterRun {
    let process = try stage.start(
      try Votebench.path(), arguments, environment: environment, name: "run-\(name)", endSignal: SIGTERM)
    return ClusterRun(name: name, folder: folder, process: process, stage: stage)
  }

  /// Runs to the end; see `start`.
  func run(
    _ name: String, _ flags: [String], kubeconfig: String? = nil
  ) async throws -> Votebench.Ended {
    try await start(name, flags, kubeconfig: kubeconfig).ended()
  }
}

/// Runs a test against a cluster that other programs use, too; afterwards nothing of it is left.
func withCluster(_ body: (ClusterUnderTest) async throws -> Void) async throws {
  try await withSandboxUp { votebench, sandbox in try await body(ClusterUnderTest(votebench, sandbox)) }
}

/// Does something with each of the items, a few at a time; throws what the first one throws that fails.
func forEach<Item: Sendable>(
  _ items: [Item], atOnce: Int, _ body: @escaping @Sendable (Item) async throws -> Void
) async throws {
  try await withThrowingTaskGroup(of: Void.self) { group in
    for (place, item) in items.enumerated() {
      if place >= atOnce { try await group.next() }
      group.addTask { try await body(item) }
    }
    try await group.waitForAll()
  }
}
