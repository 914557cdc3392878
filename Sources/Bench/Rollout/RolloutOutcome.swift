/// How a change of the cluster ended.
///
/// What the cluster does wrong is a value here, never an error.
package enum RolloutOutcome: String, Sendable, Hashable, Codable, CaseIterable {
  /// Every pod is as the change wants it and available, and the last old pod is gone.
  case complete
  /// The image of the new pods cannot be pulled.
  case imagePull = "image-pull"
  /// A container of the new pods cannot be made: a ConfigMap or Secret that is not there, a command that does not exist.
  case containerConfig = "container-config"
  /// A container of the new pods ends again and again.
  case crashLoop = "crash-loop"
  /// The new pods run and never became ready.
  case neverReady = "never-ready"
  /// No node takes the new pods.
  case unschedulable
  /// The namespace's quota, or another check at their admission, does not let new pods be made.
  case quota
  /// The workload's own deadline for progress passed, and nothing says why.
  case progressDeadline = "progress-deadline"
  /// `--rollout-timeout` passed, and nothing says why.
  case timedOut = "timed-out"
  /// The command ended, and the workload did not change within `--rollout-timeout`.
  case noChange = "no-change"
  /// Somebody deleted the workload.
  case deleted
  /// The run was interrupted before the rollout had ended.
  case interrupted

  /// For people: what it means.
  package var sentence: String {
    switch self {
    case .complete: "all pods are as wanted and the last old pod is gone"
    case .imagePull: "the new image cannot be pulled"
    case .containerConfig: "the new container cannot be made"
    case .crashLoop: "the new container ends again and again"
    case .neverReady: "the new pods run and never became ready"
    case .unschedulable: "no node takes the new pods"
    case .quota: "new pods are refused at their admission"
    case .progressDeadline: "the workload made no progress within its deadline"
    case .timedOut: "the rollout did not end within --rollout-timeout"
    case .noChange: "the command ended, and the workload did not change"
    case .deleted: "the workload was deleted"
    case .interrupted: "interrupted before its end"
    }
  }
}
