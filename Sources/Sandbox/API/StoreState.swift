import FoundationEssentials

/// What the ``ObjectStore`` keeps under its lock, and the rules for it.
///
/// It knows no clock: `now` is given.
struct StoreState {
  var names: NameGenerator
  let historyLimit: Int
  var version = 0
  var objects: [Resource: [ObjectKey: JSON]] = [:]
  var watchers: [Int: Watcher] = [:]
  var serviceAddresses: ServiceAddresses?
  var listeners: [Int: AsyncStream<Void>.Continuation] = [:]
  private var history: [(resource: Resource, event: WatchEvent)] = []
  private var forgotten = 0  // the version of the last event that history no longer has
  private var lastID = 0

  struct Watcher {
    var resource: Resource
    var continuation: AsyncStream<WatchEvent>.Continuation
  }

  init(names: NameGenerator, historyLimit: Int) {
    self.names = names
    self.historyLimit = historyLimit
  }

  /// A copy to try a change on, of which nobody hears.
  var trial: StoreState {
    var copy = self
    (copy.watchers, copy.listeners) = ([:], [:])
    return copy
  }

  mutating func create(_ object: JSON, _ resource: Resource, now: Date) throws(APIStatus) -> JSON {
    var object = object
    object["apiVersion"] = .string(resource.apiVersion)
    object["kind"] = .string(resource.kind)
    if object["metadata", "name"].string == nil, let prefix = object["metadata", "generateName"].string {
      object["metadata", "name"] = .string(prefix + names.suffix())
    }
    guard let name = object["metadata", "name"].string, !name.isEmpty else {
      throw APIStatus(.invalid, "\(resource.kind) \"\" is invalid: metadata.name: Required value: name is required")
    }
    let key = ObjectKey(resource, object["metadata", "namespace"].string, name)
    guard objects[resource]?[key] == nil else { throw .alreadyExists(resource, name) }
    if resource == .services { try settleAddress(&object, previous: nil) }
    if resource == .pods { try admit(object, namespace: key.namespace) }
    if resource.namespaced { object["metadata", "namespace"] = .string(key.namespace) }
    object["metadata", "uid"] = .string(names.uid())
    object["metadata", "creationTimestamp"] = .string(Timestamp.text(now))
    if !object["spec"].isNull, !Self.uncounted.contains(resource) { object["metadata", "generation"] = 1 }
    return record(.added, object, at: key, resource, previous: nil)
  }

  // Under the lock, so that two pods cannot both be the last one that a quota lets.
  private func admit(_ pod: JSON, namespace: String) throws(APIStatus) {
    let quotas = (objects[.resourceQuotas] ?? [:]).filter { $0.key.namespace == namespace }
    guard !quotas.isEmpty else { return }
    let pods = (objects[.pods] ?? [:]).filter { $0.key.namespace == namespace }.map(\.value)
    for (_, quota) in quotas.sorted(by: { $0.key < $1.key }) { try PodQuota(quota).admit(pod, beside: pods) }
  }

  mutating func settleAddress(_ service: inout JSON, previous: JSON?) throws(APIStatus) {
    guard serviceAddresses != nil else { return }
    try serviceAddresses?.settle(&service, previous: previous, others: (objects[.services] ?? [:]).values)
  }

  mutating func store(_ object: JSON, at key: ObjectKey, _ resource: Resource) -> JSON {
    guard let previous = objects[resource]?[key] else { return object }
    var object = object
    for field in ["name", "namespace", "uid", "creationTimestamp", "generation", "resourceVersion"] {
      object["metadata", field] = previous["metadata", field]
    }
    guard object != previous else { return previous }
    if let generation = previous["metadata", "generation"].int, desired(object) != desired(previous) {
      object["metadata", "generation"] = .int(generation + 1)
    }
    return record(.modified, object, at: key, resource, previous: previous)
  }

  // Kinds with a spec whose changes a real server does not count.
  private static let uncounted: Set<Resource> = [.namespaces, .nodes, .persistentVolumeClaims, .services]

  private func desired(_ object: JSON) -> JSON {
    var object = object
    object["metadata"] = .null
    object["status"] = .null
    return object
  }

  mutating func markDeleted(
    _ resource: Resource, _ key: ObjectKey, grace: Duration?, now: Date
  ) throws(APIStatus) -> JSON {
    guard var object = objects[resource]?[key] else { throw .notFound(resource, key.name) }
    // A namespace ends when its contents have: the namespace controller's work.
    if resource == .namespaces, !object["spec", "finalizers"].elements.isEmpty {
      guard object["metadata", "deletionTimestamp"].isNull else { return object }
      object["metadata", "deletionTimestamp"] = .string(Timestamp.text(now))
      object["status", "phase"] = "Terminating"
      return store(object, at: key, resource)
    }
    let own = object["spec", "terminationGracePeriodSeconds"].int ?? 30
    let seconds = grace.map { Int($0.components.seconds) } ?? own
    guard resource == .pods, object["spec", "nodeName"].string != nil, seconds > 0 else {
      return remove(resource, key, now: now) ?? object
    }
    let end = now.addingTimeInterval(Double(seconds))
    if let marked = object["metadata", "deletionTimestamp"].string.flatMap(Timestamp.moment), marked <= end {
      return object
    }
    object["metadata", "deletionTimestamp"] = .string(Timestamp.text(end))
    object["metadata", "deletionGracePeriodSeconds"] = .int(seconds)
    return store(object, at: key, resource)
  }

  mutating func remove(_ resource: Resource, _ key: ObjectKey, now: Date) -> JSON? {
    guard let object = objects[resource]?[key] else { return nil }
    let removed = record(.deleted, object, at: key, resource, previous: object)
    if let uid = object["metadata", "uid"].string { removeOwned(by: uid, now: now) }
    if resource == .namespaces { removeContents(ofNamespace: key.name, now: now) }
    return removed
  }

  // An owner's own dependents are at most two levels deep (Deployment, ReplicaSet, Pod), so this recursion ends.
  private mutating func removeOwned(by uid: String, now: Date) {
    for resource in Resource.all {
      for (key, object) in (objects[resource] ?? [:]).sorted(by: { $0.key < $1.key })
      where object["metadata", "ownerReferences"].elements.contains(where: { $0["uid"].string == uid }) {
        _ = try? markDeleted(resource, key, grace: nil, now: now)
      }
    }
  }

  private mutating func removeContents(ofNamespace name: String, now: Date) {
    for resource in Resource.all where resource.namespaced {
      for key in (objects[resource] ?? [:]).keys.filter({ $0.namespace == name }).sorted() {
        _ = try? markDeleted(resource, key, grace: nil, now: now)
      }
    }
  }

  private mutating func record(
    _ kind: WatchEvent.Kind, _ object: JSON, at key: ObjectKey, _ resource: Resource, previous: JSON?
  ) -> JSON {
    version += 1
    var object = object
    object["metadata", "resourceVersion"] = .string("\(version)")
    objects[resource, default: [:]][key] = kind == .deleted ? nil : object
    let event = WatchEvent(kind: kind, object: object, previous: previous, resourceVersion: version)
    remember(event, resource)
    for watcher in watchers.values where watcher.resource == resource {
      // A reader that is so far behind must not miss an event unawares: its stream ends, and it begins anew.
      if case .dropped = watcher.continuation.yield(event) { finishLater(watcher.continuation) }
    }
    for listener in listeners.values { listener.yield() }
    return object
  }

  // `finish` calls the termination handler, which takes the lock that is held here.
  private func finishLater(_ continuation: AsyncStream<WatchEvent>.Continuation) {
    Task { continuation.finish() }
  }

  private mutating func remember(_ event: WatchEvent, _ resource: Resource) {
    history.append((resource, event))
    // Trimmed by halves, so that the cost of moving the rest is spread over many events.
    guard history.count > 2 * historyLimit else { return }
    forgotten = history[history.count - historyLimit - 1].event.resourceVersion
    history.removeFirst(history.count - historyLimit)
  }

  mutating func addWatcher(
    _ resource: Resource, from start: Int?, _ continuation: AsyncStream<WatchEvent>.Continuation
  ) throws(APIStatus) -> Int {
    if let start {
      guard start >= forgotten else { throw .expired(start, oldest: forgotten) }
      for past in history where past.resource == resource && past.event.resourceVersion > start {
        continuation.yield(past.event)
      }
    } else {
      for object in (objects[resource] ?? [:]).sorted(by: { $0.key < $1.key }).map(\.value) {
        let own = object["metadata", "resourceVersion"].string.flatMap { Int($0) } ?? version
        continuation.yield(WatchEvent(kind: .added, object: object, previous: nil, resourceVersion: own))
      }
    }
    lastID += 1
    watchers[lastID] = Watcher(resource: resource, continuation: continuation)
    return lastID
  }

  mutating func addListener(_ continuation: AsyncStream<Void>.Continuation) -> Int {
    lastID += 1
    listeners[lastID] = continuation
    return lastID
  }
}
