import Bench
import Glibc
import LoadEngine
import Synchronization
import TestSupport

/// An HTTP server of one test that misbehaves as it is told, one thread a connection.
final class RawServer: Sendable {
  /// A request that was read completely.
  struct Request: Sendable {
    var method: String
    var path: String
    var requestID: String
    /// Number of its connection, and its own place on that, both from 1.
    var connection: Int
    var place: Int
    /// Place among all requests of its method and path, from 1.
    var number: Int
  }

  /// What the server does when it has read a request.
  enum Reply: Sendable {
    /// A complete answer on a connection that is kept.
    case answer(String, status: Int = 200, pod: String = "pod-1", after: Duration = .zero)
    /// Just these bytes; then the connection is closed.
    case bytes(String)
    /// The connection is closed without an answer.
    case close
    /// Nothing, for ever.
    case silence

    /// A vote is taken, whatever it is.
    static let accepted = Reply.answer(#"{"vote":"a"}"#)
  }

  /// What the server does with each request.
  typealias Behaviour = @Sendable (Request) -> Reply

  /// A behaviour that differs for votes only: a GET gets a page on the vote path, a tally elsewhere.
  static func toVotes(_ reply: @escaping Behaviour) -> Behaviour {
    { request in
      if request.method == "POST" { return reply(request) }
      return .answer(request.path == "/vote" ? "{}" : #"{"a":0,"total":0}"#)
    }
  }

  /// A behaviour that differs for polls of the tally only.
  static func toPolls(_ reply: @escaping Behaviour) -> Behaviour {
    { request in request.path == "/result" ? reply(request) : .accepted }
  }

  private struct State {
    var requests: [Request] = []
    var open: Set<Int32> = []
    var connections = 0
    var threads = 0
    var hasEnded = false
  }

  let port: Int
  private let listener: Int32
  private let state = Mutex(State())
  private let behaviour: Behaviour

  /// Requests read so far, in the order of their reading.
  var requests: [Request] { state.withLock { $0.requests } }
  /// Connections that are open now.
  var openConnections: Int { state.withLock { $0.open.count } }
  /// Votes among the requests.
  var posts: [Request] { requests.filter { $0.method == "POST" } }

  private init(_ behaviour: @escaping Behaviour) throws {
    self.behaviour = behaviour
    port = try FreePort.next()
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard bound == 0, listen(listener, 256) == 0 else { throw StageError("cannot listen on port \(port)") }
  }

  /// Runs `body` with a server; afterwards every connection is closed and every thread has ended.
  static func with(
    _ behaviour: @escaping Behaviour, _ body: (RawServer) async throws -> Void
  ) async throws {
    let server = try RawServer(behaviour)
    server.startThread { server.acceptAll() }
    do {
      try await body(server)
    } catch {
      try await server.end()
      throw error
    }
    try await server.end()
  }

  private func end() async throws {
    state.withLock { state in
      state.hasEnded = true
      for descriptor in state.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }
    shutdown(listener, Int32(SHUT_RDWR))
    try await waitUntil("the server's threads have ended") { state.withLock { $0.threads == 0 } }
    close(listener)
  }

  // MARK: Threads

  private func startThread(_ body: @escaping @Sendable () -> Void) {
    state.withLock { $0.threads += 1 }
    let work = ThreadWork { [self] in
      body()
      state.withLock { $0.threads -= 1 }
    }
    var thread = pthread_t()
    let run: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { work in
      if let work { Unmanaged<ThreadWork>.fromOpaque(work).takeRetainedValue().run() }
      return nil
    }
    guard pthread_create(&thread, nil, run, Unmanaged.passRetained(work).toOpaque()) == 0 else {
      Unmanaged.passUnretained(work).release()
      state.withLock { $0.threads -= 1 }
      return
    }
    pthread_detach(thread)
  }

  private func acceptAll() {
    while true {
      let descriptor = accept(listener, nil, nil)
      guard descriptor >= 0 else { return }
      let connection = state.withLock { state -> Int? in
        guard !state.hasEnded else { return nil }
        state.open.insert(descriptor)
        state.connections += 1
        return state.connections
      }
      guard let connection else {
        close(descriptor)
        return
      }
      startThread { [self] in serve(descriptor, connection) }
    }
  }

  private func serve(_ descriptor: Int32, _ connection: Int) {
    var buffer: [UInt8] = []
    var place = 0
    while let (head, _) = read(descriptor, &buffer) {
      place += 1
      let request = note(head, connection: connection, place: place)
      guard perform(behaviour(request), on: descriptor) else { break }
    }
    state.withLock { state in
      state.open.remove(descriptor)
      // A program that another test starts may hold a copy of the descriptor: closing ours alone would say nothing.
      shutdown(descriptor, Int32(SHUT_RDWR))
      close(descriptor)
    }
  }

  // MARK: HTTP

  private func note(_ head: [Substring], connection: Int, place: Int) -> Request {
    let words = head[0].split(separator: " ").map(String.init)
    let name = "x-request-id: "
    let requestID = head.first { $0.lowercased().hasPrefix(name) }.map { String($0.dropFirst(name.count)) } ?? ""
    return state.withLock { state in
      let number = state.requests.count { $0.method == words[0] && $0.path == words[1] } + 1
      let request = Request(
        method: words[0], path: words[1], requestID: requestID, connection: connection, place: place, number: number)
      state.requests.append(request)
      return request
    }
  }

  /// Does what is to be done; false when the connection is to be closed.
  private func perform(_ reply: Reply, on descriptor: Int32) -> Bool {
    switch reply {
    case .answer(let body, let status, let pod, let delay):
      if delay > .zero { usleep(UInt32(delay.milliseconds * 1000)) }
      write(
        "HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\nX-Pod: \(pod)\r\n\r\n\(body)", to: descriptor)
      return true
    case .bytes(let text):
      write(text, to: descriptor)
      return false
    case .close: return false
    case .silence: return true
    }
  }

  private func write(_ text: String, to descriptor: Int32) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
  }

  /// The lines of the next request's head, and its body; nil at the end of the connection.
  private func read(_ descriptor: Int32, _ buffer: inout [UInt8]) -> (head: [Substring], body: String)? {
    while true {
      let text = String(decoding: buffer, as: UTF8.self)
      let parts = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 {
        let head = parts[0].split(separator: "\r\n")
        let name = "content-length: "
        let length = head.first { $0.lowercased().hasPrefix(name) }.flatMap { Int($0.dropFirst(name.count)) } ?? 0
        if parts[1].utf8.count >= length {
          buffer.removeFirst(parts[0].utf8.count + 4 + length)
          return (head, String(parts[1].prefix(length)))
        }
      }
      var chunk = [UInt8](repeating: 0, count: 4096)
      let count = recv(descriptor, &chunk, chunk.count, 0)
      guard count > 0 else { return nil }
      buffer += chunk.prefix(count)
    }
  }
}

private final class ThreadWork: Sendable {
  let run: @Sendable () -> Void
  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}
