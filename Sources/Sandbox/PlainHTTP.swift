import FoundationEssentials
import Glibc

/// The least of an HTTP client: one request on a new connection, over TCP or a Unix socket.
///
/// For the kubelet's probes and for setting the ingress's endpoints. Each request blocks a thread of its own,
/// never one of the pool.
enum PlainHTTP {
  /// Where to connect to.
  enum Peer: Sendable {
    case tcp(String, UInt16)
    case unix(String)
  }

  /// What came of a request.
  enum Outcome: Sendable, Equatable {
    /// The status code of the answer.
    case answered(Int)
    /// Nobody listens.
    case refused
    /// No answer within the limit.
    case timedOut
    /// Anything else, in the system's words.
    case failed(String)
  }

  /// Sends a request and reads the status of its answer.
  ///
  /// Without a host, one of the headers has to give it.
  static func request(
    _ method: String, _ path: String, body: String = "", host: String? = "sandbox", headers: [String] = [],
    to peer: Peer, within limit: Duration
  ) async -> Outcome {
    let names = host.map { ["Host: \($0)"] } ?? []
    let lines = ["\(method) \(path) HTTP/1.1"] + names + ["Connection: close"] + headers
    let length = body.isEmpty ? [] : ["Content-Length: \(body.utf8.count)"]
    let text = (lines + length + ["", body]).joined(separator: "\r\n")
    let sent = Array((body.isEmpty ? text + "\r\n" : text).utf8)
    do throws(SandboxError) {
      return try await DedicatedThread.value { exchange(sent, with: peer, within: limit) }
    } catch {
      return .failed(error.cause)
    }
  }

  /// Whether somebody listens there.
  static func canConnect(_ address: String, _ port: UInt16) async -> Bool {
    (try? await DedicatedThread.value {
      guard let descriptor = connection(to: .tcp(address, port), within: .seconds(1)) else { return false }
      close(descriptor)
      return true
    }) ?? false
  }

  /// Why no connection to there can be made; nil if it can.
  static func connectFailure(_ address: String, _ port: UInt16, within limit: Duration) async -> Outcome? {
    do throws(SandboxError) {
      return try await DedicatedThread.value {
        guard let descriptor = connection(to: .tcp(address, port), within: limit) else { return outcome(of: errno) }
        close(descriptor)
        return nil
      }
    } catch {
      return .failed(error.cause)
    }
  }

  /// Waits until a server listens; throws `notReady` after 10 s or when it has ended.
  static func awaitListener(
    _ address: String, _ port: UInt16, of process: SupervisedProcess, log: String
  ) async throws(SandboxError) {
    let what = process.current?.what ?? "a server"
    let deadline = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < deadline, !Task.isCancelled {
      if await canConnect(address, port) { return }
      if process.current?.endingSoFar != nil { break }
      try? await Task.sleep(for: .milliseconds(20))
    }
    throw SandboxError(
      .notReady, attempted: "starting \(what)",
      cause: "nothing listens on \(address):\(port): \(LogFile.lastLines(of: log))",
      remedy: "If the machine is busy, try again; else look at what it says.")
  }

  private static func exchange(_ sent: [UInt8], with peer: Peer, within limit: Duration) -> Outcome {
    let deadline = ContinuousClock.now + limit
    guard let descriptor = connection(to: peer, within: limit) else { return outcome(of: errno) }
    defer { close(descriptor) }
    guard send(descriptor, sent, sent.count, Int32(MSG_NOSIGNAL)) == sent.count else {
      return outcome(of: errno)
    }
    var received: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 512)
    // `HTTP/1.1 200` is all that matters.
    while received.count < 12 {
      let left = deadline - ContinuousClock.now
      guard left > .zero else { return .timedOut }
      setLimit(left, on: descriptor)
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { return count == 0 ? .failed("EOF") : outcome(of: errno) }
      received += buffer[..<count]
    }
    let status = String(decoding: received[9..<12], as: UTF8.self)
    return Int(status).map(Outcome.answered) ?? .failed("malformed HTTP status code \(status)")
  }

  // The limit also holds for connect(2) on Linux, which then fails with EINPROGRESS.
  private static func connection(to peer: Peer, within limit: Duration) -> Int32? {
    let family = if case .unix = peer { AF_UNIX } else { AF_INET }
    let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    setLimit(limit, on: descriptor)
    let result =
      switch peer {
      case .tcp(let address, let port): LoopbackSocket.withAddress(address, port) { connect(descriptor, $0, $1) }
      case .unix(let path): withUnixAddress(path) { connect(descriptor, $0, $1) }
      }
    guard result == 0 else {
      let reason = errno
      close(descriptor)
      errno = reason
      return nil
    }
    return descriptor
  }

  private static func setLimit(_ limit: Duration, on descriptor: Int32) {
    let (seconds, attoseconds) = limit.components
    var time = timeval(tv_sec: Int(seconds), tv_usec: max(1, Int(attoseconds / 1_000_000_000_000)))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
  }

  private static func withUnixAddress(
    _ path: String, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    let fits = withUnsafeMutableBytes(of: &name.sun_path) { bytes in
      guard path.utf8.count < bytes.count else { return false }
      bytes.copyBytes(from: path.utf8)
      return true
    }
    guard fits else { return -1 }
    return withUnsafePointer(to: &name) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        call($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }

  private static func outcome(of number: Int32) -> Outcome {
    switch number {
    case ECONNREFUSED, ENOENT: .refused
    case EAGAIN, EINPROGRESS, ETIMEDOUT: .timedOut
    default: .failed(String(systemError: number))
    }
  }
}
