import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// A run against an ingress and a cluster that are not the run's own: here a sandbox that stays up, met from outside.
@Suite("A run elsewhere", .serialized)
struct ElsewhereTests {
  /// What `sandbox up` prints, as flags.
  private struct Sandbox {
    var ingress: [String]
    var cluster: [String]

    init(_ printed: String) throws {
      func value(after text: String, until end: String) throws -> String {
        guard let start = printed.firstRange(of: text) else { throw StageError("'\(text)' is not in: \(printed)") }
        let rest = printed[start.upperBound...]
        return String(rest[..<(rest.firstRange(of: end)?.lowerBound ?? rest.endIndex)])
      }
      ingress = [
        "--target", try value(after: "sandbox at ", until: " "),
        "--resolve", try value(after: "--resolve ", until: " "), "--cacert", try value(after: "--cacert ", until: " "),
      ]
      cluster = ["--kubeconfig", try value(after: "KUBECONFIG=", until: " ")]
    }
  }

  private func withSandbox(_ body: (Votebench, Sandbox) async throws -> Void) async throws {
    try await withStage { stage in
      let votebench = try Votebench(on: stage)
      let up = try await votebench.run(["sandbox", "up"], within: .seconds(60))
      #expect(up.status == 0, "\(up.output)")
      do {
        try await body(votebench, Sandbox(up.output))
      } catch {
        _ = try await votebench.run(["sandbox", "down"], within: .seconds(60))
        throw error
      }
      #expect(try await votebench.run(["sandbox", "down"], within: .seconds(60)).status == 0)
      #expect(votebench.processes().isEmpty)
      #expect(votebench.leftovers().isEmpty)
    }
  }

  @Test("a load alone passes by totals when no vote is indeterminate: exit 0, and the report says how it knows")
  func load() async throws {
    try await withSandbox { votebench, sandbox in
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
    try await withSandbox { votebench, sandbox in
      let run = try await votebench.run(
        sandbox.ingress + sandbox.cluster + Votebench.shortRollout + ["--image", "voting-app:v2"])
      let summary = try #require(run.summary, "\(run.output)")
      #expect(run.status == 0, "\(run.output)")
      #expect(summary.rollouts.map(\.outcome) == ["complete", "complete"])
      #expect(votebench.processes(running: "votingd vote").count == 4)
    }
  }

  @Test("a namespace that does not exist: exit 69 before any vote")
  func wrongNamespace() async throws {
    try await withSandbox { votebench, sandbox in
      let run = try await votebench.run(
        sandbox.ingress + sandbox.cluster + ["--namespace", "nobody"] + Votebench.shortRollout
          + ["--image", "voting-app:v2"])
      #expect(run.status == 69)
      #expect(run.output.contains("not found"), "\(run.output)")
      #expect(run.summary == nil)
    }
  }
}
