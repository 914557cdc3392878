import FoundationEssentials

/// Keeps the pods of StatefulSets: each with a name, a place and volumes of its own, made and rolled one after the
/// other.
///
/// A translation of kubernetes/pkg/controller/statefulset (stateful_set_control.go), one call to ``sync`` for one pass
/// of its `updateStatefulSet`. As there, in order (`OrderedReady`) a pod that is never ready holds up everything: also
/// the rollout that would mend it, until someone deletes the pod.
package enum StatefulSetController {
  /// Decides one step for a StatefulSet, and its status.
  ///
  /// `pods`, `revisions` and `claims` may hold those of others too. The status counts the pods as they are, not as the
  /// actions will make them: these show in the next call. `refusal` is why the last pod was not created; until its time
  /// nothing is created.
  static func sync(
    _ set: JSON, pods: [JSON], revisions: [JSON], claims: [JSON], refusal: RefusedPods.Refusal? = nil, now: Date
  ) -> ControllerOutcome {
    guard !set.isTerminating, !set["spec", "selector"].isNull else { return ControllerOutcome() }
    let claims = claims.filter { $0.namespace == set.namespace }.map { ($0.name, $0) }
    var sync = StatefulSetSync(
      set: set, pods: pods.filter { $0.isControlled(by: set) },
      history: StatefulSetHistory(set, revisions: revisions.filter { $0.isControlled(by: set) }),
      claims: [String: JSON](claims, uniquingKeysWith: { first, _ in first }),
      retry: refusal?.retry, now: now)
    sync.run()
    return ControllerOutcome(actions: sync.actions, again: sync.again)
  }
}

/// One pass over one StatefulSet.
struct StatefulSetSync {
  /// A place in the set, and the pod that has it.
  struct Replica {
    var ordinal: Int
    /// The pod as stored, or as it is to be made.
    var pod: JSON
    var exists: Bool
  }

  let set: JSON
  let now: Date
  /// When a pod that was refused may be tried again; nil if none was.
  let retry: Date?
  let history: StatefulSetHistory
  /// The claims of the namespace by name.
  var claims: [String: JSON]
  var actions: [ControllerAction] = []
  var again: Date?
  /// The pods that are deleted now so that they come back with the new template.
  var updating: Set<String> = []
  private(set) var replicas: [Replica] = []
  private(set) var condemned: [Replica] = []

  init(set: JSON, pods: [JSON], history: StatefulSetHistory, claims: [String: JSON], retry: Date?, now: Date) {
    self.set = set
    self.now = now
    self.retry = retry
    self.history = history
    self.claims = claims
    let known = pods.compactMap { pod in
      StatefulSetIdentity.ordinal(of: pod.name, set: set).map { Replica(ordinal: $0, pod: pod, exists: true) }
    }
    let first = set["spec", "ordinals", "start"].int ?? 0
    let range = first..<first + max(0, set.desiredReplicas)
    replicas = range.map { ordinal in
      known.first { $0.ordinal == ordinal }
        ?? Replica(ordinal: ordinal, pod: newPod(ordinal, first: first), exists: false)
    }
    condemned = known.filter { !range.contains($0.ordinal) }.sorted { $0.ordinal > $1.ordinal }
  }

  private func newPod(_ ordinal: Int, first: Int) -> JSON {
    let update = set["spec", "updateStrategy"]
    let isOld =
      update["type"].string != "OnDelete" && ordinal < first + (update["rollingUpdate", "partition"].int ?? 0)
    return StatefulSetIdentity.pod(of: set, revision: isOld ? history.current : history.update, ordinal: ordinal)
  }

  private var isOrdered: Bool { self.set["spec", "podManagementPolicy"].string != "Parallel" }
  var minReadySeconds: Int { self.set["spec", "minReadySeconds"].int ?? 0 }

  mutating func run() {
    actions += history.actions
    retainClaims()
    if !processReplicas(), !processCondemned() { roll() }
    writeStatus()
    actions += history.cleanUp(
      used: (replicas + condemned).filter(\.exists).map { StatefulSetIdentity.revision($0.pod) })
  }

  // MARK: The pods that are to be

  // Says whether what comes after has to wait.
  private mutating func processReplicas() -> Bool {
    for replica in replicas {
      if process(replica), isOrdered { return true }
    }
    return false
  }

  private mutating func process(_ replica: Replica) -> Bool {
    let pod = replica.pod
    guard replica.exists else {
      createClaims(of: replica)
      if let retry, retry > now {
        again = retry
        return true
      }
      actions.append(.create(pod, .pods))
      note("SuccessfulCreate", "Create Pod \(pod.name) in StatefulSet \(set.name) successful")
      return true
    }
    if pod.isOver {
      if !pod.isTerminating { delete(pod) }
      return true
    }
    if pod["status", "phase"].string == "Pending" { createClaims(of: replica) }
    return !isAvailable(replica)
  }

  /// Whether a pod runs, is ready for long enough, and its end has not begun.
  func isAvailable(_ replica: Replica) -> Bool {
    guard replica.exists, !replica.pod.isTerminating, replica.pod["status", "phase"].string == "Running",
      let from = replica.pod.availableFrom(minReadySeconds: minReadySeconds)
    else { return false }
    return from <= now
  }

  // MARK: The pods that are too many

  // The highest goes first, and the next when it is gone. One that is not available does not go before the lower ones
  // are available, but for the lowest of those: that one nobody waits for.
  private mutating func processCondemned() -> Bool {
    let firstUnavailable = (replicas + condemned.reversed()).first { !isAvailable($0) }
    for replica in condemned {
      if replica.pod.isTerminating {
        if isOrdered { return true }
        continue
      }
      if isOrdered, !isAvailable(replica), replica.ordinal != firstUnavailable?.ordinal { return true }
      delete(replica.pod)
      if isOrdered { return true }
    }
    return false
  }

  // MARK: The rollout

  // From the highest down to the partition. An old pod that is not available costs nothing, so it need not wait.
  private mutating func roll() {
    let update = set["spec", "updateStrategy"]
    guard update["type"].string != "OnDelete" else { return }
    let most = IntOrPercent(update["rollingUpdate", "maxUnavailable"])?.of(replicas.count, roundUp: true) ?? 1
    var budget = max(1, most) - replicas.count { !isAvailable($0) }
    let partition = update["rollingUpdate", "partition"].int ?? 0
    for replica in replicas.dropFirst(partition).reversed() {
      guard replica.exists, !replica.pod.isTerminating,
        StatefulSetIdentity.revision(replica.pod) != history.update.name
      else { continue }
      if isAvailable(replica) {
        guard budget > 0 else { return }
        budget -= 1
      }
      delete(replica.pod)
      updating.insert(replica.pod.uid)
    }
  }

  // MARK: Acting

  private mutating func delete(_ pod: JSON) {
    actions.append(.delete(.pods, namespace: pod.namespace, name: pod.name))
    note("SuccessfulDelete", "Delete Pod \(pod.name) in StatefulSet \(set.name) successful")
  }

  private mutating func createClaims(of replica: Replica) {
    for claim in StatefulSetIdentity.claims(of: set, ordinal: replica.ordinal) where claims[claim.name] == nil {
      claims[claim.name] = claim
      actions.append(.create(claim, .persistentVolumeClaims))
      note(
        "SuccessfulCreate",
        "Create Claim \(claim.name) Pod \(replica.pod.name) in StatefulSet \(set.name) success")
    }
  }

  private mutating func note(_ reason: String, _ message: String) {
    actions.append(
      .event(EventRecord(set, reason: reason, message: message, component: "statefulset-controller")))
  }
}
