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
    if let unlike = unlike(part, evidence) { return unlike }
    let result = judge(stream, against: reference, of: part, TimeMargin(factor: factor, plus: plus), evidence)
    // Users of a closed loop ask less while they wait: what was not asked cannot have gone wrong.
    let rates = [stream.slice, reference].map { Double($0.votes) / max($0.length, 0.001) }
    guard evidence.ledger.schedule.isClosed, result.verdict == .pass, rates[0] < 0.95 * rates[1] else { return result }
    return unlike(part, rates)
  }

  /// Where the votes were not due as often in both phases: what differs may be the load's doing.
  ///
  /// Source: SLO statistics, section 5.4.
  private func unlike(_ part: Part, _ evidence: Evidence) -> Result? {
    guard let one = evidence.meanRate(scope.part), let other = evidence.meanRate(part),
      max(one, other) > 1.05 * min(one, other)
    else { return nil }
    return unlike(part, [one, other])
  }

  private func unlike(_ part: Part, _ rates: [Double]) -> Result {
    compared(
      .inconclusive,
      "LOAD: \(scope.part.rawValue) had \(decimal(rates[0], 1))/s and \(part.rawValue) \(decimal(rates[1], 1))/s: what "
        + "differs may be the load's doing", remedy: "the same rate in both phases, as --rate has it")
  }

  private func judge(
    _ stream: Stream, against reference: VoteSlice, of part: Part, _ margin: TimeMargin, _ evidence: Evidence
  ) -> Result {
    let after = after(evidence, like: stream.name, against: part)
    guard case .time(let time, let statistic) = metric else {
      return compareFailures(stream.slice, reference, after, margin.factor, margin.plus, part)
    }
    if let late = late(stream.slice, time, evidence) ?? late(reference, time, evidence) {
      return compared(.inconclusive, late.why, remedy: late.remedy)
    }
    let beside = stream.slice.besideControl + reference.besideControl
    if beside > 0 {
      let best = compareTimes(stream.slice.best, reference.worst, after, statistic, margin, part)
      if best.verdict == .fail { return best }
      return compared(
        .inconclusive, "\(beside) votes failed while the control target did",
        remedy: "run again when the way there is sound")
    }
    return compareTimes(stream.slice, reference, after, statistic, margin, part)
  }

  private func compared(
    _ verdict: Verdict, _ reason: String, observed: String? = nil, low: String? = nil, high: String? = nil,
    sample: Int = 0, remedy: String? = nil, basis: Result.Basis? = nil
  ) -> Result {
    result(
      verdict, reason, observed: observed, low: low, high: high, sample: sample, remedy: remedy, evidence: .comparison,
      basis: basis)
  }

  /// The phase after all changes, which ought to be as the one before them; nil where there is none, or where the phase
  /// that is compared with is not the one before.
  private func after(_ evidence: Evidence, like name: String, against part: Part) -> VoteSlice? {
    guard part == .baseline, scope.part != .recovered else { return nil }
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
        remedy: "phases of \(BlockPair.shortage(later, earlier, statistic).seconds) s or more, or a higher rate")
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
    return verdict(
      .inconclusive, why + ": the margin lies within its bounds",
      Self.longer(toTell: shift.estimate, within: interval, from: margin.limit, later)
        ?? "nothing soon: it is as near to the margin as can be")
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
      // What is worse however all of these came out is worse.
      let best = compareFailures(later.best, earlier.worst, after, factor, plus, part)
      if best.verdict == .fail { return best }
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
      probability: ClusteredRate.probability(
        of: difference.estimate - plus, halfWidth: difference.estimate - low, degrees: difference.degrees,
        alpha: Self.alpha))
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
    return verdict(
      .inconclusive,
      Self.longer(toTell: difference.estimate, within: difference.bounds, from: plus, later)
        ?? "a margin, such as + 0.1%: no finite run shows that two shares are the same")
  }

  /// How much longer a phase has to be for its bounds to leave the limit out; nil where none is long enough.
  static func longer(
    toTell estimate: Double, within bounds: ClosedRange<Double>, from limit: Double, _ slice: VoteSlice
  ) -> String? {
    let (half, distance) = ((bounds.upperBound - bounds.lowerBound) / 2, abs(limit - estimate))
    guard half.isFinite, distance > 0 else { return nil }
    return longer(min(1e4, max(1.5, half * half / (distance * distance))), slice)
  }

  /// A difference of shares, in percentage points.
  static func points(_ difference: Double) -> String {
    (difference < 0 ? "-" : "+") + percent(abs(difference))
  }
}
