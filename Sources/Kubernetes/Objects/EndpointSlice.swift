/// Where a Service sends requests, or a part of that.
package struct EndpointSlice: Sendable, Hashable, Decodable {
  /// One address.
  package struct Endpoint: Sendable, Hashable, Decodable {
    /// What is said of it.
    package struct Conditions: Sendable, Hashable, Decodable {
      /// True when requests are sent to it; nil counts as true.
      package var ready: Bool?
      /// True while it answers, be it on its way out.
      package var serving: Bool?
      /// True when its pod is marked for deletion.
      package var terminating: Bool?
    }
    /// What it belongs to.
    package struct Target: Sendable, Hashable, Decodable {
      /// `Pod`.
      package var kind: String?
      /// Its name.
      package var name: String?
      /// Its identity.
      package var uid: String?
    }
    /// What is said of it; nil says nothing.
    package var conditions: Conditions?
    /// The pod; nil for an address that belongs to none.
    package var targetRef: Target?
  }
  /// Who it is.
  package var metadata: ObjectMetadata
  /// The addresses; nil when there is none.
  package var endpoints: [Endpoint]?
}

/// An Event: something that a part of the cluster says about an object.
package struct ClusterEvent: Sendable, Hashable, Decodable {
  /// What it is about.
  package struct Subject: Sendable, Hashable, Decodable {
    /// `Pod`, `ReplicaSet`, ...
    package var kind: String?
    /// Its name.
    package var name: String?
    /// Its identity.
    package var uid: String?
  }
  /// Who it is.
  package var metadata: ObjectMetadata
  /// What it is about.
  package var involvedObject: Subject
  /// In one word: `Killing`, `FailedScheduling`, `FailedCreate`.
  package var reason: String?
  /// In a sentence.
  package var message: String?
  /// `Normal` or `Warning`.
  package var type: String?
  /// How often it was said; nil counts as 1.
  package var count: Int?
}
