/// Decides when the tally has converged after the last vote: a pure state machine fed with tally samples.
///
/// Converged: every choice shows at least the accepted votes, and the tally has not changed for 3 polls and 3 s.
/// The time allowed follows the measured rate of draining: clamp(2 * deficit / rate + 10 s, 30 s, `limit`).
/// Source: the consistency model, section 10.
package struct Drain: Sendable {
  /// How it stands.
  package enum State: Sendable, Hashable {
    /// Polls go on; so many accepted votes are not visible yet.
    case waiting(deficit: Int)
    /// The tally shows every accepted vote and stands still.
    case converged
    /// Time is up while the tally was still growing.
    case timedOut(deficit: Int)
    /// Time is up, the tally stands still, and accepted votes are missing.
    case stalled(deficit: Int)
  }

  private let need: [String: Int]
  private let begin: MonotonicTime
  private let limit: Duration
  private var recent: [TallySample] = []
  private var lastChange: MonotonicTime

  /// A drain that began at `begin`: `need` is the base plus the accepted votes, by choice.
  package init(need: [String: Int], begin: MonotonicTime, limit: Duration) {
    self.need = need
    self.begin = begin
    self.limit = limit
    lastChange = begin
  }

  /// Takes a poll into account and says how the drain stands at its end.
  package mutating func add(_ sample: TallySample) -> State {
    if sample.counts != recent.last?.counts { lastChange = sample.received }
    recent.append(sample)
    // Polls that are far apart, or slow, converge too: the last three stay however old they are.
    recent.removeFirst(
      recent.dropLast(3).prefix { $0.received < sample.received + .seconds(-10) }.count)
    let deficit = need.reduce(0) { $0 + max(0, $1.value - sample[$1.key]) }
    let still = sample.received - lastChange
    let unchanged = recent.suffix(3)
    if deficit == 0, still >= .seconds(3), unchanged.count == 3, unchanged.allSatisfy({ $0.counts == sample.counts }) {
      return .converged
    }
    let elapsed = sample.received - begin
    guard elapsed >= allowed(for: deficit) else { return .waiting(deficit: deficit) }
    return still < .seconds(10) ? .timedOut(deficit: deficit) : .stalled(deficit: deficit)
  }

  /// True when no poll has been good for `patience`: nothing will be seen by waiting longer.
  package func isBlind(at now: MonotonicTime, patience: Duration) -> Bool {
    now - (recent.last?.received ?? begin) >= patience
  }

  private func allowed(for deficit: Int) -> Duration {
    guard deficit > 0, let first = recent.first, let last = recent.last, last.total > first.total,
      last.received > first.received
    else { return min(limit, .seconds(30)) }
    let rate = Double(last.total - first.total) / (last.received - first.received).seconds
    return min(limit, max(.seconds(30), .seconds((2 * Double(deficit) / rate + 10).rounded(.up))))
  }
}
