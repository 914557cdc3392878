/// How a change of the cluster ended.
///
/// What the cluster does wrong is a value here, never an error.
package enum RolloutOutcome: String, Sendable, Hashable, Codable, CaseIterable {
  /// Every pod is of the new revision and available, and the last old pod is gone.
  case complete
  /// The image of the new pods cannot be pulled.
  case imagePull = "image-pull"
  /// A container of the new pods ends again and again.
  case crashLoop = "crash-loop"
  /// The Deployment's own deadline for progress passed.
  case progressDeadline = "progress-deadline"
  /// `--rollout-timeout` passed.
  case timedOut = "timed-out"
  /// The run was interrupted before the rollout had ended.
  case interrupted

  /// For people: what it means.
  package var sentence: String {
    switch self {
    case .complete: "all pods are of the new revision and the last old pod is gone"
    case .imagePull: "the new image cannot be pulled"
    case .crashLoop: "the new container ends again and again"
    case .progressDeadline: "the Deployment made no progress within its deadline"
    case .timedOut: "the rollout did not end within --rollout-timeout"
    case .interrupted: "interrupted before its end"
    }
  }
}

/// One change of the cluster as it was seen: when it began and ended, how, and what each pod did.
package struct RolloutRecord: Sendable, Hashable {
  /// A pod's life as far as it falls into the change.
  package struct Pod: Sendable, Hashable {
    /// Its name.
    package var name: String
    /// Its identity in the cluster: a StatefulSet's pods keep their names, so this tells them apart.
    package var uid: String
    /// True for a pod that was there before the change.
    package var isOld: Bool
    /// Image of its first container; empty when unknown.
    package var image: String
    /// When it was first seen; nil when it was not, or was there before the change.
    package var created: MonotonicTime?
    /// When it was first seen ready; nil when it was not, or was there before the change.
    package var ready: MonotonicTime?
    /// When it was first seen marked for deletion; nil when it was not.
    package var marked: MonotonicTime?
    /// When it was first seen to be gone; nil when it was not.
    package var gone: MonotonicTime?

    /// A pod of which nothing has been seen yet.
    package init(name: String, uid: String, isOld: Bool, image: String) {
      self.name = name
      self.uid = uid
      self.isOld = isOld
      self.image = image
    }
  }

  /// What began it: the kubectl command.
  package var trigger: String
  /// `deployment/voting-app`.
  package var workload: String
  /// When the command that began it was started.
  package var start: MonotonicTime
  /// When it ended; nil while it goes on.
  package var end: MonotonicTime?
  /// How it ended; nil while it goes on.
  package var outcome: RolloutOutcome?
  /// What the cluster said of a failure: the pod's or the Deployment's own message; nil without one.
  package var detail: String?
  /// Exit status of the command that began it; nil when it has not ended.
  package var kubectlExit: Int?
  /// Every pod seen, in the order of being seen first.
  package var pods: [Pod] = []

  /// A change that began at `start`.
  package init(trigger: String, workload: String, start: MonotonicTime) {
    self.trigger = trigger
    self.workload = workload
    self.start = start
  }
}
