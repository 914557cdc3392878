import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// A run against an ingress and a cluster that are not the run's own: here a sandbox that stays up, met from outside.
@Suite("A run elsewhere", .serialized)
struct ElsewhereTests {
  @Test("a load alone passes by totals when no vote is indeterminate: exit 0, and the report says how it knows")
  func load() async throws {
    try await withSandboxUp { votebench, sandbox in
      let run = try await votebench.run(sandbox.ingress + ["--rate", "100", "--duration", "3s", "--warmup", "1s"])
      let summary = try #require(run.summary, "\(run.output)")
      #expect(run.status == 0, "\(run.output)")
      #expect(!summary.consistency.exact)
      #expect(summary.consistency.altered == nil)
      #expect(run.output.contains("by totals"))
    }
  }

  @Test("a rollout through the user's kubeconfig is driven and undone, and the sandbox stays")
  func rollout() async throws {
    try await withSandboxUp { votebench, sandbox in
      let run = try await votebench.run(
        sandbox.ingress + sandbox.cluster + Votebench.shortRollout + ["--image", "voting-app:v2"])
      let summary = try #require(run.summary, "\(run.output)")
      #expect(run.status == 0, "\(run.output)")
      #expect(summary.rollouts.map(\.outcome) == ["complete", "complete"])
      #expect(votebench.processes(running: "votingd vote").count == 4)
    }
  }
}
