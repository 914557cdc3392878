import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// However a run ends, nothing of it is left, and the exit status says how it ended.
@Suite("The end of a run", .serialized)
struct EndingTests {
  @Test(
    "an interrupt in the middle of a rollout puts the cluster back, writes the report and exits by its signal",
    arguments: [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
  func interrupted(signal: Int32, status: Int32) async throws {
    try await withStage { stage in
      let votebench = try Votebench(on: stage)
      let process = try votebench.start(Votebench.shortRollout)
      try await votebench.awaitRollout()
      process.signal(signal)
      let run = try await votebench.ended(process, within: .seconds(90))
      let summary = try #require(run.summary, "\(run.output)")
      #expect(run.status == status, "\(run.output)")
      #expect(summary.interrupted)
      #expect(summary.rollouts.map(\.outcome) == ["interrupted", "complete"])
      #expect(summary.rollouts.last?.trigger.contains("rollout undo") == true)
      #expect(votebench.leftovers().isEmpty)
      #expect(votebench.processes().isEmpty)
    }
  }

  @Test("stages end the run with exactly their votes, and no phase has more or fewer than its length")
  func stages() async throws {
    try await withStage { stage in
      let run = try await Votebench(on: stage).run(
        ["--stages", "1s@80,1s@80..240,500ms@200", "--warmup", "500ms"], within: .seconds(90))
      let summary = try #require(run.summary, "\(run.output)")
      #expect(summary.phases.map(\.name) == ["warmup", "baseline", "drain"])
      #expect(summary.phases.map(\.votes.due) == [40, 340, 0])
      #expect(summary.phases.map(\.votes.accepted) == [40, 340, 0])
      #expect(run.status == 0, "\(run.output)")
    }
  }

  @Test("a second interrupt ends at once, and the sandbox ends by itself")
  func twice() async throws {
    try await withStage { stage in
      let votebench = try Votebench(on: stage)
      let process = try votebench.start(Votebench.shortRollout)
      try await votebench.awaitRollout()
      process.signal(SIGINT)
      try await waitUntil("the first interrupt is seen", within: .seconds(20)) {
        stage.log(of: "votebench").contains("interrupted:")
      }
      process.signal(SIGINT)
      #expect(try await process.wait(within: .seconds(5)) == .exited(130))
      try await waitUntil("the sandbox is gone", within: .seconds(30)) {
        votebench.processes().isEmpty && votebench.leftovers().isEmpty
      }
    }
  }

  @Test("after kill -9 of votebench no process of the sandbox is left; its votes can be judged and told: inconclusive")
  func killed() async throws {
    try await withStage { stage in
      let votebench = try Votebench(on: stage)
      let process = try votebench.start(Votebench.shortRollout)
      try await votebench.awaitRollout()
      process.signal(SIGKILL)
      #expect(try await process.wait(within: .seconds(5)) == .signaled(SIGKILL))
      try await waitUntil("the sandbox is gone", within: .seconds(30)) {
        votebench.processes().isEmpty && votebench.leftovers().isEmpty
      }
      let again = try await votebench.run(["verify", try #require(votebench.report)])
      #expect(again.status == 2, "\(again.output)")
      #expect(again.output.contains("INCONCLUSIVE") && again.output.contains("NO_EVIDENCE"), "\(again.output)")
      let told = try await votebench.run(["report", try #require(votebench.report)])
      let summary = try #require(told.summary, "\(told.output)")
      #expect(told.status == 0 && summary.rollouts.map(\.outcome) == ["interrupted"], "\(told.output)")
      #expect(summary.phases.map(\.name) == ["warmup", "baseline", "rollout"] && summary.interrupted)
    }
  }

  @Test("after kill -9 of votebench and of the sandbox the next start cleans up")
  func bothKilled() async throws {
    try await withStage { stage in
      let votebench = try Votebench(on: stage)
      let process = try votebench.start(Votebench.shortRollout)
      try await waitUntil("votes are sent", within: .seconds(60)) { stage.log(of: "votebench").contains("baseline") }
      let sandbox = try #require(votebench.processes(running: "sandbox serve").first)
      process.signal(SIGKILL)
      kill(sandbox, SIGKILL)
      #expect(try await process.wait(within: .seconds(5)) == .signaled(SIGKILL))
      try await waitUntil("the processes of the sandbox are gone", within: .seconds(30)) {
        votebench.processes().isEmpty
      }
      #expect(!votebench.leftovers().isEmpty, "the folder is there still")
      let next = try await votebench.run(["sandbox", "down"])
      #expect(next.status == 0)
      #expect(votebench.leftovers().isEmpty)
    }
  }

  @Test("a sandbox that is killed in the rollout makes the run blind: exit 69, and what was seen is told, twice alike")
  func sandboxKilled() async throws {
    try await withStage { stage in
      let votebench = try Votebench(on: stage)
      let process = try votebench.start(Votebench.shortRollout)
      try await votebench.awaitRollout()
      let folder = try #require(votebench.report)
      let early = try stage.start(
        try Votebench.path(), ["report", folder], environment: votebench.environment(), name: "early")
      #expect(try await early.wait(within: .seconds(20)) == .exited(64))
      #expect(stage.log(of: "early").contains("still under way"), "its own files are not written by somebody else")
      kill(try #require(votebench.processes(running: "sandbox serve").first), SIGKILL)
      let run = try await votebench.ended(process, within: .seconds(60))
      #expect(run.status == 69)
      #expect(run.output.contains("the sandbox ended in the middle of the run"))
      #expect(run.summary?.verdict != "pass", "what was measured is reported, and is no pass")
      #expect(run.summary?.rollouts.map(\.outcome) == ["interrupted"], "\(run.output)")
      #expect(votebench.processes().isEmpty)
      let told = try await votebench.run(["report", folder, "--out", stage.folder + "/copy"])
      #expect(told.status == 0, "\(told.output)")
      for name in ["summary.json", "report.html", "events.ndjson", "latency.hlog"] {
        let (one, other) = (try Data(contentsOf: URL(filePath: "\(folder)/\(name)")), stage.folder + "/copy/" + name)
        #expect(try one == Data(contentsOf: URL(filePath: other)), "\(name) differs")
      }
    }
  }
}
