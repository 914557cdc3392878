package import FoundationEssentials

/// What a controller wants done.
///
/// Deciding it reads no clock and no store, so every rule can be tested as a table.
package enum ControllerAction: Equatable, Sendable {
  /// Add an object.
  case create(JSON, Resource)
  /// Put an object in the place of the one that was read. Nothing happens if that one has changed since: the
  /// change wakes the controllers again.
  case replace(JSON, Resource)
  /// Begin the end of an object.
  case delete(Resource, namespace: String, name: String)
  /// Take an object away that has come to its end.
  case remove(Resource, namespace: String, name: String)
  /// Tell what was done.
  case event(EventRecord)
}

/// What a controller decided.
package struct ControllerOutcome: Equatable, Sendable {
  /// What is to be done, in order.
  ///
  /// Empty if all is as it should be.
  package var actions: [ControllerAction] = []
  /// When to look again even if nothing changes before; nil if there is no need.
  package var again: Date?
}
