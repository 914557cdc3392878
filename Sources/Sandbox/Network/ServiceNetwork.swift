import Logging

/// Makes Services reachable: keeps the pods' hosts files and the forwarder as the objects have it, and says on a Service
/// what is not offered.
actor ServiceNetwork {
  private let store: ObjectStore
  private let hosts: PodHosts
  private let logger: Logger
  private let forwarder = ServiceForwarder()
  private var said = Notices()

  /// Nothing happens until ``run()``.
  init(store: ObjectStore, hosts: PodHosts, logger: Logger) {
    self.store = store
    self.hosts = hosts
    self.logger = logger
  }

  /// Follows the store until the task is cancelled.
  func run() async {
    for await _ in store.changes() where !Task.isCancelled { await refresh() }
  }

  /// Ends all connections through Services; ``run()`` must have ended.
  func stop() async {
    await forwarder.stop()
  }

  private func refresh() async {
    var notices = hosts.refresh()
    let table = ForwardingTable(
      services: store.list(.services).items, slices: store.list(.endpointSlices).items)
    notices += table.notices
    for (port, failure) in await forwarder.apply(table.endpoints) {
      logger.debug("no Service can listen on \(port.address):\(port.port): \(failure.cause)")
      if let notice = table.notice(port, cause: failure.cause, needsRoot: failure.needsRoot) { notices.append(notice) }
    }
    for notice in said.news(notices) { store.record(notice) }
  }
}
