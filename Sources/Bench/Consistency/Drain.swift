/// Decides when the tally has converged after the last vote: a pure state machine fed with tally samples.
///
/// Converged: one source shows at least the accepted votes, has not changed for 3 polls, 3 s and two periods of it, and
/// the queue, where it can be read, is empty. Where indeterminate votes may fill the places of accepted ones that are still
/// queued, it has to stand still for as long as it would be waited for at least, 30 s. The deadline follows the measured rate of draining (least squares over the
/// last 10 s): while the tally grows, twice the time that the rest takes and 10 s from now; at least 30 s and at most
/// `limit` after the last vote. Source: the consistency model, section 10.
package struct Drain: Sendable {
  /// What is known of the queue between frontend and worker.
  package enum Queue: Sendable, Hashable, Codable {
    /// Nobody can look.
    case unknown
    /// Nothing is in it, nor with a worker.
    case empty
    /// So many votes are.
    case holding(Int)

    /// True when votes are known to be in it.
    var isHolding: Bool {
      if case .holding(let count) = self { count > 0 } else { false }
    }
  }

  /// How it stands.
  package enum State: Sendable, Hashable, Codable {
    /// Polls go on; so many accepted votes are not visible yet.
    case waiting(deficit: Int)
    /// The tally shows every accepted vote and stands still.
    case converged
    /// Time is up while the tally was still growing; the rest would take as long, nil where nobody can tell.
    case timedOut(deficit: Int, rest: Duration? = nil)
    /// Time is up, and the tally stands still with accepted votes missing, or with votes in the queue.
    case stalled(deficit: Int, queue: Queue = .unknown)
  }

  /// So long a tally that does not show every accepted vote is waited for, whatever its rate.
  private static let leastWait = Duration.seconds(30)

  /// Accepted votes that a poll does not show.
  private let deficit: @Sendable (TallySample) -> Int
  private let begin: MonotonicTime
  private let limit: Duration
  private let refresh: Duration
  private let stillness: Duration
  private var sources: [Int: Source] = [:]
  private var deadline: MonotonicTime
  /// Votes a second, when the tally last grew.
  private var rate = 0.0

  /// What one source showed of late.
  private struct Source {
    var recent: [TallySample] = []
    var lastChange: MonotonicTime
    var deficit = Int.max
  }

  /// A drain that began at `begin`: `deficit` says how many accepted votes a poll does not show.
  package init(
    begin: MonotonicTime, limit: Duration, refresh: Duration = .zero, hasIndeterminate: Bool = false,
    deficit: @escaping @Sendable (TallySample) -> Int
  ) {
    self.deficit = deficit
    self.begin = begin
    self.limit = limit
    self.refresh = refresh
    stillness = hasIndeterminate ? min(limit, Self.leastWait) : .seconds(3)
    deadline = begin + min(limit, Self.leastWait)
  }

  /// The same for the votes of a history, above a tally that showed `base` before the first of them.
  package init(
    of history: VoteHistory, rules: ConsistencyRules, base: TallySample, begin: MonotonicTime, limit: Duration
  ) {
    let hasRevotes = history.hasRevotes && rules.semantics == .upsert
    var finals = ChoiceColumns.views(of: history.choices).map { FinalTally(view: $0, rules: rules) }
    var hasIndeterminate = false
    history.forEachVote { vote in
      if vote.outcome == .indeterminate { hasIndeterminate = true }
      if !hasRevotes { for place in finals.indices { finals[place].add(vote) } }
    }
    if hasRevotes {
      history.forEachVoter { _, votes in for place in finals.indices { finals[place].add(votes) } }
    }
    self.init(begin: begin, limit: limit, hasIndeterminate: hasIndeterminate) {
      [finals, choices = history.choices] sample in
      let table = PollTable([sample], base: base, choices: choices, rules: rules)
      return finals.map { $0.deficit(table.sums(0, $0.view).most) }.max() ?? 0
    }
  }

  /// Takes a poll into account, with what is known of the queue, and says how the drain stands at its end.
  package mutating func add(_ sample: TallySample, queue: Queue = .unknown) -> State {
    let source = take(sample)
    let now = sample.received
    let still = now - source.lastChange
    if source.deficit == 0, !queue.isHolding, still >= max(stillness, refresh * 2), source.recent.count >= 3,
      source.recent.suffix(3).allSatisfy({ $0.counts == sample.counts })
    {
      return .converged
    }
    let missing = sources.values.reduce(Int.max) { min($0, $1.deficit) }
    // Once it stands still the window holds less and less growth, whose slope would be no rate of draining.
    if source.lastChange == now { extend(from: now, by: slope(source.recent), missing: missing) }
    guard now >= deadline else { return .waiting(deficit: missing) }
    let lastChange = sources.values.reduce(begin) { max($0, $1.lastChange) }
    let patience = max(10, rate > 0 ? 20 / rate : 0)
    guard (now - lastChange).seconds < patience else { return .stalled(deficit: missing, queue: queue) }
    return .timedOut(deficit: missing, rest: rate > 0 ? .seconds(min(1e9, Double(missing) / rate)) : nil)
  }

  /// True when no poll has been good for `patience`: nothing will be seen by waiting longer.
  package func isBlind(at now: MonotonicTime, patience: Duration) -> Bool {
    now - sources.values.compactMap { $0.recent.last?.received }.reduce(begin, max) >= patience
  }

  private mutating func take(_ sample: TallySample) -> Source {
    var source = sources[sample.source] ?? Source(lastChange: begin)
    if sample.counts != source.recent.last?.counts { source.lastChange = sample.received }
    source.recent.append(sample)
    // Polls that are far apart, or slow, converge too: the last three stay however old they are.
    source.recent.removeFirst(
      source.recent.dropLast(3).prefix { $0.received < sample.received + .seconds(-10) }.count)
    source.deficit = deficit(sample)
    sources[sample.source] = source
    return source
  }

  private mutating func extend(from now: MonotonicTime, by slope: Double, missing: Int) {
    guard slope > 0 else { return }
    rate = slope
    let rest = Duration.seconds(min(1e9, 2 * Double(missing) / slope + 10))
    deadline = min(begin + limit, max(begin + Self.leastWait, now + rest))
  }

  /// Votes a second, by least squares; 0 for fewer than 5 polls.
  private func slope(_ polls: [TallySample]) -> Double {
    guard polls.count >= 5, let first = polls.first else { return 0 }
    let times = polls.map { ($0.received - first.received).seconds }
    let totals = polls.map { Double($0.total - first.total) }
    let (time, total) = (times.reduce(0, +) / Double(polls.count), totals.reduce(0, +) / Double(polls.count))
    let spread = times.reduce(0) { $0 + ($1 - time) * ($1 - time) }
    let joint = zip(times, totals).reduce(0) { $0 + ($1.0 - time) * ($1.1 - total) }
    return spread > 0 ? joint / spread : 0
  }
}
