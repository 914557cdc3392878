/// Decides which vote is started or dropped next.
///
/// A pure state machine: `now` is an argument, time is never read.
///
/// Open loop: vote k is due at t0 + schedule(k) whatever happened to the votes before it. A vote for which no
/// connection is free waits here, keeps its due moment and is sent when one is; it is dropped only when it is still
/// unsent at its deadline, `timeout` after it was due. Since votes leave in due order, the queue is the range between
/// the next vote and the votes due by now: it takes no memory and is bounded by rate x timeout.
package struct VoteDriver: Sendable {
  /// What to do with the next vote.
  package enum Step: Sendable, Equatable {
    /// Hand vote `index` to a free connection now. `startLag` is the generator's own lateness in nanoseconds; the
    /// rest of the time since the vote was due is slot wait.
    case start(index: Int, startLag: Int64)
    /// Vote `index` is still unsent at its deadline.
    ///
    /// `byGenerator` says that a connection was free in time: then the generator itself missed the deadline.
    case drop(index: Int, byGenerator: Bool)
    /// Nothing to do before `until` (nil: before a connection is free, or ever again when all is sent).
    case wait(until: MonotonicTime?)
  }

  private let schedule: Schedule
  private let origin: MonotonicTime
  private let timeout: Int64
  private var next = 0
  private var end = Int.max
  /// When a connection became free after all had been busy: votes due before it waited for the system, not for us.
  private var slotFreeSince: MonotonicTime
  /// The longest that the queue has been, in votes.
  package private(set) var backlogMaximum = 0

  /// Votes of `schedule`, the first due at `origin`, each to be sent within `timeout` of its due moment.
  package init(schedule: Schedule, origin: MonotonicTime, timeout: Duration) {
    self.schedule = schedule
    self.origin = origin
    self.timeout = timeout.nanoseconds
    self.slotFreeSince = origin
  }

  /// When vote `index` is due.
  package func intendedStart(of index: Int) -> MonotonicTime {
    MonotonicTime(nanoseconds: origin.nanoseconds + schedule.intendedStart(of: index))
  }

  /// True when every vote due before the end has been started or dropped.
  package var isFinished: Bool { next >= end }

  /// No vote due at `moment` or later is sent.
  ///
  /// Votes due before it are still owed. An end is never moved to later: votes given up stay so.
  package mutating func endVotes(at moment: MonotonicTime) {
    end = min(end, max(next, schedule.votesDue(before: moment.nanoseconds - origin.nanoseconds)))
  }

  /// All connections were busy until `now`; one is free from now on.
  package mutating func slotFreed(at now: MonotonicTime) {
    slotFreeSince = max(slotFreeSince, now)
  }

  /// The next step at `now`, given whether a connection is free.
  ///
  /// Call again after a start or a drop.
  package mutating func step(now: MonotonicTime, slotIsFree: Bool) -> Step {
    guard next < end else { return .wait(until: nil) }
    let due = intendedStart(of: next)
    guard due <= now else { return .wait(until: slotIsFree ? due : nil) }
    backlogMaximum = max(backlogMaximum, backlog(at: now))
    let deadline = MonotonicTime(nanoseconds: due.nanoseconds + timeout)
    if now >= deadline {
      next += 1
      return .drop(index: next - 1, byGenerator: slotIsFree && max(due, slotFreeSince) < deadline)
    }
    guard slotIsFree else { return .wait(until: deadline) }
    next += 1
    let ready = max(due, slotFreeSince)
    return .start(index: next - 1, startLag: max(0, now.nanoseconds - ready.nanoseconds))
  }

  private func backlog(at now: MonotonicTime) -> Int {
    min(end, schedule.votesDue(before: now.nanoseconds - origin.nanoseconds + 1)) - next
  }
}
