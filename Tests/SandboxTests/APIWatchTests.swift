import FoundationEssentials
import TestSupport
import Testing

@testable import Sandbox

@Suite("Watches")
struct APIWatchTests {
  private let store = ObjectStore(seed: 1, history: 10)

  private func create(_ name: String, app: String = "vote") throws {
    try store.create(
      ["metadata": ["name": .string(name), "namespace": "oggy", "labels": ["app": .string(app)]]], .configMaps)
  }

  private func relabel(_ name: String, _ app: String) throws {
    try store.update(.configMaps, namespace: "oggy", name: name) { $0["metadata", "labels", "app"] = .string(app) }
  }

  private func lines(_ query: String, count: Int) async throws -> [String] {
    let target = "/api/v1/namespaces/oggy/configmaps?watch=true&\(query)"
    guard case .watch(let feed) = API(store).raw("GET", target) else {
      Issue.record("no watch")
      return []
    }
    var seen: [String] = []
    for await line in feed.lines() {
      let event = try JSON(parsing: line)
      let end = event["object", "metadata", "annotations", "k8s.io/initial-events-end"].string == "true" ? " end" : ""
      seen.append("\(event["type"].string ?? "") \(event["object", "metadata", "name"].string ?? "")\(end)")
      if seen.count == count { break }
    }
    return seen
  }

  @Test("a watch from a version has every change after it, in order")
  func fromVersion() async throws {
    try create("a")
    let version = store.resourceVersion
    try create("b")
    try relabel("a", "x")
    store.remove(.configMaps, namespace: "oggy", name: "b")
    #expect(try await lines("resourceVersion=\(version)", count: 3) == ["ADDED b", "MODIFIED a", "DELETED b"])
  }

  @Test("a watch with sendInitialEvents marks the end of what was there by a bookmark")
  func initialEvents() async throws {
    try create("a")
    let query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    #expect(try await lines(query, count: 2) == ["ADDED a", "BOOKMARK  end"])
  }

  @Test("an object that stops to match is deleted for that watcher, one that begins to is added")
  func selector() async throws {
    try create("a")
    try create("b", app: "other")
    let version = store.resourceVersion
    try relabel("a", "other")
    try relabel("b", "vote")
    try relabel("b", "other")
    #expect(
      try await lines("labelSelector=app%3Dvote&resourceVersion=\(version)", count: 3)
        == ["DELETED a", "ADDED b", "DELETED b"])
  }

  @Test("a watch ends after its time")
  func timeout() async throws {
    try create("a")
    #expect(try await lines("timeoutSeconds=1", count: 9) == ["ADDED a"])
  }

  @Test("a version that is forgotten is answered by one ERROR event of code 410")
  func expired() throws {
    for index in 0..<40 { try create("c\(index)") }
    let answer = API(store).answer("GET", "/api/v1/configmaps?watch=1&resourceVersion=1")
    let event = try JSON(parsing: answer.string ?? "")
    #expect(event["type"] == "ERROR")
    #expect(event["object", "code"] == 410)
    #expect(event["object", "reason"] == "Expired")
  }

  @Test("changes that come while the reader is busy wake it once")
  func changes() async throws {
    var wakeUps = store.changes().makeAsyncIterator()
    for index in 0..<5 { try create("w\(index)") }
    await wakeUps.next()
    try create("last")
    await wakeUps.next()
    #expect(store.list(.configMaps).items.count == 6)
  }

  @Test("a change that was decided on an older version is not made")
  func staleReplace() throws {
    try create("a")
    let before = store.resourceVersion
    #expect(throws: APIStatus.conflict(.configMaps, "a")) {
      try store.update(.configMaps, namespace: "oggy", name: "a") { _ throws(APIStatus) in
        throw .conflict(.configMaps, "a")
      }
    }
    #expect(store.resourceVersion == before)
    #expect(throws: APIStatus.alreadyExists(.configMaps, "a")) { try create("a") }
  }

  @Test("readers that go away while the store changes stop neither it nor each other", .timeLimit(.minutes(1)))
  func cancelledReaders() async throws {
    try store.create(["metadata": ["name": "a", "namespace": "oggy"]], .configMaps)
    let writer = Task { [store] in
      for round in 0... where !Task.isCancelled {
        _ = try? store.update(.configMaps, namespace: "oggy", name: "a") { $0["data", "round"] = .int(round) }
        // Other tests want their turn, too.
        await Task.yield()
      }
    }
    for _ in 0..<300 {
      let (begun, beginning) = AsyncStream.makeStream(of: Void.self)
      let reader = Task { [store] in
        guard let events = try? store.watch(.configMaps) else { return }
        for await _ in events { beginning.finish() }
      }
      for await _ in begun {}
      reader.cancel()
      await reader.value
    }
    writer.cancel()
    try await waitUntil("no reader is left") { store.watcherCount == 0 }
  }
}
