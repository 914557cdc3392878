/// Objectives on how far the tally is behind.
extension Objective {
  /// From above for a pass, from below for a fail: what a poll shows is not known to the moment.
  ///
  /// A percentile is one of this run's polls where something changed, and of a sample else.
  func judgeFreshness(_ statistic: Statistic, _ evidence: Evidence) -> Result {
    let consistency = evidence.consistency
    func figure(_ freshness: ConsistencyReport.Freshness?) -> Double? {
      freshness.map { freshness in
        switch statistic {
        case .percentile(50_000): freshness.p50 * 1e6
        case .percentile: freshness.p99 * 1e6
        case .mean, .max: freshness.max * 1e6
        }
      }
    }
    guard let most = figure(consistency.freshness) else {
      return result(
        .inconclusive, unknown(consistency) ?? "no poll shows how far the tally is behind",
        remedy: remedy(consistency, else: "more polls: a shorter --poll-interval"))
    }
    let least = figure(consistency.freshnessAtLeast) ?? 0
    let unknown = unknown(consistency)
    let text = "the oldest vote not visible yet was \(Self.time(least)) to \(Self.time(most)) old"
    func verdict(
      _ verdict: Verdict, _ reason: String, _ remedy: String?, _ basis: Result.Basis? = nil
    ) -> Result {
      result(
        verdict, verdict == .inconclusive ? unknown ?? reason : reason, observed: Self.time(most),
        low: Self.time(least), high: Self.time(most), sample: consistency.freshness?.count ?? 0,
        remedy: self.remedy(consistency, else: remedy), evidence: basis == nil ? .census : .sample, basis: basis)
    }
    if case .percentile(let percentile) = statistic, !isCensus(duringRollout: evidence.isDuringRollout) {
      let sample = FreshnessSample(consistency, beyond: { !isMet($0, limit: limit) }, TimeFigures.rest(percentile))
      let judged = unknown != nil && sample.verdict == .pass ? .inconclusive : sample.verdict
      return verdict(judged, text + sample.text, sample.remedy ?? closer(consistency), sample.basis)
    }
    let judged: Verdict =
      !isMet(least, limit: limit) ? .fail : isMet(most, limit: limit) && unknown == nil ? .pass : .inconclusive
    return verdict(judged, text, closer(consistency))
  }

  /// What brings the two bounds of an age closer together.
  private func closer(_ consistency: ConsistencyReport) -> String {
    consistency.isExact || consistency.indeterminate == 0
      ? "a shorter --poll-interval"
      : Self.exportRemedy + ", since \(consistency.indeterminate) indeterminate votes may be visible or not"
  }
}

/// The ages that polls show, taken as a sample of those that other polls would have shown.
///
/// Each age is known between two bounds: a pass counts by the upper ones, a fail by the lower ones. Polls are taken as
/// independent. Source: SLO statistics, sections 2 and 3.3.
struct FreshnessSample {
  let verdict: Verdict
  /// What is to be said beside the figure.
  let text: String
  /// What would decide; nil where more polls would not.
  let remedy: String?
  let basis: Objective.Result.Basis

  /// Whether at most a share of `rest` is beyond the bound.
  init(_ consistency: ConsistencyReport, beyond isBeyond: (Double) -> Bool, _ rest: Double) {
    let ages = consistency.polls.compactMap(\.age)
    func rate(_ edge: (ClosedRange<Duration>) -> Duration) -> FailureRate {
      FailureRate(
        failures: Double(ages.count { isBeyond(Double(edge($0).nanoseconds)) }), attempts: Double(ages.count))
    }
    let (most, least) = (rate(\.upperBound), rate(\.lowerBound))
    let alpha = Objective.alpha
    verdict =
      least.verdict(atMost: rest, alpha: alpha) == .fail
      ? .fail : most.verdict(atMost: rest, alpha: alpha) == .pass ? .pass : .inconclusive
    basis = Objective.Result.Basis(bad: Int(most.failures), alpha: alpha, probability: least.tailAbove(rest))
    let needed = FailureRate.attemptsWithoutFailure(atMost: rest, alpha: alpha)
    let isFew = ages.count < needed && verdict == .inconclusive
    text =
      isFew
      ? ", but \(ages.count) polls that do not show every vote are too few to bound this percentile: \(needed) are needed"
      : ", \(Int(most.failures)) of \(ages.count) polls perhaps beyond the bound"
    let factor =
      isFew ? Double(needed) / Double(max(1, ages.count)) : most.factorNeeded(atMost: rest, alpha: alpha)
    // Where the bounds of an age lie on both sides, more polls of the kind do not help.
    let isWide = !isFew && most.verdict(atMost: rest, alpha: alpha) == .fail
    remedy = isWide ? nil : factor.map { Self.remedy($0, consistency.polls) }
  }

  /// How often to poll for so many times the polls.
  private static func remedy(_ factor: Double, _ polls: [ConsistencyReport.Poll]) -> String {
    let moments = polls.map(\.received)
    let span = (moments.max() ?? .init(nanoseconds: 0)) - (moments.min() ?? .init(nanoseconds: 0))
    let interval = (span.milliseconds / Double(max(1, polls.count - 1)) / factor).rounded(.down)
    let longer = "a run \(decimal((factor * 10).rounded(.up) / 10, 1)) times as long"
    return interval < 1 ? longer : "--poll-interval \(decimal(interval, 0))ms, or \(longer)"
  }
}
