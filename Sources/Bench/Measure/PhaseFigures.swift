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

  /// How many votes went which way.
  package private(set) var votes = Votes()
  /// Completion - intended start, of every vote that was sent and ended, whatever its outcome.
  package private(set) var responseTime = Distribution()
  /// Completion - actual start, of the same votes.
  package private(set) var serviceTime = Distribution()
  /// The generator's own lateness, of every vote that was sent.
  package private(set) var startLag = Distribution()
  /// Votes that the generator itself did not send in time; among the dropped ones.
  package private(set) var droppedByGenerator = 0
  /// The longest that a vote waited for a free connection, in nanoseconds.
  package private(set) var slotWaitMaximum: Int64 = 0
  /// Failed votes by reason, the most frequent first.
  package private(set) var failures: [Failure] = []
  /// Outages that began with one of these votes; their bounds may reach beyond.
  package let outages: [Outage]
  /// Votes answered by each pod, by the pod's number (0: unknown), and how many of them were not accepted.
  package private(set) var pods: [UInt8: (votes: Int, failed: Int)] = [:]

  /// The figures of the votes given, which are in due order, and of the `outages` that began among them.
  package init(of observations: some Sequence<Observation>, outages: [Outage]) {
    self.outages = outages
    var byCause: [Cause: Failure] = [:]
    for vote in observations {
      count(vote)
      if vote.outcome != .accepted {
        byCause[vote.cause, default: Failure(cause: vote.cause, count: 0, first: vote.intended, last: vote.intended)]
          .add(vote.intended)
      }
    }
    failures = byCause.values.sorted { ($1.count, $0.cause.rawValue) < ($0.count, $1.cause.rawValue) }
  }

  private mutating func count(_ vote: Observation) {
    if vote.cause == .generatorLate { droppedByGenerator += 1 }
    votes.due += 1
    votes.resent += Int(vote.resends)
    switch vote.outcome {
    case .accepted: votes.accepted += 1
    case .refused: votes.refused += 1
    case .indeterminate: votes.indeterminate += 1
    case .dropped: votes.dropped += 1
    }
    guard vote.outcome != .dropped else { return }
    votes.sent += 1
    responseTime.record(nanoseconds: (vote.completed - vote.intended).nanoseconds)
    serviceTime.record(nanoseconds: (vote.completed - vote.actual).nanoseconds)
    startLag.record(nanoseconds: vote.startLag)
    slotWaitMaximum = max(slotWaitMaximum, (vote.actual - vote.intended).nanoseconds - vote.startLag)
    let pod = pods[vote.pod] ?? (0, 0)
    pods[vote.pod] = (pod.votes + 1, pod.failed + (vote.outcome == .accepted ? 0 : 1))
  }
}

extension PhaseFigures.Failure {
  fileprivate mutating func add(_ moment: MonotonicTime) {
    count += 1
    first = min(first, moment)
    last = max(last, moment)
  }
}
