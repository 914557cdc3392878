/// How far the tally lags behind, without knowing one vote from another: how many had been sent, and answered, when.
///
/// Votes become visible in the order in which they were queued (one worker, one queue). With n votes visible, the
/// oldest accepted one that is not was queued between the n-th send and the n-th answer, counted from 0; so its age at a
/// poll lies between
///
///     least  the poll's begin - answer[n + M]        0 without such an answer
///     most   the poll's end - send[n - M]            0 where all are visible
///
/// with M for what is uncertain: indeterminate votes, foreign ones, losses. Source: the consistency model, section 9.1.
package struct FreshnessCurves: Sendable {
  private var sends: TimeCurve
  private var answers: TimeCurve

  /// Curves of votes that were sent at `origin` or later.
  package init(origin: MonotonicTime) {
    sends = TimeCurve(origin: origin.nanoseconds)
    answers = sends
  }

  /// Adds a vote that may be counted: when it was sent, and when it was answered if it was accepted.
  package mutating func add(sent: MonotonicTime, answered: MonotonicTime?) {
    sends.add(sent.nanoseconds, upwards: false)
    if let answered { answers.add(answered.nanoseconds, upwards: true) }
  }

  /// The ages at all polls; see `Ages`.
  package func ages() -> Ages {
    Ages(sends: sends.ranks(), answers: answers.ranks())
  }

  /// Answers for one poll after the other.
  package struct Ages: Sendable {
    fileprivate let sends: TimeRanks
    fileprivate let answers: TimeRanks

    /// True when fewer votes than all are surely visible, and one had been sent.
    func isOpen(visible: Int, uncertain: Int, received: MonotonicTime) -> Bool {
      guard sends[max(0, visible - uncertain)] != nil, let first = sends[0] else { return false }
      return first < received.nanoseconds
    }

    /// How old the oldest accepted vote is that a poll with `visible` votes does not show.
    package func age(
      visible: Int, uncertain: Int, sent: MonotonicTime, received: MonotonicTime
    ) -> (least: Duration, most: Duration) {
      let answer = answers[max(0, visible + uncertain)]
      let send = sends[max(0, visible - uncertain)]
      return (
        .nanoseconds(answer.map { max(0, sent.nanoseconds - $0) } ?? 0),
        .nanoseconds(send.map { max(0, received.nanoseconds - $0) } ?? 0)
      )
    }
  }
}

/// Moments counted in buckets of a millisecond, and of twice the width whenever there would be more than a million.
private struct TimeCurve: Sendable {
  private static let most = 1 << 20

  private let origin: Int64
  private var width: Int64 = 1_000_000
  private var counts: [UInt32] = []

  init(origin: Int64) {
    self.origin = origin
  }

  /// Counts a moment at the edge of its bucket before it, or after it.
  mutating func add(_ moment: Int64, upwards: Bool) {
    let offset = max(0, moment - origin)
    while (offset + width) / width >= Self.most { widen(upwards: upwards) }
    let bucket = Int(upwards ? (offset + width - 1) / width : offset / width)
    if bucket >= counts.count { counts.append(contentsOf: repeatElement(0, count: bucket + 1 - counts.count)) }
    counts[bucket] &+= 1
  }

  private mutating func widen(upwards: Bool) {
    var wide = [UInt32](repeating: 0, count: counts.count / 2 + 1)
    for (bucket, count) in counts.enumerated() { wide[upwards ? (bucket + 1) / 2 : bucket / 2] += count }
    counts = wide
    width *= 2
  }

  func ranks() -> TimeRanks {
    var sum: UInt32 = 0
    return TimeRanks(
      origin: origin, width: width,
      reached: counts.map { count in
        sum &+= count
        return sum
      })
  }
}

/// The moments of a curve by their rank.
private struct TimeRanks: Sendable {
  let origin: Int64
  let width: Int64
  /// How many moments there are up to each bucket.
  let reached: [UInt32]

  /// The moment number `rank`, counted from 0; nil when there are not as many.
  subscript(rank: Int) -> Int64? {
    guard let last = reached.last, rank < Int(last) else { return nil }
    var (low, high) = (0, reached.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if Int(reached[middle]) <= rank { low = middle + 1 } else { high = middle }
    }
    return origin + Int64(low) * width
  }
}
