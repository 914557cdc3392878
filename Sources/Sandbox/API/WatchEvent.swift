/// A change of one object, in the order of its `resourceVersion`.
package struct WatchEvent: Sendable, Equatable {
  /// What happened, as the wire names it.
  package enum Kind: String, Sendable {
    case added = "ADDED"
    case modified = "MODIFIED"
    case deleted = "DELETED"
  }

  /// What happened.
  package var kind: Kind
  /// The object after the change; as it was last for `deleted`, with the resourceVersion of the deletion.
  package var object: JSON
  /// The object before the change; nil for `added`.
  ///
  /// A watch with a selector needs it: an object that stops to match is gone for that watcher.
  package var previous: JSON?
  /// The store's version after the change.
  ///
  /// In the events that open a stream, the object's own.
  package var resourceVersion: Int
}
