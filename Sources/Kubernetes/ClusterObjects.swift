/// A Deployment, as far as a rollout needs it.
///
/// Fields that are zero are absent in Kubernetes' answers.
package struct Deployment: Sendable, Hashable, Decodable {
  package struct Metadata: Sendable, Hashable, Decodable {
    package var name: String
    package var generation: Int?
    package var resourceVersion: String?
  }
  package struct Spec: Sendable, Hashable, Decodable {
    package struct Selector: Sendable, Hashable, Decodable {
      package var matchLabels: [String: String]?
    }
    package struct Template: Sendable, Hashable, Decodable {
      package struct Spec: Sendable, Hashable, Decodable {
        package var containers: [Container]
      }
      package var spec: Spec
    }
    package struct Container: Sendable, Hashable, Decodable {
      package var name: String
      package var image: String?
    }
    package var replicas: Int?
    package var selector: Selector
    package var template: Template
  }
  package struct Status: Sendable, Hashable, Decodable {
    package struct Condition: Sendable, Hashable, Decodable {
      package var type: String
      package var status: String
      package var reason: String?
      package var message: String?
    }
    package var observedGeneration: Int?
    package var replicas: Int?
    package var updatedReplicas: Int?
    package var availableReplicas: Int?
    package var conditions: [Condition]?
  }
  package var metadata: Metadata
  package var spec: Spec
  package var status: Status?
}

/// A Pod, as far as a rollout needs it.
package struct Pod: Sendable, Hashable, Decodable {
  package struct Metadata: Sendable, Hashable, Decodable {
    package var name: String
    package var uid: String
    package var deletionTimestamp: String?
    package var resourceVersion: String?
  }
  package struct Spec: Sendable, Hashable, Decodable {
    package var containers: [Deployment.Spec.Container]
  }
  package struct Status: Sendable, Hashable, Decodable {
    package struct ContainerStatus: Sendable, Hashable, Decodable {
      package struct State: Sendable, Hashable, Decodable {
        package struct Waiting: Sendable, Hashable, Decodable {
          package var reason: String?
          package var message: String?
        }
        package var waiting: Waiting?
      }
      package var name: String
      package var state: State?
    }
    package var phase: String?
    package var conditions: [Deployment.Status.Condition]?
    package var containerStatuses: [ContainerStatus]?
  }
  package var metadata: Metadata
  package var spec: Spec
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
