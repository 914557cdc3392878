import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Sandbox

/// A sandbox of a test, in a folder of the test.
struct SandboxUnderTest {
  let server: SandboxServer
  let info: SandboxInfo
  let stage: Stage

  static func configuration(_ stage: Stage) throws -> SandboxConfiguration {
    SandboxConfiguration(
      httpsPort: try FreePort.next(), votingd: try Executables.built("votingd"),
      manifests: Executables.projectFile("Profiles/manifests"), folderBase: stage.folder,
      lifeline: false)
  }

  static func run(_ body: (SandboxUnderTest) async throws -> Void) async throws {
    try await withStage { stage in
      let server = SandboxServer(try configuration(stage))
      do {
        try await server.start()
        try await body(SandboxUnderTest(server: server, info: try #require(await server.info), stage: stage))
      } catch {
        await server.stop()
        throw error
      }
      await server.stop()
      #expect(!FileManager.default.fileExists(atPath: SandboxFolder.home(in: stage.folder)))
    }
  }

  /// Sends a request through the ingress: the status, and the body on success.
  func request(_ path: String, _ arguments: String...) async throws -> (status: Int, body: String) {
    let common = [
      "-s", "-m", "10", "--cacert", info.caCertificate, "--resolve", "\(info.host):\(info.port):\(info.address)",
      "-H", "Accept: application/json", "-w", "\n%{http_code}",
    ]
    let text = try await output("curl", common + arguments + [info.url + path])
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return (Int(lines.last ?? "") ?? 0, lines.dropLast().joined(separator: "\n"))
  }

  func vote(_ choice: String, by voter: String) async throws -> Int {
    try await request("/vote", "-d", "vote=\(choice)", "-b", "voter_id=\(voter)").status
  }

  func kubectl(_ arguments: String...) async throws -> String {
    try await kubectl(arguments)
  }

  func kubectl(_ arguments: [String]) async throws -> String {
    try await output(
      "kubectl", ["--kubeconfig", info.kubeconfig] + arguments, environment: ["HOME": info.kubectlHome])
  }

  func export(_ prefix: String) async throws -> [String] {
    let command = info.exportCommand.map { $0.replacing("{prefix}", with: prefix) }
    let text = try await output(command[0], Array(command.dropFirst()), environment: info.exportEnvironment)
    return text.split(separator: "\n").map { String($0.replacing("\t", with: " ")) }.sorted()
  }

  private func output(
    _ program: String, _ arguments: [String], environment: [String: String] = [:]
  ) async throws -> String {
    let log = "\(UInt64.random(in: 0 ... .max))"
    let variables = environment.merging(["PATH": "/usr/local/bin:/usr/bin:/bin"]) { own, _ in own }
    let path = program.hasPrefix("/") ? program : try Executables.system(program)
    _ = try await stage.start(path, arguments, environment: variables, name: log).wait()
    return stage.log(of: log)
  }

  /// The first process of the sandbox whose command line has all of these words.
  func process(_ words: String...) throws -> ProcessIdentity {
    for process in ProcessJournal(folder: info.folder).processes().dropFirst().reversed() where process.isAlive {
      let line = (try? String(contentsOfFile: "/proc/\(process.pid)/cmdline", encoding: .utf8)) ?? ""
      if words.allSatisfy({ line.contains($0) }) { return process }
    }
    throw StageError("no process of the sandbox has \(words)")
  }
}
