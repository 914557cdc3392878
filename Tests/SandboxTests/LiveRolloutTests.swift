import Synchronization
import TestSupport
import Testing

@testable import Sandbox

/// What happens to the pods of a live rollout, in the order of the store's versions, which no clock can blur.
private struct RolloutStory {
  /// What befalls a pod.
  enum Step: String {
    case created, scheduled, started, ready, marked, killing, endpointUnready, gone
  }

  /// Steps of each pod, by its name, with the version at which each was first seen.
  private(set) var steps: [String: [Step: Int]] = [:]
  /// The most pods that were not marked, and the fewest available ones, at any version.
  private(set) var mostPods = 0
  private(set) var fewestAvailable = Int.max
  private var living: [String: JSON] = [:]

  /// Takes a pod's event; `counts` from when on the strategy's rules are in force.
  mutating func take(pod event: WatchEvent, counts: Bool) {
    let (pod, version) = (event.object, event.resourceVersion)
    func note(_ step: Step, _ holds: Bool) {
      if holds, steps[pod.name]?[step] == nil { steps[pod.name, default: [:]][step] = version }
    }
    note(.created, true)
    note(.scheduled, pod["spec", "nodeName"].string != nil)
    let state = pod["status", "containerStatuses"][0]["state"]
    note(.started, !state["running"].isNull)
    note(.ready, pod.isReady)
    note(.marked, pod.isTerminating)
    note(.gone, event.kind == .deleted)
    living[pod.name] = event.kind == .deleted || pod.isTerminating ? nil : pod
    guard counts else { return }
    mostPods = max(mostPods, living.count)
    fewestAvailable = min(fewestAvailable, living.values.count { $0.isReady })
  }

  /// Takes an Event: a container is told to end right before SIGTERM, as there is no preStop hook here.
  mutating func take(event: WatchEvent) {
    let name = event.object["involvedObject", "name"].string ?? ""
    guard event.object["reason"] == "Killing", steps[name]?[.killing] == nil else { return }
    steps[name, default: [:]][.killing] = event.resourceVersion
  }

  /// Takes an endpoint slice's event.
  mutating func take(slice event: WatchEvent) {
    for endpoint in event.object["endpoints"].elements where endpoint["conditions", "ready"].bool == false {
      let name = endpoint["targetRef", "name"].string ?? ""
      guard endpoint["conditions", "terminating"].bool == true, steps[name]?[.endpointUnready] == nil else { continue }
      steps[name, default: [:]][.endpointUnready] = event.resourceVersion
    }
  }

  /// A pod's steps in the order in which they came.
  func order(of pod: String) -> String {
    (steps[pod] ?? [:]).sorted { $0.value < $1.value }.map(\.key.rawValue).joined(separator: ", ")
  }
}

/// The events of a store since its begin, told as a story.
private final class Recording: Sendable {
  private let events = Mutex<[(resource: Resource, event: WatchEvent)]>([])

  /// Records until the task is cancelled.
  func run(_ store: ObjectStore) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for resource in [Resource.pods, .endpointSlices, .events] {
        let stream = try store.watch(resource)
        group.addTask {
          for await event in stream { self.events.withLock { $0.append((resource, event)) } }
        }
      }
      try await group.waitForAll()
    }
  }

  /// What happened from one version to another.
  func story(_ versions: ClosedRange<Int>) -> RolloutStory {
    var story = RolloutStory()
    let all = events.withLock { $0 }.filter { $0.event.resourceVersion <= versions.upperBound }
    for (resource, event) in all.sorted(by: { $0.event.resourceVersion < $1.event.resourceVersion }) {
      let counts = event.resourceVersion >= versions.lowerBound
      switch resource {
      case .pods where isVoting(event.object): story.take(pod: event, counts: counts)
      case .endpointSlices: story.take(slice: event)
      case .events: story.take(event: event)
      default: break
      }
    }
    return story
  }
}

private func isVoting(_ pod: JSON) -> Bool { pod["metadata", "labels", "app"].string == "voting-app" }

/// The rules of a rolling update, watched from the first command to the last old pod's end.
@Suite("Live rollouts")
struct LiveRolloutTests {
  private struct Strategy: CustomTestStringConvertible {
    var maxSurge: JSON
    var maxUnavailable: JSON
    var mostPods: Int
    var fewestAvailable: Int
    var testDescription: String { "\(maxSurge.text)/\(maxUnavailable.text)" }
  }

  private static let strategies = [
    Strategy(maxSurge: 1, maxUnavailable: 1, mostPods: 5, fewestAvailable: 3),
    Strategy(maxSurge: "25%", maxUnavailable: 0, mostPods: 5, fewestAvailable: 4),
    Strategy(maxSurge: 0, maxUnavailable: 1, mostPods: 4, fewestAvailable: 3),
    Strategy(maxSurge: "30%", maxUnavailable: "30%", mostPods: 6, fewestAvailable: 3),
  ]

  @Test("each pod goes its way in order, and no rule of the strategy is ever broken", arguments: strategies)
  private func order(strategy: Strategy) async throws {
    try await SandboxUnderTest.run { sandbox in
      let patch: JSON = [
        "spec": [
          "strategy": ["rollingUpdate": ["maxSurge": strategy.maxSurge, "maxUnavailable": strategy.maxUnavailable]]
        ]
      ]
      _ = try await sandbox.kubectl("patch", "deployment", "voting-app", "-p", patch.text)
      let store = sandbox.server.store
      let recording = Recording()
      let recorder = Task { try await recording.run(store) }
      defer { recorder.cancel() }
      let begin = store.resourceVersion
      try await roll(sandbox, to: "abrupt")
      let abrupt = pods(store)
      try await roll(sandbox, to: "v2")
      let end = store.resourceVersion
      try await waitUntil("the last pod's end is recorded") {
        let story = recording.story(begin...end)
        return abrupt.allSatisfy { story.steps[$0]?[.gone] != nil }
      }
      let story = recording.story(begin...end)

      #expect(story.mostPods <= strategy.mostPods)
      #expect(story.fewestAvailable >= strategy.fewestAvailable)
      let order = "created, scheduled, started, ready, marked, killing, endpointUnready, gone"
      for name in abrupt { #expect(story.order(of: name) == order, "\(name)") }
    }
  }

  // Without the pause before SIGTERM.
  private func roll(_ sandbox: SandboxUnderTest, to version: String) async throws {
    let old = Set(pods(sandbox.server.store))
    let container: JSON = ["name": "voting-app", "image": .string("voting-app:\(version)"), "lifecycle": .null]
    let patch: JSON = ["spec": ["template": ["spec": ["containers": [container]]]]]
    _ = try await sandbox.kubectl("patch", "deployment", "voting-app", "-p", patch.text)
    try await waitUntil("the rollout is over", within: .seconds(60)) {
      let now = pods(sandbox.server.store)
      return now.count == 4 && old.isDisjoint(with: now)
        && sandbox.server.store.list(.pods, namespace: "oggy").items.filter(isVoting).allSatisfy(\.isReady)
    }
  }

  private func pods(_ store: ObjectStore) -> [String] {
    store.list(.pods, namespace: "oggy").items.filter(isVoting).map(\.name)
  }
}
