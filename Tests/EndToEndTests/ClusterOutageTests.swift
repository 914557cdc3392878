import Glibc
import TestSupport
import Testing

/// The API server goes away in the middle of a rollout, and the rollout goes on.
@Suite("An API server that is away for a while")
struct ClusterOutageTests {
  private typealias Light = ClusterUnderTest.Light

  /// How it is away.
  private enum Absence: CaseIterable {
    /// Connections break, and new ones are refused.
    case refuses
    /// Connections stay, and nothing comes.
    case hangs
  }

  @Test("after 5 s without it every pod has all its times, those of the gap as intervals")
  func away() async throws {
    try await withCluster { cluster in
      let lights = Absence.allCases.map { (absence: $0, light: Light(name: "\($0)", detail: "minReadySeconds: 2")) }
      try await cluster.apply(lights.map(\.light))
      try await forEach(lights, atOnce: 2) { try await goesOn($0.light, without: cluster, $0.absence) }
    }
  }

  private func goesOn(_ light: Light, without cluster: ClusterUnderTest, _ absence: Absence) async throws {
    let before = try await cluster.yaml(light.workload)
    let (port, server) = (try FreePort.next(), try cluster.server())
    let cable = try ClusterUnderTest.script("cable.py", ["\(port)", server], on: cluster.stage)
    let kubeconfig = try cluster.kubeconfig(light.name) { $0.replacing(server, with: "127.0.0.1:\(port)") }
    try await waitUntil("the cable connects") { try await cluster.kubectl(["version"], kubeconfig: kubeconfig) != "" }

    let run = try cluster.start(light.name, light.flag + ["--image", "voting-app:v2"], kubeconfig: kubeconfig)
    try await run.isIn("rollout")
    try await cluster.rolls(light.workload)
    cable.signal(absence == .hangs ? SIGSTOP : SIGKILL)
    try await Task.sleep(for: .seconds(5))
    if absence == .hangs {
      cable.signal(SIGCONT)
    } else {
      _ = try await cable.wait()
      _ = try ClusterUnderTest.script("cable.py", ["\(port)", server], on: cluster.stage)
    }
    let ended = try await run.ended()
    let summary = try #require(ended.summary, "\(ended.output)")
    #expect(summary.rollouts.map(\.outcome) == ["complete", "complete"], "\(ended.output)")
    #expect(try await cluster.yaml(light.workload) == before)
    let rollout = try #require(summary.rollouts.first)
    #expect(rollout.pods.filter(\.old).count == 2 && rollout.pods.count == 4, "\(rollout.pods.map(\.name))")
    #expect(rollout.pods.flatMap(\.missing) == [], "\(rollout.pods.map(\.times))")
    #expect(rollout.pods.flatMap(\.disorder) == [], "\(rollout.pods.map(\.times)) \(rollout.gaps)")
    guard absence == .refuses else { return }
    let gap = try #require(rollout.gaps.first, "\(ended.output)")
    #expect(gap.endS - gap.startS >= 4)
    // Of SIGTERM no cluster tells the moment, with or without a gap.
    let intervals = rollout.pods.flatMap { pod in
      // A Service may have told of a pod just before.
      let start = min(gap.startS, pod.times["endpointReadyS"] ?? gap.startS)
      return pod.times.filter { $0.key.hasSuffix("EarliestS") && !$0.key.hasPrefix("sigterm") }.map {
        (name: $0.key, earliest: $0.value, start: $0.key == "readyEarliestS" ? start : gap.startS)
      }
    }
    #expect(!intervals.isEmpty, "\(rollout.pods.map(\.times))")
    #expect(intervals.allSatisfy { $0.earliest >= $0.start - 0.001 && $0.earliest <= gap.endS }, "\(intervals) \(gap)")
  }
}
