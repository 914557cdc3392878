import FoundationEssentials
import Sandbox
import Synchronization
import TestSupport

/// Files beside the tests, cut from recordings of a real cluster (Kubernetes 1.36).
enum Fixture {
  /// The JSON of a fixture.
  static func json(_ name: String, from file: String = #filePath) throws -> JSON {
    let folder = file.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    return try JSON(parsing: Data(contentsOf: URL(filePath: "\(folder)/Fixtures/\(name).json")))
  }
}

/// A clock that stands still until it is set.
final class TestClock: Sendable {
  private let moment: Mutex<Date>

  init(_ text: String = "2026-11-22T19:00:00Z") {
    moment = Mutex(Timestamp.moment(text) ?? .distantPast)
  }

  var now: Date {
    get { moment.withLock { $0 } }
    set { moment.withLock { $0 = newValue } }
  }

  func advance(_ seconds: Double) { now = now.addingTimeInterval(seconds) }
}

/// A cluster without processes: the store and the controllers, with a clock that the test moves and pods that become
/// ready and go when the test says so.
final class TestCluster {
  let clock = TestClock()
  let store: ObjectStore
  private(set) var again: Date?
  private var pass: ControllerPass

  init() throws {
    let clock = clock
    store = ObjectStore(clock: { clock.now }, seed: 1)
    pass = ControllerPass(store: store, names: NameGenerator(seed: 2))
    try store.create(["metadata": ["name": "oggy"]], .namespaces)
  }

  /// Creates the Deployment of the tests, which is filled in as the API server fills it in.
  func createDeployment(_ spec: JSON = [:], image: String = "v1") throws {
    let labels: JSON = ["app": "voting-app"]
    var object: JSON = [
      "apiVersion": "apps/v1", "kind": "Deployment",
      "metadata": ["name": "voting-app", "namespace": "oggy", "labels": labels],
      "spec": [
        "replicas": 4, "selector": ["matchLabels": labels],
        "template": [
          "metadata": ["labels": labels],
          "spec": ["containers": [["name": "voting-app", "image": .string("voting-app:\(image)")]]],
        ],
      ],
    ]
    object["spec"].merge(spec)
    let answer = API(store).answer("POST", "/apis/apps/v1/namespaces/oggy/deployments", object)
    guard answer["kind"].string == "Deployment" else { throw StageError("not created: \(answer.text)") }
  }

  /// Changes the Deployment's spec.
  func change(_ change: (inout JSON) -> Void) throws {
    try store.update(.deployments, namespace: "oggy", name: "voting-app") { change(&$0["spec"]) }
  }

  func setImage(_ tag: String) throws {
    try change { $0["template", "spec", "containers"][0]["image"] = .string("voting-app:\(tag)") }
  }

  /// Runs the controllers until they rest, and puts new pods on the node.
  func settle() throws {
    again = pass.settle()
    for pod in pods where pod["spec", "nodeName"].isNull {
      try store.update(.pods, namespace: "oggy", name: pod.named) { $0["spec", "nodeName"] = "sandbox" }
    }
    again = pass.settle()
  }

  /// Moves the clock, stopping wherever a controller wants to look again.
  func advance(to moment: Date) throws {
    while let next = again, next < moment {
      clock.now = next
      try settle()
    }
    clock.now = moment
    try settle()
  }

  func advance(_ seconds: Double) throws { try advance(to: clock.now.addingTimeInterval(seconds)) }

  func makeReady(_ pod: JSON, since: String? = nil) throws {
    let since = since ?? Timestamp.text(clock.now)
    try store.update(.pods, namespace: "oggy", name: pod.named) {
      $0["status", "phase"] = "Running"
      $0["status", "conditions"][where: "type", is: "Ready"] = [
        "status": "True", "lastTransitionTime": .string(since),
      ]
    }
  }

  func makeUnready(_ pod: JSON) throws {
    try store.update(.pods, namespace: "oggy", name: pod.named) {
      $0["status", "conditions"][where: "type", is: "Ready"] = [
        "status": "False", "lastTransitionTime": .string(Timestamp.text(self.clock.now)),
      ]
    }
  }

  /// Lets every pod become ready and every marked one go, until nothing moves any more.
  func finish() throws {
    for _ in 0..<100 {
      let before = store.resourceVersion
      try settle()
      for pod in pods {
        if pod.isMarked {
          store.remove(.pods, namespace: "oggy", name: pod.named)
        } else if pod["status", "phase"].string != "Running" {
          try makeReady(pod)
        }
      }
      try advance(1)
      if store.resourceVersion == before { return }
    }
    throw StageError("the controllers never rest")
  }

  var deployment: JSON { store.get(.deployments, namespace: "oggy", name: "voting-app") ?? .null }
  var pods: [JSON] { store.list(.pods, namespace: "oggy").items }
  var replicaSets: [JSON] { store.list(.replicaSets, namespace: "oggy").items }

  /// The sizes that the ReplicaSets are told to have, by image tag; empty ones left out.
  var sizes: [String: Int] {
    [String: Int](
      replicaSets.compactMap { set in set["spec", "replicas"].int.map { (set.tag, $0) } }.filter { $0.1 > 0 },
      uniquingKeysWith: +)
  }

  func condition(_ type: String) -> JSON { deployment["status", "conditions"][where: "type", is: type] }
}

extension JSON {
  var named: String { self["metadata", "name"].string ?? "" }
  var isMarked: Bool { !self["metadata", "deletionTimestamp"].isNull }
  /// The tag of a pod's or a workload's image.
  var tag: String {
    let spec = self["spec", "template"].isNull ? self["spec"] : self["spec", "template", "spec"]
    return spec["containers"][0]["image"].string?.split(separator: ":").last.map(String.init) ?? ""
  }
}
