import FoundationEssentials

/// One client's watch: which changes it sees, and as what lines.
///
/// A client that watches with a selector sees an object that stops to match as deleted, and one that begins to as
/// added.
struct WatchFeed: Sendable {
  /// The kind watched.
  var resource: Resource
  /// Objects that were there when the watch began and that the client wants to see first.
  var initial: [JSON]
  /// The version at that time.
  var version: Int
  /// What comes after that.
  var events: AsyncStream<WatchEvent>
  /// Whether an object is one of those that the client wants to see.
  var matches: @Sendable (JSON) -> Bool
  /// Whether a bookmark ends the initial objects (`sendInitialEvents`).
  var marksInitialEnd: Bool
  /// Whether the client wants a bookmark from time to time.
  var bookmarks: Bool
  /// When the server ends the watch.
  var timeout: Duration
  /// How objects are shown, for a client that wants rows; nil for whole objects.
  var table: Table?

  /// How often a bookmark tells a quiet client the version; a real server does so about once a minute.
  static let bookmarkEvery = Duration.seconds(60)

  private enum Item: Sendable {
    case event(WatchEvent)
    case bookmark
  }

  /// One line an event, until the time is over, the store ends the stream or the reader goes away.
  ///
  /// A reader that is more than 8192 lines behind is cut off, and begins anew.
  func lines() -> AsyncStream<[UInt8]> {
    AsyncStream(bufferingPolicy: .bufferingOldest(8_192)) { continuation in
      let task = Task {
        await send { line in
          if case .dropped = continuation.yield(line) { continuation.finish() }
        }
        continuation.finish()
      }
      continuation.onTermination = { _ in task.cancel() }
    }
  }

  private func send(_ write: (_ line: [UInt8]) -> Void) async {
    var table = table
    for object in initial {
      write(line("ADDED", object, &table))
    }
    if marksInitialEnd { write(bookmark(version, endsInitial: true)) }
    let (items, continuation) = AsyncStream.makeStream(of: Item.self, bufferingPolicy: .unbounded)
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await forwardEvents(to: continuation) }
      group.addTask { await keepTime(continuation) }
      var last = version
      for await item in items {
        switch item {
        case .event(let event):
          last = event.resourceVersion
          guard let kind = kindSeen(event) else { continue }
          write(line(kind, event.object, &table))
        case .bookmark:
          write(bookmark(last, endsInitial: false))
        }
      }
      group.cancelAll()
    }
  }

  private func forwardEvents(to continuation: AsyncStream<Item>.Continuation) async {
    for await event in events { continuation.yield(.event(event)) }
    continuation.finish()
  }

  private func keepTime(_ continuation: AsyncStream<Item>.Continuation) async {
    let end = ContinuousClock.now + timeout
    while ContinuousClock.now < end, !Task.isCancelled {
      try? await Task.sleep(for: min(Self.bookmarkEvery, end - .now))
      if bookmarks, table == nil { continuation.yield(.bookmark) }
    }
    continuation.finish()
  }

  /// What a change is to this client; nil if it does not concern it.
  func kindSeen(_ event: WatchEvent) -> String? {
    let before = event.previous.map(matches) ?? false
    switch event.kind {
    case .deleted: return before || matches(event.object) ? "DELETED" : nil
    case .added, .modified:
      switch (before, matches(event.object)) {
      case (false, true): return "ADDED"
      case (true, true): return "MODIFIED"
      case (true, false): return "DELETED"
      case (false, false): return nil
      }
    }
  }

  private func line(_ kind: String, _ object: JSON, _ table: inout Table?) -> [UInt8] {
    let shown = table?.render([object], version: nil) ?? object
    table?.hasColumns = false  // only the first event names the columns
    let event: JSON = ["type": .string(kind), "object": shown]
    return event.bytes + [UInt8(ascii: "\n")]
  }

  private func bookmark(_ version: Int, endsInitial: Bool) -> [UInt8] {
    var metadata: JSON = ["resourceVersion": .string("\(version)")]
    if endsInitial { metadata["annotations"] = ["k8s.io/initial-events-end": "true"] }
    let object: JSON = [
      "kind": .string(resource.kind), "apiVersion": .string(resource.apiVersion), "metadata": metadata,
    ]
    let event: JSON = ["type": "BOOKMARK", "object": object]
    return event.bytes + [UInt8(ascii: "\n")]
  }
}
