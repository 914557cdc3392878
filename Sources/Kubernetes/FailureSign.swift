import Bench

/// What the cluster shows of why a change cannot end well, in its own words.
struct FailureSign: Sendable, Hashable {
  /// How much it means, from little to much.
  enum Weight: Int, Sendable, Hashable, Comparable {
    /// It often goes away: it only names a failure that shows otherwise.
    case hint
    /// It may go away when something else moves: the change has failed when it stands and nothing moves.
    case standing
    /// It does not go away by itself: the change has failed.
    case final

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  }

  /// The failure that it is a sign of.
  var outcome: RolloutOutcome
  /// How much it means.
  var weight: Weight
  /// What the cluster says.
  var detail: String
}

extension Pod {
  /// What the pod shows of why it does not become ready; nil when it shows nothing, as one that is ready.
  var failureSign: FailureSign? {
    let containers = (status?.initContainerStatuses ?? []) + (status?.containerStatuses ?? [])
    return containers.lazy.compactMap(\.failureSign).first ?? schedulingSign
  }

  private var schedulingSign: FailureSign? {
    guard let scheduled = status?.conditions?.condition("PodScheduled"), scheduled.status == "False",
      scheduled.reason == "Unschedulable"
    else { return nil }
    return FailureSign(
      outcome: .unschedulable, weight: .standing, detail: scheduled.message ?? "no node takes \(metadata.name)")
  }
}

extension Pod.ContainerStatus {
  private static let refusedImages: Set = ["ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"]
  private static let refusedStarts: Set = ["StartError", "ContainerCannotRun"]
  private static let refusedContainers: Set = [
    "CreateContainerConfigError", "CreateContainerError", "RunContainerError",
  ]

  fileprivate var failureSign: FailureSign? {
    let waiting = state?.waiting
    // A container that cannot be started is in a crash loop, too; that it never ran says more.
    if state?.running == nil, let end = state?.terminated ?? lastState?.terminated,
      Self.refusedStarts.contains(end.reason ?? "")
    {
      return sign(.containerConfig, end.message ?? end.reason)
    }
    switch waiting?.reason {
    case let reason? where Self.refusedImages.contains(reason): return sign(.imagePull, waiting?.message ?? reason)
    // The registry may have had a hiccup; the back-off says that it was tried again.
    case "ErrImagePull": return sign(.imagePull, waiting?.message, .hint)
    case let reason? where Self.refusedContainers.contains(reason):
      return sign(.containerConfig, waiting?.message ?? reason)
    case "CrashLoopBackOff": return sign(.crashLoop, waiting?.message)
    default: break
    }
    guard restartCount ?? 0 >= 2, ready != true else { return nil }
    let exit = lastState?.terminated?.exitCode.map { " with exit status \($0)" } ?? ""
    return sign(.crashLoop, "container \(name) was started again twice; it ended\(exit)")
  }

  private func sign(_ outcome: RolloutOutcome, _ said: String?, _ weight: FailureSign.Weight = .final) -> FailureSign {
    FailureSign(outcome: outcome, weight: weight, detail: said ?? outcome.sentence)
  }
}

extension WorkloadObject {
  /// That new pods are refused, as a Deployment or a ReplicaSet says it; nil when it does not.
  var quotaSign: FailureSign? {
    guard let condition = status?.conditions?.condition("ReplicaFailure"), condition.status == "True",
      condition.reason == "FailedCreate"
    else { return nil }
    return FailureSign(outcome: .quota, weight: .standing, detail: condition.message ?? RolloutOutcome.quota.sentence)
  }
}
