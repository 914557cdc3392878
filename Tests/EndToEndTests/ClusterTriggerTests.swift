import FoundationEssentials
import TestSupport
import Testing

/// Everything that a run can change in a cluster, changed and put back.
@Suite("Changes of a cluster")
struct ClusterTriggerTests {
  private typealias Light = ClusterUnderTest.Light

  /// A change, by the flags that ask for it; KUBECTL stands for the beginning of a command line.
  private struct Change: Sendable {
    var light: Light
    var flags: [String]
    /// How many pods end by it, and how many begin.
    var pods: (old: Int, new: Int)
    /// False when nothing is left to put back.
    var isPutBack = true
  }

  private static let changes = [
    Change(light: Light(name: "image"), flags: ["--image", "voting-app:v2"], pods: (2, 2)),
    Change(light: Light(name: "restart"), flags: ["--restart"], pods: (2, 2)),
    Change(
      light: Light(name: "env"), flags: ["--set-env", "COLOR=deep blue", "--set-env", "SIZE=1"], pods: (2, 2)),
    Change(light: Light(name: "up"), flags: ["--scale", "3"], pods: (2, 1)),
    Change(light: Light(name: "down"), flags: ["--scale", "1"], pods: (2, 0)),
    Change(light: Light(name: "delete"), flags: ["--delete-pod"], pods: (2, 1), isPutBack: false),
    Change(
      light: Light(name: "command"), flags: ["--trigger", "KUBECTL set env deployment/command \"COLOR=a  b\""],
      pods: (2, 2)),
    Change(light: .statefulSet("ordered"), flags: ["--restart"], pods: (2, 2)),
    Change(light: .statefulSet("scaled"), flags: ["--scale", "1"], pods: (2, 0)),
  ]

  @Test("each way to change a workload is followed to its end and put back, every pod with its times in order")
  func each() async throws {
    try await withCluster { cluster in
      try await cluster.apply(Self.changes.map(\.light))
      try await forEach(Self.changes, atOnce: 3) { try await completes($0, in: cluster) }
    }
  }

  private func completes(_ change: Change, in cluster: ClusterUnderTest) async throws {
    let light = change.light
    let before = try await cluster.yaml(light.workload)
    let flags = change.flags.map { $0.replacing("KUBECTL", with: "\(cluster.kubectlLine) -n oggy") }
    let run = try cluster.start(light.name, light.flag + flags)
    let ended = try await run.ended()
    let summary = try #require(ended.summary, "\(ended.output)")
    #expect(ended.isFine, "\(ended.output)")
    #expect(summary.rollouts.map(\.outcome) == (change.isPutBack ? ["complete", "complete"] : ["complete"]))
    #expect(summary.rollouts.map(\.workload) == summary.rollouts.map { _ in light.workload })
    #expect(try await cluster.yaml(light.workload) == before, "\(ended.output)")
    let pods = try #require(summary.rollouts.first).pods
    #expect(pods.filter(\.old).count == change.pods.old, "\(light.name): \(pods.map(\.name))")
    #expect(pods.filter { !$0.old }.count == change.pods.new, "\(light.name): \(pods.map(\.name))")
    #expect(summary.rollouts.flatMap(\.pods).flatMap(\.disorder) == [], "\(light.name)")
    for pod in pods where !pod.old || change.pods.new == 2 { #expect(pod.missing == [], "\(pod.name): \(pod.times)") }
    let times = try run.eventTimes()
    #expect(times.count > summary.phases.count && times == times.sorted())
  }

  @Test("changes of a profile are made in turn, with the strategy of the run, and put back with the last one first")
  func several() async throws {
    try await withCluster { cluster in
      let (web, ordered) = (Light(name: "web"), Light.statefulSet("ordered"))
      try await cluster.apply([web, ordered])
      let before = [try await cluster.yaml(web.workload), try await cluster.yaml(ordered.workload)]
      let file = cluster.stage.folder + "/several.yaml"
      let profile = """
        rollouts:
          - deployment: web
            image: voting-app:v2
          - statefulset: ordered
            set-env: [COLOR=blue]
          - deployment: web
            scale: 3
        strategy: minReadySeconds=1
        """
      try profile.write(toFile: file, atomically: true, encoding: .utf8)
      let run = try cluster.start("several", ["--profile", file])
      try await run.isIn("baseline")
      #expect(try await cluster.field(".spec.minReadySeconds", of: web.workload) == "1")
      #expect(try await cluster.field(".spec.minReadySeconds", of: ordered.workload) == "1")
      let ended = try await run.ended()
      let rollouts = try #require(ended.summary, "\(ended.output)").rollouts
      #expect(ended.isFine, "\(ended.output)")
      #expect(
        rollouts.map(\.workload) == [web, ordered, web, web, ordered, web].map(\.workload), "\(ended.output)")
      #expect(rollouts.map(\.isRollback) == [false, false, false, true, true, true])
      #expect(rollouts.allSatisfy { $0.outcome == "complete" })
      #expect([try await cluster.yaml(web.workload), try await cluster.yaml(ordered.workload)] == before)
    }
  }

  @Test(
    "without a rollback the change stays and the strategy is put back; a dry run says all of it and changes nothing")
  func staysOrNothing() async throws {
    try await withCluster { cluster in
      let light = Light(name: "light")
      try await cluster.apply([light])
      let flags =
        light.flag + ["--image", "voting-app:v2", "--no-rollback", "--strategy", "maxSurge=2,maxUnavailable=0"]
      let everything = ["get", "deployments,statefulsets,replicasets,services,configmaps", "-o", "json"]
      let before = try await cluster.kubectl(everything)
      let dry = try await cluster.run("dry", flags + ["--dry-run"])
      #expect(dry.status == 0, "\(dry.output)")
      for text in ["set image deployment/light app=voting-app:v2", "maxSurge", "votes"] {
        #expect(dry.output.contains(text), "\(dry.output)")
      }
      #expect(try await cluster.kubectl(everything) == before)

      let run = try cluster.start("stays", flags)
      try await run.isIn("baseline")
      #expect(try await cluster.field(".spec.strategy.rollingUpdate.maxSurge", of: light.workload) == "2")
      let ended = try await run.ended()
      #expect(ended.summary?.rollouts.map(\.outcome) == ["complete"], "\(ended.output)")
      #expect(try await cluster.field(".spec.strategy.rollingUpdate.maxSurge", of: light.workload) == "25%")
      #expect(try await cluster.yaml(light.workload).contains("image: voting-app:v2"))
    }
  }
}
