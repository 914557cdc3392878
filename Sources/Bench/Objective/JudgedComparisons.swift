internal import Glibc

/// Objectives on one phase against another: is it worse by more than the margin?
///
/// Votes of one second are alike, so blocks of time are compared and never votes. A pass must show that it is not worse
/// by the margin: nothing seen is no pass. Source: SLO statistics, section 5.
extension Objective {
  func judge(
    _ stream: Stream, against part: Part, times factor: Double, plus: Double, _ evidence: Evidence
  ) -> Result {
    guard evidence.span(part) != nil else {
      return compared(.inconclusive, "the run did not reach \(part.rawValue)", remedy: "run again to its end")
    }
    var other = self
    other.scope.part = part
    let reference = other.streamAgain(evidence, like: stream.name)
    guard stream.slice.votes > 0, reference.votes > 0 else {
      return compared(.inconclusive, "no vote was due in one of the two", remedy: "longer phases")
    }
    guard case .time(let time, let statistic) = metric else {
      let after = scope.part == .recovered || part == .recovered ? nil : after(evidence, like: stream.name)
      return compareFailures(stream.slice, reference, after, factor, plus, part)
    }
    if let late = late(stream.slice, time, evidence) ?? late(reference, time, evidence) {
      return compared(.inconclusive, late.why, remedy: late.remedy)
    }
    let beside = stream.slice.besideControl + reference.besideControl
    if beside > 0 {
      return compared(
        .inconclusive, "\(beside) votes failed while the control target did",
        remedy: "run again when the way there is sound")
    }
    let after = scope.part == .recovered || part == .recovered ? nil : after(evidence, like: stream.name)
    return compareTimes(stream.slice, reference, after, statistic, TimeMargin(factor: factor, plus: plus), part)
  }

  private func compared(
    _ verdict: Verdict, _ reason: String, observed: String? = nil, low: String? = nil, high: String? = nil,
    sample: Int = 0, remedy: String? = nil, basis: Result.Basis? = nil
  ) -> Result {
    result(
      verdict, reason, observed: observed, low: low, high: high, sample: sample, remedy: remedy, evidence: .comparison,
      basis: basis)
  }

  /// The phase after all changes, which ought to be as the one before them; nil where there is none.
  private func after(_ evidence: Evidence, like name: String) -> VoteSlice? {
    var after = self
    after.scope.part = .recovered
    return evidence.span(.recovered).map { _ in after.streamAgain(evidence, like: name) }
  }

  // MARK: Times

  private func compareTimes(
    _ later: VoteSlice, _ earlier: VoteSlice, _ after: VoteSlice?, _ statistic: Statistic, _ margin: TimeMargin,
    _ part: Part
  ) -> Result {
    let sample = later.votes + earlier.votes
    guard let blocks = BlockPair(later, earlier, statistic) else {
      return compared(
        .inconclusive,
        "TOO_FEW_BLOCKS: \(scope.part.rawValue) and \(part.rawValue) need four blocks each, with enough votes and unlike "
          + "their neighbours", sample: sample,
        remedy: "phases of \(BlockPair.secondsNeeded(later, earlier, statistic)) s or more, or a higher rate")
    }
    let shift = margin.shift(blocks.later, blocks.earlier)
    let probability = margin.probability(blocks.later, blocks.earlier)
    let basis = Result.Basis(
      bad: 0, blocks: blocks.later.count + blocks.earlier.count, blockSeconds: blocks.length, alpha: Self.alpha,
      probability: probability)
    let shown = margin.text(shift.estimate)
    let why =
      "\(shown) of \(part.rawValue), by \(blocks.later.count) and \(blocks.earlier.count) blocks of \(blocks.length) s"
    func verdict(_ verdict: Verdict, _ reason: String, _ remedy: String? = nil) -> Result {
      compared(
        verdict, reason, observed: shown, low: shift.interval.map { margin.text($0.lowerBound) },
        high: shift.interval.map { margin.text($0.upperBound) }, sample: sample, remedy: remedy, basis: basis)
    }
    guard let interval = shift.interval else {
      return verdict(.inconclusive, why + ": too few to bound it", "phases twice as long")
    }
    if let after, let pair = BlockPair(after, earlier, statistic, mayBeAlike: true),
      margin.drifts(pair.later, pair.earlier)
    {
      return verdict(
        .inconclusive, "DRIFT: what came after the changes differs from \(part.rawValue) by more than the margin, too",
        "run again: the system, or the way there, changed meanwhile")
    }
    if interval.upperBound < margin.limit { return verdict(.pass, why) }
    if interval.lowerBound > margin.limit { return verdict(.fail, why) }
    let half = (interval.upperBound - interval.lowerBound) / 2
    let distance = abs(margin.limit - shift.estimate)
    return verdict(
      .inconclusive, why + ": the margin lies within its bounds",
      half.isFinite && distance > 0
        ? Self.longer(min(1e4, max(1.5, half * half / (distance * distance))), later)
        : "nothing soon: it is as near to the margin as can be")
  }

  // MARK: Failures

  private func compareFailures(
    _ later: VoteSlice, _ earlier: VoteSlice, _ after: VoteSlice?, _ factor: Double, _ plus: Double, _ part: Part
  ) -> Result {
    let (one, two) = (ClusteredRate(later.seconds.map(\.block)), ClusteredRate(earlier.seconds.map(\.block)))
    guard later.seconds.count >= 4, earlier.seconds.count >= 4 else {
      return compared(
        .inconclusive, "TOO_FEW_BLOCKS: both phases need four seconds", sample: later.votes + earlier.votes,
        remedy: "longer phases")
    }
    if later.unsent + earlier.unsent + later.besideControl + earlier.besideControl > 0 {
      return compared(
        .inconclusive, "votes were not sent by the generator itself, or failed while the control target did",
        sample: later.votes + earlier.votes, remedy: "run again on a machine, and a way there, that are sound")
    }
    guard let difference = ClusteredRate.difference(one, minus: two, times: factor, alpha: Self.alpha) else {
      return compared(.inconclusive, "no vote was due in one of the two", remedy: "longer phases")
    }
    let (low, high) = (difference.bounds.lowerBound, difference.bounds.upperBound)
    let shown = Self.points(difference.estimate)
    let (lowText, highText) = (Self.points(low), Self.points(high))
    let reason =
      "\(later.failed) of \(later.votes) votes failed, \(earlier.failed) of \(earlier.votes) in \(part.rawValue)"
    let basis = Result.Basis(
      bad: later.failed, designEffect: one.designEffect, blocks: later.seconds.count + earlier.seconds.count,
      blockSeconds: 1, alpha: Self.alpha,
      probability: Self.probability(
        difference.estimate - plus, halfWidth: difference.estimate - low, degrees: difference.degrees))
    func verdict(_ verdict: Verdict, _ remedy: String? = nil) -> Result {
      compared(
        verdict, reason + (verdict == .inconclusive ? ": the margin lies within its bounds" : ""), observed: shown,
        low: lowText, high: highText, sample: later.votes + earlier.votes, remedy: remedy, basis: basis)
    }
    let allowed = plus + abs(factor - 1) * two.rate.failures / max(1, two.rate.attempts)
    if let after,
      let moved = ClusteredRate.difference(ClusteredRate(after.seconds.map(\.block)), minus: two, alpha: Self.alpha),
      moved.bounds.lowerBound > allowed || moved.bounds.upperBound < -allowed
    {
      return compared(
        .inconclusive, "DRIFT: what came after the changes differs from \(part.rawValue) by more than the margin, too",
        observed: shown, low: lowText, high: highText, sample: later.votes + earlier.votes,
        remedy: "run again: the system, or the way there, changed meanwhile", basis: basis)
    }
    if high < plus { return verdict(.pass) }
    if low > plus { return verdict(.fail) }
    let (half, distance) = ((high - low) / 2, abs(plus - difference.estimate))
    return verdict(
      .inconclusive,
      distance > 0
        ? Self.longer(min(1e4, max(1.5, half * half / (distance * distance))), later)
        : "a margin, such as + 0.1%: no finite run shows that two shares are the same")
  }

  /// How likely so much more, or more than that, would be if the margin were just met.
  private static func probability(_ excess: Double, halfWidth: Double, degrees: Double) -> Double {
    guard halfWidth > 0 else { return excess > 0 ? 0 : 1 }
    return Quantiles.studentTail(excess / halfWidth * Quantiles.student(1 - alpha, degrees: degrees), degrees: degrees)
  }

  /// A difference of shares, in percentage points.
  private static func points(_ difference: Double) -> String {
    (difference < 0 ? "-" : "+") + percent(abs(difference))
  }
}

/// The margin of a comparison of times: a factor alone is judged by logarithms, whatever else by differences.
private struct TimeMargin {
  let factor: Double
  let plus: Double

  /// On the scale of `shift`: as much worse is allowed.
  var limit: Double { plus == 0 ? log(factor) : plus }

  func shift(_ later: [Double], _ earlier: [Double]) -> Shift {
    Shift(later.map(scaled), minus: earlier.map(reference), alpha: 2 * Objective.alpha)
  }

  /// How likely so much worse would be if it were just as bad as allowed.
  func probability(_ later: [Double], _ earlier: [Double]) -> Double {
    RankSum.probability(later.map { scaled($0) - limit }, above: earlier.map(reference))
  }

  /// True when what came after is surely off by more than the margin, in either direction.
  func drifts(_ after: [Double], _ earlier: [Double]) -> Bool {
    var (same, allowed) = (self, abs(limit))
    if plus != 0 {
      same = TimeMargin(factor: 1, plus: plus)
      allowed = abs((factor - 1) * earlier.sorted()[earlier.count / 2] + plus)
    }
    guard let moved = same.shift(after, earlier).interval else { return false }
    return moved.lowerBound > allowed || moved.upperBound < -allowed
  }

  func text(_ shift: Double) -> String {
    guard shift.isFinite else { return shift < 0 ? "less by any amount" : "more by any amount" }
    if plus == 0 { return "\(decimal(exp(shift), 2)) times that" }
    return (shift < 0 ? "-" : "+") + Objective.time(abs(shift)) + " against \(decimal(factor, 2)) times that"
  }

  private func scaled(_ value: Double) -> Double { plus == 0 ? log(value) : value }
  private func reference(_ value: Double) -> Double { plus == 0 ? log(value) : factor * value }
}

/// The same figure of blocks of two phases, all of one length.
private struct BlockPair {
  let later: [Double]
  let earlier: [Double]
  let length: Int

  /// Nil where there are fewer than four of one, or neighbours are alike however long the blocks are.
  ///
  /// With `mayBeAlike` their likeness is put up with: where the two are searched for what speaks against a comparison.
  init?(_ one: VoteSlice, _ two: VoteSlice, _ statistic: Objective.Statistic, mayBeAlike: Bool = false) {
    var length = Self.firstLength(one, two, statistic)
    while one.seconds.count / length >= 4, two.seconds.count / length >= 4 {
      // A block has no figure only where the generator was late all the time.
      let later = one.blocks(of: length).compactMap { TimeFigures($0, statistic).value }.map(Self.finite)
      let earlier = two.blocks(of: length).compactMap { TimeFigures($0, statistic).value }.map(Self.finite)
      guard later.count >= 4, earlier.count >= 4 else { return nil }
      if mayBeAlike || max(Autocorrelation.lagOne(later), Autocorrelation.lagOne(earlier)) <= 0.2 {
        (self.later, self.earlier, self.length) = (later, earlier, length)
        return
      }
      guard min(later.count, earlier.count) >= 12 else { return nil }
      length *= 2
    }
    return nil
  }

  /// A block in which the figure is a failed vote is worse than all others.
  private static func finite(_ value: Double) -> Double { min(max(value, 1), 1e13) }

  /// Five seconds, or as long as a block must be to have such a percentile; no more than some two hundred of them.
  private static func firstLength(_ one: VoteSlice, _ two: VoteSlice, _ statistic: Objective.Statistic) -> Int {
    var votes = 1.0
    if case .percentile(let percentile) = statistic { votes = 2 / TimeFigures.rest(percentile) }
    let rate = min(Double(one.votes) / max(one.length, 1), Double(two.votes) / max(two.length, 1))
    let longest = max(one.seconds.count, two.seconds.count)
    return max(5, longest / 200, Int((votes / max(rate, 1e-3)).rounded(.up)))
  }

  static func secondsNeeded(_ one: VoteSlice, _ two: VoteSlice, _ statistic: Objective.Statistic) -> Int {
    4 * firstLength(one, two, statistic)
  }
}
