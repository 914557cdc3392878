/// Failed votes that are not separated by at least g = max(3/rate, 50 ms) of unbroken success.
///
/// Lower and upper bound follow from the due moments of the votes around: the service was surely bad from the first to
/// the last failed vote, and surely good at the accepted ones before and after.
package struct Outage: Sendable, Hashable {
  /// When its first failed vote was due.
  package var start: MonotonicTime
  /// When its last failed vote was due.
  package var lastFailed: MonotonicTime
  /// From the first failed vote to the last.
  package var lower: Duration
  /// From the last accepted vote before to the first after; nil when there was none on one side.
  package var upper: Duration?
  /// Failed votes.
  package var failed: Int
  /// Votes due from the first to the last failed one.
  package var votes: Int

  /// The share of votes that failed inside, 0...1; 1 is a total outage.
  package var share: Double { Double(failed) / Double(votes) }

  /// The outages of votes given in due order, where `votesPerSecond` says how many votes are due around a moment.
  ///
  /// Failed is whatever is not accepted, save what the generator itself did not send: of that nobody knows.
  package static func find(
    in votes: some Sequence<Observation>, votesPerSecond: (MonotonicTime) -> Double
  ) -> [Outage] {
    var search = OutageSearch()
    for vote in votes where vote.cause != .generatorLate {
      if vote.outcome == .accepted {
        search.addAccepted(due: vote.intended, votesPerSecond: votesPerSecond)
      } else {
        search.addFailed(due: vote.intended)
      }
    }
    search.finish()
    return search.found
  }

  fileprivate mutating func extend(to moment: MonotonicTime, skipping accepted: Int) {
    lastFailed = moment
    failed += 1
    votes += accepted + 1
  }

  fileprivate mutating func close(before: MonotonicTime?, after: MonotonicTime?) {
    lower = lastFailed - start
    if let before, let after { upper = after - before }
  }
}

/// Goes through votes in due order; an outage is found once the success after it has lasted long enough.
struct OutageSearch: Sendable {
  private(set) var found: [Outage] = []
  /// The outage that has not ended yet; nil when there is none.
  private(set) var current: Outage?
  /// The last accepted vote before `current`, or so far when there is none.
  private var acceptedBefore: MonotonicTime?
  /// The accepted votes after the last failed one of `current`.
  private var acceptedSince: (first: MonotonicTime, votes: Int)?

  /// No vote follows.
  mutating func finish() {
    end(after: acceptedSince?.first)
  }

  mutating func addAccepted(due: MonotonicTime, votesPerSecond: (MonotonicTime) -> Double) {
    guard current != nil else {
      acceptedBefore = due
      return
    }
    let first = acceptedSince?.first ?? due
    acceptedSince = (first, (acceptedSince?.votes ?? 0) + 1)
    // At the rate of this moment: on a ramp the success that suffices changes.
    if Double((due - first).nanoseconds) >= max(3e9 / votesPerSecond(due), 50e6) {
      end(after: first)
      acceptedBefore = due
    }
  }

  mutating func addFailed(due: MonotonicTime) {
    if current == nil {
      current = Outage(start: due, lastFailed: due, lower: .zero, upper: nil, failed: 1, votes: 1)
    } else {
      current?.extend(to: due, skipping: acceptedSince?.votes ?? 0)
      acceptedSince = nil
    }
  }

  private mutating func end(after: MonotonicTime?) {
    guard var outage = current else { return }
    outage.close(before: acceptedBefore, after: after)
    found.append(outage)
    current = nil
    acceptedSince = nil
  }
}
