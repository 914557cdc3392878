import Glibc
import TestSupport

@testable import Sandbox

/// A TCP socket of a test: it blocks, for 20 s at most, on a thread of its own.
final class NetworkPeer: Sendable {
  let descriptor: Int32

  private init(_ descriptor: Int32) {
    self.descriptor = descriptor
    var limit = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(descriptor) }

  /// One that listens.
  static func listening(on address: String, _ port: UInt16) throws -> NetworkPeer {
    guard let descriptor = LoopbackSocket.listening(on: address, port: port, backlog: 64) else {
      throw StageError("cannot listen on \(address):\(port)")
    }
    return NetworkPeer(descriptor)
  }

  /// One that is connected; throws with the system's number if that fails.
  static func connected(to address: String, _ port: UInt16) async throws -> NetworkPeer {
    let result = try await DedicatedThread.value { () -> Result<Int32, SystemFailure> in
      guard let descriptor = LoopbackSocket.make() else { return .failure(SystemFailure(number: errno)) }
      guard LoopbackSocket.withAddress(address, port, { connect(descriptor, $0, $1) }) == 0 else {
        let number = errno
        close(descriptor)
        return .failure(SystemFailure(number: number))
      }
      return .success(descriptor)
    }
    return NetworkPeer(try result.get())
  }

  struct SystemFailure: Error, Equatable {
    var number: Int32
  }

  func accepted() async throws -> NetworkPeer {
    let listener = descriptor
    let result = try await DedicatedThread.value { accept(listener, nil, nil) }
    guard result >= 0 else { throw StageError("nobody came") }
    return NetworkPeer(result)
  }

  func send(_ text: String) async throws { try await send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) async throws {
    let result = try await DedicatedThread.value { [self] () -> Int32 in
      var sent = 0
      while sent < bytes.count {
        let count = bytes[sent...].withUnsafeBytes {
          Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard count > 0 else { return errno }
        sent += count
      }
      return 0
    }
    guard result == 0 else { throw SystemFailure(number: result) }
  }

  /// Sends until nothing more is taken for a while, and says how much was.
  func sendUntilFull(atMost limit: Int) async throws -> Int {
    try await DedicatedThread.value { [self] in
      let bytes = [UInt8](repeating: 7, count: 65_536)
      var wait = timeval(tv_sec: 0, tv_usec: 500_000)
      setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
      var sent = 0
      while sent < limit {
        let count = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        guard count > 0 else { break }
        sent += count
      }
      return sent
    }
  }

  /// This many bytes as a text, or what came before the end.
  func text(_ count: Int) async throws -> String { String(decoding: try await bytes(count), as: UTF8.self) }

  /// This many bytes, or what came before the end; throws with the system's number for a broken connection.
  func bytes(_ count: Int) async throws -> [UInt8] {
    let result = try await DedicatedThread.value { [self] () -> Result<[UInt8], SystemFailure> in
      var all: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 65_536)
      while all.count < count {
        let received = recv(descriptor, &buffer, min(buffer.count, count - all.count), 0)
        guard received >= 0 else { return .failure(SystemFailure(number: errno)) }
        guard received > 0 else { break }
        all += buffer[..<received]
      }
      return .success(all)
    }
    return try result.get()
  }

  /// Everything up to the end.
  func rest() async throws -> [UInt8] { try await bytes(.max) }

  func endOutput() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Breaks the connection.
  func reset() {
    var abrupt = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &abrupt, socklen_t(MemoryLayout<linger>.size))
    // The number stays taken until the end of this object, so that nobody else gets it.
    let empty = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    dup2(empty, descriptor)
    close(empty)
  }
}
