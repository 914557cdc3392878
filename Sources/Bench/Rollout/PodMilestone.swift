/// What a pod passes in its life, in the usual order; spelled as reports spell it.
package enum PodMilestone: String, Sendable, Hashable, Codable, CodingKeyRepresentable, CaseIterable {
  /// The API server has it.
  case created
  /// A node was chosen for it.
  case scheduled
  /// Its containers run for the first time, as its own status says.
  case started
  /// Its condition Ready is true for the first time.
  case ready
  /// A Service sends requests to it: an EndpointSlice has it as ready for the first time.
  case endpointReady = "endpoint_ready"
  /// Somebody asked for its end: it has a deletion timestamp.
  case marked
  /// Its containers were told to end. The cluster does not say it to the millisecond: it lies after the mark, after
  /// the preStop hook, and before the containers ended.
  case sigterm
  /// The EndpointSlice does not have it as ready any more, after it had.
  case endpointUnready = "endpoint_unready"
  /// Its condition Ready is not true any more, after it was.
  case unready
  /// No EndpointSlice has it any more, after one had.
  case endpointRemoved = "endpoint_removed"
  /// The API server does not have it any more.
  case gone
}
