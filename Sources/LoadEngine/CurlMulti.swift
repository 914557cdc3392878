internal import Bench
internal import CLibcurl

/// One CURLM: transfers under way, the sockets that they wait for, and libcurl's timer.
///
/// Confined to one thread. Votes and polls have one each, since connections are kept by the CURLM: a poll on a vote's
/// connection would leave that vote to open another in the middle of the measurement.
///
/// Sockets stay registered with epoll while a connection is idle (libcurl takes them back after each transfer, and
/// that would cost two system calls a vote). What becomes ready while nobody works on it is taken out: an idle HTTP/2
/// connection, or one that the server closes, would otherwise be ready for ever.
struct CurlMulti: ~Copyable {
  private let handle: UnsafeMutableRawPointer
  private let state: UnsafeMutablePointer<State>
  private let endsUnasked: Bool

  /// What libcurl's callbacks read and write.
  fileprivate struct State {
    var epoll: Int32
    var owner: EventLoop.Owner
    var deadline: MonotonicTime?
    var sockets = Sockets()
    /// libcurl has worked since it was last asked for what has ended.
    var hasWorked = false
  }

  /// Sockets are registered with `epoll` in the name of `owner`; as many as `connections` are kept open.
  ///
  /// With `multiplexes` several transfers share an HTTP/2 connection. With `endsUnasked` a connection on which
  /// something comes while no transfer uses it is used no more: right for HTTP/1.1, where it belongs to nobody.
  init(
    _ owner: EventLoop.Owner, epoll: Int32, connections: Int, multiplexes: Bool = false, endsUnasked: Bool = false
  ) throws(EngineError) {
    guard let handle = curl_multi_init() else { throw .outOfMemory }
    self.handle = handle
    self.endsUnasked = endsUnasked
    state = .allocate(capacity: 1)
    state.initialize(to: State(epoll: epoll, owner: owner, deadline: nil))
    vb_multi_set_socket(handle, registerSocket)
    vb_multi_set_pointer(handle, CURLMOPT_SOCKETDATA, state)
    vb_multi_set_timer(handle, setDeadline)
    vb_multi_set_pointer(handle, CURLMOPT_TIMERDATA, state)
    // Fewer and libcurl would close live connections.
    vb_multi_set_long(handle, CURLMOPT_MAXCONNECTS, connections + 8)
    vb_multi_set_long(handle, CURLMOPT_PIPELINING, Int(multiplexes ? CURLPIPE_MULTIPLEX : CURLPIPE_NOTHING))
  }

  deinit {
    // The epoll may be gone already, and its number somebody else's.
    state.pointee.epoll = -1
    curl_multi_cleanup(handle)
    state.pointee.sockets.free()
    state.deinitialize(count: 1)
    state.deallocate()
  }

  /// When `runTimer` is next needed; nil while libcurl waits for sockets alone.
  var deadline: MonotonicTime? { state.pointee.deadline }

  /// Tells this multi handle of every socket that `easy` opens and closes; it must not outlive `self`.
  func watchSockets(of easy: UnsafeMutableRawPointer) {
    vb_easy_set_open_socket(easy, openSocket)
    vb_easy_set_pointer(easy, CURLOPT_OPENSOCKETDATA, state)
    vb_easy_set_close_socket(easy, closeSocket)
    vb_easy_set_pointer(easy, CURLOPT_CLOSESOCKETDATA, state)
  }

  /// Hands a transfer over; the next `runTimer` sends it.
  func add(_ easy: UnsafeMutableRawPointer) { curl_multi_add_handle(handle, easy) }

  /// Takes a transfer back; nothing when it was not handed over.
  func remove(_ easy: UnsafeMutableRawPointer) { curl_multi_remove_handle(handle, easy) }

  /// Lets libcurl work on a socket that became ready.
  func act(_ ready: EventLoop.Ready) {
    let socket = state.pointee.sockets[ready.number]
    // It became ready for us, and was handed over since, by what another socket of the same wait brought.
    if socket.contains(.handedOver) { return }
    guard socket.contains(.active) else {
      state.pointee.sockets[ready.number].subtract([.reading, .writing])
      EventLoop.register(EPOLL_CTL_DEL, ready.number, 0, state.pointee.owner, epoll: state.pointee.epoll)
      if endsUnasked, socket.contains(.connection) { Self.end(ready.number) }
      return
    }
    act(ready.number, ready.curlBits)
  }

  /// Makes a connection dead, in libcurl's eyes too, which looks before it uses one again.
  ///
  /// It would take what came unasked for the answer to its next request (measured: a vote accepted that was refused).
  /// It looks for a closed connection only, and not behind what is still to be read.
  private static func end(_ socket: Int32) {
    shutdown(socket, Int32(SHUT_RDWR))
    withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { bytes in
      while recv(socket, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT)) > 0 {}
    }
  }

  /// Watches a connected socket in another's name: `number` is handed back when it has something to read, or is closed.
  func handOver(_ socket: Int32, to owner: EventLoop.Owner, number: Int32) {
    let bits = EPOLLIN.rawValue | EPOLLRDHUP.rawValue
    let epoll = state.pointee.epoll
    state.pointee.sockets[socket] = [.connection, .reading, .handedOver]
    if !EventLoop.register(EPOLL_CTL_MOD, socket, bits, owner, number: number, epoll: epoll) {
      EventLoop.register(EPOLL_CTL_ADD, socket, bits, owner, number: number, epoll: epoll)
    }
  }

  /// Waits on a socket that was handed over until it can be written to, too, or no longer.
  func watchWriting(_ isWatched: Bool, _ socket: Int32, _ owner: EventLoop.Owner, number: Int32) {
    let bits = EPOLLIN.rawValue | EPOLLRDHUP.rawValue | (isWatched ? EPOLLOUT.rawValue : 0)
    EventLoop.register(EPOLL_CTL_MOD, socket, bits, owner, number: number, epoll: state.pointee.epoll)
  }

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

  /// The next transfer that ended, still handed over: its private pointer and libcurl's result.
  func nextEnded() -> (easy: UnsafeMutableRawPointer, owner: UnsafeMutableRawPointer, result: CURLcode)? {
    guard state.pointee.hasWorked else { return nil }
    var result = CURLE_OK
    while let easy = vb_multi_next_done(handle, &result) {
      var place: UnsafeMutableRawPointer?
      vb_easy_get_pointer(easy, CURLINFO_PRIVATE, &place)
      if let place { return (easy, place, result) }
      curl_multi_remove_handle(handle, easy)
    }
    state.pointee.hasWorked = false
    return nil
  }

  private func act(_ descriptor: Int32, _ bits: Int32) {
    var running: Int32 = 0
    state.pointee.hasWorked = true
    curl_multi_socket_action(handle, descriptor, bits, &running)
  }
}

/// What is known of each socket, by its descriptor.
private struct Sockets {
  /// What epoll watches a socket for; empty when it does not.
  struct State: OptionSet {
    let rawValue: UInt8
    static let reading = State(rawValue: 1)
    static let writing = State(rawValue: 2)
    /// A transfer waits for the socket; without it nobody works on what becomes ready.
    static let active = State(rawValue: 4)
    /// Of a connection, whose closing we hear of; libcurl has others, too, such as the resolver's.
    static let connection = State(rawValue: 8)
    /// Watched in another's name.
    static let handedOver = State(rawValue: 16)

    var epollBits: UInt32 {
      (contains(.reading) ? EPOLLIN.rawValue : 0) | (contains(.writing) ? EPOLLOUT.rawValue : 0)
    }
  }

  private var states: UnsafeMutablePointer<State>
  private var capacity: Int

  init() {
    capacity = 1024
    states = .allocate(capacity: capacity)
    states.initialize(repeating: [], count: capacity)
  }

  func free() { states.deallocate() }

  subscript(socket: Int32) -> State {
    get { Int(socket) < capacity ? states[Int(socket)] : [] }
    set {
      if Int(socket) >= capacity { grow(to: Int(socket) * 2) }
      states[Int(socket)] = newValue
    }
  }

  private mutating func grow(to size: Int) {
    let longer = UnsafeMutablePointer<State>.allocate(capacity: size)
    longer.initialize(repeating: [], count: size)
    longer.update(from: states, count: capacity)
    states.deallocate()
    states = longer
    capacity = size
  }
}

private func registerSocket(
  _: UnsafeMutableRawPointer?, socket: curl_socket_t, what: Int32, state: UnsafeMutableRawPointer?,
  known: UnsafeMutableRawPointer?
) -> Int32 {
  guard let state = state?.assumingMemoryBound(to: CurlMulti.State.self) else { return 0 }
  let before = state.pointee.sockets[socket]
  let (owner, epoll) = (state.pointee.owner, state.pointee.epoll)
  guard what != CURL_POLL_REMOVE else {
    if before.contains(.connection) {
      state.pointee.sockets[socket].remove(.active)
    } else {
      state.pointee.sockets[socket] = []
      EventLoop.register(EPOLL_CTL_DEL, socket, 0, owner, epoll: epoll)
    }
    return 0
  }
  var after: Sockets.State = before.contains(.connection) ? [.connection, .active] : .active
  if what & CURL_POLL_IN != 0 { after.insert(.reading) }
  if what & CURL_POLL_OUT != 0 { after.insert(.writing) }
  state.pointee.sockets[socket] = after
  guard after.epollBits != before.epollBits else { return 0 }
  if before.epollBits == 0 || !EventLoop.register(EPOLL_CTL_MOD, socket, after.epollBits, owner, epoll: epoll) {
    EventLoop.register(EPOLL_CTL_ADD, socket, after.epollBits, owner, epoll: epoll)
  }
  return 0
}

private func openSocket(
  _ state: UnsafeMutableRawPointer?, _: curlsocktype, address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
  guard let state = state?.assumingMemoryBound(to: CurlMulti.State.self), let address else { return -1 }
  // Programs that votebench starts must not hold its connections open.
  let kind = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
  let socket = socket(address.pointee.family, kind, address.pointee.protocol)
  if socket >= 0 { state.pointee.sockets[socket] = .connection }
  return socket
}

private func closeSocket(_ state: UnsafeMutableRawPointer?, socket: curl_socket_t) -> Int32 {
  if let state = state?.assumingMemoryBound(to: CurlMulti.State.self) {
    if state.pointee.sockets[socket].epollBits != 0 {
      EventLoop.register(EPOLL_CTL_DEL, socket, 0, state.pointee.owner, epoll: state.pointee.epoll)
    }
    state.pointee.sockets[socket] = []
  }
  return close(socket)
}

private func setDeadline(_: UnsafeMutableRawPointer?, milliseconds: Int, state: UnsafeMutableRawPointer?) -> Int32 {
  state?.assumingMemoryBound(to: CurlMulti.State.self).pointee.deadline =
    milliseconds < 0
    ? nil : MonotonicTime(nanoseconds: MonotonicTime.now.nanoseconds &+ Int64(milliseconds) &* 1_000_000)
  return 0
}
