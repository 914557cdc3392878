import Glibc
import Synchronization

/// A loopback port that nobody listens on, and that no other test of this process was given.
///
/// Below the range from which the kernel takes ports for outgoing connections, which could take one in between.
package enum FreePort {
  private static let given = Mutex<Set<Int>>([])

  package static func next() throws -> Int {
    for _ in 0..<1000 {
      let port = Int.random(in: 15_000..<32_000)
      let isNew = given.withLock { $0.insert(port).inserted }
      if isNew, isFree(port) { return port }
    }
    throw StageError("no free port between 15000 and 32000")
  }

  private static func isFree(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, streamType, 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return withLoopbackAddress(port: port) { bind(descriptor, $0, $1) } == 0
  }
}

/// A stream socket that programs started meanwhile do not inherit: they would keep its port or connection open.
let streamType = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)

/// Calls a function of the socket interface with the address 127.0.0.1 and a port.
func withLoopbackAddress<Result>(port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = in_port_t(port).bigEndian
  address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
  return withUnsafePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
  }
}
