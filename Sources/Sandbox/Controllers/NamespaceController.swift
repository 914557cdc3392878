package import FoundationEssentials

/// Gives each namespace its ServiceAccount, and ends namespaces: what is in one goes first, and the namespace when
/// nothing is left.
///
/// (kubernetes/pkg/controller/namespace)
package enum NamespaceController {
  // A real cluster looks at everything that it can serve before it deletes anything, which takes it about as long.
  // In that time `kubectl delete -f` of a whole folder finds each object still there.
  private static let pause = 2.0

  /// Decides for a namespace; `contents` is all that is in it.
  ///
  /// What has an owner goes when its owner does.
  package static func sync(
    _ namespace: JSON, contents: [(resource: Resource, object: JSON)], now: Date
  ) -> ControllerOutcome {
    guard let marked = namespace["metadata", "deletionTimestamp"].string.flatMap(Timestamp.moment) else {
      return ControllerOutcome()
    }
    let begin = marked.addingTimeInterval(pause)
    guard now >= begin else { return ControllerOutcome(again: begin) }
    let lasting = contents.filter { $0.resource != .events }
    guard !lasting.isEmpty else {
      return ControllerOutcome(actions: [.remove(.namespaces, namespace: "", name: namespace.name)])
    }
    return ControllerOutcome(
      actions: lasting.compactMap { resource, object in
        guard !object.isTerminating, object["metadata", "ownerReferences"].elements.isEmpty else { return nil }
        return .delete(resource, namespace: object.namespace, name: object.name)
      })
  }

  /// Decides whether a namespace needs its ServiceAccount `default`, which its pods go by; `accounts` are all there are.
  package static func account(of namespace: JSON, accounts: [JSON]) -> ControllerOutcome {
    let isThere = accounts.contains { $0.namespace == namespace.name && $0.name == "default" }
    guard !isThere, !namespace.isTerminating else { return ControllerOutcome() }
    let account: JSON = ["metadata": ["name": "default", "namespace": .string(namespace.name)]]
    return ControllerOutcome(actions: [.create(account, .serviceAccounts)])
  }
}
