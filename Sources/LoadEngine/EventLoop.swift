internal import Bench
internal import CLibcurl

/// Waits for sockets, an absolute moment, or a wake-up from another thread: epoll, timerfd and eventfd.
///
/// Confined to the engine's thread, save `wakeUp`, which anyone may write to while the loop lives.
struct EventLoop: ~Copyable {
  /// Whose socket became ready.
  enum Owner: UInt64 {
    case loop
    case votes
    case polls
  }

  /// A socket of libcurl's that became ready, with its `CURL_CSELECT_` bits.
  struct Ready {
    var owner: Owner
    var descriptor: Int32
    var bits: Int32
  }

  /// The descriptor of the epoll, for libcurl's socket callback.
  let descriptor: Int32
  /// What the last wait brought.
  private(set) var ready: [Ready] = []

  private let timer: Int32
  private let wakeUp: WakeUp
  private var armed: MonotonicTime?
  private let events: UnsafeMutablePointer<epoll_event>
  private static let capacity = 256

  init(wakeUp: WakeUp) throws(EngineError) {
    descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
    timer = timerfd_create(CLOCK_MONOTONIC, Int32(TFD_NONBLOCK | TFD_CLOEXEC))
    self.wakeUp = wakeUp
    events = .allocate(capacity: Self.capacity)
    guard descriptor >= 0, timer >= 0, wakeUp.descriptor >= 0 else {
      throw EngineError(
        code: .setUp, attempted: "opening an epoll and a timer", cause: "error \(vb_errno())",
        remedy: "Raise the limit of open files (ulimit -n).")
    }
    Self.register(EPOLL_CTL_ADD, timer, EPOLLIN.rawValue, .loop, epoll: descriptor)
    Self.register(EPOLL_CTL_ADD, wakeUp.descriptor, EPOLLIN.rawValue, .loop, epoll: descriptor)
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    if timer >= 0 { close(timer) }
    events.deallocate()
  }

  /// Adds, changes or removes what is waited for on a socket; false when the kernel refuses.
  @discardableResult
  static func register(_ operation: Int32, _ socket: Int32, _ bits: UInt32, _ owner: Owner, epoll: Int32) -> Bool {
    var event = epoll_event()
    event.events = bits
    event.data.u64 = owner.rawValue << 32 | UInt64(UInt32(bitPattern: socket))
    return epoll_ctl(epoll, operation, socket, &event) == 0
  }

  /// Waits until something is ready or `deadline` has come; sockets of libcurl's that are ready stand in `ready`.
  mutating func wait(until deadline: MonotonicTime?) {
    ready.removeAll(keepingCapacity: true)
    arm(deadline)
    let count = epoll_wait(descriptor, events, Int32(Self.capacity), -1)
    guard count > 0 else { return }
    for place in 0..<Int(count) {
      let event = events[place]
      let socket = Int32(truncatingIfNeeded: event.data.u64)
      guard let owner = Owner(rawValue: event.data.u64 >> 32), owner != .loop else {
        drain(socket)
        continue
      }
      ready.append(Ready(owner: owner, descriptor: socket, bits: Self.curlBits(event.events)))
    }
  }

  /// A socket that hung up is readable too: an error alone would make libcurl give up before it has read the answer.
  private static func curlBits(_ bits: UInt32) -> Int32 {
    var result: Int32 = 0
    if bits & (EPOLLIN.rawValue | EPOLLHUP.rawValue) != 0 { result |= CURL_CSELECT_IN }
    if bits & EPOLLOUT.rawValue != 0 { result |= CURL_CSELECT_OUT }
    if bits & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 { result |= CURL_CSELECT_ERR }
    return result
  }

  private mutating func arm(_ deadline: MonotonicTime?) {
    guard deadline != armed else { return }
    armed = deadline
    // An all-zero time disarms; a moment in the past fires at once.
    let nanoseconds = deadline.map { max(1, $0.nanoseconds) } ?? 0
    var setting = itimerspec()
    setting.it_value.tv_sec = Int(nanoseconds / 1_000_000_000)
    setting.it_value.tv_nsec = Int(nanoseconds % 1_000_000_000)
    timerfd_settime(timer, Int32(TFD_TIMER_ABSTIME), &setting, nil)
  }

  private mutating func drain(_ socket: Int32) {
    var value: UInt64 = 0
    _ = read(socket, &value, 8)
    if socket == timer { armed = nil }
  }
}

/// Wakes the engine's thread from any other.
final class WakeUp: Sendable {
  let descriptor: Int32

  init() {
    descriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  func signal() {
    var one: UInt64 = 1
    _ = write(descriptor, &one, 8)
  }
}
