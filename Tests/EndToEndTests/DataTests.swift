import TestSupport
import Testing

/// What happens to the data in the middle of a load: users may notice, but what was accepted is counted.
@Suite("The data under a load", .serialized)
struct DataTests {
  private static let changes = [
    "rollout restart deployment/redis", "rollout restart statefulset/db", "delete pod db-0 --grace-period=0 --force",
    "delete pod -l app=redis --grace-period=0 --force", "rollout restart deployment/worker",
  ]

  @Test("Redis, PostgreSQL and the worker are rolled and killed, and no accepted vote is lost or counted twice")
  func changes() async throws {
    try await withStage { stage in
      let votebench = try Votebench(on: stage)
      let process = try votebench.start(
        ["--rate", "100", "--duration", "40s", "--warmup", "1s"] + Votebench.patient)
      try await waitUntil("the load runs", within: .seconds(60)) { stage.log(of: "votebench").contains("warmup") }
      let kubeconfig = try #require(stage.log(of: "votebench").firstMatch(of: /KUBECONFIG=(\S+)/)?.1)
      for (number, change) in Self.changes.enumerated() {
        let words = ["--kubeconfig", String(kubeconfig), "-n", "oggy"] + change.split(separator: " ").map(String.init)
        let kubectl = try stage.start(
          Executables.system("kubectl"), words, environment: ["HOME": stage.folder, "PATH": "/usr/bin:/bin"],
          name: "kubectl-\(number)")
        #expect(try await kubectl.wait(within: .seconds(30)) == .exited(0), "\(stage.log(of: "kubectl-\(number)"))")
        for workload in ["deployment/redis", "statefulset/db", "deployment/worker"] {
          let status = try stage.start(
            Executables.system("kubectl"),
            ["--kubeconfig", String(kubeconfig), "-n", "oggy", "rollout", "status", workload, "--timeout=30s"],
            environment: ["HOME": stage.folder, "PATH": "/usr/bin:/bin"], name: "status-\(number)")
          #expect(try await status.wait(within: .seconds(40)) == .exited(0), "\(stage.log(of: "status-\(number)"))")
        }
      }
      let run = try await votebench.ended(process)
      let summary = try #require(run.summary, "\(run.output)")
      #expect(summary.consistency.exact)
      #expect(summary.consistency.lost == 0, "\(run.output)")
      #expect(summary.consistency.duplicated == 0)
      #expect(summary.consistency.phantom == 0)
      #expect(summary.total.votes.accepted > 1_000)
    }
  }
}
