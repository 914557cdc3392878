import Bench
import FoundationEssentials

/// What a list and a watch have in common of every kind: who the object is.
protocol ClusterObject: Decodable, Hashable, Sendable {
  var metadata: ObjectMetadata { get }
}

extension Pod: ClusterObject {}
extension WorkloadObject: ClusterObject {}
extension EndpointSlice: ClusterObject {}
extension ClusterEvent: ClusterObject {}

/// Where a watch of one resource stands, and what its lines mean: a pure state machine.
///
/// A list gives the objects and a version, and the watch goes on from it. A watch that ends at its time-out is begun
/// again where it stopped, and nothing is missed. After a broken one a list tells the version of the present, and the
/// watch begins where it broke: what it tells up to the present happened in the gap, nobody knows when. Where the server
/// does not know that place any more (410), the difference between what was known and the list stands for the gap.
struct WatchCursor<Object: ClusterObject>: Sendable {
  /// What to ask next.
  enum Question: Sendable, Hashable {
    /// What is there now.
    case list
    /// What happens from this version on.
    case watch(from: String)
  }

  /// What was seen.
  enum Seen: Sendable, Hashable {
    /// It is like this.
    case present(Object, Moment)
    /// It is not there any more; as it was last.
    case gone(Object, Moment)
    /// For this time nothing was seen.
    case gap(RolloutRecord.Gap)
  }

  /// What to ask next.
  private(set) var question: Question
  /// The last version that was told.
  private var version: String
  private var known: [String: Object]
  /// When the watch broke; nil while it goes on.
  private var brokeAt: MonotonicTime?
  /// When the watch before ended in order.
  private var endedAt: MonotonicTime?
  /// The list that was asked for after a break: where the present begins.
  private var present: (items: [Object], version: String)?
  /// The gap in which everything up to a version happened; nil when there is none to tell of any more.
  private var replay: (gap: RolloutRecord.Gap, version: UInt64)?

  /// A cursor at the place where a list ends.
  init(_ list: ObjectList<Object>) {
    version = list.metadata.resourceVersion
    known = Self.byIdentity(list.items)
    question = .watch(from: version)
  }

  /// The answer to `.list`, at `now`.
  mutating func listed(_ list: ObjectList<Object>, at now: MonotonicTime) -> [Seen] {
    let gap = RolloutRecord.Gap(start: brokeAt ?? now, end: now)
    brokeAt = nil
    guard let until = UInt64(list.metadata.resourceVersion), UInt64(version) != nil, version != "0" else {
      return [.gap(gap)] + jump(to: list, gap)
    }
    present = (list.items, list.metadata.resourceVersion)
    replay = (gap, until)
    question = .watch(from: version)
    return [.gap(gap)]
  }

  /// A line of the watch, read at `now`; one that cannot be read tells nothing.
  mutating func line(_ text: String, at now: MonotonicTime) -> [Seen] {
    let data = Data(text.utf8)
    guard let kind = try? JSONDecoder().decode(WatchKind.self, from: data) else { return [] }
    if kind.type == "ERROR" { return kind.object.code == 410 ? expired(at: now) : [] }
    if let told = kind.object.metadata?.resourceVersion { version = told }
    question = .watch(from: version)
    guard let moment = moment(of: version, now), kind.type != "BOOKMARK",
      let object = try? JSONDecoder().decode(WatchLine<Object>.self, from: data).object
    else { return [] }
    if kind.type == "DELETED" {
      known[object.metadata.uid] = nil
      return [.gone(object, moment)]
    }
    known[object.metadata.uid] = object
    return [.present(object, moment)]
  }

  /// The watch that `began` ended at `now`: in order, at its time-out or because its server went away politely, or broken.
  mutating func ended(inOrder: Bool, began: MonotonicTime, at now: MonotonicTime) {
    guard question != .list else { return }
    if inOrder {
      endedAt = now
      return
    }
    question = .list
    // One that broke at once never saw anything: nothing was seen since the one before.
    let isNew = now - began < .seconds(1)
    brokeAt = brokeAt ?? replay?.gap.start ?? (isNew ? endedAt ?? began : now)
    endedAt = nil
  }

  /// The server does not know the place of the watch any more.
  mutating func expired(at now: MonotonicTime) -> [Seen] {
    guard let present, let replay else {
      question = .list
      // A version that is no number is not looked for again.
      version = ""
      brokeAt = brokeAt ?? now
      return []
    }
    return jump(to: ObjectList(metadata: .init(resourceVersion: present.version), items: present.items), replay.gap)
  }

  /// What is in the list and was not known happened in the gap.
  private mutating func jump(to list: ObjectList<Object>, _ gap: RolloutRecord.Gap) -> [Seen] {
    let moment = Moment(after: gap.start, until: gap.end)
    let now = Self.byIdentity(list.items)
    let gone = known.values.filter { now[$0.metadata.uid] == nil }
    let changed = list.items.filter { known[$0.metadata.uid] != $0 }
    known = now
    (version, present, replay) = (list.metadata.resourceVersion, nil, nil)
    question = .watch(from: version)
    return gone.map { .gone($0, moment) } + changed.map { .present($0, moment) }
  }

  private mutating func moment(of version: String, _ now: MonotonicTime) -> Moment? {
    guard let replay else { return Moment(now) }
    if let number = UInt64(version), number <= replay.version {
      return Moment(after: replay.gap.start, until: max(replay.gap.start, replay.gap.end))
    }
    self.replay = nil
    present = nil
    return Moment(now)
  }

  private static func byIdentity(_ items: [Object]) -> [String: Object] {
    Dictionary(items.map { ($0.metadata.uid, $0) }) { $1 }
  }
}

/// What a line of a watch is, before one knows what it is about.
private struct WatchKind: Decodable {
  struct Body: Decodable {
    struct Metadata: Decodable {
      var resourceVersion: String?
    }
    var metadata: Metadata?
    var code: Int?
  }
  var type: String
  var object: Body
}

/// A list as the API server answers it.
struct ObjectList<Item: Decodable & Sendable>: Decodable, Sendable {
  struct Metadata: Decodable, Sendable {
    var resourceVersion: String
  }
  var metadata: Metadata
  var items: [Item]
}

extension ObjectList {
  private enum CodingKeys: String, CodingKey {
    case metadata, items
  }

  /// Reads a list; one without objects has `items: null`.
  init(from decoder: any Decoder) throws {
    let list = try decoder.container(keyedBy: CodingKeys.self)
    metadata = try list.decode(Metadata.self, forKey: .metadata)
    items = try list.decodeIfPresent([Item].self, forKey: .items) ?? []
  }
}

/// A line of a watch.
struct WatchLine<Item: Decodable>: Decodable {
  var type: String
  var object: Item
}
