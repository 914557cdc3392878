package import FoundationEssentials

/// Runs the controllers: on each change of the store, and when one of them asked to look again.
///
/// One task runs them one after the other, so they never work against each other.
package struct ControllerLoop: Sendable {
  private let store: ObjectStore
  private let names: NameGenerator

  /// The controllers of a store; `seed` decides the ends of pods' names.
  package init(store: ObjectStore, seed: UInt64 = .random(in: 0 ... .max)) {
    self.store = store
    names = NameGenerator(seed: seed)
  }

  /// Runs until the task is cancelled.
  package func run() async {
    var pass = ControllerPass(store: store, names: names)
    let (wakeUps, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let changes = store.changes()
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        for await _ in changes { continuation.yield() }
        continuation.finish()
      }
      var alarm: Task<Void, Never>?
      for await _ in wakeUps {
        alarm?.cancel()
        alarm = nil
        guard let again = pass.settle() else { continue }
        let wait = max(0, again.timeIntervalSince(store.now))
        alarm = Task {
          try? await Task.sleep(for: .seconds(wait))
          if !Task.isCancelled { continuation.yield() }
        }
      }
      alarm?.cancel()
      group.cancelAll()
    }
  }
}

/// The work of the controllers without waiting.
package struct ControllerPass {
  private let store: ObjectStore
  private var names: NameGenerator
  // Each round scales at most one step, and the largest rollout has fewer steps than this.
  private static let mostRounds = 200

  /// The controllers of a store.
  package init(store: ObjectStore, names: NameGenerator) {
    self.store = store
    self.names = names
  }

  /// Runs all controllers until none wants to change anything more; gives the time at which one of them must look
  /// again though nothing changes, or nil.
  package mutating func settle() -> Date? {
    for _ in 0..<Self.mostRounds {
      let (changed, again) = round()
      if !changed { return again }
    }
    // Two writers that never agree must not hold the machine; the next change goes on from here.
    return store.now.addingTimeInterval(1)
  }

  /// Runs each controller once; says whether any did something, and when to look again at the latest.
  package mutating func round() -> (changed: Bool, again: Date?) {
    var again: [Date] = []
    var changed = false
    for step in Step.allCases {
      for outcome in outcomes(of: step) {
        changed = apply(outcome.actions) || changed
        if let date = outcome.again { again.append(date) }
      }
    }
    return (changed, again.min())
  }

  private enum Step: CaseIterable {
    case deployments
    case replicaSets
    case services
  }

  private mutating func outcomes(of step: Step) -> [ControllerOutcome] {
    let now = store.now
    let pods = store.list(.pods).items
    switch step {
    case .deployments:
      let sets = store.list(.replicaSets).items
      return store.list(.deployments).items.map {
        DeploymentController.sync($0, replicaSets: sets, pods: pods, now: now)
      }
    case .replicaSets:
      return store.list(.replicaSets).items.map {
        ReplicaSetController.sync($0, pods: pods, now: now, names: &names)
      }
    case .services:
      let slices = store.list(.endpointSlices).items
      return store.list(.services).items.map {
        EndpointSliceController.sync($0, slices: slices, pods: pods, now: now, names: &names)
      }
    }
  }

  private func apply(_ actions: [ControllerAction]) -> Bool {
    var changed = false
    for action in actions { changed = apply(action) || changed }
    return changed
  }

  // What fails here, because another writer was quicker, is decided anew with what that writer left.
  private func apply(_ action: ControllerAction) -> Bool {
    switch action {
    case .create(let object, let resource):
      return (try? store.create(object, resource)) != nil
    case .replace(let object, let resource):
      let version = store.resourceVersion
      _ = try? store.update(resource, namespace: object.namespace, name: object.name) { stored throws(APIStatus) in
        guard stored["metadata", "resourceVersion"] == object["metadata", "resourceVersion"] else {
          throw .conflict(resource, object.name)
        }
        stored = object
      }
      return store.resourceVersion != version
    case .delete(let resource, let namespace, let name):
      return (try? store.markDeleted(resource, namespace: namespace, name: name)) != nil
    case .event(let event):
      store.record(event)
      return false
    }
  }
}
