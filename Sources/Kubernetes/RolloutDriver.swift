package import Bench
import FoundationEssentials

/// Makes a change of a workload, and watches what the cluster does until it has ended.
package struct RolloutDriver: Sendable {
  private let kubectl: Kubectl
  private let workload: Workload
  private let limit: Duration
  private let now: @Sendable () -> MonotonicTime
  private let seen: @Sendable (RolloutRecord) -> Void
  /// How long the Services may take to tell of the last pod; a watch that broke is begun again within a second or two.
  private static let afterwards: Duration = .seconds(3)

  /// A driver of `workload`; a change may take `limit`.
  ///
  /// `now` is the run's clock; `seen` gets the record as it stands whenever something was seen of the cluster.
  package init(
    kubectl: Kubectl, workload: Workload, limit: Duration, now: @escaping @Sendable () -> MonotonicTime,
    seen: @escaping @Sendable (RolloutRecord) -> Void = { _ in }
  ) {
    self.kubectl = kubectl
    self.workload = workload
    self.limit = limit
    self.now = now
    self.seen = seen
  }

  /// The command lines of all watches of a change of a workload that is like `object`, for a dry run.
  package func watches(_ object: WorkloadObject) -> [String] {
    Watches(kubectl, workload, object, now).commandLines
  }

  /// The workload's pods as they are.
  package func pods() async throws(KubectlError) -> [Pod] {
    try await Watches(kubectl, workload, try await current(), now).pods.list().items
  }

  /// Makes the change and follows it to its end; what the cluster does wrong is in the record.
  ///
  /// A rollback's trigger is what it does to the pods: `.scale`, or `.image(nil)` where it puts a template back.
  /// When the task is cancelled, the record says interrupted and ends at that moment. Cancelled before the change was
  /// made it throws, and nothing is changed; the command that makes it is never cut off. So an error means that nothing
  /// was changed, save `noAnswer`, and a shell command of the user's that failed: then nobody knows.
  package func perform(
    _ command: ChangeCommand, trigger: RolloutChange.Trigger, isRollback: Bool
  ) async throws(KubectlError) -> RolloutRecord {
    let object = try await current()
    let watches = Watches(kubectl, workload, object, now)
    // Lists before the change and watches that go on from them: nothing is missed, however long a watch takes to begin.
    let lists = try await watches.lists()
    let start = now()
    var record = RolloutRecord(
      trigger: command.commandLine(with: kubectl), workload: workload, isRollback: isRollback, start: start)
    record.notes = lists.unwatched.map { resource, cause in
      RolloutRecord.Note(
        at: Moment(start), kind: resource.rawValue, name: "", uid: nil, what: "unwatched", text: cause)
    }
    var progress = RolloutProgress(record: record, change: trigger, before: lists.before(object), limit: limit)
    let (sightings, output) = AsyncStream<Sighting?>.makeStream()
    let following = Task { await watches.follow(lists) { output.yield($0) } }
    defer { following.cancel() }
    let ended = try await make(command)
    progress.commandEnded(exit: ended.exit, at: now())
    return await follow(progress, sightings, output)
  }

  private func current() async throws(KubectlError) -> WorkloadObject {
    try await WorkloadSnapshot.read(workload, with: kubectl).typed
  }

  private func make(_ command: ChangeCommand) async throws(KubectlError) -> Kubectl.Ended {
    if Task.isCancelled { throw kubectl.abandoned(command) }
    // In a task of its own, which does not end with the one that waits for it.
    let running = Task { [kubectl, limit] () async -> Result<Kubectl.Ended, KubectlError> in
      do throws(KubectlError) {
        switch command {
        case .kubectl(let arguments): return .success(try await kubectl.require(arguments))
        case .shell(let text): return .success(try await kubectl.shell(text, limit: limit))
        }
      } catch {
        return .failure(error)
      }
    }
    return try await running.value.get()
  }

  private func follow(
    _ start: RolloutProgress, _ sightings: AsyncStream<Sighting?>, _ output: AsyncStream<Sighting?>.Continuation
  ) async -> RolloutRecord {
    var progress = start
    // Deadlines pass also when nothing is seen.
    let ticking = Task {
      while !Task.isCancelled {
        output.yield(nil)
        try? await Task.sleep(for: .milliseconds(100))
      }
    }
    defer { ticking.cancel() }
    for await sighting in sightings {
      if let sighting {
        progress.see(sighting)
        seen(progress.record)
      }
      guard progress.outcome(at: now()) != nil, let end = progress.record.end else { continue }
      if progress.isTold || now() >= end + Self.afterwards { return progress.record }
    }
    progress.interrupt(at: now())
    return progress.record
  }
}

/// The watches of a change: the workload, its ReplicaSets and pods, and the EndpointSlices and Events of its namespace.
private struct Watches: Sendable {
  /// What was there before the watches begin.
  struct Lists: Sendable {
    var workload: ObjectList<WorkloadObject>
    var pods: ObjectList<Pod>
    /// Nil where they may not be seen, or are of no use.
    var replicaSets: ObjectList<WorkloadObject>?
    var endpoints: ObjectList<EndpointSlice>?
    var events: ObjectList<ClusterEvent>?
    /// What may not be watched, and why.
    var unwatched: [(ClusterResource, String)] = []

    func before(_ object: WorkloadObject) -> RolloutProgress.Before {
      RolloutProgress.Before(
        workload: workload.items.first ?? object, pods: pods.items, replicaSets: replicaSets?.items ?? [],
        endpoints: endpoints?.items ?? [])
    }
  }

  let workload: ResourceWatch<WorkloadObject>
  let pods: ResourceWatch<Pod>
  let endpoints: ResourceWatch<EndpointSlice>
  let events: ResourceWatch<ClusterEvent>
  /// Nil of a StatefulSet.
  let replicaSets: ResourceWatch<WorkloadObject>?

  init(
    _ kubectl: Kubectl, _ workload: Workload, _ object: WorkloadObject, _ now: @escaping @Sendable () -> MonotonicTime
  ) {
    let (core, apps) = ("/api/v1/namespaces/\(kubectl.namespace)", "/apis/apps/v1/namespaces/\(kubectl.namespace)")
    let selector = object.spec.selector.query
    self.workload = ResourceWatch(
      kubectl, path: "\(apps)/\(workload.kind.resource)",
      query: "fieldSelector=" + "metadata.name=\(workload.name)".encodedForQuery, now: now)
    pods = ResourceWatch(kubectl, path: "\(core)/pods", query: selector, now: now)
    events = ResourceWatch(kubectl, path: "\(core)/events", now: now)
    endpoints = ResourceWatch(
      kubectl, path: "/apis/discovery.k8s.io/v1/namespaces/\(kubectl.namespace)/endpointslices", now: now)
    replicaSets =
      workload.kind == .deployment
      ? ResourceWatch(kubectl, path: "\(apps)/replicasets", query: selector, now: now) : nil
  }

  var commandLines: [String] {
    [workload.commandLine, pods.commandLine] + (replicaSets.map { [$0.commandLine] } ?? [])
      + [endpoints.commandLine, events.commandLine]
  }

  /// Without the workload or its pods there is nothing to follow, and the error is thrown; without the rest there is.
  func lists() async throws(KubectlError) -> Lists {
    async let workload = Self.result { () throws(KubectlError) in try await self.workload.list() }
    async let pods = Self.result { () throws(KubectlError) in try await self.pods.list() }
    async let endpoints = Self.result { () throws(KubectlError) in try await self.endpoints.list() }
    async let events = Self.result { () throws(KubectlError) in try await self.events.list() }
    async let replicaSets = Self.result { () throws(KubectlError) in try await self.replicaSets?.list() }
    var lists = Lists(workload: try await workload.get(), pods: try await pods.get())
    func optional<Value>(_ result: Result<Value, KubectlError>, _ resource: ClusterResource) -> Value? {
      do throws(KubectlError) {
        return try result.get()
      } catch {
        lists.unwatched.append((resource, error.cause))
        return nil
      }
    }
    lists.endpoints = optional(await endpoints, .endpointSlices)
    lists.events = optional(await events, .events)
    lists.replicaSets = optional(await replicaSets, .replicaSets) ?? nil
    return lists
  }

  private static func result<Value: Sendable>(
    _ ask: @Sendable () async throws(KubectlError) -> Value
  ) async -> Result<Value, KubectlError> {
    do throws(KubectlError) {
      return .success(try await ask())
    } catch {
      return .failure(error)
    }
  }

  /// Tells what is seen, until the task is cancelled.
  func follow(_ lists: Lists, _ tell: @escaping @Sendable (Sighting) -> Void) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        await follow(workload, lists.workload, .workload, tell, { .workload($0) }, gone: { _ in .workloadGone })
      }
      group.addTask { await follow(pods, lists.pods, .pods, tell, { .pod($0) }, gone: { .podGone($0) }) }
      group.addTask {
        await follow(
          replicaSets, lists.replicaSets, .replicaSets, tell, { .replicaSet($0) },
          gone: { .replicaSetGone(uid: $0.metadata.uid) })
      }
      group.addTask {
        await follow(
          endpoints, lists.endpoints, .endpointSlices, tell, { .endpoints($0) },
          gone: { .endpointsGone(uid: $0.metadata.uid) })
      }
      group.addTask { await follow(events, lists.events, .events, tell, { .event($0) }, gone: { _ in nil }) }
    }
  }

  private func follow<Object: ClusterObject>(
    _ watch: ResourceWatch<Object>?, _ list: ObjectList<Object>?, _ resource: ClusterResource,
    _ tell: @Sendable (Sighting) -> Void, _ present: @Sendable (Object) -> Sighting.Content,
    gone: @Sendable (Object) -> Sighting.Content?
  ) async {
    guard let watch, let list else { return }
    await watch.follow(list) { seen in
      switch seen {
      case .present(let object, let moment): tell(Sighting(present(object), at: moment))
      case .gone(let object, let moment): if let content = gone(object) { tell(Sighting(content, at: moment)) }
      case .gap(let gap): tell(Sighting(.gap(resource, gap), at: Moment(gap.end)))
      }
    }
  }
}
