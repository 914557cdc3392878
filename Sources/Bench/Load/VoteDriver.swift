/// Decides which vote is started or dropped next.
///
/// A pure state machine: `now` is an argument, time is never read.
///
/// Open loop: vote k is due at t0 + schedule(k) whatever happened to the votes before it. A vote for which no
/// connection is free waits here, keeps its due moment and is sent when one is; it is dropped only when it is still
/// unsent at its deadline, `timeout` after it was due. Since votes leave in due order, the queue is the range between
/// the next vote and the votes due by now: it takes no memory and is bounded by rate x timeout.
///
/// Closed loop: a vote is due when a connection is free, so none waits, is late or is dropped.
package struct VoteDriver: Sendable {
  /// What to do with the next vote.
  package enum Step: Sendable, Equatable {
    /// Hand vote `index` to a free connection now.
    ///
    /// It was due at `intended`. `startLag` is the generator's own lateness in nanoseconds; the rest of the time since
    /// then is slot wait.
    case start(index: Int, intended: MonotonicTime, startLag: Int64)
    /// Vote `index`, due at `intended`, is still unsent at its deadline.
    ///
    /// `byGenerator` says that a connection was free in time: then the generator itself missed the deadline.
    case drop(index: Int, intended: MonotonicTime, byGenerator: Bool)
    /// Nothing to do before `until` (nil: before a connection is free, or ever again when all is sent).
    case wait(until: MonotonicTime?)
  }

  private let selection: VoteSelection
  private let origin: Int64
  private let timeout: Int64
  private let isClosed: Bool
  /// The next vote, and when it is due; `never` when there is none.
  private var head: Schedule.Cursor
  private var headDue: Int64
  private var end = Schedule.Cursor.never
  private var hasEnded = false
  /// When a connection became free after all had been busy: votes due before it waited for the system, not for us.
  private var slotFreeSince: Int64
  /// While there is a queue: the first vote that is not counted in `queued`, the votes from the next one to it.
  ///
  /// Walked only as far as votes have come due, so that the longest queue costs one step of the schedule a vote.
  private var tail: Schedule.Cursor
  private var tailDue: Int64
  private var queued = 0
  private var hasQueue = false
  /// The longest that the queue has been, in votes of this driver.
  ///
  /// A vote that is handed over counts.
  package private(set) var backlogMaximum = 0

  /// The votes of `schedule` that are in `selection`, each to be sent within `timeout` of its due moment; the schedule
  /// begins at `origin`.
  package init(schedule: Schedule, selection: VoteSelection, origin: MonotonicTime, timeout: Duration) {
    self.selection = selection
    self.origin = origin.nanoseconds
    self.timeout = timeout.nanoseconds
    isClosed = schedule.isClosed
    head = schedule.cursor(at: selection.first ?? 0)
    let isNever = selection.isEmpty || head.offset == Schedule.Cursor.never
    headDue = isNever ? Schedule.Cursor.never : origin.nanoseconds + head.offset
    slotFreeSince = origin.nanoseconds
    tail = head
    tailDue = headDue
  }

  /// True when every vote due before the end has been started or dropped.
  ///
  /// In the closed model: when the end has come.
  package var isFinished: Bool {
    hasEnded || (end != Schedule.Cursor.never && headDue >= end)
  }

  /// No vote due at `moment` or later is sent.
  ///
  /// Votes due before it are still owed. An end is never moved to later: votes given up stay so.
  package mutating func endVotes(at moment: MonotonicTime) {
    end = min(end, moment.nanoseconds)
    // Those behind it are in no queue.
    hasQueue = false
  }

  /// All connections were busy until `now`; one is free from now on.
  package mutating func slotFreed(at now: MonotonicTime) {
    slotFreeSince = max(slotFreeSince, now.nanoseconds)
  }

  /// The next step at `now`, given whether a connection is free.
  ///
  /// Call again after a start or a drop.
  package mutating func step(now: MonotonicTime, slotIsFree: Bool) -> Step {
    if isClosed { return closedStep(now, slotIsFree) }
    let (now, due) = (now.nanoseconds, headDue)
    guard due < end else { return .wait(until: nil) }
    guard due <= now else { return .wait(until: slotIsFree ? MonotonicTime(nanoseconds: due) : nil) }
    let deadline = due + timeout
    let ready = max(due, slotFreeSince)
    guard slotIsFree || now >= deadline else {
      countQueue(now)
      return .wait(until: MonotonicTime(nanoseconds: deadline))
    }
    let index = head.index
    take(now)
    let intended = MonotonicTime(nanoseconds: due)
    if now >= deadline { return .drop(index: index, intended: intended, byGenerator: slotIsFree && ready < deadline) }
    return .start(index: index, intended: intended, startLag: max(0, now - ready))
  }

  /// A vote that is due by `now` and is not going to be sent; nil when there is none.
  package mutating func giveUp(now: MonotonicTime) -> (index: Int, intended: MonotonicTime)? {
    guard !isClosed, headDue <= now.nanoseconds, headDue < end else { return nil }
    let (index, due) = (head.index, headDue)
    take(now.nanoseconds)
    return (index, MonotonicTime(nanoseconds: due))
  }

  private mutating func closedStep(_ now: MonotonicTime, _ slotIsFree: Bool) -> Step {
    if now.nanoseconds >= end { hasEnded = true }
    guard !hasEnded, slotIsFree, !selection.isEmpty else { return .wait(until: nil) }
    guard now.nanoseconds >= origin else { return .wait(until: MonotonicTime(nanoseconds: origin)) }
    let index = head.index
    head.advance(by: selection.next(after: index) - index)
    backlogMaximum = 1
    return .start(index: index, intended: now, startLag: 0)
  }

  /// Goes on to the next vote, and counts what the queue was with this one.
  private mutating func take(_ now: Int64) {
    headDue = Self.advance(&head, in: selection, from: origin)
    if hasQueue { queued -= 1 }
    countQueue(now, with: 1)
  }

  /// Counts the votes that are due and not taken, the next one among them, and `taken` ones.
  private mutating func countQueue(_ now: Int64, with taken: Int = 0) {
    guard headDue <= now, headDue < end else {
      hasQueue = false
      backlogMaximum = max(backlogMaximum, taken)
      return
    }
    if !hasQueue {
      (tail, tailDue, queued, hasQueue) = (head, headDue, 0, true)
    }
    while tailDue <= now, tailDue < end {
      queued += 1
      tailDue = Self.advance(&tail, in: selection, from: origin)
    }
    backlogMaximum = max(backlogMaximum, queued + taken)
  }

  /// Goes on to the next vote selected; gives its due moment.
  ///
  /// Static, since the cursor is a part of the driver: beside a method on the driver it would have to be a copy.
  private static func advance(_ cursor: inout Schedule.Cursor, in selection: VoteSelection, from origin: Int64) -> Int64
  {
    cursor.advance(by: selection.next(after: cursor.index) - cursor.index)
    return cursor.offset == Schedule.Cursor.never ? Schedule.Cursor.never : origin + cursor.offset
  }
}
