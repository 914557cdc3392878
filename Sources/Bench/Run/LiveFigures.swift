/// What a run looks like while it goes on: counts, the times of the last whole second and of all, the tally, the pods.
///
/// Votes are told as they come back and stand in the second in which they ended; `pass` closes seconds in which none did.
/// A vote costs one entry in a histogram.
package struct LiveFigures: Sendable {
  /// Seconds whose figures are remembered.
  package static let remembered = 60

  /// What ended in one second.
  package struct Second: Sendable, Hashable {
    /// Votes that ended, sent or not.
    package var ended = 0
    /// Those of them that were accepted.
    package var accepted = 0
    /// Their response times in milliseconds; nil where none was sent.
    package var response: Distribution.Summary?
  }

  /// When the first vote is due.
  package let origin: MonotonicTime
  private let schedule: Schedule
  /// All votes that have come back.
  package private(set) var votes = PhaseFigures.Votes()
  /// Response times of all votes whose second is over.
  package private(set) var all = Distribution()
  /// The last whole seconds, the latest last.
  package private(set) var seconds: [Second] = []
  /// Votes that had come back as accepted and that the last poll did not show; nil before a poll.
  package private(set) var behind: Int?
  /// The phase, its place among those of the run from 1, and how many they are.
  package private(set) var phase: (name: Phase, place: Int, of: Int)?
  /// When the phase began, and when it ends where that is known.
  package private(set) var span: (start: MonotonicTime, end: MonotonicTime?)
  private var ended: [RolloutRecord] = []
  private var changing: RolloutRecord?
  private var current = Second()
  private var times = Distribution()
  /// The number of the second that is not over.
  private var open = 0

  /// A run of which nothing has come back.
  package init(origin: MonotonicTime, schedule: Schedule) {
    self.origin = origin
    self.schedule = schedule
    span = (origin, nil)
  }

  /// Votes have come back.
  package mutating func add(_ observations: [Observation]) {
    for vote in observations {
      let second = Int((vote.completed.nanoseconds &- origin.nanoseconds) / 1_000_000_000)
      if second > open { close(until: second) }
      votes.count(vote)
      current.ended &+= 1
      if vote.outcome == .accepted { current.accepted &+= 1 }
      if vote.outcome != .dropped {
        times.record(nanoseconds: vote.completed.nanoseconds &- vote.intended.nanoseconds)
      }
    }
  }

  /// It is `now`: seconds that are over are closed.
  package mutating func pass(_ now: MonotonicTime) {
    close(until: Int((now.nanoseconds - origin.nanoseconds) / 1_000_000_000))
  }

  private mutating func close(until second: Int) {
    while open < second {
      current.response = times.milliseconds
      if times.count > 0 {
        all.add(times)
        times.reset()
      }
      seconds.append(current)
      if seconds.count > Self.remembered { seconds.removeFirst() }
      current = Second()
      open += 1
    }
  }

  /// The tally showed so many votes of this run.
  package mutating func see(visible count: Int) {
    behind = max(0, votes.accepted - count)
  }

  /// The phase begins, as the `place`-th of `count`.
  package mutating func begin(
    _ phase: Phase, at start: MonotonicTime, until end: MonotonicTime?, place: Int, of count: Int
  ) {
    self.phase = (phase, place, count)
    span = (start, end)
  }

  /// A change stands so.
  package mutating func see(_ record: RolloutRecord) {
    if let changing, changing.start != record.start { ended.append(changing) }
    changing = record
  }

  /// How many votes are due a second at `now`; nil where users of a closed loop say.
  package func duePerSecond(_ now: MonotonicTime) -> Double? {
    schedule.ratePerSecond(at: (now - origin).nanoseconds)
  }

  /// Votes that were due before `now` and have not come back; nil where no formula tells.
  package func waiting(_ now: MonotonicTime) -> Int? {
    guard let phase, phase.name != .drain else { return nil }
    return schedule.votesDue(before: (now - origin).nanoseconds).map { max(0, $0 - votes.due) }
  }

  /// Pods of what was changed by image, in the order of being seen first, with how many are in each state at `now`.
  package func pods(_ now: MonotonicTime) -> [(image: String, pods: Timeline.Pods)] {
    var revisions: [(image: String, pods: Timeline.Pods)] = []
    for life in PodLife.all(ended + [changing].compactMap(\.self)) {
      guard let state = life.state(at: now) else { continue }
      let place = revisions.firstIndex { $0.image == life.image } ?? revisions.count
      if place == revisions.count { revisions.append((life.image, Timeline.Pods())) }
      revisions[place].pods.count(state)
    }
    return revisions
  }
}
