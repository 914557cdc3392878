package import Bench
import FoundationEssentials

/// Changes a Deployment through kubectl, watches what the cluster does, and undoes it.
package struct RolloutDriver: Sendable {
  private let kubectl: Kubectl
  private let workload: Workload
  private var deployment: String { workload.name }
  private let limit: Duration
  private let now: @Sendable () -> MonotonicTime

  /// A driver of `deployment`; a change may take `limit`.
  ///
  /// `now` is the run's clock.
  package init(kubectl: Kubectl, workload: Workload, limit: Duration, now: @escaping @Sendable () -> MonotonicTime) {
    self.kubectl = kubectl
    self.workload = workload
    self.limit = limit
    self.now = now
  }

  /// The Deployment as it is.
  package func current() async throws(KubectlError) -> WorkloadObject {
    try decode(try await kubectl.require(["get", "deployment", deployment, "-o", "json"]).output)
  }

  /// Its pods as they are.
  package func pods() async throws(KubectlError) -> [Pod] { try await list(try await current()).items }

  /// Makes the change and follows it to its end; what the cluster does wrong is in the record.
  ///
  /// When the task is cancelled, the record says interrupted and ends at that moment. Cancelled before the change was
  /// made it throws, and nothing is changed; the command that makes it is never cut off. So an error means that nothing
  /// was changed, save `noAnswer`: then nobody knows.
  package func perform(
    _ command: ChangeCommand, trigger: RolloutChange.Trigger, isRollback: Bool
  ) async throws(KubectlError) -> RolloutRecord {
    let before = try await current()
    let (items, version) = try await list(before)
    let started = now()
    let record = RolloutRecord(
      trigger: command.commandLine(with: kubectl), workload: workload, isRollback: isRollback, start: started)
    var progress = RolloutProgress(
      record: record, change: trigger,
      before: .init(workload: before, pods: items, replicaSets: try await replicaSets()), limit: limit)
    let ended = try await make(command)
    progress.commandEnded(exit: ended.exit, at: now())
    return await follow(progress, before, items, podsFrom: version)
  }

  private func make(_ command: ChangeCommand) async throws(KubectlError) -> Kubectl.Ended {
    guard case .kubectl(let arguments) = command else { throw kubectl.abandoned([]) }
    if Task.isCancelled { throw kubectl.abandoned(arguments) }
    // In a task of its own, which does not end with the one that waits for it.
    let running = Task { () async -> Result<Kubectl.Ended, KubectlError> in
      do throws(KubectlError) {
        return .success(try await kubectl.require(arguments))
      } catch {
        return .failure(error)
      }
    }
    return try await running.value.get()
  }

  // MARK: Watching

  private enum Seen: Sendable {
    case deployment(WorkloadObject)
    case replicaSet(WorkloadObject)
    case pod(Pod)
    case gone(Pod)
    case all([Pod])
    case tick
  }

  private func follow(
    _ start: RolloutProgress, _ before: WorkloadObject, _ pods: [Pod], podsFrom version: String
  ) async -> RolloutRecord {
    let (stream, output) = AsyncStream<Seen>.makeStream()
    return await withTaskGroup(of: Void.self) { group in
      group.addTask {
        await self.watch("deployments?fieldSelector=metadata.name%3D\(self.deployment)&") {
          output.yield(.deployment($0))
        }
      }
      group.addTask { await self.watch("replicasets?") { output.yield(.replicaSet($0)) } }
      group.addTask { await self.watchPods(before, from: version, output) }
      group.addTask {
        // Deadlines pass also when nothing is seen.
        while !Task.isCancelled {
          output.yield(.tick)
          try? await Task.sleep(for: .milliseconds(100))
        }
      }
      defer { group.cancelAll() }
      var progress = start
      var there = Dictionary(pods.map { ($0.metadata.uid, $0) }) { $1 }
      for await seen in stream {
        apply(seen, to: &progress, &there)
        if progress.outcome(at: now()) != nil { return progress.record }
      }
      progress.interrupt(at: now())
      return progress.record
    }
  }

  private func apply(_ seen: Seen, to progress: inout RolloutProgress, _ there: inout [String: Pod]) {
    let at = Moment(now())
    switch seen {
    case .deployment(let deployment): progress.see(Sighting(.workload(deployment), at: at))
    case .replicaSet(let set): progress.see(Sighting(.replicaSet(set), at: at))
    case .pod(let pod):
      there[pod.metadata.uid] = pod
      progress.see(Sighting(.pod(pod), at: at))
    case .gone(let pod):
      there[pod.metadata.uid] = nil
      progress.see(Sighting(.podGone(pod), at: at))
    case .all(let pods):
      let old = there
      there = Dictionary(pods.map { ($0.metadata.uid, $0) }) { $1 }
      for (uid, pod) in old where there[uid] == nil { progress.see(Sighting(.podGone(pod), at: at)) }
      for pod in pods { progress.see(Sighting(.pod(pod), at: at)) }
    case .tick: break
    }
  }

  /// The server ends a watch by itself, and it is resumed: a kubectl whose votebench was killed does not stay for long.
  private static let watch = "watch=1&timeoutSeconds=300"

  private var workloads: String { "/apis/apps/v1/namespaces/\(kubectl.namespace)" }

  private func watch(_ query: String, _ see: @Sendable (WorkloadObject) -> Void) async {
    while !Task.isCancelled {
      // A watch without a version begins with the objects as they are: nothing is missed when a stream broke.
      try? await kubectl.lines(raw: "\(workloads)/\(query)\(Self.watch)") { line in
        guard let event: WatchLine<WorkloadObject> = try? decode(line), event.type != "DELETED" else { return }
        see(event.object)
      }
      try? await Task.sleep(for: .milliseconds(200))
    }
  }

  private func replicaSets() async throws(KubectlError) -> [WorkloadObject] {
    let list: ObjectList<WorkloadObject> = try decode(
      try await kubectl.require(["get", "--raw", "\(workloads)/replicasets"]).output)
    return list.items
  }

  private func watchPods(
    _ before: WorkloadObject, from version: String, _ output: AsyncStream<Seen>.Continuation
  ) async {
    var version: String? = version
    while !Task.isCancelled {
      if let from = version {
        let path = podsPath(before) + "&\(Self.watch)&resourceVersion=\(from)"
        try? await kubectl.lines(raw: path) { line in
          guard let event: WatchLine<Pod> = try? decode(line) else { return }
          output.yield(event.type == "DELETED" ? .gone(event.object) : .pod(event.object))
        }
      }
      // After a broken stream or an expired version: what is there now, then watch on from it.
      version = nil
      if let (items, latest) = try? await list(before) {
        output.yield(.all(items))
        version = latest
      }
      // A watch that ends at once (no permission, say) must not take the processor from the generator.
      try? await Task.sleep(for: .milliseconds(200))
    }
  }

  private func list(_ deployment: WorkloadObject) async throws(KubectlError) -> (items: [Pod], version: String) {
    let list: ObjectList<Pod> = try decode(
      try await kubectl.require(["get", "--raw", podsPath(deployment)]).output)
    return (list.items, list.metadata.resourceVersion)
  }

  private func podsPath(_ deployment: WorkloadObject) -> String {
    let labels = (deployment.spec.selector.matchLabels ?? [:]).sorted { $0.key < $1.key }
      .map { "\($0.key.replacing("/", with: "%2F"))%3D\($0.value)" }.joined(separator: "%2C")
    return "/api/v1/namespaces/\(kubectl.namespace)/pods?labelSelector=\(labels)"
  }

  private func decode<Value: Decodable>(_ text: String) throws(KubectlError) -> Value {
    do {
      return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
    } catch {
      throw KubectlError(
        code: .unreadable, attempted: "reading kubectl's answer", cause: "\(error)",
        remedy: "Check kubectl's output by hand: kubectl -n \(kubectl.namespace) get deployment \(deployment) -o json")
    }
  }
}

/// A list as the API server answers it.
struct ObjectList<Item: Decodable>: Decodable {
  struct Metadata: Decodable {
    var resourceVersion: String
  }
  var metadata: Metadata
  var items: [Item]
}

/// A line of a watch.
struct WatchLine<Item: Decodable>: Decodable {
  var type: String
  var object: Item
}
