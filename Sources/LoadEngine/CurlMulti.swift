internal import Bench
internal import CLibcurl

/// One CURLM: transfers under way, the sockets that they wait for, and libcurl's timer.
///
/// Confined to the engine's thread. Votes and polls have one each, since connections are kept by the CURLM: a poll on a
/// vote's connection would leave that vote to open another in the middle of the measurement.
struct CurlMulti: ~Copyable {
  private let handle: UnsafeMutableRawPointer
  private let state: UnsafeMutablePointer<State>

  /// What libcurl's callbacks read and write.
  fileprivate struct State {
    var epoll: Int32
    var owner: EventLoop.Owner
    var deadline: MonotonicTime?
  }

  /// Sockets are registered with `epoll` in the name of `owner`; as many as `connections` are kept open.
  init(_ owner: EventLoop.Owner, epoll: Int32, connections: Int) throws(EngineError) {
    guard let handle = curl_multi_init() else { throw .outOfMemory }
    self.handle = handle
    state = .allocate(capacity: 1)
    state.initialize(to: State(epoll: epoll, owner: owner, deadline: nil))
    vb_multi_set_socket(handle, registerSocket)
    vb_multi_set_pointer(handle, CURLMOPT_SOCKETDATA, state)
    vb_multi_set_timer(handle, setDeadline)
    vb_multi_set_pointer(handle, CURLMOPT_TIMERDATA, state)
    // Fewer and libcurl would close live connections.
    vb_multi_set_long(handle, CURLMOPT_MAXCONNECTS, connections + 8)
    vb_multi_set_long(handle, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
  }

  deinit {
    // The epoll may be gone already, and its number somebody else's.
    state.pointee.epoll = -1
    curl_multi_cleanup(handle)
    state.deallocate()
  }

  /// When `runTimer` is next needed; nil while libcurl waits for sockets alone.
  var deadline: MonotonicTime? { state.pointee.deadline }

  /// Hands a transfer over; the next `runTimer` sends it.
  func add(_ transfer: borrowing Transfer) { curl_multi_add_handle(handle, transfer.easy) }

  /// Takes a transfer back; nothing when it was not handed over.
  func remove(_ transfer: borrowing Transfer) { curl_multi_remove_handle(handle, transfer.easy) }

  /// Lets libcurl work on a socket that became ready.
  func act(_ ready: EventLoop.Ready) { act(ready.descriptor, ready.bits) }

  /// Lets libcurl do what its timer was set for: send what was added, end what took too long.
  func runTimer() {
    // libcurl sets its timer to 0 at each added handle: once for a batch of them is enough. The bound keeps votes that
    // fall due from waiting for a libcurl that sets it for ever; what is left is done in the loop's next turn.
    for _ in 0..<16 {
      guard let deadline, deadline <= MonotonicTime.now else { return }
      state.pointee.deadline = nil
      act(CURL_SOCKET_TIMEOUT, 0)
    }
  }

  /// The next transfer that ended, taken back, with libcurl's result.
  func nextEnded() -> (transfer: UnsafeMutablePointer<Transfer>, result: CURLcode)? {
    var result = CURLE_OK
    while let easy = vb_multi_next_done(handle, &result) {
      curl_multi_remove_handle(handle, easy)
      var place: UnsafeMutableRawPointer?
      vb_easy_get_pointer(easy, CURLINFO_PRIVATE, &place)
      if let place { return (place.assumingMemoryBound(to: Transfer.self), result) }
    }
    return nil
  }

  private func act(_ descriptor: Int32, _ bits: Int32) {
    var running: Int32 = 0
    curl_multi_socket_action(handle, descriptor, bits, &running)
  }
}

private func registerSocket(
  _: UnsafeMutableRawPointer?, socket: curl_socket_t, what: Int32, state: UnsafeMutableRawPointer?,
  known: UnsafeMutableRawPointer?
) -> Int32 {
  guard let state = state?.assumingMemoryBound(to: CurlMulti.State.self).pointee else { return 0 }
  let bits = (what & CURL_POLL_IN != 0 ? EPOLLIN.rawValue : 0) | (what & CURL_POLL_OUT != 0 ? EPOLLOUT.rawValue : 0)
  if what == CURL_POLL_REMOVE {
    // At once, not lazily: an idle connection that the server closes would otherwise be ready for ever.
    EventLoop.register(EPOLL_CTL_DEL, socket, 0, state.owner, epoll: state.epoll)
  } else if !EventLoop.register(EPOLL_CTL_ADD, socket, bits, state.owner, epoll: state.epoll) {
    EventLoop.register(EPOLL_CTL_MOD, socket, bits, state.owner, epoll: state.epoll)
  }
  return 0
}

private func setDeadline(_: UnsafeMutableRawPointer?, milliseconds: Int, state: UnsafeMutableRawPointer?) -> Int32 {
  state?.assumingMemoryBound(to: CurlMulti.State.self).pointee.deadline =
    milliseconds < 0 ? nil : MonotonicTime.now + .milliseconds(milliseconds)
  return 0
}
