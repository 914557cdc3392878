import Glibc

/// A range of loopback addresses, 127.A.B.0/24, that one sandbox has for itself.
///
/// It is held by a listening socket on its first address, which the system gives back however the sandbox ends.
package final class LoopbackRange: Sendable {
  // Any port will do, but all sandboxes must agree on it.
  private static let lockPort: UInt16 = 10_017

  /// The first three numbers, such as `127.70.3`.
  package let prefix: String
  private let lock: Int32

  /// Takes the first free range, beginning at one that depends on the process.
  ///
  /// Throws `rangeTaken` if 64 in a row are taken.
  package init() throws(SandboxError) {
    let start = Int(getpid()) &* 2_654_435_761
    for step in 0..<64 {
      let number = ((start >> 3) + step * 37) & 0x3fff
      let prefix = "127.\(64 + (number >> 8)).\(number & 0xff)"
      if let lock = LoopbackSocket.listening(on: "\(prefix).1", port: Self.lockPort, backlog: 1) {
        self.prefix = prefix
        self.lock = lock
        return
      }
    }
    throw SandboxError(
      .rangeTaken, attempted: "choosing loopback addresses", cause: "64 ranges in 127.64.0.0/10 are taken",
      remedy: "End sandboxes that you no longer need: votebench sandbox down")
  }

  deinit { close(lock) }

  /// In the notation of networks.
  package var subnet: String { "\(prefix).0/24" }
  /// Where the API server is.
  package var api: String { "\(prefix).1" }
  /// Where pods are.
  package var pods: [String] { (10...189).map { "\(prefix).\($0)" } }
  /// Where Services are.
  package var services: [String] { (190...250).map { "\(prefix).\($0)" } }
}
