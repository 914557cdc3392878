import FoundationEssentials

/// Runs the controllers: on each change of the store, and when one of them asked to look again.
///
/// One task runs them one after the other, so they never work against each other.
package struct ControllerLoop: Sendable {
  private let store: ObjectStore
  private let names: NameGenerator

  private let lag: EndpointLag

  /// The controllers of a store, with the lag of EndpointSlices that was measured; `seed` decides the ends of pods'
  /// names.
  package init(store: ObjectStore, seed: UInt64 = .random(in: 0 ... .max), lag: EndpointLag = .measured) {
    self.store = store
    self.lag = lag
    names = NameGenerator(seed: seed)
  }

  /// Runs until the task is cancelled.
  package func run() async {
    var pass = ControllerPass(store: store, names: names, lag: lag)
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
