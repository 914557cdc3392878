import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// Comparisons in a cluster that goes on when they do not.
@Suite("Comparisons in a cluster")
struct ClusterCompareTests {
  private typealias Light = ClusterUnderTest.Light

  private static let settings = [
    "--strategy", "maxSurge=1,maxUnavailable=0", "--variant", "maxSurge=2,terminationGracePeriodSeconds=3",
    "--repeat", "2", "--seed", "3",
  ]

  private func folder(_ light: Light, in cluster: ClusterUnderTest) -> String {
    "\(cluster.stage.folder)/Reports/runs/compare-\(light.name)"
  }

  private func compare(
    _ light: Light, in cluster: ClusterUnderTest, image: String = "voting-app:v2", _ settings: [String] = settings
  ) throws -> ClusterRun {
    let target = [
      "--target", "http://127.0.0.1:\(cluster.votes)", "--vote-path", "/\(light.name)/vote", "--result-path",
      "/\(light.name)/result", "--rate", "25", "--kubeconfig", cluster.sandbox.kubeconfig,
      "--out", folder(light, in: cluster),
    ]
    // The phase after a rollback is none of a comparison's.
    return try cluster.start(
      ["compare"] + target + ClusterUnderTest.short.filter { $0 != "--during-rollout" } + light.flag + settings
        + ["--image", image],
      name: "\(image.suffix(2))-\(light.name)")
  }

  private func resume(_ light: Light, in cluster: ClusterUnderTest, _ name: String) throws -> ClusterRun {
    try cluster.start(
      ["compare", "--resume", folder(light, in: cluster), "--progress", "plain"], name: "\(name)-\(light.name)")
  }

  /// What a comparison came to, without what a clock says.
  private struct Result: Decodable, Equatable {
    struct Recommendation: Decodable, Equatable {
      var kind: String
      var sentence: String
    }
    struct Rollout: Decodable, Equatable {
      var number: Int
      var repetition: Int
      var label: String
      var isForward: Bool
      var folder: String
      var outcome: String
      var failedVotes: Int
      var lostVotes: Int
    }
    var seed: UInt64
    var exitCode: Int
    var recommendation: Recommendation
    var rollouts: [Rollout]
  }

  private func result(_ light: Light, in cluster: ClusterUnderTest) throws -> Result {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let file = folder(light, in: cluster) + "/comparison.json"
    return try decoder.decode(Result.self, from: Data(contentsOf: URL(filePath: file)))
  }

  @Test("killed in a rollout and between two, interrupted, and gone on with, it comes to the same as one that was not")
  func killed() async throws {
    try await withCluster { cluster in
      let (whole, broken) = (Light(name: "whole"), Light(name: "broken"))
      try await cluster.apply([whole, broken])
      let before = try await cluster.yaml(broken.workload)
      let beforeWhole = try await cluster.yaml(whole.workload)
      let undisturbed = try compare(whole, in: cluster)

      let first = try compare(broken, in: cluster)
      try await first.prints(" set image ")
      try await cluster.rolls(broken.workload)
      first.process.signal(SIGKILL)
      #expect(try await first.process.wait() == .signaled(SIGKILL))

      // Between two rollouts the workload has the other image, and the patch of a setting.
      let second = try resume(broken, in: cluster, "second")
      try await second.prints("rollout 2 of 4")
      second.process.signal(SIGKILL)
      #expect(try await second.process.wait() == .signaled(SIGKILL))
      #expect(try await cluster.yaml(broken.workload) != before)

      let third = try resume(broken, in: cluster, "third")
      try await third.prints("rollout 3 of 4")
      try await third.prints("  baseline\n")
      third.process.signal(SIGINT)
      let interrupted = try await third.ended()
      #expect(interrupted.status == 130, "\(interrupted.output)")
      #expect(interrupted.output.contains("Go on with: votebench compare --resume"), "\(interrupted.output)")
      #expect(try await cluster.yaml(broken.workload) == before, "\(interrupted.output)")

      let last = try await resume(broken, in: cluster, "last").ended()
      let other = try await undisturbed.ended()
      #expect(last.status == 2 && other.status == 2, "\(last.output) \(other.output)")
      #expect(try result(broken, in: cluster) == result(whole, in: cluster))
      #expect(try result(broken, in: cluster).rollouts.map(\.number) == [1, 2, 3, 4])
      #expect(try await cluster.yaml(broken.workload) == before)
      #expect(try await cluster.yaml(whole.workload) == beforeWhole)
      #expect(!last.output.contains("NOT as before"))
      // Nothing is left to be made: told again, to the byte.
      let page = try Data(contentsOf: URL(filePath: folder(broken, in: cluster) + "/comparison.html"))
      #expect(try await resume(broken, in: cluster, "again").ended().status == 2)
      #expect(try Data(contentsOf: URL(filePath: folder(broken, in: cluster) + "/comparison.html")) == page)
    }
  }

  @Test("killed after a setting was put back in its middle, it is gone on with and leaves the workload as it was")
  func killedBetween() async throws {
    try await withCluster { cluster in
      let light = Light(name: "between")
      try await cluster.apply([light])
      let before = try await cluster.yaml(light.workload)
      // By this seed the variant rolls back in the second rollout, and both strategies follow, forth and back: nothing
      // has to be brought anywhere before the fourth.
      let first = try compare(
        light, in: cluster,
        [
          "--strategy", "maxSurge=1,maxUnavailable=0", "--strategy", "maxSurge=2", "--variant",
          "maxSurge=2,terminationGracePeriodSeconds=3", "--repeat", "2", "--seed", "1",
        ])
      for rollout in 2...3 { try await first.prints("rollout \(rollout) of 6") }
      try await first.prints("rollout 4 of 6, repetition 2 of 2: maxSurge=2, back")
      try await waitUntil("the fourth run is there", within: .seconds(60)) {
        FileManager.default.fileExists(atPath: folder(light, in: cluster) + "/runs/004/votes.ledger")
      }
      first.process.signal(SIGKILL)
      #expect(try await first.process.wait() == .signaled(SIGKILL))
      #expect(try await cluster.field(".spec.template.spec.containers[0].image", of: light.workload) == "voting-app:v2")

      let second = try await resume(light, in: cluster, "second").ended()
      #expect(second.status == 2, "\(second.output)")
      #expect(try await cluster.yaml(light.workload) == before, "\(second.output)")
      #expect(try result(light, in: cluster).rollouts.map(\.number) == Array(1...6))
    }
  }

  /// A kubectl that does nothing in the place of putting an image back while there is a file `hold`; gives its path.
  private func holdingKubectl(_ cluster: ClusterUnderTest) throws -> String {
    let (folder, path) = (cluster.stage.folder, cluster.stage.folder + "/holding-kubectl")
    let text = """
      #!/bin/sh
      case "$*" in *" --type=json "*image*) if [ -e \(folder)/hold ]; then touch \(folder)/held; exec sleep 60; fi;; esac
      exec \(try Executables.system("kubectl")) "$@"

      """
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    chmod(path, 0o755)
    return path
  }

  @Test("killed after its last rollout, it puts the workload back when it is gone on with")
  func killedAtTheEnd() async throws {
    try await withCluster { cluster in
      let light = Light(name: "end")
      try await cluster.apply([light])
      let before = try await cluster.yaml(light.workload)
      let hold = cluster.stage.folder + "/hold"
      try Data().write(to: URL(filePath: hold))
      // Three rollouts end with the other image.
      let run = try compare(
        light, in: cluster,
        ["maxSurge=1", "maxSurge=2", "maxSurge=1,maxUnavailable=0"].flatMap { ["--strategy", $0] }
          + ["--repeat", "1", "--kubectl", try holdingKubectl(cluster)])
      for rollout in 2...3 { try await run.prints("rollout \(rollout) of 3") }
      try await run.prints("rollout 3: ")
      try await waitUntil("it is about to put the workload back", within: .seconds(60)) {
        FileManager.default.fileExists(atPath: cluster.stage.folder + "/held")
      }
      run.process.signal(SIGKILL)
      #expect(try await run.process.wait() == .signaled(SIGKILL))
      try FileManager.default.removeItem(atPath: hold)
      #expect(try await cluster.yaml(light.workload) != before)

      let resumed = try await resume(light, in: cluster, "resumed").ended()
      #expect(resumed.status == 2 && !resumed.output.contains("waiting, under load"), "\(resumed.output)")
      #expect(try await cluster.yaml(light.workload) == before, "\(resumed.output)")
    }
  }

  @Test("Ctrl-C while pods are waited for before a rollout is noticed, said, and the workload put back")
  func interruptedBefore() async throws {
    try await withCluster { cluster in
      let light = Light(name: "early")
      try await cluster.apply([light])
      let before = try await cluster.yaml(light.workload)
      let never =
        #"{"spec":{"template":{"spec":{"containers":[{"name":"app","readinessProbe":{"httpGet":{"path":"/x"}}}]}}}}"#
      // Ten minutes, in which its pods do not become ready.
      let run = try compare(
        light, in: cluster,
        ["--variant", "patch=\(never)", "--variant", "replicas=2,patch=\(never)", "--rollout-timeout", "600s"])
      try await run.prints(" patch \(light.workload) ")
      try await waitUntil("it is patched", within: .seconds(30)) {
        try await cluster.yaml(light.workload).contains("path: /x")
      }
      run.process.signal(SIGINT)
      let ended = try await run.ended()
      #expect(ended.status == 130, "\(ended.output)")
      #expect(ended.output.contains("interrupted: putting the cluster back"), "\(ended.output)")
      #expect(ended.output.contains("interrupted: 0 of 16 rollouts were made."), "\(ended.output)")
      #expect(try await cluster.yaml(light.workload) == before, "\(ended.output)")
    }
  }

  @Test("a strategy that an interrupted rollout could not put back is said beside the interrupt")
  func interruptedAndLeft() async throws {
    try await withCluster { cluster in
      let light = Light(name: "stuck")
      try await cluster.apply([light])
      let kubectl = cluster.stage.folder + "/refusing-kubectl"
      let text = """
        #!/bin/sh
        case "$*" in *" --type=json "*maxSurge*) echo 'error: not now' >&2; exit 1;; esac
        exec \(try Executables.system("kubectl")) "$@"

        """
      try text.write(toFile: kubectl, atomically: true, encoding: .utf8)
      chmod(kubectl, 0o755)
      let run = try compare(light, in: cluster, Self.settings + ["--kubectl", kubectl])
      try await run.prints(" set image ")
      try await cluster.rolls(light.workload)
      run.process.signal(SIGINT)
      let ended = try await run.ended()
      #expect(ended.status == 130, "\(ended.output)")
      let said = try #require(ended.output.split(separator: "\n").first { $0.hasPrefix("votebench compare: ") })
      #expect(said.contains("interrupted: 0 of 4 rollouts were made. "), "\(ended.output)")
      #expect(said.contains("The cluster is NOT as before: ") && said.contains("not now"), "\(ended.output)")
    }
  }

  @Test(
    "one that makes no sense leaves nothing; what a killed one left a run refuses, and a comparison, also beside it, and votebench restore puts back"
  )
  func restored() async throws {
    try await withCluster { cluster in
      let light = Light(name: "left")
      try await cluster.apply([light])
      let before = try await cluster.yaml(light.workload)
      let senseless = try await compare(light, in: cluster, image: "voting-app:v1").ended()
      #expect(senseless.status == 69 && senseless.output.contains("runs voting-app:v1 already"), "\(senseless.output)")
      #expect(!FileManager.default.fileExists(atPath: folder(light, in: cluster)), "\(senseless.output)")

      let elsewhere = cluster.stage.folder + "/elsewhere"
      let killed = try cluster.start(
        "killed", light.flag + ["--image", "voting-app:v2", "--out", elsewhere + "/killed"])
      try await killed.prints(" set image ")
      try await cluster.rolls(light.workload)
      killed.process.signal(SIGKILL)
      #expect(try await killed.process.wait() == .signaled(SIGKILL))
      let beside = try await compare(light, in: cluster, Self.settings + ["--out", elsewhere + "/compare"]).ended()
      #expect(beside.status == 69, "\(beside.output)")
      #expect(beside.output.contains("votebench restore \(elsewhere)/killed"), "\(beside.output)")
      let first = try await cluster.start(["restore", elsewhere + "/killed"], name: "restore-killed").ended()
      #expect(first.status == 0, "\(first.output)")

      let run = try compare(light, in: cluster)
      try await run.prints(" set image ")
      try await cluster.rolls(light.workload)
      run.process.signal(SIGKILL)
      #expect(try await run.process.wait() == .signaled(SIGKILL))
      #expect(try await cluster.yaml(light.workload) != before)
      let refused = try await cluster.run("refused", light.flag + ["--image", "voting-app:v2"])
      #expect(refused.status == 69, "\(refused.output)")
      #expect(refused.output.contains("votebench restore \(folder(light, in: cluster))"), "\(refused.output)")
      let restored = try await cluster.start(["restore", folder(light, in: cluster)], name: "restore").ended()
      #expect(restored.status == 0, "\(restored.output)")
      #expect(try await cluster.yaml(light.workload) == before, "\(restored.output)")
    }
  }
}
