internal import Bench
internal import CLibcurl

/// Opens the votes' connections, sends votes on schedule and tells how they ended, over a lane.
///
/// Confined to one thread. Nothing is queued in the lane: there are never more votes in hand than slots, and what
/// waits, waits in the `VoteDriver`.
struct Votes<Lane: VoteLane & ~Copyable>: ~Copyable {
  private let configuration: EngineConfiguration
  private let emit: (EngineEvent) -> Void
  private var lane: Lane
  private var kept: Cohort
  private var fresh: Cohort
  /// What is in each slot.
  private let hands: UnsafeMutablePointer<Hand>
  private let slots: Int
  private var opening = 0
  private var isOpen = false
  private var finished: [Observation] = []
  /// Votes handed to the lane and not told yet.
  private var sent = 0
  private var opened: [ConnectionTimes] = []
  /// When something was told last, in nanoseconds.
  private var lastFlush = MonotonicTime.now.nanoseconds
  private var hasEnded = false

  /// A vote in a slot: nothing while `index` is negative.
  private struct Hand {
    var index = -1
    var intended = MonotonicTime(nanoseconds: 0)
    var actual = MonotonicTime(nanoseconds: 0)
    var startLag: Int64 = 0
  }

  /// Votes of one plan, and the slots that they may take.
  private struct Cohort {
    let selection: VoteSelection
    let slots: Int
    var free: [Int32]
    var driver: VoteDriver?
    /// The end that was ordered before the beginning.
    var earlyEnd: MonotonicTime?

    /// What its votes that were never sent, or never answered, count among.
    var isFresh: Bool { selection.cohort == .fresh }
    var isDone: Bool { driver?.isFinished == true && free.count == slots }
  }

  /// Votes of one thread, without connections.
  init(_ configuration: EngineConfiguration, shard: Int, lane: consuming Lane, emit: @escaping (EngineEvent) -> Void) {
    self.configuration = configuration
    self.emit = emit
    self.lane = lane
    let (keptSlots, freshSlots) = (configuration.keptSlots(shard: shard), configuration.freshSlots(shard: shard))
    slots = keptSlots + freshSlots
    func selection(_ cohort: VoteSelection.Cohort) -> VoteSelection {
      VoteSelection(
        shard: shard, shards: configuration.threads, cohort: cohort, freshShare: configuration.freshShare,
        seed: configuration.ballot.seed)
    }
    kept = Cohort(selection: selection(.kept), slots: keptSlots, free: [])
    fresh = Cohort(
      selection: selection(.fresh), slots: freshSlots, free: (keptSlots..<slots).map { Int32($0) })
    hands = .allocate(capacity: slots)
    hands.initialize(repeating: Hand(), count: slots)
    kept.free.reserveCapacity(slots)
    finished.reserveCapacity(Self.batch)
  }

  deinit { hands.deallocate() }

  /// As many votes are told at once.
  private static var batch: Int { 256 }
  /// What is to be told is told after this time, in nanoseconds.
  private static var patience: Int64 { 100_000_000 }

  /// When this turn of the loop began.
  private(set) var now = MonotonicTime.now

  /// True when every connection is open.
  var isConnected: Bool { isOpen }

  /// The longest that the queues have been, in votes.
  var backlogMaximum: Int { (kept.driver?.backlogMaximum ?? 0) + (fresh.driver?.backlogMaximum ?? 0) }

  mutating func act(_ ready: EventLoop.Ready) { lane.act(ready) }

  /// Opens every kept connection before the first vote, at the same time: handshakes must not fall into the
  /// measurement.
  mutating func connect() {
    opening = kept.slots
    for slot in 0..<kept.slots { lane.open(slot) }
  }

  // MARK: Schedule

  /// The first vote is due at `origin`; only the first call counts.
  mutating func begin(at origin: MonotonicTime) {
    guard kept.driver == nil else { return }
    kept.driver = driver(kept, origin)
    if fresh.slots > 0 { fresh.driver = driver(fresh, origin) }
  }

  private func driver(_ cohort: Cohort, _ origin: MonotonicTime) -> VoteDriver {
    var driver = VoteDriver(
      schedule: configuration.schedule, selection: cohort.selection, origin: origin, timeout: configuration.timeout)
    if let end = cohort.earlyEnd { driver.endVotes(at: end) }
    return driver
  }

  /// No vote due at `moment` or later is sent.
  mutating func end(at moment: MonotonicTime) {
    kept.earlyEnd = moment
    fresh.earlyEnd = moment
    kept.driver?.endVotes(at: moment)
    fresh.driver?.endVotes(at: moment)
  }

  /// Does what can be done now; gives the moment at which it is needed again, nil when only a socket can tell.
  mutating func advance() throws(EngineError) -> MonotonicTime? {
    now = MonotonicTime.now
    try collect()
    var wake = startDue()
    lane.runTimer()
    // A vote that failed at once has freed its slot: whoever waits for it must not wait for the next event.
    if try collect() > 0 { wake = MonotonicTime.now }
    if let patience { flush(ifOlderThan: patience) }
    endIfDone()
    return earliest(
      earliest(wake, lane.deadline), patience.map { MonotonicTime(nanoseconds: lastFlush &+ $0) })
  }

  /// Starts and drops what is due; gives the moment of the next vote.
  private mutating func startDue() -> MonotonicTime? {
    guard isOpen else { return nil }
    let wake = Self.startDue(&kept, &lane, hands, &finished, &sent)
    guard fresh.slots > 0 else { return wake }
    return earliest(wake, Self.startDue(&fresh, &lane, hands, &finished, &sent))
  }

  private static func startDue(
    _ cohort: inout Cohort, _ lane: inout Lane, _ hands: UnsafeMutablePointer<Hand>, _ finished: inout [Observation],
    _ sent: inout Int
  ) -> MonotonicTime? {
    for _ in 0..<batch {
      // Read anew for each vote: the time that the votes before it took is our own lateness, too.
      let now = MonotonicTime.now
      switch cohort.driver?.step(now: now, slotIsFree: !cohort.free.isEmpty) {
      case .none: return nil
      case .wait(let until): return until
      case .drop(let index, let intended, let byGenerator):
        finished.append(
          Observation(
            index: index, intended: intended, actual: now, completed: now, startLag: 0, outcome: .dropped,
            cause: byGenerator ? .generatorLate : .noConnectionFree, isFresh: cohort.isFresh))
      case .start(let index, let intended, let lag):
        guard let slot = cohort.free.popLast() else { return nil }
        hands[Int(slot)] = Hand(index: index, intended: intended, actual: now, startLag: lag)
        lane.send(index, on: Int(slot), now: now)
        sent &+= 1
      }
    }
    return MonotonicTime.now
  }

  // MARK: Ends

  /// Takes in what has ended; gives how much it was.
  @discardableResult
  private mutating func collect() throws(EngineError) -> Int {
    var count = 0
    while let slot = try lane.next() {
      count &+= 1
      if isOpen { ended(slot, MonotonicTime.now) } else { opened(slot) }
    }
    return count
  }

  private mutating func opened(_ slot: Int) {
    if let times = lane.opening(of: slot) { opened.append(times) }
    kept.free.append(Int32(slot))
    opening -= 1
    guard opening == 0 else { return }
    isOpen = true
    flush(ifOlderThan: 0)
    emit(.connected)
  }

  private mutating func ended(_ slot: Int, _ now: MonotonicTime) {
    let hand = hands[slot]
    let end = lane.end(of: slot)
    hands[slot].index = -1
    finished.append(
      Observation(
        index: hand.index, intended: hand.intended, actual: hand.actual, completed: now, startLag: hand.startLag,
        outcome: end.evidence.outcome, cause: end.evidence.cause, resends: UInt8(clamping: end.evidence.resends),
        isFresh: end.isFresh, pod: end.responder))
    if end.isFresh, let times = lane.opening(of: slot) { opened.append(times) }
    if slot < kept.slots { Self.free(slot, of: &kept, at: now) } else { Self.free(slot, of: &fresh, at: now) }
  }

  private static func free(_ slot: Int, of cohort: inout Cohort, at now: MonotonicTime) {
    if cohort.free.isEmpty { cohort.driver?.slotFreed(at: now) }
    cohort.free.append(Int32(slot))
  }

  /// Gives up the votes in hand, whose answers nobody will see, and those that are due and unsent.
  mutating func abandon() {
    // What has ended already has its answer.
    _ = try? collect()
    let now = MonotonicTime.now
    for slot in 0..<slots where hands[slot].index >= 0 {
      let hand = hands[slot]
      finished.append(
        Observation(
          index: hand.index, intended: hand.intended, actual: hand.actual, completed: now, startLag: hand.startLag,
          outcome: .indeterminate, cause: .runEnded, isFresh: slot >= kept.slots))
    }
    Self.giveUp(&kept, now, &finished)
    Self.giveUp(&fresh, now, &finished)
    flush(ifOlderThan: 0)
  }

  private static func giveUp(_ cohort: inout Cohort, _ now: MonotonicTime, _ finished: inout [Observation]) {
    while let (index, intended) = cohort.driver?.giveUp(now: now) {
      finished.append(
        Observation(
          index: index, intended: intended, actual: now, completed: now, startLag: 0, outcome: .dropped,
          cause: .runEnded, isFresh: cohort.isFresh))
    }
  }

  private mutating func endIfDone() {
    guard !hasEnded, kept.isDone, fresh.slots == 0 || fresh.isDone else { return }
    hasEnded = true
    flush(ifOlderThan: 0)
    emit(.votesEnded)
  }

  /// How old what is to be told may become, in nanoseconds; nil where there is nothing.
  private var patience: Int64? {
    if !finished.isEmpty || !opened.isEmpty { return Self.patience }
    // Where nothing comes back, it is to be seen that votes are sent all the same.
    return sent > 0 ? 4 &* Self.patience : nil
  }

  private mutating func flush(ifOlderThan age: Int64) {
    guard patience != nil else { return }
    let now = MonotonicTime.now.nanoseconds
    guard finished.count >= Self.batch || now &- lastFlush >= age else { return }
    lastFlush = now
    if !opened.isEmpty { emit(.connections(opened)) }
    opened.removeAll()
    if !finished.isEmpty || sent > 0 { emit(.votes(finished, sent: sent)) }
    sent = 0
    // The batch is the reader's from now on.
    finished = []
    finished.reserveCapacity(Self.batch)
  }
}
