import Glibc
import TestSupport
import Testing

/// The main job on the sandbox, with the real binary.
///
/// One after the other: they measure.
@Suite("A run with a rollout", .serialized)
struct RolloutRunTests {
  @Test("the shipped configuration loses nothing: exit 0, every vote accounted for")
  func safe() async throws {
    try await withStage { stage in
      let votebench = try Votebench(on: stage)
      let run = try await votebench.run(Votebench.shortRollout)
      let summary = try #require(run.summary, "\(run.output)")
      #expect(run.status == 0, "\(run.output)")
      #expect(summary.verdict == "pass")
      #expect(
        summary.phases.map(\.name) == ["warmup", "baseline", "rollout", "settle", "rollback", "recovered", "drain"])
      #expect(summary.total.votes.due == summary.total.votes.accepted)
      #expect(summary.total.votes.resent == 0)
      #expect(summary.consistency.exact)
      #expect(summary.consistency.converged)
      #expect(summary.consistency.lost == 0)
      #expect(summary.consistency.duplicated == 0)
      #expect(summary.rollouts.map(\.outcome) == ["complete", "complete"])
      for rollout in summary.rollouts {
        #expect(rollout.pods.filter { $0.old && $0.goneS != nil }.count == 4)
        #expect(rollout.pods.filter { !$0.old && $0.readyS != nil }.count == 4)
      }
      #expect(run.output.contains("PASS"))
      try await votebench.validateSummary()
      if HistogramLog.reader != nil { try await HistogramLogCheck(of: votebench).holds(summary) }
      #expect(votebench.leftovers().isEmpty)
      #expect(votebench.processes().isEmpty)
    }
  }

  @Test("an image that ends at once, without a preStop to run, does the harm that the recordings show: exit 1")
  func abrupt() async throws {
    try await withStage { stage in
      let run = try await Votebench(on: stage).run(Votebench.shortRollout + ["--image", "voting-app:abrupt"])
      let summary = try #require(run.summary, "\(run.output)")
      #expect(run.status == 1, "\(run.output)")
      #expect(summary.consistency.lost == 0, "an accepted vote is never lost by it")
      // The ingress answers 502 while the address refuses, then it hangs until the client gives up.
      #expect(summary.errors.contains { $0.kind == "http-502" && $0.phase == "rollback" })
      #expect(summary.errors.contains { $0.kind == "timeout" && $0.phase == "rollback" })
      #expect(!summary.errors.contains { $0.phase == "baseline" || $0.phase == "rollout" })
      #expect(summary.objectives.first { $0.expression == "change: error-rate == 0" }?.verdict == "fail")
    }
  }

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
      let run = try await Votebench(on: stage).run(Votebench.shortRollout + ["--image", "voting-app:missing"])
      let summary = try #require(run.summary, "\(run.output)")
      #expect(run.status == 1, "\(run.output)")
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
