import FoundationEssentials
import Glibc
import Testing

@testable import Sandbox

/// The rules of a pod's life, each as a rehearsal without waiting.
@Suite("The life of a pod")
struct KubeletPodMachineTests {
  @Test("a pod starts when its node has made it, and is ready when its probe succeeds")
  func becomesReady() {
    var pod = Rehearsal()
    #expect(pod.json(0)["phase"].string == "Pending")
    pod.at(1.3)
    #expect(pod.did("start") == [1.3])
    pod.at(1.4, .started)
    pod.at(2.4)
    #expect(pod.did("probe readiness") == [2.4])
    let running = pod.json(2.4)
    #expect(running["phase"].string == "Running")
    #expect(pod.condition("Ready", in: running) == "False")
    pod.at(2.45, .probed(.readiness, failure: nil))
    let ready = pod.json(2.45)
    #expect(pod.condition("Ready", in: ready) == "True")
    #expect(ready["containerStatuses"][0]["ready"].bool == true)
    #expect(ready["podIP"].string == "127.70.1.10")
  }

  @Test("a pod becomes unready only after as many failures as its probe allows", arguments: [1, 2])
  func failureThreshold(failures: Int) {
    var pod = Rehearsal()
    pod.at(1.3)
    pod.at(1.4, .started)
    pod.at(2.4)
    pod.at(2.4, .probed(.readiness, failure: nil))
    for second in 0..<failures {
      pod.at(3.4 + Double(second))
      pod.at(3.41 + Double(second), .probed(.readiness, failure: "HTTP probe failed with statuscode: 503"))
    }
    #expect(pod.machine.isReady == (failures < 2))
    #expect(pod.did("Unhealthy").count == failures)
  }

  @Test("the end of a pod: hook, SIGTERM, exit, silence, removal")
  func orderlyEnd() {
    var pod = Rehearsal()
    pod.at(1.3)
    pod.at(1.4, .started)
    pod.at(2.4)
    pod.at(2.4, .probed(.readiness, failure: nil))
    pod.at(10, .deletion(grace: 30))
    #expect(pod.condition("Ready", in: pod.json(10)) == "True", "a pod stays ready until its container has ended")
    pod.at(15, .hookEnded(.preStop, failed: false))
    pod.at(15.1, .exited(0))
    #expect(pod.json(15.1)["phase"].string == "Succeeded")
    #expect(pod.condition("Ready", in: pod.json(15.1)) == "False")
    pod.at(16)
    #expect(pod.log.suffix(5) == ["10.0 Killing", "10.0 preStop", "15.0 SIGTERM", "15.1 silence", "15.55 remove"])
    #expect(pod.machine.deadline == nil)
  }

  @Test("a hook that fails is told of, and SIGTERM comes at once")
  func failedHook() {
    var pod = Rehearsal(image: "voting-app:abrupt")
    pod.at(1.3)
    pod.at(1.4, .started)
    pod.at(10, .deletion(grace: 30))
    pod.at(10.01, .hookEnded(.preStop, failed: true))
    #expect(pod.log.suffix(2) == ["10.01 FailedPreStopHook", "10.01 SIGTERM"])
  }

  @Test("a container that does not end is killed when its grace is over")
  func killed() {
    var pod = Rehearsal(preStop: .null)
    pod.at(1.3)
    pod.at(1.4, .started)
    pod.at(10, .deletion(grace: 8))
    pod.at(20)
    #expect(pod.did("SIGTERM") == [10])
    #expect(pod.did("SIGKILL") == [18])
    pod.at(20.1, .exited(137))
    #expect(pod.json(20.1)["phase"].string == "Failed")
  }

  @Test("a hook that outlasts the grace gets SIGTERM then, and SIGKILL 2 s later")
  func endlessHook() {
    var pod = Rehearsal()
    pod.at(1.3)
    pod.at(1.4, .started)
    pod.at(10, .deletion(grace: 8))
    pod.at(30)
    #expect(pod.did("SIGTERM") == [18])
    #expect(pod.did("SIGKILL") == [20])
  }

  @Test("a shorter grace that comes later holds, a longer one does not", arguments: [(3, 14.0), (60, 40.0)])
  func secondDeletion(grace: Int, killedAt: Double) {
    var pod = Rehearsal(preStop: .null)
    pod.at(1.3)
    pod.at(1.4, .started)
    pod.at(10, .deletion(grace: 30))
    pod.at(11, .deletion(grace: grace))
    pod.at(100)
    #expect(pod.did("SIGKILL") == [killedAt])
  }

  @Test("a pod that is deleted while its container starts ends it as soon as it runs")
  func deletedWhileStarting() {
    var pod = Rehearsal(preStop: .null)
    pod.at(1.3)
    pod.at(1.35, .deletion(grace: 30))
    #expect(pod.did("SIGTERM") == [])
    pod.at(1.4, .started)
    #expect(pod.did("SIGTERM") == [1.4])
  }

  @Test("an image that nobody has alternates between ErrImagePull and ImagePullBackOff")
  func missingImage() {
    var pod = Rehearsal(image: "voting-app:missing")
    var reasons: [String] = []
    for tenth in 0..<400 {
      pod.at(Double(tenth) / 10)
      let reason = pod.json(0)["containerStatuses"][0]["state", "waiting", "reason"].string ?? "?"
      if reasons.last != reason { reasons.append(reason) }
    }
    #expect(
      reasons == [
        "ContainerCreating", "ErrImagePull", "ImagePullBackOff", "ErrImagePull", "ImagePullBackOff", "ErrImagePull",
        "ImagePullBackOff",
      ])
    #expect(pod.did("Pulling") == [1.3, 11.3, 31.3])
    #expect(pod.did("start") == [])
    pod.at(41, .deletion(grace: 30))
    let status = pod.json(41)
    #expect(status["phase"].string == "Failed")
    #expect(status["containerStatuses"][0]["state", "terminated", "reason"].string == "ContainerStatusUnknown")
    pod.at(42)
    #expect(pod.did("remove") == [41.45])
    #expect(pod.did("silence") == [])
  }

  @Test("a container that crashes is started again: at once, after 10 s, after 20 s")
  func crashLoop() {
    var pod = Rehearsal()
    pod.at(1.3)
    for _ in 0..<4 {
      let start = pod.did("start").last ?? 0
      pod.at(start + 0.1, .started)
      pod.at(start + 1, .exited(1))
      pod.at(start + 45)
    }
    let starts = pod.did("start")
    let waits = zip(starts.dropFirst(), starts).map { ($0 - $1 - 1).rounded() }
    #expect(waits == [0, 10, 20, 40])
    #expect(pod.machine.containers[0].restarts == 4)
  }

  @Test("a crash-looping pod shows how it ended last, and why it waits")
  func crashStatus() {
    var pod = Rehearsal()
    pod.at(1.3)
    pod.at(1.4, .started)
    pod.at(2, .exited(1))
    pod.at(2.1)
    pod.at(2.2, .started)
    pod.at(3, .exited(3))
    #expect(pod.json(3)["containerStatuses"][0]["state", "terminated", "exitCode"].int == 3)
    pod.at(5)
    let container = pod.json(5)["containerStatuses"][0]
    #expect(container["state", "waiting", "reason"].string == "CrashLoopBackOff")
    #expect(
      container["state", "waiting", "message"].string
        == "back-off 10s restarting failed container=voting-app pod=voting-app-1_oggy(u-1)")
    #expect(container["lastState", "terminated", "exitCode"].int == 3)
    #expect(container["restartCount"].int == 1)
    #expect(pod.json(5)["phase"].string == "Running")
  }

  @Test("a failed liveness probe ends the container and starts it again")
  func liveness() {
    var pod = Rehearsal(
      preStop: .null,
      probes: [
        "livenessProbe": ["httpGet": ["path": "/healthz", "port": 8080], "periodSeconds": 5, "failureThreshold": 2]
      ])
    pod.at(1.3)
    pod.at(1.4, .started)
    for second in [2.4, 7.4] {
      pod.at(second)
      pod.at(second, .probed(.liveness, failure: "timeout"))
    }
    #expect(pod.did("SIGTERM") == [7.4])
    pod.at(7.5, .exited(0))
    pod.at(7.6)
    #expect(pod.did("start") == [1.3, 7.5])
    #expect(pod.did("remove") == [])
  }

  @Test("a startup probe holds the others back until it succeeds")
  func startupProbe() {
    var pod = Rehearsal(
      probes: ["startupProbe": ["httpGet": ["path": "/", "port": 8080], "periodSeconds": 1, "failureThreshold": 30]])
    pod.at(1.3)
    pod.at(1.4, .started)
    pod.at(2.4)
    pod.at(2.4, .probed(.startup, failure: "no"))
    pod.at(3.4)
    pod.at(3.4, .probed(.startup, failure: nil))
    #expect(pod.did("probe readiness") == [])
    pod.at(3.5)
    #expect(pod.did("probe readiness") == [3.4])
    #expect(pod.did("probe startup") == [2.4, 3.4])
  }

  @Test("a container whose ConfigMap is missing waits and is tried again")
  func startFails() {
    var pod = Rehearsal()
    pod.at(1.3)
    pod.at(1.31, .startFailed(reason: "CreateContainerConfigError", message: "configmap \"app-config\" not found"))
    let waiting = pod.json(1.4)["containerStatuses"][0]["state", "waiting"]
    #expect(waiting["reason"].string == "CreateContainerConfigError")
    pod.at(7)
    #expect(pod.did("start") == [1.3, 6.31])
  }

  @Test("a container whose volume is missing is not started, and mounted again later")
  func mountFails() {
    var pod = Rehearsal()
    pod.mountFailure = "MountVolume.SetUp failed for volume \"conf\" : configmap \"nope\" not found"
    pod.at(4)
    #expect(pod.did("FailedMount") == [1.3, 2.3])
    #expect(pod.did("start") == [])
    pod.mountFailure = nil
    pod.at(5)
    #expect(pod.did("start") == [4.3])
  }

  @Test("an image that may not be pulled and is not there is said so again and again")
  func neverPull() {
    var pod = Rehearsal(image: "voting-app:nope", probes: ["imagePullPolicy": "Never"])
    pod.at(27)
    #expect(pod.did("ErrImageNeverPull") == [1.3, 1.9, 13.9, 25.9])
    #expect(pod.did("Failed") == [1.3, 1.9, 13.9, 25.9])
    let waiting = pod.json(27)["containerStatuses"][0]["state", "waiting"]
    #expect(waiting["reason"].string == "ErrImageNeverPull")
    #expect(
      waiting["message"].string == "Container image \"voting-app:nope\" is not present with pull policy of Never")
  }

  @Test("a postStart hook that fails ends the container, and it starts again")
  func postStart() {
    var pod = Rehearsal(preStop: .null, probes: ["postStart": ["exec": ["command": ["false"]]]])
    pod.at(1.3)
    pod.at(1.4, .started)
    #expect(pod.did("postStart") == [1.4])
    #expect(pod.json(1.4)["phase"].string == "Pending")
    pod.at(1.5, .hookEnded(.postStart, failed: true))
    #expect(pod.did("FailedPostStartHook") == [1.5])
    #expect(pod.did("SIGTERM") == [1.5])
    pod.at(1.6, .exited(143))
    pod.at(1.7)
    #expect(pod.did("start") == [1.3, 1.6])
  }

  @Test("a container that takes too much memory is OOMKilled, and starts again")
  func outOfMemory() {
    var pod = Rehearsal()
    pod.at(1.3)
    pod.at(1.4, .started)
    pod.at(9, .exited(137, outOfMemory: true))
    let container = pod.json(9)["containerStatuses"][0]
    #expect(container["state", "terminated", "reason"].string == "OOMKilled")
    #expect(container["state", "terminated", "exitCode"].int == 137)
    pod.at(9.1)
    #expect(pod.did("start") == [1.3, 9])
  }

  @Test(
    "whether a container starts again is its pod's to say",
    arguments: [
      ("Always", 0, true, "Running"), ("Always", 1, true, "Running"), ("OnFailure", 0, false, "Succeeded"),
      ("OnFailure", 1, true, "Running"), ("Never", 0, false, "Succeeded"), ("Never", 1, false, "Failed"),
    ])
  func restartPolicy(policy: String, code: Int32, again: Bool, phase: String) {
    var pod = Rehearsal([
      "restartPolicy": .string(policy), "containers": [["name": "job", "image": "worker:v1"]],
    ])
    pod.at(1.3)
    pod.at(1.4, .started)
    pod.at(3, .exited(code))
    pod.at(4)
    #expect(pod.did("start").count == (again ? 2 : 1))
    #expect(pod.json(4)["phase"].string == phase)
    #expect(pod.did("remove") == [], "a pod that has ended stays until it is deleted")
    pod.at(5, .deletion(grace: 30))
    pod.at(6, .exited(0))
    pod.at(7)
    #expect(pod.did("remove").count == 1)
  }

  private static let several: JSON = [
    "terminationGracePeriodSeconds": 30,
    "initContainers": [
      ["name": "first", "image": "worker:v1"],
      ["name": "side", "image": "worker:v1", "restartPolicy": "Always"],
      ["name": "second", "image": "worker:v1"],
    ],
    "containers": [["name": "app", "image": "worker:v1"], ["name": "more", "image": "worker:v1"]],
  ]

  @Test("containers that come first run in order, then the others together; a sidecar outlives them")
  func severalContainers() {
    var pod = Rehearsal(Self.several)
    pod.at(1.3)
    pod.at(1.4, .started)
    #expect(pod.json(1.4)["initContainerStatuses"].elements.count == 3)
    #expect(
      pod.json(1.4)["containerStatuses"][0]["state", "waiting", "reason"].string == "PodInitializing")
    #expect(pod.condition("Initialized", in: pod.json(1.4)) == "False")
    pod.at(2, .exited(0))
    pod.at(2.1, .started, of: 1)
    pod.at(2.2, .started, of: 2)
    pod.at(3, .exited(0), of: 2)
    pod.at(3.1, .started, of: 3)
    #expect(pod.condition("Ready", in: pod.json(3.1)) == "False")
    pod.at(3.2, .started, of: 4)
    #expect(
      pod.log.filter { $0.hasSuffix("start") } == [
        "1.3 start", "2.0 side start", "2.1 second start", "3.0 app start", "3.0 more start",
      ])
    #expect(pod.condition("Ready", in: pod.json(3.2)) == "True")
    #expect(pod.json(3.2)["phase"].string == "Running")
    pod.at(10, .deletion(grace: 30))
    #expect(pod.log.filter { $0.hasSuffix("SIGTERM") } == ["10.0 app SIGTERM", "10.0 more SIGTERM"])
    pod.at(11, .exited(0), of: 3)
    pod.at(12, .exited(0), of: 4)
    #expect(pod.did("side SIGTERM") == [12])
    pod.at(13, .exited(0), of: 1)
    pod.at(14)
    #expect(pod.did("remove") == [13.45])
  }

  @Test("a container that comes first and fails is tried again, or ends its pod", arguments: ["Always", "Never"])
  func failedInitial(policy: String) {
    var specification = Self.several
    specification["restartPolicy"] = .string(policy)
    var pod = Rehearsal(specification)
    pod.at(1.3)
    pod.at(1.4, .started)
    pod.at(2, .exited(1))
    pod.at(3)
    #expect(pod.did("start").count == (policy == "Never" ? 1 : 2))
    #expect(pod.json(3)["phase"].string == (policy == "Never" ? "Failed" : "Pending"))
  }

  @Test("PostgreSQL is asked to end by SIGINT, which does not wait for its clients")
  func stopSignal() {
    var pod = Rehearsal(image: "postgres:15", preStop: .null)
    pod.at(1.3)
    pod.at(1.4, .started)
    pod.at(10, .deletion(grace: 30))
    #expect(pod.did("SIGINT") == [10])
  }
}
