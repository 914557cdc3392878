/// What rolls: a Deployment or a StatefulSet.
package struct Workload: Sendable, Hashable, Codable, CustomStringConvertible {
  /// The kinds, spelled as kubectl takes them.
  package enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    /// Rolls by ReplicaSets, an old and a new one.
    case deployment
    /// Rolls pod by pod, from the highest ordinal; pods keep their names.
    case statefulSet = "statefulset"
  }

  /// Deployment or StatefulSet.
  package var kind: Kind
  /// Its name.
  package var name: String

  /// A workload; see the members.
  package init(_ kind: Kind, _ name: String) {
    self.kind = kind
    self.name = name
  }

  /// `deployment/voting-app`, as kubectl takes it.
  package var description: String { "\(kind.rawValue)/\(name)" }
}

/// One change of the cluster in the middle of the load: what changes, and how.
package struct RolloutChange: Sendable, Hashable {
  /// How the workload is changed.
  package enum Trigger: Sendable, Hashable {
    /// `kubectl set image`; nil on the sandbox's voting-app for the other of v1 and v2.
    case image(String?)
    /// `kubectl rollout restart`.
    case restart
    /// `kubectl set env`: `NAME=value`, or `NAME-` to take one away; at least one.
    case setEnv([String])
    /// `kubectl scale` to so many pods.
    case scale(Int)
    /// `kubectl delete pod` of one of its pods: does the cluster heal itself unnoticed?
    case deletePod
    /// Any command, run by `/bin/sh -c`: helm, argocd.
    case command(String)
  }

  /// What changes; with `command`: what is watched.
  package var workload: Workload
  /// The container that `image` and `setEnv` mean; nil for the only one.
  package var container: String?
  /// How it is changed.
  package var trigger: Trigger

  /// A change; see the members.
  package init(workload: Workload, container: String? = nil, trigger: Trigger) {
    self.workload = workload
    self.container = container
    self.trigger = trigger
  }
}

/// How a workload rolls, as far as it is set for a run and put back afterwards; what is nil stays as it is.
package struct StrategyChange: Sendable, Hashable {
  /// A number of pods, or a share of them.
  package enum Amount: Sendable, Hashable, CustomStringConvertible {
    /// So many pods.
    case pods(Int)
    /// So many percent of the wanted pods: maxSurge is rounded up, maxUnavailable down.
    case percent(Int)

    /// As Kubernetes writes it: `1`, `25%`.
    package var description: String {
      switch self {
      case .pods(let count): "\(count)"
      case .percent(let share): "\(share)%"
      }
    }
  }

  /// Pods above the wanted number while it rolls; Deployments only.
  package var maxSurge: Amount?
  /// Pods below the wanted number while it rolls; a StatefulSet of a recent server takes it, too.
  package var maxUnavailable: Amount?
  /// Whole seconds for which a new pod is ready before it counts as available.
  package var minReadySeconds: Int?

  /// A change of the strategy; see the members.
  package init(maxSurge: Amount? = nil, maxUnavailable: Amount? = nil, minReadySeconds: Int? = nil) {
    self.maxSurge = maxSurge
    self.maxUnavailable = maxUnavailable
    self.minReadySeconds = minReadySeconds
  }
}
