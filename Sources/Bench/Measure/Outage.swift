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

  /// The outages of votes given in due order, at the arrival rate `rate`.
  ///
  /// Failed is whatever is not accepted.
  package static func find(in votes: some Sequence<Observation>, rate: ArrivalRate) -> [Outage] {
    let gap = Int64(max(3e9 / rate.perSecond, 50e6))
    var found: [Outage] = []
    var current: Outage?
    var acceptedBefore: MonotonicTime?
    var acceptedSince: (first: MonotonicTime, votes: Int)?
    for vote in votes {
      if vote.outcome == .accepted {
        if var outage = current {
          let first = acceptedSince?.first ?? vote.intended
          acceptedSince = (first, (acceptedSince?.votes ?? 0) + 1)
          if vote.intended.nanoseconds - first.nanoseconds >= gap {
            outage.close(before: acceptedBefore, after: first)
            found.append(outage)
            current = nil
            acceptedSince = nil
            acceptedBefore = vote.intended
          }
        } else {
          acceptedBefore = vote.intended
        }
      } else if current != nil {
        current?.extend(to: vote.intended, skipping: acceptedSince?.votes ?? 0)
        acceptedSince = nil
      } else {
        current = Outage(
          start: vote.intended, lastFailed: vote.intended, lower: .zero, upper: nil, failed: 1, votes: 1)
      }
    }
    if var outage = current {
      outage.close(before: acceptedBefore, after: acceptedSince?.first)
      found.append(outage)
    }
    return found
  }

  private mutating func extend(to moment: MonotonicTime, skipping accepted: Int) {
    lastFailed = moment
    failed += 1
    votes += accepted + 1
  }

  private mutating func close(before: MonotonicTime?, after: MonotonicTime?) {
    lower = lastFailed - start
    if let before, let after { upper = after - before }
  }
}
