package import FoundationEssentials
import Synchronization

/// Every object of the sandbox's cluster, what etcd is to a real one: versions, watches, and the removal of
/// what an owner leaves behind.
///
/// One lock guards everything, so events come in the order of their versions. A closure given to ``update``
/// runs under that lock: it must not call the store.
package final class ObjectStore: Sendable {
  private let state: Mutex<StoreState>
  private let clock: @Sendable () -> Date

  /// An empty store.
  ///
  /// `clock` gives the wall-clock time for timestamps; a test gives one that it moves. `seed` decides uids and the
  /// random ends of names. `history` is how many events a watch can go back.
  package init(
    clock: @escaping @Sendable () -> Date = { Date() }, seed: UInt64 = .random(in: 0 ... .max), history: Int = 8_192
  ) {
    self.clock = clock
    state = Mutex(StoreState(names: NameGenerator(seed: seed), historyLimit: history))
  }

  /// The time by the store's clock.
  package var now: Date { clock() }

  /// The version of the last change.
  package var resourceVersion: Int {
    state.withLock { $0.version }
  }

  /// One object, or nil.
  ///
  /// The namespace is ignored for kinds that have none.
  package func get(_ resource: Resource, namespace: String?, name: String) -> JSON? {
    state.withLock { $0.objects[resource]?[ObjectKey(resource, namespace, name)] }
  }

  /// The objects of a kind in a namespace, or in all of them for nil, by namespace and name.
  package func list(_ resource: Resource, namespace: String? = nil) -> (items: [JSON], resourceVersion: Int) {
    state.withLock { state in
      let found = (state.objects[resource] ?? [:]).filter { namespace == nil || $0.key.namespace == namespace }
      return (found.sorted { $0.key < $1.key }.map(\.value), state.version)
    }
  }

  /// Adds an object and returns it as stored.
  ///
  /// Fills apiVersion, kind, namespace (`default`), name (from `generateName`), uid, resourceVersion,
  /// creationTimestamp and generation. Throws `alreadyExists`, or `invalid` for an object without a name. A dry run
  /// gives what would be and stores nothing.
  @discardableResult
  package func create(_ object: JSON, _ resource: Resource, dryRun: Bool = false) throws(APIStatus) -> JSON {
    let now = clock()
    return try state.withLock { state throws(APIStatus) in
      guard dryRun else { return try state.create(object, resource, now: now) }
      var trial = state.trial
      var created = try trial.create(object, resource, now: now)
      created["metadata", "resourceVersion"] = .null
      return created
    }
  }

  /// From now on Services that are created or changed get an address of these, and those that ask for another are
  /// refused.
  ///
  /// Without this, Services are stored as they come.
  package func setServiceAddresses(_ addresses: ServiceAddresses) {
    state.withLock { $0.serviceAddresses = addresses }
  }

  /// Changes an object and returns it as stored.
  ///
  /// A change that changes nothing makes no event and no new version. The generation goes up when anything
  /// outside of metadata and status changed. Name, namespace, uid and creationTimestamp stay what they were.
  /// Throws `notFound`, and what the closure throws. A dry run gives what would be and stores nothing.
  @discardableResult
  package func update(
    _ resource: Resource, namespace: String?, name: String, dryRun: Bool = false,
    _ change: (inout JSON) throws(APIStatus) -> Void
  ) throws(APIStatus) -> JSON {
    try state.withLock { state throws(APIStatus) in
      let key = ObjectKey(resource, namespace, name)
      guard var object = state.objects[resource]?[key] else { throw .notFound(resource, name) }
      let previous = object
      try change(&object)
      if dryRun {
        var trial = state.trial
        if resource == .services { try trial.settleAddress(&object, previous: previous) }
        var changed = trial.store(object, at: key, resource)
        changed["metadata", "resourceVersion"] = previous["metadata", "resourceVersion"]
        return changed
      }
      if resource == .services { try state.settleAddress(&object, previous: previous) }
      return state.store(object, at: key, resource)
    }
  }

  /// Begins the end of an object and returns it.
  ///
  /// A pod on a node is marked: deletionTimestamp is now + grace, and the kubelet later removes it; marking
  /// it again can only shorten its grace. Everything else, also a pod that no node has taken yet, or one given no
  /// grace, is gone at once. A grace of nil is what the pod itself says, or 30 seconds. Throws `notFound`.
  @discardableResult
  package func markDeleted(
    _ resource: Resource, namespace: String?, name: String, grace: Duration? = nil
  ) throws(APIStatus) -> JSON {
    let now = clock()
    return try state.withLock { state throws(APIStatus) in
      try state.markDeleted(resource, ObjectKey(resource, namespace, name), grace: grace, now: now)
    }
  }

  /// Takes an object away for good, and with it what it owns: ReplicaSets go, pods on a node are marked.
  ///
  /// Nil, and nothing happens, if it is not there.
  @discardableResult
  package func remove(_ resource: Resource, namespace: String?, name: String) -> JSON? {
    let now = clock()
    return state.withLock { $0.remove(resource, ObjectKey(resource, namespace, name), now: now) }
  }

  /// The changes of a kind, from after a version on.
  ///
  /// From nil, it opens with an `added` for every object there is. A reader that falls behind by more
  /// than 8192 events is cut off: its stream ends. Throws `expired` if events after that version are forgotten.
  package func watch(
    _ resource: Resource, from version: Int? = nil
  ) throws(APIStatus) -> AsyncStream<WatchEvent> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: WatchEvent.self, bufferingPolicy: .bufferingOldest(8_192))
    let id = try state.withLock { state throws(APIStatus) in
      try state.addWatcher(resource, from: version, continuation)
    }
    continuation.onTermination = { [weak self] _ in self?.later { $0.watchers[id] = nil } }
    return stream
  }

  /// How many watches are open.
  var watcherCount: Int { state.withLock { $0.watchers.count } }

  /// A wake-up after any change at all; changes that come while the reader is busy make one.
  ///
  /// The first comes at once. For controllers, which look at the whole anyway.
  package func changes() -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let id = state.withLock { $0.addListener(continuation) }
    continuation.onTermination = { [weak self] _ in self?.later { $0.listeners[id] = nil } }
    continuation.yield()
    return stream
  }

  // A reader that is cancelled ends its stream under a lock of its task, which who holds this store's lock needs in
  // order to wake it: neither may wait for the other.
  private func later(_ change: @escaping @Sendable (inout StoreState) -> Void) {
    Task { state.withLock { change(&$0) } }
  }

  /// Five characters for the end of a name, from the seed.
  package func nameSuffix() -> String {
    state.withLock { $0.names.suffix() }
  }
}

/// Where an object is: the order of keys is that of lists.
struct ObjectKey: Hashable, Comparable, Sendable {
  var namespace: String
  var name: String

  init(_ resource: Resource, _ namespace: String?, _ name: String) {
    self.namespace = resource.namespaced ? namespace ?? "default" : ""
    self.name = name
  }

  static func < (left: ObjectKey, right: ObjectKey) -> Bool {
    (left.namespace, left.name) < (right.namespace, right.name)
  }
}
