/// What a phase (or several together) measured: counts, distributions, errors and outages of the votes due in it.
package struct PhaseFigures: Sendable {
  /// How many votes went which way.
  package struct Votes: Sendable, Hashable, Codable {
    /// Due in the phase: all others together, save re-sends.
    package var due = 0
    /// Handed to a connection.
    package var sent = 0
    /// Surely counted.
    package var accepted = 0
    /// Surely not counted.
    package var refused = 0
    /// Nobody can know from outside.
    package var indeterminate = 0
    /// Due but never sent.
    package var dropped = 0
    /// Times that libcurl sent a vote again by itself; forbidden, so 0.
    package var resent = 0

    /// Failed, for availability: whatever is not accepted.
    package var failed: Int { due - accepted }
  }

  /// Votes that failed for one reason.
  package struct Failure: Sendable, Hashable {
    /// The reason.
    package var cause: Cause
    /// How many.
    package var count: Int
    /// When the first of them was due.
    package var first: MonotonicTime
    /// When the last of them was due.
    package var last: MonotonicTime
  }

  /// The votes on kept connections, or those that each opened one of their own.
  package struct Cohort: Sendable {
    /// How many votes went which way.
    package fileprivate(set) var votes = Votes()
    /// The times of those that were sent and ended.
    package fileprivate(set) var times = VoteTimes()
  }

  /// Votes on connections that had served before.
  package private(set) var kept = Cohort()
  /// Votes that opened a connection of their own.
  package private(set) var fresh = Cohort()
  /// Connections whose opening began in the phase.
  package private(set) var connections = ConnectionFigures()
  /// Votes that the generator itself did not send in time; among the dropped ones.
  package private(set) var droppedByGenerator = 0
  /// The longest that a vote waited for a free connection, in nanoseconds.
  package private(set) var slotWaitMaximum: Int64 = 0
  /// Failed votes whose time under way touches a second before or after a failed probe of the control target: they say
  /// nothing of the system.
  package var failedWithControl = 0
  /// Outages that began with one of these votes; their bounds may reach beyond.
  package var outages: [Outage] = []
  private var failuresByGroup: [FailureGroup: Failure] = [:]

  /// What failed votes are gathered by.
  private struct FailureGroup: Hashable {
    var cause: Cause
    var pod: UInt8
  }

  /// No vote yet.
  package init() {}

  /// The figures of the votes given, in any order, and of the `outages` that began among them.
  package init(of observations: some Sequence<Observation>, outages: [Outage]) {
    self.outages = outages
    for vote in observations {
      count(vote)
      guard vote.outcome != .dropped else { continue }
      if vote.isFresh { fresh.times.record(vote) } else { kept.times.record(vote) }
    }
  }

  /// How many votes of both cohorts went which way.
  package var votes: Votes { kept.votes + fresh.votes }
  /// Completion - intended start, of every vote that was sent and ended, whatever its outcome and cohort.
  package var responseTime: Distribution { both(\.response) }
  /// Completion - actual start, of the same votes.
  package var serviceTime: Distribution { both(\.service) }
  /// The generator's own lateness, of the same votes.
  package var startLag: Distribution { both(\.startLag) }
  /// Failed votes by reason, the most frequent first.
  package var failures: [Failure] {
    var sums: [Cause: Failure] = [:]
    for (group, failure) in failuresByGroup { sums[group.cause, default: failure.none].add(failure) }
    return sums.values.sorted { ($1.count, $0.cause.rawValue) < ($0.count, $1.cause.rawValue) }
  }
  /// The same by the number of the pod that answered, 0 where none is known; the most frequent first.
  package var failuresByPod: [(pod: UInt8, failure: Failure)] {
    failuresByGroup.map { (pod: $0.pod, failure: $1) }.sorted { one, other in
      (other.failure.count, one.failure.cause.rawValue, one.pod)
        < (one.failure.count, other.failure.cause.rawValue, other.pod)
    }
  }

  private func both(_ time: KeyPath<VoteTimes, Distribution>) -> Distribution {
    var sum = kept.times[keyPath: time]
    sum.add(fresh.times[keyPath: time])
    return sum
  }

  /// Counts one vote, without its times: those come by the second.
  package mutating func count(_ vote: Observation) {
    if vote.isFresh { fresh.votes.count(vote) } else { kept.votes.count(vote) }
    if vote.outcome != .dropped {
      slotWaitMaximum = max(slotWaitMaximum, vote.actual.nanoseconds - vote.intended.nanoseconds - vote.startLag)
    }
    guard vote.outcome != .accepted else { return }
    if vote.cause == .generatorLate { droppedByGenerator += 1 }
    let failure = Failure(cause: vote.cause, count: 1, first: vote.intended, last: vote.intended)
    failuresByGroup[FailureGroup(cause: vote.cause, pod: vote.pod), default: failure.none].add(failure)
  }

  /// Adds the times of votes of one cohort that were counted.
  package mutating func add(_ times: VoteTimes, fresh isFresh: Bool) {
    if isFresh { fresh.times.add(times) } else { kept.times.add(times) }
  }

  /// Adds a connection.
  package mutating func record(_ connection: ConnectionTimes) {
    connections.record(connection)
  }

  /// Adds everything of `other`, whose votes are other votes.
  package mutating func add(_ other: PhaseFigures) {
    kept.add(other.kept)
    fresh.add(other.fresh)
    connections.add(other.connections)
    droppedByGenerator += other.droppedByGenerator
    slotWaitMaximum = max(slotWaitMaximum, other.slotWaitMaximum)
    failedWithControl += other.failedWithControl
    outages += other.outages
    for (group, failure) in other.failuresByGroup { failuresByGroup[group, default: failure.none].add(failure) }
  }
}

extension PhaseFigures.Votes {
  mutating func count(_ vote: Observation) {
    due += 1
    sent += vote.outcome == .dropped ? 0 : 1
    resent += Int(vote.resends)
    switch vote.outcome {
    case .accepted: accepted += 1
    case .refused: refused += 1
    case .indeterminate: indeterminate += 1
    case .dropped: dropped += 1
    }
  }

  /// The votes of both.
  package static func + (left: Self, right: Self) -> Self {
    Self(
      due: left.due + right.due, sent: left.sent + right.sent, accepted: left.accepted + right.accepted,
      refused: left.refused + right.refused, indeterminate: left.indeterminate + right.indeterminate,
      dropped: left.dropped + right.dropped, resent: left.resent + right.resent)
  }
}

extension PhaseFigures.Cohort {
  fileprivate mutating func add(_ other: Self) {
    votes = votes + other.votes
    times.add(other.times)
  }
}

extension PhaseFigures.Failure {
  /// The same failure before its first vote.
  fileprivate var none: Self { Self(cause: cause, count: 0, first: first, last: last) }

  fileprivate mutating func add(_ other: Self) {
    count += other.count
    first = min(first, other.first)
    last = max(last, other.last)
  }
}
