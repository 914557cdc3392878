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
}
