import FoundationEssentials
import Glibc
import Logging
import TestSupport
import Testing

@testable import Sandbox

/// A real kubelet and a real API server, behind the nginx that a sandbox has: for what kubectl does with containers.
struct KubectlStage: Sendable {
  let node: KubeletStage
  private let kubeconfig: String
  private let certificates: Certificates

  /// Runs a test with it; afterwards nothing is left.
  static func run(_ body: (KubectlStage) async throws -> Void) async throws {
    try await KubeletStage.run { node in
      let journal = ProcessJournal(folder: node.folder.path)
      let programs = try Programs.locate()
      let certificates = try await Certificates.make(
        in: node.folder, host: "oggy.local", apiAddress: node.range.api, openssl: programs.openssl, journal: journal)
      let socket = "\(node.folder.path)/api.sock"
      let server = Task { try await APIServer(store: node.store, kubelet: node.kubelet).run(unixSocketPath: socket) }
      try await waitUntil("the API server listens") { access(socket, F_OK) == 0 }
      try node.folder.give(socket)
      let front = try await NginxServer.start(
        "api", http: APIFront.configuration(address: node.range.api, certificates: certificates, socket: socket),
        modules: [], program: programs.nginx, folder: node.folder, listening: (node.range.api, APIFront.port),
        journal: journal, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      let kubeconfig = try certificates.kubeconfig(
        server: "https://\(node.range.api):\(APIFront.port)", context: "c", namespace: "default")
      let path = "\(node.stage.folder)/kubeconfig"
      try kubeconfig.write(toFile: path, atomically: true, encoding: .utf8)
      let result: Result<Void, any Error>
      do {
        result = .success(try await body(KubectlStage(node: node, kubeconfig: path, certificates: certificates)))
      } catch {
        result = .failure(error)
      }
      await front.stop()
      server.cancel()
      _ = await server.result
      try result.get()
    }
  }

  /// What a kubectl wrote to either stream, and how it ended.
  struct Said: Sendable, Equatable {
    var code: Int32
    var output: String
    var errors: String
  }

  /// Runs a line of the shell in which `kubectl` is that kubectl, with a HOME of its own.
  func shell(_ client: KubectlClient, _ line: String) async throws -> Said {
    let (process, errors) = try start(client, line)
    guard case .exited(let code) = try await process.wait(within: .seconds(60)) else {
      throw StageError("killed: \(line)")
    }
    return Said(
      code: code, output: try String(contentsOfFile: process.log, encoding: .utf8),
      errors: try String(contentsOfFile: errors, encoding: .utf8))
  }

  /// Starts such a line; gives the process and the file of its standard error.
  func start(_ client: KubectlClient, _ line: String) throws -> (ServerProcess, errors: String) {
    let name = "line-\(UUID())"
    let errors = "\(node.stage.folder)/\(name).err"
    let process = try node.stage.start(
      "/bin/sh", ["-c", "kubectl() { \(client.path) \"$@\"; }; exec 2>\(errors); \(line)"],
      environment: [
        "HOME": "\(node.stage.folder)/home-\(client.name.replacing(" ", with: "-"))", "KUBECONFIG": kubeconfig,
        "PATH": "/usr/bin:/bin",
      ], name: name)
    return (process, errors)
  }

  /// What curl gets for a path: the body and, on a line of its own, the status.
  func curl(_ path: String, _ headers: [String] = []) async throws -> String {
    let name = "curl-\(UUID())"
    let key = certificates.folder
    let arguments = [
      "-s", "-m", "10", "--cacert", certificates.authority, "--cert", "\(key)/client.crt", "--key",
      "\(key)/client.key", "-w", "\n%{http_code}", "https://\(node.range.api):\(APIFront.port)\(path)",
    ]
    let all = arguments + headers.flatMap { ["-H", $0] }
    _ = try await node.stage.start(try Executables.system("curl"), all, name: name).wait()
    return node.stage.log(of: name)
  }

  /// Runs a pod of a shell script, and waits until it runs.
  func runPod(_ name: String, _ script: String, and specification: JSON = [:]) async throws {
    try node.createPod(
      name, ["image": "worker:v1", "command": ["sh", "-c", .string(script)]], and: specification)
    try await waitUntil("\(name) runs or ran") {
      node.status(name)["state", "waiting"].isNull && !node.status(name).isNull
    }
  }
}

/// A kubectl of the machine.
struct KubectlClient: Sendable, CustomTestStringConvertible {
  var name: String
  var path: String

  var testDescription: String { name }

  /// The installed one, and those that the environment names.
  static let all: [KubectlClient] = {
    let environment = ProcessInfo.processInfo.environment
    let named = [("kubectl 1.20", "VOTEBENCH_KUBECTL_1_20"), ("kubectl 1.37", "VOTEBENCH_KUBECTL_1_37")]
    let installed = (try? Executables.system("kubectl")).map { KubectlClient(name: "installed", path: $0) }
    return [installed].compactMap(\.self)
      + named.compactMap { name, variable in environment[variable].map { KubectlClient(name: name, path: $0) } }
  }()
}
