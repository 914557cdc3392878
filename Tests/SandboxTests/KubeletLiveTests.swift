import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Sandbox

@Suite("Containers that run")
struct KubeletLiveTests {
  private func shell(_ script: String, _ more: JSON = [:]) -> JSON {
    var container: JSON = ["image": "worker:v1", "command": ["sh", "-c", .string(script)]]
    container.merge(more)
    return container
  }

  private func log(_ pod: String, _ stage: KubeletStage, _ container: String = "main") -> String {
    let path = "\(stage.folder.path)/pods/default_\(pod)_\(container)_0.log"
    return (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
  }

  @Test("a command and its arguments replace the image's, with variables put in")
  func command() async throws {
    try await KubeletStage.run { stage in
      try stage.createPod(
        "p",
        [
          "image": "voting-app:v1", "command": ["sh", "-c", "echo \"$0 $1\"; exec sleep 60"],
          "args": ["$(GREETING)", "$$(GREETING) $(NONE)"],
          "env": [["name": "WHO", "value": "world"], ["name": "GREETING", "value": "hello $(WHO)"]],
        ])
      try await waitUntil("it speaks") { !log("p", stage).isEmpty }
      #expect(log("p", stage) == "hello world $(GREETING) $(NONE)\n")
    }
  }

  private static let failures: [(JSON, String)] = [
    (["exec": ["command": ["sh", "-c", "echo no; exit 1"]]], "no"),
    (["exec": ["command": ["sleep", "5"]]], "command timed out: \"sleep 5\" timed out after 1s"),
    (["tcpSocket": ["port": 81]], "dial tcp ADDRESS:81: connect: connection refused"),
    (["grpc": ["port": 81]], "the sandbox makes no gRPC probes"),
    (
      ["httpGet": ["port": 81, "path": "x"]],
      "Get \"http://ADDRESS:81/x\": dial tcp ADDRESS:81: connect: connection refused"
    ),
  ]

  @Test(
    "probes by command and by connection tell what is wrong in the kubelet's words",
    arguments: failures)
  func probes(probe: JSON, message: String) async throws {
    try await KubeletStage.run { stage in
      try stage.createPod("p", shell("exec sleep 60", ["readinessProbe": probe]))
      try await waitUntil("an Event says so") { !stage.events("p", "Unhealthy").isEmpty }
      let expected = "Readiness probe failed: " + message.replacing("ADDRESS", with: stage.address("p"))
      #expect(stage.events("p", "Unhealthy") == [expected])
      #expect(!stage.isReady("p"))
    }
  }

  @Test("a container whose liveness probe fails is ended with its grace and starts again")
  func liveness() async throws {
    try await KubeletStage.run { stage in
      let probe: JSON = ["exec": ["command": ["false"]], "periodSeconds": 1, "failureThreshold": 1]
      try stage.createPod("p", shell("trap 'exit 3' TERM; while :; do sleep 0.05; done", ["livenessProbe": probe]))
      try await waitUntil("it runs again") { stage.status("p")["restartCount"].int ?? 0 >= 1 }
      #expect(stage.events("p", "Killing") == ["Container main failed liveness probe, will be restarted"])
      #expect(stage.status("p")["lastState", "terminated", "exitCode"].int == 3)
    }
  }

  @Test("a container beyond its memory limit is OOMKilled")
  func outOfMemory() async throws {
    try await KubeletStage.run { stage in
      let hoard = "x=$(head -c 40000000 /dev/zero | tr '\\0' x); while :; do sleep 0.1; done"
      try stage.createPod(
        "p", shell(hoard, ["resources": ["limits": ["memory": "20Mi"]]]), and: ["restartPolicy": "Never"])
      try await waitUntil("it has ended") { stage.pod("p")["status", "phase"].string == "Failed" }
      let end = stage.status("p")["state", "terminated"]
      #expect(end["reason"].string == "OOMKilled")
      #expect(end["exitCode"].int == 137)
    }
  }

  @Test("volumes hold what their ConfigMap says, and an emptyDir is the pod's alone")
  func volumes() async throws {
    try await KubeletStage.run { stage in
      try stage.store.create(
        ["metadata": ["name": "conf", "namespace": "default"], "data": ["a": "one", "b": "two"]], .configMaps)
      let files: JSON = [
        ["name": "conf", "configMap": ["name": "conf", "items": [["key": "b", "path": "dir/b.txt"]]]],
        ["name": "data", "emptyDir": [:]],
      ]
      let container: JSON = [
        "image": "redis:7",
        "volumeMounts": [
          ["name": "data", "mountPath": "/data"], ["name": "conf", "mountPath": "/data/conf"],
        ],
      ]
      try stage.createPod("p", container, volumes: files)
      try await waitUntil("it is ready") { stage.isReady("p") }
      #expect(try await stage.execute(["cat", "/data/conf/dir/b.txt"], in: "p") == .ended(0, output: "two"))
      #expect(try await stage.execute(["touch", "/data/file"], in: "p") == .ended(0, output: ""))
      #expect(try await stage.execute(["ls", "/data"], in: "p") == .ended(0, output: "file"))
      try await stage.deletePod("p")
      let left = try FileManager.default.contentsOfDirectory(atPath: "\(stage.folder.path)/volumes")
      #expect(left.isEmpty)
    }
  }

  @Test("volumes are mounted where the container wants them, and nobody else sees it")
  func mounts() async throws {
    try await KubeletStage.run { stage in
      guard await stage.kubelet.runner.names.resolution.canMount else { return }  // the system forbids it
      try stage.store.create(
        ["metadata": ["name": "conf", "namespace": "default"], "data": ["a": "one"]], .configMaps)
      let mounts: JSON = [
        ["name": "conf", "mountPath": "/etc/votebench-test/conf", "readOnly": true],
        ["name": "conf", "mountPath": "/etc/votebench-file", "subPath": "a"],
        ["name": "data", "mountPath": "/var/cache"],
      ]
      try stage.createPod(
        "p", shell("exec sleep 60", ["volumeMounts": mounts]),
        volumes: [["name": "conf", "configMap": ["name": "conf"]], ["name": "data", "emptyDir": [:]]])
      try await waitUntil("it is ready") { stage.isReady("p") }
      let script = """
        cat /etc/votebench-test/conf/a /etc/votebench-file; touch /var/cache/file; ls /var/cache; \
        touch /etc/votebench-test/conf/b 2> /dev/null || echo read-only; getent hosts p | awk '{ print $1 }'
        """
      let said = try await stage.execute(["sh", "-c", script], in: "p")
      #expect(said == .ended(0, output: "oneonefile\nread-only\n\(stage.address("p"))"))
      #expect(try await stage.execute(["ls", "/var/cache"], in: "p") == .ended(0, output: "file"))
      #expect(access("/etc/votebench-test", F_OK) != 0)
      #expect(access("/var/cache/file", F_OK) != 0)
    }
  }

  @Test("what cannot be mounted is said, and nothing starts")
  func unmountable() async throws {
    try await KubeletStage.run { stage in
      try stage.createPod(
        "p", shell("exec sleep 60", ["volumeMounts": [["name": "data", "mountPath": "/nowhere/app"]]]),
        volumes: [["name": "data", "emptyDir": [:]]])
      try await waitUntil("its status says so") {
        stage.status("p")["state", "waiting", "reason"].string == "CreateContainerConfigError"
      }
      #expect(stage.events("p", "Failed").first?.contains("cannot mount volume \"data\" at /nowhere/app") == true)
      try stage.createPod("q", shell("exec sleep 60"), volumes: [["name": "conf", "configMap": ["name": "nope"]]])
      try await waitUntil("an Event says so") {
        stage.events("q", "FailedMount") == [
          "MountVolume.SetUp failed for volume \"conf\" : configmap \"nope\" not found"
        ]
      }
    }
  }

  @Test("a program that is not there is said so")
  func noProgram() async throws {
    try await KubeletStage.run { stage in
      try stage.createPod("p", ["image": "worker:v1", "command": ["nonesuch"]])
      try await waitUntil("an Event says so") { !stage.events("p", "Failed").isEmpty }
      #expect(
        stage.events("p", "Failed").first?.contains("exec: \"nonesuch\": executable file not found in $PATH") == true)
      #expect(stage.status("p")["state", "waiting", "reason"].string == "RunContainerError")
    }
  }

  @Test("containers of a pod run in order and share its address")
  func several() async throws {
    try await KubeletStage.run { stage in
      try stage.createPod(
        "p", shell("echo third; exec sleep 60"),
        and: [
          "initContainers": [
            ["name": "first", "image": "worker:v1", "command": ["sh", "-c", "sleep 0.2; echo first"]],
            ["name": "second", "image": "worker:v1", "command": ["sh", "-c", "echo second"]],
          ]
        ])
      try await waitUntil("it is ready") { stage.isReady("p") }
      #expect(log("p", stage, "first") == "first\n")
      #expect(log("p", stage, "second") == "second\n")
      let ends = stage.pod("p")["status", "initContainerStatuses"].elements.map {
        $0["state", "terminated", "exitCode"].int
      }
      #expect(ends == [0, 0])
    }
  }

  @Test("hooks run after the start and before SIGTERM")
  func hooks() async throws {
    try await KubeletStage.run { stage in
      let place = stage.stage.folder
      chmod(place, 0o777)
      let hooks: JSON = [
        "lifecycle": [
          "postStart": ["exec": ["command": ["sh", "-c", .string("echo began >> \(place)/said")]]],
          "preStop": ["exec": ["command": ["sh", "-c", .string("sleep 0.2; echo ending >> \(place)/said")]]],
        ]
      ]
      let script = "trap 'echo SIGTERM >> \(place)/said; exit 0' TERM; while :; do sleep 0.02; done"
      try stage.createPod("p", shell(script, hooks))
      try await waitUntil("it is ready") { stage.isReady("p") }
      try await stage.deletePod("p")
      #expect(try String(contentsOfFile: "\(place)/said", encoding: .utf8) == "began\nending\nSIGTERM\n")
    }
  }

  @Test("a hook that fails is an Event")
  func failedHooks() async throws {
    try await KubeletStage.run { stage in
      let hooks: JSON = ["lifecycle": ["postStart": ["exec": ["command": ["false"]]]]]
      try stage.createPod("p", shell("exec sleep 60", hooks))
      try await waitUntil("an Event says so") { !stage.events("p", "FailedPostStartHook").isEmpty }
      let preStop: JSON = ["lifecycle": ["preStop": ["httpGet": ["port": 81]]]]
      try stage.createPod("q", shell("exec sleep 60", preStop))
      try await waitUntil("it is ready") { stage.isReady("q") }
      try await stage.deletePod("q")
      #expect(stage.events("q", "FailedPreStopHook") == ["PreStopHook failed"])
    }
  }

  @Test("a pod that asks for more than there is stays pending, until there is enough")
  func unschedulable() async throws {
    let node = SandboxNode(cpu: 1_000, memory: 1 << 30)
    try await KubeletStage.run(node: node) { stage in
      func asking(_ cpu: String) -> JSON { shell("exec sleep 60", ["resources": ["requests": ["cpu": .string(cpu)]]]) }
      try stage.createPod("huge", asking("64"))
      try stage.createPod("one", asking("600m"), and: ["terminationGracePeriodSeconds": 1])
      try await waitUntil("it runs") { stage.isReady("one") }
      try stage.createPod("two", asking("600m"))
      try await waitUntil("the scheduler refuses it") { !stage.events("two", "FailedScheduling").isEmpty }
      #expect(
        stage.events("huge", "FailedScheduling") == [
          "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: "
            + "0/1 nodes are available: 1 Preemption is not helpful for scheduling."
        ])
      #expect(stage.pod("two")["status", "phase"].string == "Pending")
      try await stage.deletePod("one")
      try await waitUntil("there is enough") { stage.isReady("two") }
    }
  }
}
