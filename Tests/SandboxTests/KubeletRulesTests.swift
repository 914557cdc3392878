import Testing

@testable import Sandbox

@Suite("The rules of the node")
struct KubeletRulesTests {
  @Test(
    "amounts are read as Kubernetes writes them",
    arguments: [
      ("100m", 0.1), ("2", 2), ("1.5", 1.5), ("64Mi", 67_108_864), ("1Gi", 1_073_741_824), ("1k", 1_000),
      ("1e3", 1_000),
      ("250u", 0.00025), ("x", nil), ("", nil), ("5Zi", nil),
    ] as [(String, Double?)])
  func quantities(text: String, value: Double?) {
    #expect(Quantity.value(.string(text)).map { ($0 * 1e6).rounded() } == value.map { ($0 * 1e6).rounded() })
  }

  @Test("processors are rounded up to thousandths, as the scheduler does")
  func milli() {
    #expect(Quantity.milli("250u") == 1)
    #expect(Quantity.milli(2) == 2_000)
    #expect(Quantity.milli(.null) == 0)
    #expect(Quantity.whole("1e30") == .max)
  }

  @Test(
    "paths below a mount become the folder's",
    arguments: [
      ("/data", "/real/claim"), ("/data/", "/real/claim/"), ("/data/x/y", "/real/claim/x/y"),
      ("/database", "/database"),
      ("--dir=/data/x", "--dir=/real/claim/x"), ("/data/conf/a", "/real/conf/a"), ("data", "data"), ("a=b=c", "a=b=c"),
    ])
  func mounts(text: String, result: String) {
    let table = MountTable(
      [("/data", "/real/claim"), ("/data/conf/", "/real/conf")], dataPath: "/data", own: "/real/own")
    #expect(table.translated(text) == result)
  }

  @Test("an image's data is in the container's own folder where nothing is mounted")
  func ownData() {
    #expect(MountTable([], dataPath: "/data", own: "/real/own").translated("/data/x") == "/real/own/x")
    #expect(MountTable([], dataPath: nil, own: "/real/own").translated("/data/x") == "/data/x")
  }

  @Test(
    "volumes can be mounted at an image's data, around it and in it",
    arguments: [
      ("/data", true), ("/data/", true), ("/data/sub", true), ("/", false), ("/etc", false), ("/dat", false),
    ])
  func allowed(path: String, isAllowed: Bool) {
    #expect(MountTable.allows(path, dataPath: "/data") == isAllowed)
    #expect(!MountTable.allows(path, dataPath: nil))
  }

  @Test(
    "servers go by every tag of their version",
    arguments: [
      ("redis:7", true), ("redis:7.0.15", true), ("redis:7-alpine", true), ("redis:72", false), ("redis:6", false),
      ("redis", false), ("postgres:15", true), ("docker.io/library/postgres:15.6-bookworm", true),
      ("postgres:16", false),
    ])
  func servers(name: String, isKnown: Bool) {
    #expect((Image.named(name) != nil) == isKnown)
  }

  @Test(
    "every faulty image says what it does wrong",
    arguments: [
      ("abrupt", "abrupt"), ("lossy", "drop:200"), ("slow", "slow:300ms"), ("crash", "crash:1s"),
      ("never-ready", "never-ready"), ("wrong-choice", "wrong-choice:50"), ("duplicating", "duplicate:50"),
      ("erroring", "error:20"), ("leaking", "leak:1Mi"),
    ])
  func faults(tag: String, fault: String) {
    let image = Image.named("voting-app:\(tag)")
    #expect(image?.environment == ["APP_VERSION": tag, "VOTE_FAULT": fault])
    #expect(image?.entrypoint == ["votingd", "vote"])
    #expect(image?.hasPrograms == (tag != "abrupt"))
  }

  @Test("the pod of a StatefulSet gets its address again, and nobody else does while others are free")
  func addresses() {
    var addresses = PodAddresses(["a", "b", "c"])
    #expect(addresses.take(keptFor: "db-0") == "a")
    addresses.giveBack("a")
    #expect(addresses.take() == "b")
    #expect(addresses.take(keptFor: "db-0") == "a")
    addresses.giveBack("a")
    #expect(addresses.take() == "c")
    #expect(addresses.take() == "a", "rather that than none")
    #expect(addresses.take(keptFor: "db-0") == nil)
    addresses.giveBack("c")
    #expect(addresses.take(keptFor: "db-0") == "c")
  }

  // MARK: Scheduling

  private let node = SandboxNode(cpu: 2_000, memory: 1 << 30, pods: 3)

  private func pod(_ specification: JSON) -> JSON {
    ["metadata": ["name": "p", "namespace": "oggy"], "spec": specification]
  }

  private func asking(_ cpu: String, _ memory: String, node: String? = nil) -> JSON {
    var pod = pod(["containers": [["resources": ["requests": ["cpu": .string(cpu), "memory": .string(memory)]]]]])
    if let node { pod["spec", "nodeName"] = .string(node) }
    return pod
  }

  private func refusal(_ reasons: String, hopeless: Bool = true) -> String {
    let rest = hopeless ? "Preemption is not helpful for scheduling." : "No preemption victims found for incoming pod."
    return
      "0/1 nodes are available: \(reasons). no new claims to deallocate, preemption: 0/1 nodes are available: 1 \(rest)"
  }

  @Test("a pod that asks for more than is left is refused, in the scheduler's words")
  func resources() {
    var scheduler = Scheduler(node: node, pods: [asking("1500m", "100Mi", node: "sandbox")], claims: [])
    #expect(scheduler.refusal(of: asking("64", "2Gi")) == refusal("1 Insufficient cpu, 1 Insufficient memory"))
    #expect(scheduler.refusal(of: asking("600m", "1Mi")) == refusal("1 Insufficient cpu", hopeless: false))
    #expect(scheduler.refusal(of: asking("500m", "1Mi")) == nil)
    #expect(scheduler.refusal(of: pod(["containers": [[:]]])) == nil)
    #expect(scheduler.refusal(of: pod(["containers": [[:]]])) == refusal("1 Too many pods", hopeless: false))
  }

  @Test("what has ended counts no more, and what comes first counts only as far as it is the most")
  func counting() {
    var ended = asking("2", "1Mi", node: "sandbox")
    ended["status", "phase"] = "Succeeded"
    var scheduler = Scheduler(node: node, pods: [ended], claims: [])
    var pod = asking("500m", "1Mi")
    pod["spec", "initContainers"] = [["resources": ["requests": ["cpu": "3"]]]]
    #expect(scheduler.refusal(of: pod) == refusal("1 Insufficient cpu"))
    pod["spec", "initContainers"] = [["resources": ["requests": ["cpu": "2"]]]]
    #expect(scheduler.refusal(of: pod) == nil)
  }

  @Test("a pod waits for its claim")
  func claims() {
    var pod = asking("1m", "1Mi")
    pod["spec", "volumes"] = [["persistentVolumeClaim": ["claimName": "data"]]]
    var claim: JSON = ["metadata": ["name": "data", "namespace": "oggy"], "status": ["phase": "Pending"]]
    func answer(_ claims: [JSON]) -> String? {
      var scheduler = Scheduler(node: node, pods: [], claims: claims)
      return scheduler.refusal(of: pod)
    }
    #expect(answer([]) == refusal("persistentvolumeclaim \"data\" not found"))
    #expect(answer([claim]) == refusal("pod has unbound immediate PersistentVolumeClaims"))
    claim["status", "phase"] = "Bound"
    #expect(answer([claim]) == nil)
    claim["metadata", "namespace"] = "other"
    #expect(answer([claim]) == refusal("persistentvolumeclaim \"data\" not found"))
  }

  @Test("a pod that selects another node is refused")
  func selector() {
    var scheduler = Scheduler(node: node, pods: [], claims: [])
    #expect(scheduler.refusal(of: pod(["nodeSelector": ["kubernetes.io/os": "linux"]])) == nil)
    #expect(
      scheduler.refusal(of: pod(["nodeSelector": ["ingress-ready": "true"]]))
        == refusal("1 node(s) didn't match Pod's node affinity/selector"))
  }

  @Test(
    "how a node would treat a pod when memory runs out",
    arguments: [
      ([:], "BestEffort"), (["requests": ["cpu": "1m"]], "Burstable"), (["limits": ["memory": "1Mi"]], "Burstable"),
      (["limits": ["cpu": "1", "memory": "1Mi"]], "Guaranteed"),
      (["limits": ["cpu": "1", "memory": "2Mi"], "requests": ["memory": "1Mi"]], "Burstable"),
    ] as [(JSON, String)])
  func qos(resources: JSON, name: String) {
    var pod = pod(["containers": [["name": "c", "resources": resources]]])
    pod["metadata", "uid"] = "u"
    #expect(PodPlan(pod)?.qosClass == name)
  }
}
