import FoundationEssentials
import Testing

@testable import Sandbox

/// The controller is given what the kubelet did at the times of a recording of a real cluster, and must make and delete
/// the same pods, write the same statuses and say the same.
@Suite("The StatefulSet controller against a recording")
struct ControllersStatefulSetRecordingTests {
  @Test("set image and undo of a StatefulSet go as recorded, pod by pod and status by status")
  func recorded() async throws {
    let recording = try Fixture.json("statefulset-09-set-image-and-undo")
    let replay = try StatefulReplay(recording)
    let seen = try await replay.run()
    let pods = recording["pods"].elements.filter { ["created", "marked", "gone"].contains($0["what"].string) }
    let steps = pods.map {
      $0["what"] == "gone"
        ? "gone \($0["pod"].string ?? "")" : StatefulReplay.step($0["what"], $0["pod"], $0["revision"])
    }
    #expect(seen.pods == steps)
    #expect(seen.statuses.count == recording["statuses"].elements.count)
    for (index, status) in recording["statuses"].elements.enumerated() where index < seen.statuses.count {
      #expect(seen.statuses[index] == status, "status \(index)")
    }
    let events = recording["events"].elements.map { "\($0[0].string ?? "") \($0[1].string ?? "")" }
    #expect(seen.events == events)
  }

  @Test("a revision has the name and the data that Kubernetes gives it")
  func revisions() throws {
    for revision in try Fixture.json("statefulset-09-set-image-and-undo")["revisions"].elements {
      #expect("voting-db-\(StatefulSetHistory.hash(revision["data"], collisions: 0))" == revision["name"].string)
    }
  }
}

/// The recording, replayed.
private final class StatefulReplay {
  struct Seen {
    var pods: [String] = []
    var statuses: [JSON] = []
    var events: [String] = []
  }

  private let recording: JSON
  private let cluster: TestCluster

  init(_ recording: JSON) throws {
    self.recording = recording
    cluster = try TestCluster()
  }

  static func step(_ what: JSON, _ pod: JSON, _ revision: JSON) -> String {
    "\(what.string ?? "") \(pod.string ?? "") \(revision.string ?? "")"
  }

  func run() async throws -> Seen {
    let store = cluster.store
    var set = recording["set"]
    set["metadata", "namespace"] = "oggy"
    try store.create(set, .statefulSets)
    try cluster.finish()
    let start = store.resourceVersion
    let watches = try (store.watch(.pods, from: start), store.watch(.statefulSets, from: start))
    let events = try store.watch(.events, from: start)
    for step in timeline() {
      try cluster.advance(to: step.moment)
      try step.act()
      try cluster.settle()
    }
    for resource in [Resource.pods, .statefulSets, .events] {
      try store.create(["metadata": ["name": "end", "namespace": "oggy"]], resource)
    }
    return Seen(
      pods: await Self.pods(watches.0), statuses: await Self.statuses(watches.1), events: await Self.events(events))
  }

  private struct Step {
    var moment: Date
    var act: () throws -> Void
  }

  private func timeline() -> [Step] {
    let changes = recording["changes"].elements.map { change in
      Step(moment: Self.moment(change["t"])) {
        try self.cluster.store.update(.statefulSets, namespace: "oggy", name: "voting-db") {
          $0["spec", "template", "spec", "containers"][0]["image"] = .string(
            "voting-app:\(change["image"].string ?? "")")
        }
      }
    }
    let pods = recording["pods"].elements.filter { !["created", "marked"].contains($0["what"].string) }.map { pod in
      Step(moment: Self.moment(pod["t"])) { try self.act(pod) }
    }
    return (changes + pods).sorted { $0.moment < $1.moment }
  }

  private static func moment(_ time: JSON) -> Date {
    guard case .double(let seconds) = time else { return .distantFuture }
    return Date(timeIntervalSince1970: seconds)
  }

  private func act(_ step: JSON) throws {
    let name = step["pod"].string ?? ""
    let pod = try #require(cluster.store.get(.pods, namespace: "oggy", name: name))
    switch step["what"].string {
    case "running":
      try cluster.store.update(.pods, namespace: "oggy", name: name) { $0["status", "phase"] = "Running" }
    case "ready": try cluster.makeReady(pod, since: step["since"].string)
    case "over":
      try cluster.makeUnready(pod)
      try cluster.store.update(.pods, namespace: "oggy", name: name) { $0["status", "phase"] = "Succeeded" }
    default: cluster.store.remove(.pods, namespace: "oggy", name: name)
    }
  }

  private static func pods(_ changes: AsyncStream<WatchEvent>) async -> [String] {
    var steps: [String] = []
    for await change in changes {
      let pod = change.object
      if pod.named == "end" { break }
      let name: JSON = .string(pod.named)
      let revision = pod["metadata", "labels", StatefulSetIdentity.revisionHash]
      if change.kind == .added { steps.append(step("created", name, revision)) }
      if change.kind == .deleted { steps.append("gone \(pod.named)") }
      if change.kind == .modified, pod.isMarked, change.previous?.isMarked == false {
        steps.append(step("marked", name, revision))
      }
    }
    return steps
  }

  private static func statuses(_ changes: AsyncStream<WatchEvent>) async -> [JSON] {
    var statuses: [JSON] = []
    for await change in changes {
      if change.object.named == "end" { break }
      let status = change.object["status"]
      if status != change.previous?["status"] { statuses.append(status) }
    }
    return statuses
  }

  private static func events(_ changes: AsyncStream<WatchEvent>) async -> [String] {
    var events: [String] = []
    for await change in changes {
      if change.object.named == "end" { break }
      events.append("\(change.object["reason"].string ?? "") \(change.object["message"].string ?? "")")
    }
    return events
  }
}
