internal import Bench
internal import CLibcurl

/// Waits for sockets, an absolute moment, or a wake-up from another thread: epoll, timerfd and eventfd.
///
/// Confined to the engine's thread, save `wakeUp`, which anyone may write to while the loop lives.
struct EventLoop: ~Copyable {
  private let epoll: Int32
  private let timer: Int32
  let wakeUp: WakeUp
  private var armed: MonotonicTime?
  private let events: UnsafeMutablePointer<epoll_event>
  private static let capacity = 256

  /// What a wait brought.
  enum Ready {
    /// A socket of libcurl's, with the `CURL_CSELECT_` bits.
    case socket(Int32, Int32)
    /// Somebody called `wakeUp`.
    case wakeUp
  }

  init(wakeUp: WakeUp) throws(EngineError) {
    let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    let timer = timerfd_create(CLOCK_MONOTONIC, Int32(TFD_NONBLOCK | TFD_CLOEXEC))
    guard epoll >= 0, timer >= 0, wakeUp.descriptor >= 0 else {
      throw EngineError(
        code: .setUp, attempted: "opening an epoll and a timer", cause: "error \(vb_errno())",
        remedy: "Raise the limit of open files (ulimit -n).")
    }
    self.epoll = epoll
    self.timer = timer
    self.wakeUp = wakeUp
    events = .allocate(capacity: Self.capacity)
    control(EPOLL_CTL_ADD, timer, EPOLLIN.rawValue)
    control(EPOLL_CTL_ADD, wakeUp.descriptor, EPOLLIN.rawValue)
  }

  deinit {
    close(epoll)
    close(timer)
    events.deallocate()
  }

  /// The descriptor of the epoll, for libcurl's socket callback.
  var descriptor: Int32 { epoll }

  /// Waits until something is ready or `deadline` has come; calls `handle` for each thing that is ready.
  mutating func wait(until deadline: MonotonicTime?, _ handle: (Ready) -> Void) {
    arm(deadline)
    let count = epoll_wait(epoll, events, Int32(Self.capacity), -1)
    guard count > 0 else { return }
    for place in 0..<Int(count) {
      let descriptor = events[place].data.fd
      if descriptor == timer {
        drain(timer)
        armed = nil
      } else if descriptor == wakeUp.descriptor {
        drain(descriptor)
        handle(.wakeUp)
      } else {
        handle(.socket(descriptor, Self.curlBits(events[place].events)))
      }
    }
  }

  private static func curlBits(_ bits: UInt32) -> Int32 {
    var result: Int32 = 0
    if bits & EPOLLIN.rawValue != 0 { result |= CURL_CSELECT_IN }
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

  private func control(_ operation: Int32, _ descriptor: Int32, _ bits: UInt32) {
    var event = epoll_event()
    event.events = bits
    event.data.fd = descriptor
    epoll_ctl(epoll, operation, descriptor, &event)
  }

  private func drain(_ descriptor: Int32) {
    var value: UInt64 = 0
    _ = read(descriptor, &value, 8)
  }
}

/// Wakes the engine's thread from any other.
final class WakeUp: Sendable {
  let descriptor: Int32

  init() {
    descriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
  }

  deinit { close(descriptor) }

  func signal() {
    var one: UInt64 = 1
    _ = write(descriptor, &one, 8)
  }
}
