/// A Deployment or a StatefulSet, or a ReplicaSet, as far as a rollout needs it.
///
/// They share their fields; those that a kind does not have are nil.
package struct WorkloadObject: Sendable, Hashable, Decodable {
  /// What is wanted.
  package struct Spec: Sendable, Hashable, Decodable {
    /// What its pods are made from.
    package struct Template: Sendable, Hashable, Decodable {
      /// What is wanted of each pod.
      package var spec: Pod.Spec
    }
    /// How a Deployment rolls, or a StatefulSet (as `updateStrategy`).
    package struct Strategy: Sendable, Hashable, Decodable {
      /// How many pods may be too many and too few meanwhile.
      package struct RollingUpdate: Sendable, Hashable, Decodable {
        /// Pods above the wanted number; nil for a StatefulSet.
        package var maxSurge: Amount?
        /// Pods below it; nil for a StatefulSet of an older server.
        package var maxUnavailable: Amount?
      }
      /// A number of pods, or a share of them: `1`, `25%`.
      package struct Amount: Sendable, Hashable, Decodable, CustomStringConvertible {
        /// As Kubernetes writes it.
        package var description: String

        package init(from decoder: any Decoder) throws {
          let value = try decoder.singleValueContainer()
          description = try (try? value.decode(Int.self)).map { "\($0)" } ?? value.decode(String.self)
        }
      }
      /// `RollingUpdate`, `Recreate` (Deployment) or `OnDelete` (StatefulSet); nil counts as `RollingUpdate`.
      package var type: String?
      /// Nil where pods are not replaced one after the other, or where the server does not say.
      package var rollingUpdate: RollingUpdate?
    }
    /// How many pods are wanted; nil counts as 1.
    package var replicas: Int?
    /// Which pods belong to it.
    package var selector: LabelSelector
    /// What new pods are made from.
    package var template: Template
    /// True while a Deployment is paused; nil counts as false.
    package var paused: Bool?
    /// How a Deployment rolls.
    package var strategy: Strategy?
    /// How a StatefulSet rolls.
    package var updateStrategy: Strategy?
    /// Seconds for which a new pod is ready before it is available; nil counts as 0.
    package var minReadySeconds: Int?
  }
  /// What is seen.
  package struct Status: Sendable, Hashable, Decodable {
    /// The generation that this status tells of; nil counts as 0.
    package var observedGeneration: Int?
    /// Pods there are, of any revision, without a Deployment's terminating ones; nil counts as 0.
    package var replicas: Int?
    /// Pods of the new revision; nil counts as 0.
    package var updatedReplicas: Int?
    /// Pods that are ready; nil counts as 0.
    package var readyReplicas: Int?
    /// Pods that are available to serve; nil counts as 0.
    package var availableReplicas: Int?
    /// A StatefulSet's revision before; nil elsewhere.
    package var currentRevision: String?
    /// A StatefulSet's revision after; nil elsewhere.
    package var updateRevision: String?
    /// Statements on its state; nil when there is none.
    package var conditions: [ObjectCondition]?
  }
  /// Who it is.
  package var metadata: ObjectMetadata
  /// What is wanted.
  package var spec: Spec
  /// What is seen; nil before the cluster has said anything.
  package var status: Status?

  /// How many pods are wanted.
  package var wanted: Int { spec.replicas ?? 1 }
}

/// Which pods belong to a workload.
package struct LabelSelector: Sendable, Hashable, Decodable {
  /// A condition on a label.
  package struct Requirement: Sendable, Hashable, Decodable {
    /// The label.
    package var key: String
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    package var `operator`: String
    /// The values of `In` and `NotIn`.
    package var values: [String]?
  }
  /// Labels that its pods carry.
  package var matchLabels: [String: String]?
  /// Further conditions; all have to hold.
  package var matchExpressions: [Requirement]?
}
