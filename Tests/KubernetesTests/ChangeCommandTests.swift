import Bench
import FoundationEssentials
import TestSupport
import Testing

@testable import Kubernetes

/// From a change that was asked for to the command that makes it.
@Suite("Commands of a change")
struct ChangeCommandTests {
  private static func workload(
    _ containers: [String: String] = ["c": "i:1"], spec: String = #""replicas":2"#
  ) throws -> WorkloadObject {
    let list = containers.sorted { $0.key < $1.key }.map { #"{"name":"\#($0.key)","image":"\#($0.value)"}"# }
    let text = """
      {"metadata":{"name":"w","uid":"u"},"spec":{"selector":{},\(spec),\
      "template":{"spec":{"containers":[\(list.joined(separator: ","))]}}}}
      """
    return try JSONDecoder().decode(WorkloadObject.self, from: Data(text.utf8))
  }

  private static func pod(_ name: String, ready: Bool = true, marked: Bool = false) throws -> Pod {
    let mark = marked ? #","deletionTimestamp":"2026-01-01T00:00:00Z""# : ""
    let text = """
      {"metadata":{"name":"\(name)","uid":"\(name)"\(mark)},"spec":{"containers":[]},\
      "status":{"conditions":[{"type":"Ready","status":"\(ready ? "True" : "False")"}]}}
      """
    return try JSONDecoder().decode(Pod.self, from: Data(text.utf8))
  }

  private static func change(
    _ trigger: RolloutChange.Trigger, _ container: String? = nil, kind: Workload.Kind = .deployment
  ) -> RolloutChange {
    RolloutChange(workload: Workload(kind, "w"), container: container, trigger: trigger)
  }

  @Test(
    "each trigger has its command",
    arguments: [
      (change(.image("i:2")), "set image deployment/w c=i:2"),
      (change(.image("i:2"), "c", kind: .statefulSet), "set image statefulset/w c=i:2"),
      (change(.image("--all")), "set image deployment/w c=--all"),
      (change(.image(nil)), "set image deployment/w c=voting-app:v2"),
      (change(.restart, kind: .statefulSet), "rollout restart statefulset/w"),
      (change(.setEnv(["A=1", "B-"])), "set env deployment/w --containers=c A=1 B-"),
      (change(.setEnv(["A=--all"])), "set env deployment/w --containers=c A=--all"),
      (change(.setEnv(["-f=1"])), "set env deployment/w --containers=c -- -f=1"),
      (change(.scale(0)), "scale deployment/w --replicas=0"),
      (change(.deletePod), "delete pod w-2 --wait=false"),
    ])
  func commands(change: RolloutChange, words: String) throws {
    let pods = try [
      Self.pod("w-3"), Self.pod("w-2"), Self.pod("w-1", ready: false), Self.pod("w-0", marked: true),
    ]
    let command = try ChangeCommand(change, before: Self.workload(), pods: pods)
    #expect(command == .kubectl(words.split(separator: " ").map(String.init)))
  }

  @Test("a command of the user's own is left to the shell as it was written")
  func shell() throws {
    let command = try ChangeCommand(Self.change(.command("helm upgrade 'a b' $X")), before: Self.workload())
    #expect(command == .shell("helm upgrade 'a b' $X"))
    #expect(command.commandLine(with: Kubectl(namespace: "n")) == "helm upgrade 'a b' $X")
  }

  @Test("what would not roll, or is not clear, is refused in one line that says what to do")
  func problems() throws {
    let one = try Self.workload()
    let two = try Self.workload(["a": "i:1", "b": "i:1"])
    let paused = try Self.workload(spec: #""paused":true"#)
    let onDelete = try Self.workload(spec: #""updateStrategy":{"type":"OnDelete"}"#)
    let deployment = Workload(.deployment, "w")
    let set = Workload(.statefulSet, "w")
    let cases: [(RolloutChange, WorkloadObject, ChangeProblem)] = [
      (Self.change(.image("i:1")), one, .sameImage(deployment, "i:1")),
      (Self.change(.image("i:2"), "x"), one, .noContainer(deployment, "x", has: ["c"])),
      (Self.change(.setEnv(["A=1"]), "x"), two, .noContainer(deployment, "x", has: ["a", "b"])),
      (Self.change(.image("i:2")), two, .severalContainers(deployment, ["a", "b"])),
      (Self.change(.scale(2)), one, .sameReplicas(deployment, 2)),
      (Self.change(.scale(1)), paused, .sameReplicas(deployment, 1)),
      (Self.change(.restart), paused, .paused(deployment)),
      (Self.change(.restart, kind: .statefulSet), onDelete, .onDelete(set)),
      (Self.change(.deletePod), one, .noReadyPod(deployment)),
      (Self.change(.setEnv(["A=1", "-"])), one, .noVariable("-")),
      (Self.change(.setEnv(["=1"])), one, .noVariable("=1")),
      (Self.change(.setEnv(["A"])), one, .noVariable("A")),
    ]
    for (change, before, problem) in cases {
      #expect(throws: problem) { try ChangeCommand(change, before: before) }
      #expect(!problem.description.contains("\n"))
    }
    #expect(ChangeProblem.noContainer(deployment, "x", has: ["a", "b"]).description.contains("it has a, b"))
  }

  @Test(
    "a command line can be pasted into a shell: it splits into the same words",
    arguments: [
      ["a", "", "b c", "it's", "$HOME", "*", "a\nb", "\"x\"", "ä", "`id`", "{\"a\":[1]}", "~", "#", "''", "\\"]
    ])
  func quoting(words: [String]) async throws {
    let line = Kubectl(executable: "my kubectl", context: "c'd", namespace: "n").commandLine(words)
    #expect(line.hasPrefix(#"'my kubectl' --context 'c'\''d' -n n a '' "#))
    try await withStage { stage in
      let script = "printf '%s|' \(words.quotedForShell)"
      let shell = try stage.start("/bin/sh", ["-c", script], name: "shell")
      #expect(try await shell.wait() == .exited(0))
      #expect(stage.log(of: "shell") == words.map { $0 + "|" }.joined())
    }
  }
}
