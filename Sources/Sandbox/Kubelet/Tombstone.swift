import Glibc

/// What answers in the place of a pod that is gone: silence.
///
/// On a real node the address of a pod that is gone refuses connections for about 0.3 s, until its network is
/// taken down; after that nothing answers, and connects hang. Here a listening socket whose queue is full and
/// never emptied does that: the system drops further connection requests.
final class Tombstone: Sendable {
  private let descriptors: [Int32]

  /// Begins the silence; nil if somebody else listens there.
  init?(address: String, port: UInt16) {
    guard let listener = LoopbackSocket.listening(on: address, port: port, backlog: 0) else { return nil }
    var all = [listener]
    // A queue of length 0 takes one connection; the second finds it full already.
    for _ in 0..<2 {
      guard let filler = LoopbackSocket.make() else { continue }
      _ = fcntl(filler, F_SETFL, O_NONBLOCK)
      _ = LoopbackSocket.withAddress(address, port) { connect(filler, $0, $1) }
      all.append(filler)
    }
    descriptors = all
  }

  deinit {
    for descriptor in descriptors { close(descriptor) }
  }
}
