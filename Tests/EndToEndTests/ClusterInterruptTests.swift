import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// However a run in a cluster ends, the cluster is as it was.
@Suite("Runs in a cluster that end before their time")
struct ClusterInterruptTests {
  private typealias Light = ClusterUnderTest.Light

  private static let strategy = ["--strategy", "maxSurge=2,maxUnavailable=0,minReadySeconds=1"]

  @Test(
    "Ctrl-C in any phase ends with exit 130 and leaves the workload as it was, apart from what Kubernetes counts up")
  func phases() async throws {
    try await withCluster { cluster in
      let phases = ["warmup", "baseline", "rollout", "settle", "rollback", "recovered", "drain"]
      try await cluster.apply(phases.map { Light(name: $0) })
      try await forEach(phases, atOnce: 4) { phase in
        let light = Light(name: phase)
        let before = try await cluster.yaml(light.workload)
        // Between polls that are seldom the drain lasts long enough to be interrupted.
        let run = try cluster.start(
          phase,
          light.flag + Self.strategy
            + ["--image", "voting-app:v2", "--warmup", "1s", "--poll-interval", phase == "drain" ? "3s" : "500ms"])
        try await run.isIn(phase)
        if phase == "rollout" { try await cluster.rolls(light.workload) }
        run.process.signal(SIGINT)
        let ended = try await run.ended()
        #expect(ended.status == 130, "\(phase): \(ended.output)")
        #expect(ended.summary?.interrupted == true, "\(phase): \(ended.output)")
        #expect(try await cluster.yaml(light.workload) == before, "\(phase): \(ended.output)")
        #expect(!ended.output.contains("NOT as before"))
      }
    }
  }

  @Test("after kill -9 in the rollout the next run refuses and names the command that puts the cluster back, once")
  func killed() async throws {
    let environment = ProcessInfo.processInfo.environment
    let others = [("old", "VOTEBENCH_KUBECTL_1_20"), ("new", "VOTEBENCH_KUBECTL_1_37")].compactMap { name, variable in
      environment[variable].map { (name, ["--kubectl", $0]) }
    }
    try await withCluster { cluster in
      let kubectls: [(name: String, flags: [String])] = [("present", [])] + others
      try await cluster.apply(kubectls.map { Light(name: $0.name) })
      try await forEach(kubectls, atOnce: 3) { try await isKilled(in: cluster, Light(name: $0.name), $0.flags) }
    }
  }

  private func isKilled(in cluster: ClusterUnderTest, _ light: Light, _ kubectl: [String]) async throws {
    let flags = light.flag + Self.strategy + ["--image", "voting-app:v2"] + kubectl
    let before = try await cluster.yaml(light.workload)
    let killed = try cluster.start("killed-\(light.name)", flags)
    try await killed.isIn("rollout")
    try await cluster.rolls(light.workload)
    killed.process.signal(SIGKILL)
    #expect(try await killed.process.wait() == .signaled(SIGKILL))

    let refused = try await cluster.run("refused-\(light.name)", flags)
    #expect(refused.status == 69)
    #expect(refused.output.contains("votebench restore \(killed.folder)"), "\(refused.output)")
    #expect(!refused.output.contains("warmup"))

    func restore(_ run: String, _ flags: String...) async throws -> String {
      let ended = try await cluster.start(["restore", run] + flags, name: "restore-\(light.name)\(flags)").ended()
      #expect(ended.status == 0, "\(ended.output)")
      return ended.output
    }
    #expect(try await restore(killed.folder, "--dry-run").contains(" patch \(light.workload) "))
    #expect(try await cluster.yaml(light.workload) != before)
    let restored = try await restore(killed.name)
    #expect(try await cluster.yaml(light.workload) == before, "\(restored)")
    #expect(try await restore(killed.folder).contains("nothing to restore"))

    let next = try await cluster.run("next-\(light.name)", flags)
    #expect(next.summary?.rollouts.map(\.outcome) == ["complete", "complete"], "\(next.output)")
    #expect(try await cluster.yaml(light.workload) == before, "\(next.output)")
  }
}
