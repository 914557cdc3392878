/// Who an object of the cluster is.
///
/// Fields that are zero or empty are absent in Kubernetes' answers; here they are nil.
package struct ObjectMetadata: Sendable, Hashable, Decodable {
  /// An object that another one belongs to.
  package struct Owner: Sendable, Hashable, Decodable {
    /// `ReplicaSet`, `Deployment`, ...
    package var kind: String
    /// Its name.
    package var name: String
    /// Its identity.
    package var uid: String
  }
  /// Its name; a StatefulSet gives a pod's name again to the next one.
  package var name: String
  /// Its identity, never given again.
  package var uid: String
  /// Version of the object; opaque, though servers count upwards.
  package var resourceVersion: String?
  /// Raised by every change of the spec; nil counts as 0.
  package var generation: Int?
  /// When it was made, ISO 8601, whole seconds.
  package var creationTimestamp: String?
  /// When it has to be gone at the latest, ISO 8601: it lies in the future; nil while nobody has asked for its end.
  package var deletionTimestamp: String?
  /// Labels.
  package var labels: [String: String]?
  /// Annotations.
  package var annotations: [String: String]?
  /// What it belongs to.
  package var ownerReferences: [Owner]?
}

/// A statement on an object's state.
package struct ObjectCondition: Sendable, Hashable, Decodable {
  /// What it speaks of: `Progressing`, `Ready`, `PodScheduled`, `ReplicaFailure`.
  package var type: String
  /// `True`, `False` or `Unknown`.
  package var status: String
  /// Why, in one word: `ProgressDeadlineExceeded`; nil when not said.
  package var reason: String?
  /// Why, in a sentence; nil when not said.
  package var message: String?
}

extension Sequence<ObjectCondition> {
  /// The condition of this type, nil when there is none.
  package func condition(_ type: String) -> ObjectCondition? { first { $0.type == type } }
}
