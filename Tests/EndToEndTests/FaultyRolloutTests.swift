import Glibc
import TestSupport
import Testing

/// Rollouts on the sandbox in which something is wrong, with the real binary.
@Suite("A run with a rollout that has a fault", .serialized)
struct FaultyRolloutTests {
  @Test("an image that drops 1 vote in 200 is convicted, and each lost voter named: exit 1")
  func lossy() async throws {
    try await withStage { stage in
      let run = try await Votebench(on: stage).run(Votebench.shortRollout + ["--image", "voting-app:lossy"])
      let summary = try #require(run.summary, "\(run.output)")
      #expect(run.status == 1, "\(run.output)")
      #expect(summary.total.votes.due == summary.total.votes.accepted, "it answers as always")
      #expect(summary.consistency.lost > 0)
      #expect(Set(summary.consistency.lostVoters).count == summary.consistency.lost)
      #expect(summary.consistency.findings.map(\.code) == ["LOST"])
      #expect(run.output.contains(summary.consistency.lostVoters[0]))
      #expect(run.output.contains("never reached the tally"))
      // Not more than 1 in 200 of what the image can have answered, which is less than all.
      #expect(summary.consistency.lost <= summary.consistency.accepted / 200)
    }
  }

  @Test("an image that does not exist ends within the rollout timeout, undone: exit 1")
  func missing() async throws {
    try await withStage { stage in
      let run = try await Votebench(on: stage).run(
        Votebench.shortRollout + ["--image", "voting-app:missing", "--slo", "change: error-rate == 0"])
      let summary = try #require(run.summary, "\(run.output)")
      #expect(run.status == 1, "\(run.output)")
      // No objective asks how it ends, and none is violated.
      #expect(summary.verdict == "fail" && !summary.objectives.contains { $0.verdict == "fail" }, "\(run.output)")
      #expect(summary.rollouts.map(\.outcome) == ["image-pull", "complete"])
      #expect(summary.rollouts[0].detail?.contains("voting-app:missing") == true)
      #expect(summary.rollouts[1].trigger.contains("rollout undo"))
      #expect(run.output.contains("the new image cannot be pulled"))
      #expect(summary.total.votes.due == summary.total.votes.accepted, "nobody noticed")
    }
  }

  @Test("a worker killed -9 in the middle of a run loses nothing, and the verdict says so")
  func workerKilled() async throws {
    try await withStage { stage in
      let votebench = try Votebench(on: stage)
      let process = try votebench.start(Votebench.shortRollout)
      var killed: Set<Int32> = []
      try await waitUntil("the baseline has begun", within: .seconds(60)) {
        stage.log(of: "votebench").contains("baseline")
      }
      for _ in 0..<2 {
        try await waitUntil("a worker runs", within: .seconds(60)) {
          guard let worker = votebench.processes(running: "votingd worker").first, !killed.contains(worker) else {
            return false
          }
          killed.insert(worker)
          return kill(worker, SIGKILL) == 0
        }
      }
      let run = try await votebench.ended(process)
      let summary = try #require(run.summary, "\(run.output)")
      #expect(killed.count == 2)
      #expect(run.status == 0, "\(run.output)")
      #expect(summary.consistency.lost == 0)
      #expect(summary.consistency.duplicated == 0)
      #expect(run.output.contains("each of \(summary.consistency.accepted) accepted votes is in the tally"))
    }
  }
}
