import NIOCore

/// The worker's side of the Redis lists, and the rule by which nothing is lost.
///
/// A vote is always in a list until its row is committed: it moves from `votes` to the worker's own processing list in
/// one step of Redis, and leaves that list only after the commit. A worker that dies leaves a processing list behind,
/// which it finishes when it comes back under its name, or another adopts once its heartbeat has run out.
struct VoteQueue: Sendable {
  /// The most votes in one transaction.
  static let batchSize = 200

  private static let source = "votes"
  private static let malformed = "votes:malformed"
  private static let processing = "votes:processing:"
  private static let heartbeats = "worker:"
  private static let heartbeatMilliseconds = 5000
  /// Bounds the walk through the key space, which holds a handful of keys.
  private static let scanRounds = 1000

  let pod: String
  let redis: RedisClient
  /// A connection that no blocking command holds up.
  let control: RedisClient
  /// Takes votes off the list for good: there is no list of what is in hand, and nothing to finish or adopt.
  let isUnsafe: Bool

  private var own: RedisCommand.Word { .text(Self.processing + pod) }
  private var ownHeartbeat: RedisCommand.Word { .text(Self.heartbeats + pod) }

  /// Says that this worker is alive, for the next 5 s.
  func beat() async throws(RedisError) {
    _ = try await control.call(RedisCommand("SET", ownHeartbeat, "1", "PX", .number(Self.heartbeatMilliseconds)))
  }

  /// Says that this worker has gone, so that what it left behind may be adopted at once.
  func endBeat() async throws(RedisError) {
    _ = try await control.call(RedisCommand("DEL", ownHeartbeat))
  }

  /// The oldest items of the own processing list: what was in hand when something failed.
  func unfinished() async throws(RedisError) -> [ByteBuffer] {
    if isUnsafe { return [] }
    let reply = try await redis.call(RedisCommand("LRANGE", own, "0", .number(Self.batchSize - 1)))
    guard case .array(let items) = reply else { return [] }
    return items.compactMap(\.item)
  }

  /// Moves the next items to the own processing list, and returns them in order; waits up to a second for the first.
  func take() async throws(RedisError) -> [ByteBuffer] {
    if isUnsafe { return try await pop() }
    let first = try await redis.call(RedisCommand("BLMOVE", .text(Self.source), own, "LEFT", "RIGHT", "1"))
    guard let first = first.item else { return [] }
    var items = [first]
    guard case .integer(let length) = try await redis.call(RedisCommand("LLEN", .text(Self.source))) else {
      return items
    }
    let more = min(length, Self.batchSize - 1)
    let moves = Array(repeating: RedisCommand("LMOVE", .text(Self.source), own, "LEFT", "RIGHT"), count: more)
    items += try await redis.call(all: moves).compactMap(\.item)
    return items
  }

  private func pop() async throws(RedisError) -> [ByteBuffer] {
    // The name of the list, and the item.
    guard case .array(let first) = try await redis.call(RedisCommand("BLPOP", .text(Self.source), "1")) else {
      return []
    }
    let reply = try await redis.call(RedisCommand("LPOP", .text(Self.source), .number(Self.batchSize - 1)))
    guard case .array(let more) = reply else { return first.suffix(1).compactMap(\.item) }
    return (first.suffix(1) + more).compactMap(\.item)
  }

  /// Removes items that are stored.
  ///
  /// By value and not by position: another worker that took this one for dead may have adopted some of them meanwhile.
  func finish(_ items: [ByteBuffer]) async throws(RedisError) {
    if isUnsafe { return }
    try await redis.call(all: items.map { RedisCommand("LREM", own, "1", .bytes($0)) })
  }

  /// Puts an item that is no vote aside, in one step.
  func setAside(_ item: ByteBuffer) async throws(RedisError) {
    try await redis.call(all: [
      RedisCommand("MULTI"), RedisCommand("RPUSH", .text(Self.malformed), .bytes(item)),
      RedisCommand("LREM", own, "1", .bytes(item)), RedisCommand("EXEC"),
    ])
  }

  /// Moves the processing lists of workers without a heartbeat behind the own one; how many items that were.
  func adopt() async throws(RedisError) -> Int {
    if isUnsafe { return 0 }
    var adopted = 0
    for list in try await processingLists() where list != Self.processing + pod {
      let heartbeat = Self.heartbeats + list.dropFirst(Self.processing.count)
      guard try await control.call(RedisCommand("EXISTS", .text(heartbeat))) == .integer(0) else { continue }
      while try await control.call(RedisCommand("LMOVE", .text(list), own, "LEFT", "RIGHT")).item != nil {
        adopted += 1
      }
    }
    return adopted
  }

  private func processingLists() async throws(RedisError) -> Set<String> {
    var lists: Set<String> = []
    var cursor = "0"
    for _ in 0..<Self.scanRounds {
      let match = RedisCommand.Word.text(Self.processing + "*")
      let reply = try await control.call(RedisCommand("SCAN", .text(cursor), "MATCH", match, "COUNT", "100"))
      guard case .array(let parts) = reply, parts.count == 2, let next = parts[0].item,
        case .array(let keys) = parts[1]
      else { break }
      lists.formUnion(keys.compactMap(\.item).map { String(buffer: $0) })
      cursor = String(buffer: next)
      if cursor == "0" { break }
    }
    return lists
  }
}

extension RedisValue {
  /// The bytes of a bulk string; nil for the null and anything else.
  fileprivate var item: ByteBuffer? {
    if case .bulk(let bytes) = self { return bytes }
    return nil
  }
}
