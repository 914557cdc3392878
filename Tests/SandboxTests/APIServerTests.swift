import FoundationEssentials
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Sandbox

/// Not the `LoopbackSocket` of the sandbox.
private typealias ClientSocket = TestSupport.LoopbackSocket

/// The server itself, without the nginx that stands before it.
@Suite("The API server")
struct APIServerTests {
  private static let verified = ["X-Client-Verify": "SUCCESS"]
  private static let secrets = "/api/v1/namespaces/oggy/secrets"
  private let store = ObjectStore(seed: 1)

  /// Runs a test with a server, which is cancelled when the test has returned.
  private func withServer(token: String? = nil, _ body: (_ socket: String) async throws -> Void) async throws {
    try await withStage { stage in try await serve("\(stage.folder)/api.sock", token: token, body) }
  }

  private func serve(
    _ socket: String, token: String? = nil, _ body: (_ socket: String) async throws -> Void
  ) async throws {
    let server = APIServer(store: store, token: token)
    try await withThrowingTaskGroup(of: Void.self) { group in
      let (ready, continuation) = AsyncStream.makeStream(of: Void.self)
      group.addTask {
        defer { continuation.finish() }
        try await server.run(unixSocketPath: socket) { continuation.finish() }
      }
      defer { group.cancelAll() }
      for await _ in ready {}
      try await body(socket)
    }
  }

  /// What a client does: its calls block, and the server's feeds need the threads of the pool.
  private func client<Value: Sendable>(_ calls: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await DedicatedThread.value { Result { try calls() } }.get()
  }

  private static func get(_ path: String) -> String {
    "GET \(path) HTTP/1.1\r\nHost: a\r\nX-Client-Verify: SUCCESS\r\n\r\n"
  }

  // Opens a watch of what comes, and reads up to its first event.
  private static func watch(_ store: ObjectStore, _ path: String) throws -> ClientSocket {
    let socket = try ClientSocket(unixSocketPath: path)
    try socket.write(get("\(secrets)?watch=1&resourceVersion=\(store.resourceVersion)"))
    while try !socket.line().isEmpty {}
    try create("first", in: store)
    let event = try readEvent(socket)
    guard event == "ADDED first" else { throw StageError("an event that is not the first: \(event)") }
    return socket
  }

  private static func create(_ name: String, in store: ObjectStore) throws {
    try store.create(["metadata": ["name": .string(name), "namespace": "oggy"]], .secrets)
  }

  // A chunk of its own for each event.
  private static func readEvent(_ socket: ClientSocket) throws -> String {
    guard let size = Int(try socket.line(), radix: 16) else { throw StageError("no size of a chunk") }
    let event = try JSON(parsing: Array(try socket.text(count: size).utf8))
    guard try socket.line().isEmpty else { throw StageError("a chunk longer than its size") }
    return "\(event["type"].string ?? "") \(event["object", "metadata", "name"].string ?? "")"
  }

  @Test("requests on one connection are answered in their order, also when they come together")
  func pipelined() async throws {
    try await withServer { path in
      let bodies = try await client {
        let connection = try HTTPConnection(unixSocketPath: path)
        let paths = ["/healthz", "/api/v1/nosuch", "/readyz"]
        for path in paths { try connection.send("GET", path, headers: Self.verified, body: "") }
        return try paths.map { _ in try connection.receive() }.map { $0.status == 200 ? $0.body : "\($0.status)" }
      }
      #expect(bodies == ["ok", "404", "ok"])
    }
  }

  @Test("whoever brings no credentials is forbidden everything, and who brings wrong ones is not known")
  func access() async throws {
    try await withServer(token: "right") { path in
      let statuses = try await client {
        let connection = try HTTPConnection(unixSocketPath: path)
        let ways = [
          [:], ["X-Client-Verify": "NONE"], ["Authorization": "Bearer wrong"], ["Authorization": "Basic right"],
          ["Authorization": "Bearer right"], Self.verified,
        ]
        return try ways.map { try connection.exchange("GET", "/version", headers: $0).status }
      }
      #expect(statuses == [403, 403, 401, 401, 200, 200])
    }
  }

  @Test("warnings are headers of their own, with their quotes escaped")
  func warnings() async throws {
    try await withServer { path in
      let answer = try await client {
        let json = ["Content-Type": "application/json"].merging(Self.verified) { $1 }
        return try HTTPConnection(unixSocketPath: path).exchange(
          "POST", "/api/v1/namespaces", headers: json,
          body: #"{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"a"},"spec":{"x":1}}"#)
      }
      #expect(answer.status == 201)
      #expect(answer.headers["warning"] == #"299 - "unknown field \"spec.x\"""#)
    }
  }

  @Test("a body of more than 3 MiB is refused by a Status, a body of 3 MiB is read")
  func longBodies() async throws {
    try await withServer { path in
      let answers = try await client {
        let connection = try HTTPConnection(unixSocketPath: path)
        let json = ["Content-Type": "application/json"].merging(Self.verified) { $1 }
        return try [(3 << 20) + 1, 3 << 20].map { count in
          try connection.exchange("POST", Self.secrets, headers: json, body: String(repeating: " ", count: count))
        }
      }
      #expect(answers.map(\.status) == [413, 400])
      let refused = try JSON(parsing: answers[0].body)
      #expect(refused["reason"] == "RequestEntityTooLarge")
    }
  }

  @Test("a connection is closed after the answer if the client asks for it")
  func closing() async throws {
    try await withServer { path in
      let isClosed = try await client {
        let connection = try HTTPConnection(unixSocketPath: path)
        let answer = try connection.exchange(
          "GET", "/healthz", headers: Self.verified.merging(["Connection": "close"]) { $1 })
        return answer.headers["connection"] == "close" && (try? connection.receive()) == nil
      }
      #expect(isClosed)
    }
  }

  @Test("a watch has each event at once, and ends with its client")
  func watched() async throws {
    try await withServer { path in
      let events = try await client { [store] in
        let socket = try Self.watch(store, path)
        return try ["b", "c", "d"].map { name in
          try Self.create(name, in: store)
          return try Self.readEvent(socket) + " for \(store.watcherCount)"
        }
      }
      #expect(events == ["ADDED b for 1", "ADDED c for 1", "ADDED d for 1"])
      try await waitUntil("the feed has ended") { store.watcherCount == 0 }
    }
  }

  @Test("a watch that is over is ended in HTTP, and its connection serves on")
  func watchedOut() async throws {
    try await withServer { path in
      let status = try await client {
        let socket = try ClientSocket(unixSocketPath: path)
        try socket.write(Self.get("\(Self.secrets)?watch=1&timeoutSeconds=1") + Self.get("/healthz"))
        while try !socket.line().isEmpty {}
        return try [socket.line(), socket.line(), socket.line()]
      }
      #expect(status == ["0", "", "HTTP/1.1 200 OK"])
    }
  }

  @Test("when the server is cancelled, idle, half-sent and watching connections are closed, and only then it returns")
  func cancelled() async throws {
    try await withStage { stage in
      let path = "\(stage.folder)/api.sock"
      let (opened, opening) = AsyncStream.makeStream(of: Void.self)
      try await withThrowingTaskGroup(of: Int.self) { clients in
        try await serve(path) { path in
          clients.addTask { [store] in
            defer { opening.finish() }
            return try await client {
              let (idle, half) = try (ClientSocket(unixSocketPath: path), ClientSocket(unixSocketPath: path))
              try half.write("POST \(Self.secrets) HTTP/1.1\r\nContent-Length: 10\r\n\r\n{")
              let watching = try Self.watch(store, path)
              opening.finish()
              return [idle, half, watching].filter { (try? $0.line()) == nil }.count
            }
          }
          for await _ in opened {}
          #expect(Self.ends(of: path) == 4)
        }
        #expect(Self.ends(of: path) == 0)
        let closed = try await clients.next()
        #expect(closed == 3)
      }
      try await waitUntil("the feed has ended") { store.watcherCount == 0 }
    }
  }

  // How many sockets of the server this process has: its listener and its ends of connections, which bear its name.
  private static func ends(of path: String) -> Int {
    (0..<Int32(1_024)).filter { descriptor in
      var name = sockaddr_un()
      var size = socklen_t(MemoryLayout<sockaddr_un>.size)
      let isNamed = withUnsafeMutablePointer(to: &name) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) == 0 }
      }
      guard isNamed, name.sun_family == sa_family_t(AF_UNIX) else { return false }
      return withUnsafeBytes(of: name.sun_path) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) == path }
    }.count
  }

  @Test("a socket file that an earlier server left is replaced")
  func replaced() async throws {
    try await withStage { stage in
      for _ in 0..<2 {
        try await serve("\(stage.folder)/api.sock") { path in
          let status = try await client {
            try HTTPConnection(unixSocketPath: path).exchange("GET", "/healthz", headers: Self.verified).status
          }
          #expect(status == 200)
        }
      }
    }
  }

  @Test("connections that come while the server is cancelled do it no harm")
  func cancelledWhileConnecting() async throws {
    try await withStage { stage in
      for round in 0..<60 {
        let knocking = Knocking(path: "\(stage.folder)/\(round).sock")
        try await withThrowingTaskGroup(of: Void.self) { clients in
          defer { knocking.end() }
          try await serve(knocking.path) { _ in
            for _ in 0..<3 { clients.addTask { try await client { knocking.run() } } }
            try await waitUntil("connections are made") { knocking.count > 10 + round }
          }
        }
      }
    }
  }
}

/// Connects again and again, without a pause while somebody listens.
private final class Knocking: Sendable {
  let path: String
  private let made = Atomic<Int>(0)
  private let isOver = Atomic<Bool>(false)

  var count: Int { made.load(ordering: .relaxed) }

  init(path: String) {
    self.path = path
  }

  func end() { isOver.store(true, ordering: .relaxed) }

  func run() {
    var open: [ClientSocket] = []
    while !isOver.load(ordering: .relaxed) {
      if let socket = try? ClientSocket(unixSocketPath: path) {
        open = open.suffix(7) + [socket]
        made.add(1, ordering: .relaxed)
      } else {
        usleep(200)  // nobody listens any more
      }
    }
  }
}
