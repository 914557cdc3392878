package import FoundationEssentials

/// Rolls Deployments as Kubernetes does: a ReplicaSet for each pod template, scaled against each other within
/// maxSurge and maxUnavailable.
///
/// A translation of kubernetes/pkg/controller/deployment (sync.go, rolling.go, recreate.go, progress.go), one call to
/// ``sync`` for one pass of its `syncDeployment`: it scales in one direction at most, and is called again when what it
/// did shows.
package enum DeploymentController {
  /// Decides one step for a Deployment.
  ///
  /// `replicaSets` and `pods` may hold those of others too.
  package static func sync(
    _ deployment: JSON, replicaSets: [JSON], pods: [JSON], now: Date
  ) -> ControllerOutcome {
    guard !deployment.isTerminating, !deployment["spec", "selector"].isNull else { return ControllerOutcome() }
    let own = replicaSets.filter { $0.isControlled(by: deployment) }
    var sync = DeploymentSync(deployment: deployment, sets: own, now: now)
    sync.run(pods: pods)
    return sync.outcome
  }
}

/// One pass over one Deployment: copies of the objects, changed as the pass goes on.
struct DeploymentSync {
  var deployment: JSON
  let before: JSON
  /// The ReplicaSets, oldest first.
  var sets: [JSON]
  let now: Date
  var created: JSON?
  var deleted: [JSON] = []
  var events: [EventRecord] = []
  var again: Date?
  private let setsBefore: [String: JSON]

  init(deployment: JSON, sets: [JSON], now: Date) {
    self.deployment = deployment
    before = deployment
    self.sets = sets.sorted { ($0.created, $0.name) < ($1.created, $1.name) }
    setsBefore = [String: JSON](sets.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    self.now = now
  }

  var outcome: ControllerOutcome {
    var actions: [ControllerAction] = []
    if let created, let set = sets.first(where: { $0.name == created.name }) {
      actions.append(.create(set, .replicaSets))
    }
    for set in sets where setsBefore[set.name].map({ $0 != set }) ?? false {
      actions.append(.replace(set, .replicaSets))
    }
    if deployment != before { actions.append(.replace(deployment, .deployments)) }
    actions += deleted.map { .delete(.replicaSets, namespace: $0.namespace, name: $0.name) }
    actions += events.map { .event($0) }
    return ControllerOutcome(actions: actions, again: again)
  }

  // MARK: What the spec says

  var wanted: Int { deployment.desiredReplicas }
  var isRolling: Bool { deployment["spec", "strategy", "type"].string != "Recreate" }
  var isPaused: Bool { deployment["spec", "paused"].bool == true }

  private var limits: (surge: Int, unavailable: Int) {
    guard isRolling, wanted > 0 else { return (0, 0) }
    let update = deployment["spec", "strategy", "rollingUpdate"]
    let surge = (IntOrPercent(update["maxSurge"]) ?? .percent(25)).of(wanted, roundUp: true)
    let unavailable = (IntOrPercent(update["maxUnavailable"]) ?? .percent(25)).of(wanted, roundUp: false)
    // Both may round to none, and then nothing could ever move. (ResolveFenceposts)
    return (surge, surge == 0 && unavailable == 0 ? 1 : unavailable)
  }

  var maxSurge: Int { limits.surge }
  var maxUnavailable: Int { min(limits.unavailable, wanted) }

  // MARK: The ReplicaSets

  /// The ReplicaSet of the present template; the oldest, should there be two.
  var newIndex: Int? {
    let template = PodTemplateHash.withoutHash(deployment["spec", "template"])
    return sets.firstIndex { PodTemplateHash.withoutHash($0["spec", "template"]) == template }
  }

  var oldIndices: [Int] {
    let new = newIndex
    return sets.indices.filter { $0 != new }
  }

  func total(_ indices: some Sequence<Int>) -> Int { indices.reduce(0) { $0 + sets[$1].desiredReplicas } }
  func total(_ field: String) -> Int { sets.reduce(0) { $0 + $1.count(field) } }

  // MARK: The pass

  mutating func run(pods: [JSON]) {
    notePause()
    if isPaused || isScalingEvent {
      syncRevision(creating: false)
      scale()
      if isPaused { cleanUp() }
      writeStatus()
    } else if isRolling {
      roll()
    } else {
      recreate(pods: pods)
    }
  }

  // Someone changed spec.replicas since the ReplicaSets were last scaled.
  private var isScalingEvent: Bool {
    sets.contains { set in
      guard set.desiredReplicas > 0 else { return false }
      let known = set["metadata", "annotations", DeploymentRevision.desiredReplicas].string.flatMap { Int($0) }
      return known.map { $0 != wanted } ?? false
    }
  }

  private mutating func roll() {
    syncRevision(creating: true)
    if !scaleUpNew(), !scaleDownOld(), isComplete { cleanUp() }
    writeRolloutStatus()
  }

  private mutating func scaleUpNew() -> Bool {
    guard let new = newIndex, sets[new].desiredReplicas != wanted else { return false }
    guard sets[new].desiredReplicas < wanted else { return setReplicas(of: new, to: wanted) }
    return setReplicas(of: new, to: replicasForNew(now: sets[new].desiredReplicas, total: total(sets.indices)))
  }

  /// How many replicas the new ReplicaSet may have. (deployment_util.go, NewRSNewReplicas)
  func replicasForNew(now: Int, total: Int) -> Int {
    guard isRolling else { return wanted }
    let room = wanted + maxSurge - total
    return room <= 0 ? now : now + min(room, wanted - now)
  }

  private mutating func scaleDownOld() -> Bool {
    guard let new = newIndex, total(oldIndices) > 0 else { return false }
    let least = wanted - maxUnavailable
    let newUnavailable = sets[new].desiredReplicas - sets[new].count("availableReplicas")
    let most = total(sets.indices) - least - newUnavailable
    guard most > 0, let unhealthy = removeUnhealthy(most) else { return false }
    return unhealthy + removeAvailable(leaving: least) > 0
  }

  // Replicas that are not available help nobody, so they go first. Nil if a status lags behind its spec: then
  // nothing can be said. (rolling.go, cleanupUnhealthyReplicas)
  private mutating func removeUnhealthy(_ most: Int) -> Int? {
    var removed = 0
    for index in oldIndices where removed < most && sets[index].desiredReplicas > 0 {
      let unavailable = sets[index].desiredReplicas - sets[index].count("availableReplicas")
      guard unavailable != 0 else { continue }
      guard unavailable > 0 else { return nil }
      let count = min(most - removed, unavailable)
      _ = setReplicas(of: index, to: sets[index].desiredReplicas - count)
      removed += count
    }
    return removed
  }

  // (rolling.go, scaleDownOldReplicaSetsForRollingUpdate)
  private mutating func removeAvailable(leaving least: Int) -> Int {
    let available = total("availableReplicas")
    var removed = 0
    for index in oldIndices where removed < available - least && sets[index].desiredReplicas > 0 {
      let count = min(sets[index].desiredReplicas, available - least - removed)
      _ = setReplicas(of: index, to: sets[index].desiredReplicas - count)
      removed += count
    }
    return removed
  }

  // (recreate.go, rolloutRecreate)
  private mutating func recreate(pods: [JSON]) {
    syncRevision(creating: false)
    var scaled = false
    for index in oldIndices where sets[index].desiredReplicas > 0 {
      scaled = setReplicas(of: index, to: 0) || scaled
    }
    guard !scaled, !oldPodsRun(pods) else { return writeRolloutStatus() }
    syncRevision(creating: true)
    if let new = newIndex { _ = setReplicas(of: new, to: wanted) }
    if isComplete { cleanUp() }
    writeRolloutStatus()
  }

  private func oldPodsRun(_ pods: [JSON]) -> Bool {
    oldIndices.contains { index in
      sets[index].count("replicas") > 0 || pods.contains { $0.isControlled(by: sets[index]) && !$0.isOver }
    }
  }
}
