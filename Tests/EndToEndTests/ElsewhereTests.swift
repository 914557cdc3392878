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
      let run = try await votebench.run(
        sandbox.ingress + ["--rate", "100", "--duration", "3s", "--warmup", "1s"] + Votebench.patient)
      let summary = try #require(run.summary, "\(run.output)")
      #expect(run.status == 0, "\(run.output)")
      #expect(!summary.consistency.exact)
      #expect(summary.consistency.altered == nil)
      #expect(run.output.contains("by totals"))
    }
  }

  @Test(
    "each vote is looked up in the export that a command gives; one that gives nothing is no proof of a loss: exit 2")
  func export() async throws {
    try await withSandboxUp { votebench, sandbox in
      let load = sandbox.ingress + ["--rate", "100", "--duration", "2s", "--warmup", "1s"] + Votebench.patient
      let select = "copy (select id, vote from votes where id like '{prefix}%') to stdout"
      let psql = "exec db-0 -- psql -U postgres -d votes -c"
      let kubectl = "kubectl --kubeconfig \(sandbox.kubeconfig) \(psql) \"\(select)\""
      let run = try await votebench.run(load + ["--export", kubectl, "--out", votebench.stage.folder + "/one"])
      let summary = try #require(try Votebench.summary(in: votebench.stage.folder + "/one"), "\(run.output)")
      #expect(run.status == 0 && summary.consistency.exact && summary.consistency.altered == 0, "\(run.output)")

      let empty = try await votebench.run(load + ["--export", "true", "--out", votebench.stage.folder + "/two"])
      let second = try #require(try Votebench.summary(in: votebench.stage.folder + "/two"), "\(empty.output)")
      #expect(empty.status == 2 && second.consistency.lost == 0, "\(empty.output)")
      #expect(second.consistency.findings.map(\.code) == ["EXPORT_FAILED"], "\(empty.output)")
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
