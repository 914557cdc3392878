import Glibc

/// A port of the ingress on 127.0.0.1, which no other sandbox takes while this one has it.
///
/// nginx binds it some moments after it was chosen; until then a socket with the same port on an address that is there
/// for that keeps other sandboxes away. The system gives it back however the sandbox ends.
final class IngressPort: Sendable {
  private static let lockAddress = "127.63.255.254"

  /// The port's number.
  let number: UInt16
  private let lock: Int32

  private init?(_ number: UInt16) {
    guard let lock = LoopbackSocket.listening(on: Self.lockAddress, port: number, backlog: 1) else { return nil }
    guard LoopbackSocket.isFree("127.0.0.1", port: number) else {
      close(lock)
      return nil
    }
    self.number = number
    self.lock = lock
  }

  deinit { close(lock) }

  /// Takes the first free port of 51, or exactly the one given; throws `portTaken`.
  static func take(from first: Int, exactly: Bool = false) throws(SandboxError) -> IngressPort {
    let wanted = (exactly ? first...first : first...(first + 50)).compactMap { UInt16(exactly: $0) }
    // Each is tried once: a lazy sequence would try the free one again to return it, when it can be another's already.
    for number in wanted {
      if let port = IngressPort(number) { return port }
    }
    let ports = exactly ? "port \(first) is" : "ports \(first) to \(first + 50) are"
    throw SandboxError(
      .portTaken, attempted: "choosing a port for the ingress", cause: "\(ports) taken on 127.0.0.1",
      remedy: "See who listens there (ss -ltnp), or choose another port.")
  }
}
