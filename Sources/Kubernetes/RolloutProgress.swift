package import Bench

/// Decides when a change of a workload has ended, and how: a pure state machine over what was seen of the cluster.
///
/// A change is complete when the status counts for the newest generation, every pod is as wanted and available, and no
/// pod is on its way out: later than `rollout status` says. Failures are recognised by what the cluster calls them, as
/// early as it shows them. What is seen after the outcome still adds to the pods' lives.
package struct RolloutProgress: Sendable {
  /// The cluster right before the change.
  package struct Before: Sendable {
    /// The workload.
    package var workload: WorkloadObject
    /// Its pods, also those that have ended for good.
    package var pods: [Pod]
    /// The ReplicaSets of its namespace; none where it is a StatefulSet.
    package var replicaSets: [WorkloadObject]
    /// The EndpointSlices of its namespace.
    package var endpoints: [EndpointSlice]

    /// A cluster; see the members.
    package init(
      workload: WorkloadObject, pods: [Pod], replicaSets: [WorkloadObject] = [], endpoints: [EndpointSlice] = []
    ) {
      self.workload = workload
      self.pods = pods
      self.replicaSets = replicaSets
      self.endpoints = endpoints
    }
  }

  /// How long a sign that may go away has to stand, with nothing moving, to be a failure.
  private static let patience: Duration = .seconds(5)

  private let change: RolloutChange.Trigger
  private let generationBefore: Int
  private let deadline: MonotonicTime
  private var view: RolloutView
  private var endpoints = EndpointView()
  /// Where each pod is, in the view and in the record.
  private var places: [String: Int] = [:]
  /// How often each Event was told.
  private var told: [String: Int] = [:]
  /// Events about pods that were not told of yet.
  private var early: [String: [Sighting]] = [:]
  /// Since when a sign stands that may go away, with nothing moving.
  private var stuckSince: MonotonicTime?
  private var latest: MonotonicTime
  /// What was seen so far, with the life of each pod.
  package private(set) var record: RolloutRecord

  /// A change that begins at `record.start` and may take `limit`; one that puts a template back is `.image(nil)`.
  package init(record: RolloutRecord, change: RolloutChange.Trigger, before: Before, limit: Duration) {
    self.record = record
    self.change = change
    view = RolloutView(kind: record.workload.kind, workload: before.workload)
    generationBefore = before.workload.metadata.generation ?? 0
    deadline = record.start + limit
    latest = record.start
    self.record.wantedBefore = before.workload.wanted
    self.record.wantedAfter = before.workload.wanted
    let start = Moment(record.start)
    for slice in before.endpoints { _ = endpoints.see(slice, at: start) }
    for set in before.replicaSets where view.owns(set) { view.replicaSets[set.metadata.uid] = set }
    for pod in before.pods {
      add(PodTimeline(old: pod, endpoint: endpoints.standing(of: pod.metadata.uid), at: start))
    }
  }

  /// The command that began the change ended so; a command that did not is worth no outcome of its own.
  package mutating func commandEnded(exit: Int, at now: MonotonicTime) {
    record.exit = exit
    latest = max(latest, now)
  }

  /// The change is given up as it is.
  package mutating func interrupt(at now: MonotonicTime) {
    if record.outcome == nil { end(.interrupted, nil, now) }
  }

  /// How the change has ended, nil while it goes on; to be asked after each sighting and from time to time.
  ///
  /// Ends the record once.
  package mutating func outcome(at now: MonotonicTime) -> RolloutOutcome? {
    guard record.outcome == nil else { return record.outcome }
    if view.isDeleted {
      end(.deleted, nil, now)
    } else if isComplete {
      end(.complete, nil, min(now, latest))
    } else if let (outcome, detail) = failure(at: now) {
      end(outcome, detail, now)
    }
    return record.outcome
  }

  /// True when nothing more is to be waited for: after a complete change the Services may tell of its pods a moment later,
  /// and several moments later where the watch of them broke.
  package var isTold: Bool {
    guard record.outcome == .complete, view.pods.contains(where: \.isServing) else { return true }
    return view.pods.allSatisfy(\.isTold)
  }

  private mutating func end(_ outcome: RolloutOutcome, _ detail: String?, _ now: MonotonicTime) {
    record.outcome = outcome
    record.detail = detail
    record.end = now
  }

  private var isComplete: Bool {
    guard view.isWhole else { return false }
    switch change {
    case .scale(let count): return view.workload.wanted == count && (isNewGeneration || record.exit != nil)
    case .deletePod: return view.pods.contains { $0.isOld && $0.isGone }
    case .command: return record.exit != nil && isNewGeneration && view.isUpdated
    case .image, .restart, .setEnv: return isNewGeneration && view.isUpdated
    }
  }

  private func failure(at now: MonotonicTime) -> (RolloutOutcome, String?)? {
    if let sign = view.sign(.final) { return (sign.outcome, sign.detail) }
    if let stuckSince, now >= stuckSince + Self.patience, let sign = view.standingSign {
      return (sign.outcome, sign.detail)
    }
    if isNewGeneration, let message = view.deadlineMessage { return named(.progressDeadline, message) }
    guard now >= deadline else { return nil }
    return hasBegun || record.exit == nil ? named(.timedOut, nil) : (.noChange, nil)
  }

  /// A failure that only says that time has passed, by the name of what the new pods show.
  private func named(_ outcome: RolloutOutcome, _ detail: String?) -> (RolloutOutcome, String?) {
    if let idle = view.idlePod {
      return (.neverReady, idle.probeFailure ?? idle.pod.status?.conditions?.condition("Ready")?.message ?? detail)
    }
    guard let sign = view.sign(.hint) ?? view.standingSign else { return (outcome, detail) }
    return (sign.outcome, sign.detail)
  }

  /// True when somebody changed what is wanted since the change began.
  private var isNewGeneration: Bool { view.workload.metadata.generation ?? 0 > generationBefore }

  /// True when the cluster has begun to do what was asked for.
  private var hasBegun: Bool {
    isNewGeneration || change == .deletePod && view.pods.contains { $0.isOld && ($0.pod.isMarked || $0.isGone) }
  }
}

// MARK: Sightings

extension RolloutProgress {
  /// Takes in what was seen; sightings of one resource come in their order.
  package mutating func see(_ sighting: Sighting) {
    let at = sighting.at
    latest = max(latest, at.latest)
    switch sighting.content {
    case .workload(let workload): see(workload, at)
    case .workloadGone: view.isDeleted = true
    case .replicaSet(let set): see(replicaSet: set, at)
    case .replicaSetGone(let uid): view.replicaSets[uid] = nil
    case .pod(let pod): see(pod) { $0.see(pod, at: at) }
    case .podGone(let pod): see(pod) { $0.see(goneAt: at) }
    case .endpoints(let slice): see(endpoints.see(slice, at: at), at)
    case .endpointsGone(let uid): see(endpoints.remove(uid), at)
    case .event(let event): see(event, sighting)
    case .gap(_, let gap): see(gap)
    }
    stuckSince = view.standingSign != nil && !view.isMoving ? stuckSince ?? at.latest : nil
  }

  private mutating func see(_ new: WorkloadObject, _ at: Moment) {
    let known = view.workload.status?.conditions ?? []
    for condition in new.status?.conditions ?? [] where known.condition(condition.type) != condition {
      let text = "\(condition.type)=\(condition.status)" + (condition.message.map { ": \($0)" } ?? "")
      note(at, view.kindName, new.metadata, condition.reason ?? condition.type, text)
    }
    view.workload = new
    view.isDeleted = false
    record.wantedAfter = new.wanted
  }

  private mutating func see(replicaSet set: WorkloadObject, _ at: Moment) {
    guard view.owns(set) else { return }
    let before = view.replicaSets.updateValue(set, forKey: set.metadata.uid)?.wanted ?? 0
    if before != set.wanted { note(at, "ReplicaSet", set.metadata, "scaled", "from \(before) to \(set.wanted)") }
  }

  private mutating func see(_ pod: Pod, _ take: (inout PodTimeline) -> Void) {
    let uid = pod.metadata.uid
    let isNew = places[uid] == nil
    if isNew { add(PodTimeline(new: pod)) }
    update(uid, take)
    guard isNew else { return }
    view.refusal = nil
    if let moment = endpoints.moment(of: uid) { see([uid], moment) }
    for sighting in early.removeValue(forKey: uid) ?? [] { see(sighting) }
  }

  private mutating func see(_ concerned: Set<String>, _ at: Moment) {
    for uid in concerned {
      let standing = endpoints.standing(of: uid)
      update(uid) { $0.see(standing, at: at) }
    }
  }

  private mutating func see(_ event: ClusterEvent, _ sighting: Sighting) {
    guard let subject = event.involvedObject.uid, let name = event.involvedObject.name else { return }
    let isPod = event.involvedObject.kind == "Pod"
    if isPod, places[subject] == nil {
      if name.hasPrefix(view.workload.metadata.name) { early[subject, default: []].append(sighting) }
      return
    }
    guard isPod || subject == view.workload.metadata.uid || view.replicaSets[subject] != nil else { return }
    let count = event.count ?? 1
    // A list after a gap tells again what was told.
    guard told.updateValue(count, forKey: event.metadata.uid) != count else { return }
    record.notes.append(
      RolloutRecord.Note(
        at: sighting.at, kind: event.involvedObject.kind ?? "", name: name, uid: subject, what: event.reason ?? "",
        text: event.message))
    if isPod { update(subject) { $0.see(event, at: sighting.at) } }
    if event.reason == "FailedCreate", subject == view.workload.metadata.uid {
      view.refusal = FailureSign(
        outcome: .quota, weight: .standing, detail: event.message ?? RolloutOutcome.quota.sentence)
    }
  }

  /// One outage breaks every watch: gaps that overlap are one.
  private mutating func see(_ gap: RolloutRecord.Gap) {
    var whole = gap
    while let last = record.gaps.last, last.end >= whole.start {
      whole = RolloutRecord.Gap(start: min(last.start, whole.start), end: max(last.end, whole.end))
      record.gaps.removeLast()
    }
    record.gaps.append(whole)
  }

  private mutating func add(_ pod: PodTimeline) {
    places[pod.pod.metadata.uid] = view.pods.count
    view.pods.append(pod)
    record.pods.append(
      RolloutRecord.Pod(
        name: pod.pod.metadata.name, uid: pod.pod.metadata.uid, isOld: pod.isOld,
        image: pod.pod.spec.containers.first?.image ?? ""))
  }

  private mutating func update(_ uid: String, _ take: (inout PodTimeline) -> Void) {
    guard let place = places[uid] else { return }
    take(&view.pods[place])
    let pod = view.pods[place]
    record.pods[place].times = pod.times
    for milestone in view.pods[place].news() {
      guard let at = pod.times[milestone] else { continue }
      note(at, "Pod", pod.pod.metadata, milestone.rawValue)
    }
  }

  private mutating func note(
    _ at: Moment, _ kind: String, _ object: ObjectMetadata, _ what: String, _ text: String? = nil
  ) {
    record.notes.append(
      RolloutRecord.Note(at: at, kind: kind, name: object.name, uid: object.uid, what: what, text: text))
  }
}
