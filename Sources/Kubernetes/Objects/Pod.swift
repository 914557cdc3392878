/// A Pod, as far as a rollout needs it.
package struct Pod: Sendable, Hashable, Decodable {
  /// What is wanted.
  package struct Spec: Sendable, Hashable, Decodable {
    /// The containers, at least one.
    package var containers: [Container]
    /// Seconds from the mark to SIGKILL; nil counts as 30.
    package var terminationGracePeriodSeconds: Int?
  }
  /// A container as wanted.
  package struct Container: Sendable, Hashable, Decodable {
    /// What happens before it is told to end.
    package struct Lifecycle: Sendable, Hashable, Decodable {
      /// A hook.
      package struct Hook: Sendable, Hashable, Decodable {
        /// A pause.
        package struct Sleep: Sendable, Hashable, Decodable {
          /// Its length in seconds.
          package var seconds: Int?
        }
        /// A pause of the kubelet's own; nil for a command or a request, whose length nobody knows.
        package var sleep: Sleep?
      }
      /// Runs after the mark and before SIGTERM; nil for none.
      package var preStop: Hook?
    }
    /// Its name, unique in the pod.
    package var name: String
    /// Its image; nil where it was left out.
    package var image: String?
    /// What happens before its end.
    package var lifecycle: Lifecycle?
  }
  /// What is seen.
  package struct Status: Sendable, Hashable, Decodable {
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`; nil when nothing is known.
    package var phase: String?
    /// Statements on its state; nil when there is none.
    package var conditions: [ObjectCondition]?
    /// Its containers as seen; nil before the kubelet has said anything.
    package var containerStatuses: [ContainerStatus]?
    /// Its containers that run before the others; nil when there is none.
    package var initContainerStatuses: [ContainerStatus]?
  }
  /// A container as seen.
  package struct ContainerStatus: Sendable, Hashable, Decodable {
    /// What the container does: one of the three.
    package struct State: Sendable, Hashable, Decodable {
      /// Why a container does not run yet, or not again.
      package struct Waiting: Sendable, Hashable, Decodable {
        /// Why, in one word: `ImagePullBackOff`; nil when not said.
        package var reason: String?
        /// Why, in a sentence; nil when not said.
        package var message: String?
      }
      /// It runs.
      package struct Running: Sendable, Hashable, Decodable {
        /// Since when, ISO 8601, whole seconds.
        package var startedAt: String?
      }
      /// It has ended.
      package struct Terminated: Sendable, Hashable, Decodable {
        /// Its exit status.
        package var exitCode: Int?
        /// Why, in one word: `Error`, `OOMKilled`; nil when not said.
        package var reason: String?
        /// Why, in a sentence; nil when not said.
        package var message: String?
        /// Since when, ISO 8601, whole seconds.
        package var finishedAt: String?
      }
      /// Nil unless it waits.
      package var waiting: Waiting?
      /// Nil unless it runs.
      package var running: Running?
      /// Nil unless it has ended.
      package var terminated: Terminated?
    }
    /// Its name, unique in the pod.
    package var name: String
    /// True while it is ready.
    package var ready: Bool?
    /// How often it was started again; nil counts as 0.
    package var restartCount: Int?
    /// What it does; nil when nothing is known.
    package var state: State?
    /// What it did before its last start.
    package var lastState: State?
  }
  /// Who it is.
  package var metadata: ObjectMetadata
  /// What is wanted.
  package var spec: Spec
  /// What is seen; nil before the cluster has said anything.
  package var status: Status?

  /// True while the pod's own condition says so; a terminating pod keeps it until its container exits.
  package var isReady: Bool { status?.conditions?.condition("Ready")?.status == "True" }

  /// True for a pod that has ended for good, such as an evicted one: it stays in lists, and counts as no replica.
  package var hasEnded: Bool { status?.phase == "Failed" || status?.phase == "Succeeded" }

  /// True from the moment somebody asked for its end.
  package var isMarked: Bool { metadata.deletionTimestamp != nil }
}
