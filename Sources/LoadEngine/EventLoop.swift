internal import Bench
internal import CLibcurl

/// Waits for sockets, an absolute moment, or a wake-up from another thread.
///
/// One epoll, waited for with nanoseconds (`epoll_pwait2`); where the kernel has none, a timerfd stands in.
/// Confined to one thread of the engine, save the wake-up, which anyone may signal while the loop lives.
struct EventLoop: ~Copyable {
  /// Whose socket became ready.
  enum Owner: UInt64 {
    case loop
    case votes
    case polls
    case control
    /// A connection of the direct lane: the number beside it is its slot, not a descriptor.
    case direct
  }

  /// A socket that became ready: its descriptor, or its slot in the direct lane, with bits of epoll.
  struct Ready {
    var owner: Owner
    var number: Int32
    var bits: UInt32

    /// The bits as libcurl names them.
    ///
    /// A socket that hung up is readable too: an error alone would make libcurl give up before it has read the answer.
    var curlBits: Int32 {
      var result: Int32 = 0
      if bits & (EPOLLIN.rawValue | EPOLLHUP.rawValue) != 0 { result |= CURL_CSELECT_IN }
      if bits & EPOLLOUT.rawValue != 0 { result |= CURL_CSELECT_OUT }
      if bits & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 { result |= CURL_CSELECT_ERR }
      return result
    }
  }

  /// The descriptor of the epoll, for whoever registers sockets.
  let descriptor: Int32
  /// How many sockets the last wait brought.
  private(set) var readyCount = 0
  /// The last wait was ended from another thread; true before the first.
  private(set) var wasWokenUp = true
  /// Wake-ups later than asked for.
  var stalls: GeneratorFigures.Stalls { .init(count: stallCount, longest: .nanoseconds(longestStall)) }
  private var stallCount = 0
  private var longestStall: Int64 = 0
  /// When the last wait was to end at the latest, and when it began.
  private var awaited: MonotonicTime?
  private var waitBegan: Int64 = 0

  private var timer: Timer
  private let wakeUp: WakeUp
  private let events: UnsafeMutablePointer<epoll_event>
  private static let capacity = 256
  /// A wake-up that is later than this is counted as a stall.
  private static let stall: Int64 = 10_000_000

  /// How the loop wakes at a moment.
  enum Timer {
    /// By the timeout of `epoll_pwait2`.
    case wait
    /// By this timerfd, armed for this moment: kernels before 5.11, and valgrind, have no `epoll_pwait2`.
    case descriptor(Int32, armed: MonotonicTime?)
  }

  /// `usesTimerDescriptor` forgoes `epoll_pwait2` from the start.
  init(wakeUp: WakeUp, usesTimerDescriptor: Bool = false) throws(EngineError) {
    descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
    self.wakeUp = wakeUp
    timer = .wait
    events = .allocate(capacity: Self.capacity)
    guard descriptor >= 0, wakeUp.descriptor >= 0 else { throw Self.refused }
    Self.register(EPOLL_CTL_ADD, wakeUp.descriptor, EPOLLIN.rawValue, .loop, epoll: descriptor)
    if usesTimerDescriptor { try fallBack() }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    if case .descriptor(let timer, _) = timer { close(timer) }
    events.deallocate()
  }

  private static var refused: EngineError {
    EngineError(
      code: .setUp, attempted: "opening an epoll and a timer", cause: "error \(vb_errno())",
      remedy: "Raise the limit of open files (ulimit -n).")
  }

  /// Adds, changes or removes what is waited for on a socket; false when the kernel refuses.
  ///
  /// `number` is handed back when it is ready; the socket itself unless given.
  @discardableResult
  static func register(
    _ operation: Int32, _ socket: Int32, _ bits: UInt32, _ owner: Owner, number: Int32? = nil, epoll: Int32
  ) -> Bool {
    var event = epoll_event()
    event.events = bits
    event.data.u64 = owner.rawValue << 32 | UInt64(UInt32(bitPattern: number ?? socket))
    return epoll_ctl(epoll, operation, socket, &event) == 0
  }

  /// A socket that the last wait brought; nil for what the loop itself is woken by.
  func ready(_ place: Int) -> Ready? {
    let event = events[place]
    guard let owner = Owner(rawValue: event.data.u64 >> 32), owner != .loop else { return nil }
    return Ready(owner: owner, number: Int32(truncatingIfNeeded: event.data.u64), bits: event.events)
  }

  /// Waits until something is ready or `deadline` has come (nil: for ever).
  mutating func wait(until deadline: MonotonicTime?) throws(EngineError) {
    var count = try waitForEvents(until: deadline)
    // The kernel has no such call, or a sandbox around it forbids it.
    if count < 0, vb_errno() != EINTR, case .wait = timer {
      try fallBack()
      count = try waitForEvents(until: deadline)
    }
    if count < 0, vb_errno() != EINTR { throw Self.refused }
    readyCount = Int(max(0, count))
    wasWokenUp = false
    awaited = deadline
    for place in 0..<readyCount where events[place].data.u64 >> 32 == Owner.loop.rawValue {
      drain(Int32(truncatingIfNeeded: events[place].data.u64))
    }
  }

  /// The loop goes on at `now`: what is later than it was to be is the machine's doing, whatever ended the wait.
  mutating func goesOn(at now: MonotonicTime) {
    guard let awaited else { return }
    let late = now.nanoseconds &- max(awaited.nanoseconds, waitBegan)
    if late > Self.stall { stallCount += 1 }
    if late > longestStall { longestStall = late }
    self.awaited = nil
  }

  private mutating func waitForEvents(until deadline: MonotonicTime?) throws(EngineError) -> Int32 {
    guard case .wait = timer else {
      arm(deadline)
      return epoll_wait(descriptor, events, Int32(Self.capacity), -1)
    }
    guard let deadline else { return epoll_pwait2(descriptor, events, Int32(Self.capacity), nil, nil) }
    waitBegan = MonotonicTime.now.nanoseconds
    let nanoseconds = max(0, deadline.nanoseconds - waitBegan)
    var timeout = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    return epoll_pwait2(descriptor, events, Int32(Self.capacity), &timeout, nil)
  }

  private mutating func fallBack() throws(EngineError) {
    let descriptor = timerfd_create(CLOCK_MONOTONIC, Int32(TFD_NONBLOCK | TFD_CLOEXEC))
    guard descriptor >= 0 else { throw Self.refused }
    timer = .descriptor(descriptor, armed: nil)
    Self.register(EPOLL_CTL_ADD, descriptor, EPOLLIN.rawValue, .loop, epoll: self.descriptor)
  }

  private mutating func arm(_ deadline: MonotonicTime?) {
    guard case .descriptor(let descriptor, let armed) = timer, armed != deadline else { return }
    timer = .descriptor(descriptor, armed: deadline)
    // An all-zero time disarms; a moment in the past fires at once.
    let nanoseconds = deadline.map { max(1, $0.nanoseconds) } ?? 0
    var setting = itimerspec()
    setting.it_value.tv_sec = Int(nanoseconds / 1_000_000_000)
    setting.it_value.tv_nsec = Int(nanoseconds % 1_000_000_000)
    timerfd_settime(descriptor, Int32(TFD_TIMER_ABSTIME), &setting, nil)
  }

  private mutating func drain(_ socket: Int32) {
    var value: UInt64 = 0
    _ = read(socket, &value, 8)
    guard case .descriptor(socket, _) = timer else {
      wasWokenUp = true
      return
    }
    timer = .descriptor(socket, armed: nil)
  }
}

/// Wakes a thread of the engine from any other.
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
