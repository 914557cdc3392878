import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Sandbox

/// What kubectl does in real containers, and what it is told it cannot do.
@Suite("kubectl exec", .serialized)
struct KubectlExecTests {
  @Test("runs a command with its streams and its exit code", arguments: KubectlClient.all)
  func commands(client: KubectlClient) async throws {
    try await KubectlStage.run { stage in
      try await stage.runPod("box", "exec sleep 100")
      let table: [(line: String, code: Int32, output: String, errors: String)] = [
        ("kubectl exec box -- echo hello world", 0, "hello world\n", ""),
        ("kubectl exec pod/box -c main -- sh -c 'echo out; echo err >&2; exit 3'", 3, "out\n", "err\n"),
        ("kubectl exec box -- sh -c 'echo $HOSTNAME'", 0, "box\n", ""),
        ("printf 'some\\ntext' | kubectl exec -i box -- cat", 0, "some\ntext", ""),
        ("echo x | kubectl exec box -- cat", 0, "", ""), ("echo x | kubectl exec -i box -- true", 0, "", ""),
        ("kubectl exec box -- sh -c 'kill -9 $$'", 137, "", ""),
        ("kubectl exec box -- sh -c 'sleep 30 & echo done'", 0, "done\n", ""),
      ]
      for row in table {
        let said = try await stage.shell(client, row.line)
        #expect(
          said.code == row.code && said.output == row.output && said.errors.hasPrefix(row.errors), "\(row): \(said)")
        #expect(row.code == 0 || said.errors.contains("command terminated with exit code \(row.code)"), "\(said)")
      }
      let user = try await stage.shell(client, "kubectl exec box -- id -u")
      #expect(user.output == "\(stage.node.folder.account?.uid ?? getuid())\n")
    }
  }

  @Test("carries much in both directions, in order", arguments: KubectlClient.all)
  func much(client: KubectlClient) async throws {
    try await KubectlStage.run { stage in
      try await stage.runPod("box", "exec sleep 100")
      let said = try await stage.shell(
        client, "seq 1 500000 | kubectl exec -i box -- cat | cksum; seq 1 500000 | cksum")
      let sums = said.output.split(separator: "\n")
      #expect(sums.count == 2 && sums.first == sums.last, "\(said)")
    }
  }

  @Test("ends with its client, and with the container", arguments: KubectlClient.all)
  func ends(client: KubectlClient) async throws {
    try await KubectlStage.run { stage in
      try await stage.runPod("box", "exec sleep 100")
      let (process, _) = try stage.start(client, "exec \(client.path) exec box -- sh -c 'echo $$; exec sleep 99'")
      let pid = try await pid(in: process)
      #expect(kill(pid, 0) == 0)
      process.signal(SIGKILL)
      try await waitUntil("the command is gone", within: .seconds(5)) { kill(pid, 0) != 0 }

      let (second, errors) = try stage.start(client, "kubectl exec box -- sh -c 'echo $$; exec sleep 99'")
      let other = try await self.pid(in: second)
      try await stage.node.deletePod("box")
      #expect(try await second.wait() == .exited(137))
      #expect(try String(contentsOfFile: errors, encoding: .utf8).contains("exit code 137"))
      #expect(kill(other, 0) != 0)
    }
  }

  private func pid(in process: ServerProcess) async throws -> pid_t {
    try await waitUntil("it says its pid") { try String(contentsOfFile: process.log, encoding: .utf8).hasSuffix("\n") }
    return try #require(pid_t(String(contentsOfFile: process.log, encoding: .utf8).dropLast()))
  }

  @Test("says in one line what is wrong, or not offered", arguments: KubectlClient.all)
  func refusals(client: KubectlClient) async throws {
    try await KubectlStage.run { stage in
      try await stage.runPod("box", "exec sleep 100")
      try stage.node.createPod("stuck", ["image": "nosuch:1"])
      let table: [(String, String)] = [
        ("exec box -- nosuch", "exec: \"nosuch\": executable file not found in $PATH"),
        ("exec nosuch -- true", "pods \"nosuch\" not found"),
        ("exec box -c nosuch -- true", "container nosuch is not valid for pod box"),
        ("exec stuck -- true", "container not found (\"main\")"),
        ("attach box", "kubectl attach is not offered by the sandbox"),
        ("port-forward box 18080:80", "kubectl port-forward is not offered by the sandbox"),
        ("run extra --image=voting-app:v1", "kubectl run is not offered by the sandbox"),
        ("top pods", "Metrics API not available"), ("top nodes", "Metrics API not available"),
      ]
      for (line, expected) in table {
        let said = try await stage.shell(client, "kubectl \(line)")
        #expect(said.code == 1 && said.errors.contains(expected), "\(line): \(said)")
      }
      #expect(stage.node.pod("extra").isNull)
    }
  }

  @Test("a client that goes away at any moment of the hand-shake does the server no harm", arguments: 0..<3)
  func goneEarly(linesRead: Int) async throws {
    try await KubectlStage.run { stage in
      try await stage.runPod("box", "exec sleep 100")
      let request = """
        POST /api/v1/namespaces/default/pods/box/exec?command=sleep&command=30&stdout=true&stderr=true HTTP/1.1\r
        Host: x\r\nX-Client-Verify: SUCCESS\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r
        X-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n
        """
      for round in 0..<60 {
        let client = try TestSupport.LoopbackSocket(unixSocketPath: "\(stage.node.folder.path)/api.sock")
        try client.write(request)
        let lines = try (0..<linesRead).map { _ in try client.line() }
        #expect(lines.first ?? "HTTP/1.1 101 Switching Protocols" == "HTTP/1.1 101 Switching Protocols")
        if round % 3 == 0 { try await Task.sleep(for: .milliseconds(round)) }
      }
      let client = try #require(KubectlClient.all.first)
      let said = try await stage.shell(client, "kubectl exec box -- echo here")
      #expect(said.output == "here\n", "\(said)")
    }
  }

  @Test("a terminal, or a client without a protocol, is refused")
  func terminal() async throws {
    try await KubectlStage.run { stage in
      try await stage.runPod("box", "exec sleep 100")
      let path = "/api/v1/namespaces/default/pods/box/exec?command=sh&stdout=true"
      let terminal = try await stage.curl("\(path)&tty=true&stdin=true")
      #expect(terminal.contains("the sandbox offers no terminal") && terminal.hasSuffix("\n400"), "\(terminal)")
      let plain = try await stage.curl(path)
      #expect(plain.contains("Upgrade request required") && plain.hasSuffix("\n400"), "\(plain)")
      let none = try await stage.curl("/api/v1/namespaces/default/pods/box/exec?stdout=true")
      #expect(none.contains("you must specify at least 1 command") && none.hasSuffix("\n400"), "\(none)")
    }
  }
}
