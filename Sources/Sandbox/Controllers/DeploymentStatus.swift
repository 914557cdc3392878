import FoundationEssentials

/// The status of a Deployment and its conditions, from the statuses of its ReplicaSets.
/// (kubernetes/pkg/controller/deployment, sync.go and progress.go)
extension DeploymentSync {
  var hasProgressDeadline: Bool {
    deployment["spec", "progressDeadlineSeconds"].int.map { $0 != Int(Int32.max) } ?? false
  }

  func condition(_ type: String) -> JSON { deployment["status", "conditions"][where: "type", is: type] }

  /// Sets a condition.
  ///
  /// One with the same status and reason stays as it is, and the time of the last transition is kept as long as the
  /// status is the same.
  mutating func setCondition(_ type: String, _ status: String, _ reason: String, _ message: String) {
    let current = condition(type)
    guard current["status"].string != status || current["reason"].string != reason else { return }
    replaceCondition(type, status, reason, message)
  }

  private mutating func replaceCondition(_ type: String, _ status: String, _ reason: String, _ message: String) {
    let current = condition(type)
    let moment: JSON = .string(Timestamp.text(now))
    deployment["status", "conditions"][where: "type", is: type] = .null
    deployment["status", "conditions"][where: "type", is: type] = [
      "type": .string(type), "status": .string(status), "lastUpdateTime": moment,
      "lastTransitionTime": current["status"].string == status ? current["lastTransitionTime"] : moment,
      "reason": .string(reason), "message": .string(message),
    ]
  }

  /// Notes that a Deployment was paused or resumed, so that the time of the pause is no lack of progress.
  mutating func notePause() {
    guard hasProgressDeadline else { return }
    let reason = condition("Progressing")["reason"].string
    guard reason != "ProgressDeadlineExceeded" else { return }
    if isPaused, reason != "DeploymentPaused" {
      setCondition("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused")
    } else if !isPaused, reason == "DeploymentPaused" {
      setCondition("Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed")
    }
  }

  /// Whether the rollout is over, by the status as written last.
  var isComplete: Bool { isComplete(deployment) }

  private func isComplete(_ deployment: JSON) -> Bool {
    ["updatedReplicas", "replicas", "availableReplicas"].allSatisfy { deployment.count($0) == wanted }
      && deployment.count("observedGeneration") >= deployment["metadata", "generation"].int ?? 0
  }

  /// Counts, and whether enough pods are available.
  mutating func writeStatus() {
    let available = total("availableReplicas")
    let counts: [(String, Int)] = [
      ("observedGeneration", deployment["metadata", "generation"].int ?? 0),
      ("replicas", total("replicas")),
      ("updatedReplicas", newIndex.map { sets[$0].count("replicas") } ?? 0),
      ("readyReplicas", total("readyReplicas")), ("availableReplicas", available),
      ("unavailableReplicas", max(0, total(sets.indices) - available)),
    ]
    for (field, count) in counts { deployment["status", field] = count == 0 ? .null : .int(count) }
    deployment["status", "terminatingReplicas"] = .int(total("terminatingReplicas"))
    if available >= wanted - maxUnavailable {
      setCondition("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    } else {
      setCondition(
        "Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    }
  }

  /// Counts, and whether the rollout goes on, is over or has stopped.
  mutating func writeRolloutStatus() {
    let old = before
    writeStatus()
    noteFailure()
    guard hasProgressDeadline else {
      deployment["status", "conditions"][where: "type", is: "Progressing"] = .null
      return
    }
    let current = condition("Progressing")
    let over =
      deployment.count("replicas") == deployment.count("updatedReplicas")
      && current["reason"].string == "NewReplicaSetAvailable"
    guard !over else { return }
    let subject = newIndex.map { "ReplicaSet \"\(sets[$0].name)\"" } ?? "Deployment \"\(deployment.name)\""
    if isComplete(deployment) {
      setCondition("Progressing", "True", "NewReplicaSetAvailable", "\(subject) has successfully progressed.")
    } else if progressed(since: old) {
      replaceCondition("Progressing", "True", "ReplicaSetUpdated", "\(subject) is progressing.")
    } else if isTimedOut {
      setCondition("Progressing", "False", "ProgressDeadlineExceeded", "\(subject) has timed out progressing.")
    }
  }

  // What its ReplicaSets are refused, the newest one's first. (progress.go, getReplicaFailures)
  private mutating func noteFailure() {
    let ordered = ((newIndex.map { [$0] } ?? []) + oldIndices).map { sets[$0] }
    let failures = ordered.map { $0["status", "conditions"][where: "type", is: "ReplicaFailure"] }
    guard let found = failures.first(where: { !$0.isNull }) else {
      deployment["status", "conditions"][where: "type", is: "ReplicaFailure"] = .null
      return
    }
    let current = condition("ReplicaFailure")
    guard current["status"] != found["status"] || current["reason"] != found["reason"] else { return }
    var condition = found
    condition["lastUpdateTime"] = found["lastTransitionTime"]
    deployment["status", "conditions"][where: "type", is: "ReplicaFailure"] = condition
  }

  private func progressed(since old: JSON) -> Bool {
    func outdated(_ deployment: JSON) -> Int { deployment.count("replicas") - deployment.count("updatedReplicas") }
    return deployment.count("updatedReplicas") > old.count("updatedReplicas") || outdated(deployment) < outdated(old)
      || deployment.count("readyReplicas") > old.count("readyReplicas")
      || deployment.count("availableReplicas") > old.count("availableReplicas")
  }

  // Sets `again` too: nothing else would wake the controller at the deadline.
  private var isTimedOut: Bool {
    mutating get {
      let progressing = condition("Progressing")
      guard let reason = progressing["reason"].string, reason != "NewReplicaSetAvailable",
        let since = progressing["lastUpdateTime"].string.flatMap(Timestamp.moment)
      else { return false }
      if reason == "ProgressDeadlineExceeded" { return true }
      let deadline = since.addingTimeInterval(Double(deployment["spec", "progressDeadlineSeconds"].int ?? 600))
      if deadline < now { return true }
      again = deadline.addingTimeInterval(0.01)
      return false
    }
  }
}
