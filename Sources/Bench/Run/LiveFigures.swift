/// What a run looks like while it goes on: counts, the times of the last whole second and of all, the tally, the pods.
///
/// Votes are told as they come back and stand in the second in which they ended; `pass` closes seconds in which none did.
/// Once the first phase that counts has begun, what is of all votes is without those of the warmup.
/// Done for every vote of a run, so it is written for few instructions.
package struct LiveFigures: Sendable {
  /// Seconds whose figures are remembered.
  package static let remembered = 60

  /// What ended in one second.
  package struct Second: Sendable, Hashable {
    /// Votes that ended, sent or not.
    package var ended = 0
    /// Those of them that were accepted.
    package var accepted = 0
    /// Votes that were handed to a connection in it.
    package var sent = 0
    /// Their response times; nil where none was sent.
    package var response: RoughTimes.Summary?
  }

  /// When the first vote is due.
  package let origin: MonotonicTime
  private let schedule: Schedule
  /// Who votes, where some vote again and the tally counts voters.
  private let revoters: Ballot?
  /// By the number of a voter: true once a vote was accepted.
  private var wasAccepted: [Bool] = []
  private var acceptedVoters = 0
  private var votes = PhaseFigures.Votes()
  private var acceptedBefore = 0
  private var endedBefore = 0
  /// Response times of the votes whose second is over.
  package private(set) var all = RoughTimes()
  /// When the first phase that counts began; long ago before it does.
  private var countedFrom = MonotonicTime(nanoseconds: .min)
  /// Votes that were due before it, once it has begun.
  private var uncounted = PhaseFigures.Votes()
  /// Times of those that ended in the second that is not over.
  private var uncountedTimes = RoughTimes()
  /// The last whole seconds, the latest last.
  package private(set) var seconds: [Second] = []
  /// Votes that had come back as accepted and that the last poll did not show, or voters where the tally counts those;
  /// nil before a poll.
  package private(set) var behind: Int?
  /// The phase, its place among those of the run from 1, and how many they are.
  package private(set) var phase: (name: Phase, place: Int, of: Int)?
  /// When the phase began, and when it ends where that is known.
  package private(set) var span: (start: MonotonicTime, end: MonotonicTime?)
  private var ended: [RolloutRecord] = []
  private var changing: RolloutRecord?
  private var current = Second()
  private var times = RoughTimes()
  /// The end of the second that is not over.
  private var end: MonotonicTime

  /// A run of which nothing has come back; `revoters` says who votes where some vote again and the tally counts voters.
  package init(origin: MonotonicTime, schedule: Schedule, revoters: Ballot? = nil) {
    self.origin = origin
    self.schedule = schedule
    self.revoters = revoters
    end = origin + .seconds(1)
    span = (origin, nil)
  }

  /// Votes have come back, and so many were handed to a connection meanwhile.
  package mutating func add(_ observations: [Observation], sent: Int = 0) {
    for vote in observations {
      if vote.completed >= end { pass(vote.completed) }
      current.ended &+= 1
      switch vote.outcome {
      case .accepted:
        current.accepted &+= 1
        if revoters != nil { accept(vote.index) }
      case .refused: votes.refused &+= 1
      case .indeterminate: votes.indeterminate &+= 1
      case .dropped:
        votes.dropped &+= 1
        if vote.intended < countedFrom { uncounted.count(vote) }
        continue
      }
      let time = vote.completed.nanoseconds &- vote.intended.nanoseconds
      if vote.intended < countedFrom {
        uncounted.count(vote)
        uncountedTimes.record(time)
      } else {
        times.record(time)
      }
    }
    current.sent &+= sent
  }

  private mutating func accept(_ index: Int) {
    guard let voter = revoters?.voterNumber(of: index) else { return }
    while wasAccepted.count <= voter { wasAccepted.append(false) }
    if !wasAccepted[voter] { acceptedVoters += 1 }
    wasAccepted[voter] = true
  }

  /// It is `now`: seconds that are over are closed.
  package mutating func pass(_ now: MonotonicTime) {
    while now >= end {
      all.add(times)
      if uncountedTimes.count > 0 { times.add(uncountedTimes) }
      uncountedTimes.reset()
      current.response = times.summary
      times.reset()
      acceptedBefore += current.accepted
      endedBefore += current.ended
      seconds.append(current)
      if seconds.count > Self.remembered { seconds.removeFirst() }
      current = Second()
      end = end + .seconds(1)
    }
  }

  /// How many votes have come back, by what became of them; `sent` and `resent` are not told.
  package var counts: PhaseFigures.Votes {
    var counts = votes
    counts.accepted = acceptedBefore + current.accepted
    counts.due = endedBefore + current.ended
    return counts
  }

  /// The same without those of the warmup, once that is over.
  package var overall: PhaseFigures.Votes {
    var overall = counts
    overall.due -= uncounted.due
    overall.accepted -= uncounted.accepted
    overall.refused -= uncounted.refused
    overall.indeterminate -= uncounted.indeterminate
    overall.dropped -= uncounted.dropped
    return overall
  }

  /// The tally showed so many votes of this run.
  package mutating func see(visible count: Int) {
    behind = max(0, (revoters == nil ? counts.accepted : acceptedVoters) - count)
  }

  /// The phase begins, as the `place`-th of `count`.
  package mutating func begin(
    _ phase: Phase, at start: MonotonicTime, until end: MonotonicTime?, place: Int, of count: Int
  ) {
    self.phase = (phase, place, count)
    span = (start, end)
    if phase.isCounted, countedFrom.nanoseconds == .min { beginCounting(at: start) }
  }

  /// What has come back so far was due before.
  private mutating func beginCounting(at start: MonotonicTime) {
    countedFrom = start
    uncounted = counts
    uncountedTimes.add(times)
    times.reset()
    all.reset()
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
    return schedule.votesDue(before: (now - origin).nanoseconds).map { max(0, $0 - counts.due) }
  }

  /// Pods of what was changed by revision, in the order of being seen first, with how many are in each state at `now`.
  ///
  /// A revision is named by its image, and where another one has the same, by being old or new.
  package func pods(_ now: MonotonicTime) -> [(revision: String, pods: Timeline.Pods)] {
    var revisions: [(life: PodLife, pods: Timeline.Pods)] = []
    let lives = PodLife.all(ended + [changing].compactMap(\.self))
    for life in lives {
      guard let state = life.state(at: now) else { continue }
      let place = revisions.firstIndex { life.isAlike($0.life) } ?? revisions.count
      if place == revisions.count { revisions.append((life, Timeline.Pods())) }
      revisions[place].pods.count(state)
    }
    return revisions.map { life, pods in
      let isAmbiguous = revisions.count { $0.life.image == life.image } > 1
      let isOld = lives.contains { $0.isAlike(life) && $0.isOld }
      return (isAmbiguous ? "\(life.image) \(isOld ? "old" : "new")" : life.image, pods)
    }
  }
}

/// Response times as far as a view of the moment needs them: to a thirtieth, the largest exact.
///
/// A `Distribution` is ten times as fine and takes three times as many instructions.
package struct RoughTimes: Sendable {
  /// What they come to, in milliseconds.
  package struct Summary: Sendable, Hashable {
    /// The median.
    package var p50: Double
    /// The 99th percentile.
    package var p99: Double
    /// The largest.
    package var max: Double
  }

  /// Slots to a doubling of the time; `magnitude` is its exponent.
  private static let magnitude = 5
  private var counts = [UInt32](repeating: 0, count: (64 - magnitude) << magnitude)
  private var maximum: Int64 = 0
  /// How many there are.
  package private(set) var count = 0

  /// None.
  package init() {}

  /// Adds a time in nanoseconds; one below 0 counts as 0.
  mutating func record(_ nanoseconds: Int64) {
    let value = nanoseconds < 0 ? 0 : UInt64(truncatingIfNeeded: nanoseconds)
    let shift = 63 &- Self.magnitude &- (value | 1 << UInt64(Self.magnitude)).leadingZeroBitCount
    counts[shift &<< Self.magnitude &+ Int(truncatingIfNeeded: value &>> UInt64(truncatingIfNeeded: shift))] &+= 1
    count &+= 1
    if nanoseconds > maximum { maximum = nanoseconds }
  }

  mutating func add(_ other: Self) {
    guard other.count > 0 else { return }
    for slot in counts.indices { counts[slot] &+= other.counts[slot] }
    count += other.count
    maximum = max(maximum, other.maximum)
  }

  mutating func reset() {
    guard count > 0 else { return }
    for slot in counts.indices { counts[slot] = 0 }
    (count, maximum) = (0, 0)
  }

  /// What they come to; nil without one.
  package var summary: Summary? {
    count == 0
      ? nil : Summary(p50: percentile(50), p99: percentile(99), max: Double(maximum) / 1e6)
  }

  /// In milliseconds: the middle of the slot, and at most the largest.
  private func percentile(_ percentile: Int) -> Double {
    let rank = (count * percentile + 99) / 100
    var reached = 0
    for (slot, number) in counts.enumerated() {
      reached += Int(number)
      guard reached >= max(1, rank) else { continue }
      let shift = max(0, slot >> Self.magnitude - 1)
      let value = Double(slot - shift << Self.magnitude) + 0.5
      return min(Double(maximum), value * Double(1 << UInt64(shift))) / 1e6
    }
    return Double(maximum) / 1e6
  }
}
