/// A Deployment, as far as a rollout needs it.
///
/// Fields that are zero are absent in Kubernetes' answers.
package struct Deployment: Sendable, Hashable, Decodable {
  /// Who it is.
  package struct Metadata: Sendable, Hashable, Decodable {
    /// Its name.
    package var name: String
    /// Raised by every change of the spec; nil counts as 0.
    package var generation: Int?
    /// Version of the object, opaque; nil where it was left out.
    package var resourceVersion: String?
  }
  /// What is wanted.
  package struct Spec: Sendable, Hashable, Decodable {
    /// Which pods belong to it.
    package struct Selector: Sendable, Hashable, Decodable {
      /// Labels that its pods carry; nil when it selects by expressions only.
      package var matchLabels: [String: String]?
    }
    /// What its pods are made from.
    package struct Template: Sendable, Hashable, Decodable {
      /// What is wanted of each pod.
      package struct Spec: Sendable, Hashable, Decodable {
        /// The containers, at least one.
        package var containers: [Container]
      }
      /// What is wanted of each pod.
      package var spec: Spec
    }
    /// A container as wanted.
    package struct Container: Sendable, Hashable, Decodable {
      /// Its name, unique in the pod.
      package var name: String
      /// Its image; nil where it was left out.
      package var image: String?
    }
    /// How many pods are wanted; nil counts as 1.
    package var replicas: Int?
    /// Which pods belong to it.
    package var selector: Selector
    /// What new pods are made from.
    package var template: Template
  }
  /// What is seen.
  package struct Status: Sendable, Hashable, Decodable {
    /// A statement on the object's state.
    package struct Condition: Sendable, Hashable, Decodable {
      /// What it speaks of: `Progressing`, `Ready`.
      package var type: String
      /// `True`, `False` or `Unknown`.
      package var status: String
      /// Why, in one word: `ProgressDeadlineExceeded`; nil when not said.
      package var reason: String?
      /// Why, in a sentence; nil when not said.
      package var message: String?
    }
    /// The generation that this status tells of; nil counts as 0.
    package var observedGeneration: Int?
    /// Pods there are, of any revision, without terminating ones; nil counts as 0.
    package var replicas: Int?
    /// Pods of the new revision; nil counts as 0.
    package var updatedReplicas: Int?
    /// Pods that are available to serve; nil counts as 0.
    package var availableReplicas: Int?
    /// Statements on its state; nil when there is none.
    package var conditions: [Condition]?
  }
  /// Who it is.
  package var metadata: Metadata
  /// What is wanted.
  package var spec: Spec
  /// What is seen; nil before the cluster has said anything.
  package var status: Status?
}

/// A Pod, as far as a rollout needs it.
package struct Pod: Sendable, Hashable, Decodable {
  /// Who it is.
  package struct Metadata: Sendable, Hashable, Decodable {
    /// Its name; a StatefulSet gives it again to the next pod.
    package var name: String
    /// Its identity, never given again.
    package var uid: String
    /// When it has to be gone, ISO 8601; nil while nobody has asked for its end.
    package var deletionTimestamp: String?
    /// Version of the object, opaque; nil where it was left out.
    package var resourceVersion: String?
  }
  /// What is wanted.
  package struct Spec: Sendable, Hashable, Decodable {
    /// The containers, at least one.
    package var containers: [Deployment.Spec.Container]
  }
  /// What is seen.
  package struct Status: Sendable, Hashable, Decodable {
    /// A container as seen.
    package struct ContainerStatus: Sendable, Hashable, Decodable {
      /// What the container does.
      package struct State: Sendable, Hashable, Decodable {
        /// Why a container does not run yet, or not again.
        package struct Waiting: Sendable, Hashable, Decodable {
          /// Why, in one word: `ImagePullBackOff`; nil when not said.
          package var reason: String?
          /// Why, in a sentence; nil when not said.
          package var message: String?
        }
        /// Why it does not run; nil when it runs or has ended.
        package var waiting: Waiting?
      }
      /// Its name, unique in the pod.
      package var name: String
      /// What it does; nil when nothing is known.
      package var state: State?
    }
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`; nil when nothing is known.
    package var phase: String?
    /// Statements on its state; nil when there is none.
    package var conditions: [Deployment.Status.Condition]?
    /// Its containers as seen; nil before the kubelet has said anything.
    package var containerStatuses: [ContainerStatus]?
  }
  /// Who it is.
  package var metadata: Metadata
  /// What is wanted.
  package var spec: Spec
  /// What is seen; nil before the cluster has said anything.
  package var status: Status?

  /// True while the pod's own condition says so; a terminating pod keeps it until its container exits.
  package var isReady: Bool {
    status?.conditions?.contains { $0.type == "Ready" && $0.status == "True" } ?? false
  }

  /// True for a pod that has ended for good, such as an evicted one: it stays in lists, and counts as no replica.
  package var hasEnded: Bool {
    status?.phase == "Failed" || status?.phase == "Succeeded"
  }

  /// What the first waiting container waits for.
  package var waiting: Status.ContainerStatus.State.Waiting? {
    status?.containerStatuses?.lazy.compactMap(\.state?.waiting).first
  }
}

/// A list as the API server answers it.
struct ObjectList<Item: Decodable>: Decodable {
  struct Metadata: Decodable {
    var resourceVersion: String
  }
  var metadata: Metadata
  var items: [Item]
}

/// A line of a watch.
struct WatchLine<Item: Decodable>: Decodable {
  var type: String
  var object: Item
}
