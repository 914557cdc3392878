import Bench

/// A made-up run, the same for the same seed.
///
/// Votes of two cohorts with any outcome and times up to some seconds, and phases whose edges lie within
/// seconds of the schedule.
struct MadeUpRun {
  static let rate = ArrivalRate(votesPerSecond: 200)
  /// Anything but 0, so that moments and offsets cannot be mixed up.
  static let origin = MonotonicTime(nanoseconds: 123_456_789_012)
  static let phases: [(Phase, Duration)] = [
    (.warmup, .zero), (.baseline, .milliseconds(2500)), (.rollout, .milliseconds(6300)), (.settle, .milliseconds(6700)),
    (.rollback, .milliseconds(9000)), (.recovered, .milliseconds(11_001)), (.drain, .seconds(15)),
  ]

  /// Every vote, by index.
  let votes: [Observation]

  init(seed: UInt64) {
    var random = Random(state: seed)
    votes = (0..<3000).map { index in
      // A pause of two seconds without a vote that was sent.
      let isPaused = (800..<1200).contains(index)
      return Self.vote(index, isDropped: isPaused || random.below(50) == 0, &random)
    }
  }

  private static func vote(
    _ index: Int, isDropped: Bool, _ random: inout Random
  ) -> Observation {
    let due = origin + .milliseconds(5 * index)
    // Whole microseconds, as the ledger keeps them: what it rounds is another test's.
    let lag = Int64(random.below(200)) * 1000
    let actual = due + .nanoseconds(lag + (random.below(10) == 0 ? Int64(random.below(900_000)) * 1000 : 0))
    let service = 1_000_000 + random.below(random.below(20) == 0 ? 3_000_000 : 8_000) * 1000
    let fails = !isDropped && random.below(20) == 0
    return Observation(
      index: index, intended: due, actual: actual, completed: isDropped ? actual : actual + .nanoseconds(service),
      startLag: lag, outcome: isDropped ? .dropped : fails ? .indeterminate : .accepted,
      cause: isDropped ? .noConnectionFree : fails ? .status(500 + random.below(4)) : .none,
      isFresh: random.below(5) == 0, pod: UInt8(random.below(4)))
  }

  /// Gives everything to a recorder in the order in which it would happen, and takes the lines.
  func record(closing: Recorder.Closing = .inDueOrder(atMost: .seconds(60))) -> (recorder: Recorder, lines: [String]) {
    var recorder = Recorder(ledger: Ledger(schedule: Schedule(rate: Self.rate), origin: Self.origin), closing: closing)
    var edges = Self.phases[...]
    var lines: [String] = []
    for vote in votes.sorted(by: { ($0.completed, $0.index) < ($1.completed, $1.index) }) {
      while let (phase, offset) = edges.first, Self.origin + offset <= vote.completed {
        recorder.begin(phase, at: Self.origin + offset)
        edges.removeFirst()
      }
      recorder.record(vote)
      lines += recorder.closedLines(now: vote.completed)
    }
    for (phase, offset) in edges { recorder.begin(phase, at: Self.origin + offset) }
    lines += recorder.finish()
    return (recorder, lines)
  }

  /// The votes that were due in `phase`, worked out from nothing but the moments.
  func votes(dueIn phase: Phase) -> [Observation] {
    guard let place = Self.phases.firstIndex(where: { $0.0 == phase }) else { return [] }
    let begin = Self.origin + Self.phases[place].1
    let end = place + 1 < Self.phases.count ? Self.origin + Self.phases[place + 1].1 : MonotonicTime(nanoseconds: .max)
    return votes.filter { begin <= $0.intended && $0.intended < end }
  }
}

/// A generator of numbers that are the same for the same seed.
struct Random {
  var state: UInt64

  /// A number from 0 to `limit` - 1.
  mutating func below(_ limit: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(limit))
  }
}
