import Glibc

/// Plain TCP sockets on loopback addresses, for what needs no more than one system call after another.
enum LoopbackSocket {
  /// A socket that listens, or nil if the address is taken.
  static func listening(on address: String, port: UInt16, backlog: Int32) -> Int32? {
    guard let descriptor = make() else { return nil }
    var yes: Int32 = 1
    // Connections of an earlier holder that linger (TIME_WAIT) must not keep the address taken.
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    let bound = withAddress(address, port) { bind(descriptor, $0, $1) }
    guard bound == 0, listen(descriptor, backlog) == 0 else {
      close(descriptor)
      return nil
    }
    return descriptor
  }

  /// A TCP socket that closes on exec.
  static func make() -> Int32? {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    return descriptor >= 0 ? descriptor : nil
  }

  /// Whether a port is free to listen on.
  static func isFree(_ address: String, port: UInt16) -> Bool {
    guard let descriptor = listening(on: address, port: port, backlog: 1) else { return false }
    close(descriptor)
    return true
  }

  /// Calls with the address as system calls want it; -1 if it is none.
  static func withAddress(
    _ address: String, _ port: UInt16, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = port.bigEndian
    guard inet_pton(AF_INET, address, &name.sin_addr) == 1 else { return -1 }
    return withUnsafePointer(to: &name) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        call($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}
