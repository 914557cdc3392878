import Glibc

/// A TCP connection to a loopback port, or one to a unix socket.
///
/// Calls block, for 20 s at most: tests wait for answers, not for each other.
package final class LoopbackSocket {
  private let descriptor: Int32
  private var buffer: [UInt8] = []

  /// Connects; throws when nobody listens there.
  package init(port: Int) throws {
    descriptor = try Self.unconnected(AF_INET)
    guard withLoopbackAddress(port: port, { connect(descriptor, $0, $1) }) == 0 else {
      throw StageError("cannot connect to port \(port): \(String(cString: strerror(errno)))")
    }
  }

  /// Connects; throws when nobody listens there.
  package init(unixSocketPath path: String) throws {
    descriptor = try Self.unconnected(AF_UNIX)
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    let result = withUnsafePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard result == 0 else { throw StageError("cannot connect to \(path): \(String(cString: strerror(errno)))") }
  }

  private static func unconnected(_ family: Int32) throws -> Int32 {
    let descriptor = socket(family, streamType, 0)
    guard descriptor >= 0 else { throw StageError("no socket: \(String(cString: strerror(errno)))") }
    var limit = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    return descriptor
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  package func write(_ text: String) throws {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let sent = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard sent > 0 else { throw StageError("cannot write: \(String(cString: strerror(errno)))") }
      bytes = bytes.dropFirst(sent)
    }
  }

  /// The next line, without its end (CR LF).
  package func line() throws -> String {
    while true {
      if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
        let line = buffer[..<end].filter { $0 != UInt8(ascii: "\r") }
        buffer.removeFirst(end + 1)
        return String(decoding: line, as: UTF8.self)
      }
      try fill()
    }
  }

  /// The next bytes, as text.
  package func text(count: Int) throws -> String {
    while buffer.count < count { try fill() }
    defer { buffer.removeFirst(count) }
    return String(decoding: buffer.prefix(count), as: UTF8.self)
  }

  private func fill() throws {
    var chunk = [UInt8](repeating: 0, count: 16_384)
    let count = recv(descriptor, &chunk, chunk.count, 0)
    guard count > 0 else {
      throw StageError(count == 0 ? "the peer closed" : "cannot read: \(String(cString: strerror(errno)))")
    }
    buffer += chunk.prefix(count)
  }
}
