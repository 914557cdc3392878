/// Failed votes that are not separated by at least g = max(3/rate, 50 ms) of unbroken success.
///
/// Lower and upper bound follow from when the votes around were begun, which is when they were due but for the generator's
/// own lateness: the service was surely bad from the first to the last failed vote, and surely good at the accepted ones
/// before and after.
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
        search.addAccepted(vote, votesPerSecond: votesPerSecond)
      } else {
        search.addFailed(vote)
      }
    }
    search.finish()
    return search.found
  }

}

/// Goes through votes in due order; an outage is found once the success after it has lasted long enough.
struct OutageSearch: Sendable {
  private(set) var found: [Outage] = []
  /// The outage that has not ended yet; nil when there is none.
  private(set) var current: Outage?
  /// When the failed votes of `current` were begun, the first and the last.
  private var begun: ClosedRange<MonotonicTime>?
  /// When the last accepted vote before `current` was begun, or so far when there is none.
  private var acceptedBefore: MonotonicTime?
  /// The accepted votes after the last failed one of `current`: when the first was due and begun, and how many they are.
  private var acceptedSince: (due: MonotonicTime, begun: MonotonicTime, votes: Int)?

  /// No vote follows.
  mutating func finish() {
    end(after: acceptedSince?.begun)
  }

  mutating func addAccepted(_ vote: Observation, votesPerSecond: (MonotonicTime) -> Double) {
    guard current != nil else {
      acceptedBefore = vote.begun
      return
    }
    let since = acceptedSince ?? (vote.intended, vote.begun, 0)
    acceptedSince = (since.due, since.begun, since.votes + 1)
    // At the rate of this moment: on a ramp the success that suffices changes.
    if Double((vote.intended - since.due).nanoseconds) >= max(3e9 / votesPerSecond(vote.intended), 50e6) {
      end(after: since.begun)
      acceptedBefore = vote.begun
    }
  }

  mutating func addFailed(_ vote: Observation) {
    let before = begun ?? vote.begun...vote.begun
    let begun = min(before.lowerBound, vote.begun)...max(before.upperBound, vote.begun)
    self.begun = begun
    var outage =
      current
      ?? Outage(start: vote.intended, lastFailed: vote.intended, lower: .zero, upper: nil, failed: 0, votes: 0)
    outage.lastFailed = vote.intended
    outage.lower = begun.upperBound - begun.lowerBound
    outage.failed += 1
    outage.votes += 1 + (acceptedSince?.votes ?? 0)
    (current, acceptedSince) = (outage, nil)
  }

  private mutating func end(after: MonotonicTime?) {
    guard var outage = current else { return }
    if let acceptedBefore, let after { outage.upper = max(outage.lower, after - acceptedBefore) }
    found.append(outage)
    (current, begun, acceptedSince) = (nil, nil, nil)
  }
}

extension Observation {
  /// When it would have been sent had a connection been free: what the generator itself came too late is no part of what
  /// the system did.
  fileprivate var begun: MonotonicTime { intended + .nanoseconds(startLag) }
}
