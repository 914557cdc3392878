import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Sandbox

/// What kubectl says of the logs of real containers.
@Suite("kubectl logs", .serialized)
struct KubectlLogTests {
  @Test("shows what a container wrote, or a part of it", arguments: KubectlClient.all)
  func parts(client: KubectlClient) async throws {
    try await KubectlStage.run { stage in
      try await stage.runPod("talker", "seq 1 5; sleep 2; seq 6 9; printf end; exec sleep 60")
      try await waitUntil("it has said all") {
        try await stage.shell(client, "kubectl logs talker").output.hasSuffix("end")
      }
      let table: [(String, String)] = [
        ("kubectl logs talker", "1\n2\n3\n4\n5\n6\n7\n8\n9\nend"),
        ("kubectl logs pod/talker -c main --tail=2", "9\nend"),
        ("kubectl logs talker --limit-bytes=3", "1\n2"), ("kubectl logs talker --tail=0", ""),
        ("kubectl logs talker --timestamps --tail=3 | cut -dZ -f2", " 8\n 9\nend\n"),
        ("kubectl logs talker --since=1h --tail=1", "end"),
      ]
      for (line, expected) in table {
        let said = try await stage.shell(client, line)
        #expect(
          said.code == 0 && said.output.hasPrefix(expected.replacing("\nend\n", with: "\n end")), "\(line): \(said)")
      }
      // The first five lines are older, by more than a mark is late.
      let times = try await stage.shell(client, "kubectl logs talker --timestamps | cut -d' ' -f1 | sort -u").output
      let moments = times.split(separator: "\n").compactMap { Timestamp.moment(String($0)) }
      #expect(moments.count >= 2 && (moments.last ?? .now).timeIntervalSince(moments.first ?? .now) > 1.5, "\(times)")
      let since = Timestamp.text((moments.last ?? .now).addingTimeInterval(-0.5).addingTimeInterval(1))
      #expect(try await stage.shell(client, "kubectl logs talker --since-time=\(since)").code == 0)
      let later = try await stage.shell(client, "kubectl logs talker --since-time=2030-01-01T00:00:00Z")
      #expect(later.output == "" && later.code == 0)
    }
  }

  @Test("follows what a container writes, in order, until it ends", arguments: KubectlClient.all)
  func follows(client: KubectlClient) async throws {
    try await KubectlStage.run { stage in
      let go = "\(stage.node.stage.folder)/go"
      try await stage.runPod(
        "counter", "seq 1 1000; until [ -e \(go) ]; do sleep 0.1; done; seq 1001 60000",
        and: ["restartPolicy": "Never"])
      let (process, _) = try stage.start(client, "kubectl logs -f counter")
      try await waitUntil("the first lines are there") {
        try String(contentsOfFile: process.log, encoding: .utf8).hasSuffix("\n1000\n")
      }
      #expect(process.poll() == nil)
      try "".write(toFile: go, atomically: true, encoding: .utf8)
      #expect(try await process.wait() == .exited(0))
      let lines = try String(contentsOfFile: process.log, encoding: .utf8).split(separator: "\n").map(String.init)
      #expect(lines == (1...60_000).map(String.init))
    }
  }

  @Test("--previous shows the start before, and a pod that does not run says why", arguments: KubectlClient.all)
  func previous(client: KubectlClient) async throws {
    try await KubectlStage.run { stage in
      let count = "\(stage.node.stage.folder)/count"
      chmod(stage.node.stage.folder, 0o777)
      try await stage.runPod(
        "failing", "echo x >> \(count); echo start $(wc -l < \(count)); [ $(wc -l < \(count)) = 2 ] && sleep 60; exit 7"
      )
      try await waitUntil("it runs again") { stage.node.status("failing")["restartCount"].int == 1 }
      try await waitUntil("it has said so") {
        try await stage.shell(client, "kubectl logs failing").output == "start 2\n"
      }
      #expect(try await stage.shell(client, "kubectl logs failing --previous").output == "start 1\n")
      try stage.node.createPod("unknown", ["image": "nosuch:1"])
      try stage.node.createPod(
        "several", ["image": "worker:v1", "command": ["sleep", "60"]],
        and: [
          "containers": [
            ["name": "a", "image": "worker:v1", "command": ["sleep", "60"]],
            ["name": "b", "image": "worker:v1", "command": ["sleep", "60"]],
          ]
        ])
      try await waitUntil("it cannot be pulled") { !stage.node.status("unknown")["state", "waiting"].isNull }
      let table: [(String, String)] = [
        ("logs failing --previous -c nosuch", "container nosuch is not valid for pod failing"),
        ("logs unknown", "container \"main\" in pod \"unknown\" is waiting to start"),
        ("logs nosuch", "pods \"nosuch\" not found"),
        ("logs unknown --previous", "previous terminated container \"main\" in pod \"unknown\" not found"),
      ]
      for (line, expected) in table {
        let said = try await stage.shell(client, "kubectl \(line)")
        #expect(said.code == 1 && said.errors.contains(expected), "\(line): \(said)")
      }
    }
  }
}
