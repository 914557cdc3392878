internal import Glibc

/// Whether one figure of a phase is worse in the candidate than in the reference, no worse, or nobody can say.
///
/// Worse needs a lower bound above the margin (of failures: above nothing), no worse an upper bound below it. Nothing
/// seen is neither. Source: SLO statistics, sections 4 and 5.
package struct RunComparison: Sendable, Hashable {
  /// What it came to.
  package enum Answer: String, Sendable, Hashable, Codable, CaseIterable {
    /// Surely worse by more than the margin; of failures: surely more.
    case worse
    /// Surely not worse by as much as the margin.
    case noWorse = "no-worse"
    /// The data do not suffice to say either.
    case inconclusive
  }

  /// What is compared.
  package enum Metric: Sendable, Hashable {
    /// The share of failed votes, by their difference.
    case failures
    /// A percentile of response times, the one that so many of 100 000 do not exceed, by the ratio of blocks.
    case responseTime(Int)

    /// All that are compared in each phase.
    package static let all: [Metric] = [.failures, .responseTime(50_000), .responseTime(90_000), .responseTime(99_000)]

    /// For people and files: `failed`, `p99`.
    package var name: String {
      switch self {
      case .failures: "failed"
      case .responseTime(let percentile): "p\(percentile / 1000)"
      }
    }
  }

  /// A difference of shares of failed votes, or a ratio of times, with its bounds.
  package struct Estimate: Sendable, Hashable {
    /// As seen.
    package var value: Double
    /// The least that it may be, with an error of `Objective.alpha`.
    package var low: Double
    /// The most that it may be, likewise.
    package var high: Double
  }

  /// Blocks of time that were compared.
  package struct Blocks: Sendable, Hashable {
    /// Those of the reference.
    package var reference: Int
    /// Those of the candidate.
    package var candidate: Int
    /// How long each is, in seconds.
    package var seconds: Int
  }

  /// By how much the candidate may be worse.
  package struct Margins: Sendable, Hashable {
    /// Of times: the share by which they may be longer, 0.1 for 10 %.
    package var times: Double
    /// Of failures: the difference of shares that "no worse" leaves open, 0.001 for 0.1 points.
    ///
    /// No finite run shows that two shares are the same. Any sure increase is worse all the same.
    package var failures: Double

    /// Margins, both above 0.
    package init(times: Double = 0.1, failures: Double = 0.001) {
      self.times = times
      self.failures = failures
    }
  }

  /// In which phase.
  package let phase: Phase
  /// What of it.
  package let metric: Metric
  /// What it came to.
  package private(set) var answer = Answer.inconclusive
  /// The difference with its bounds; nil where there is none.
  package private(set) var estimate: Estimate?
  /// What was compared; nil where nothing was.
  package private(set) var blocks: Blocks?
  /// How many times as much failures vary from second to second as independent ones would: the greater of the two.
  package private(set) var designEffect = 1.0
  /// How likely so much more would be if it were just as much as is allowed; nil where nothing could be reckoned.
  package private(set) var probability: Double?
  /// The same after Holm, over all comparisons of the two runs; nil likewise.
  package private(set) var adjusted: Double?
  /// Why nobody can say; nil where it is decided.
  package private(set) var reason: String?
  /// What would decide it; nil likewise.
  package private(set) var remedy: String?

  /// All comparisons of `phases`, which both runs have.
  ///
  /// What is called worse is so by Holm's rule: the chance that any of them is by chance alone is `Objective.alpha`.
  /// What is called no worse has to be so for each of them, which needs no such rule. Source: section 8.
  static func all(
    _ candidate: Objective.Evidence, against reference: Objective.Evidence, in phases: [Phase], _ margins: Margins
  ) -> [RunComparison] {
    let keepsSchedule = candidate.keepsSchedule && reference.keepsSchedule
    var all = phases.flatMap { phase -> [RunComparison] in
      guard let part = Objective.Part(rawValue: phase.rawValue) else { return [] }
      let later = VoteSlice(candidate, part, time: .response)
      let earlier = VoteSlice(reference, part, time: .response)
      return Metric.all.map { metric in
        var comparison = RunComparison(phase: phase, metric: metric)
        switch metric {
        case .failures: comparison.compareFailures(later, earlier, margin: margins.failures)
        case .responseTime(let percentile):
          comparison.compareTimes(
            later, earlier, .percentile(percentile), TimeMargin(factor: 1 + margins.times, plus: 0),
            keepsSchedule: keepsSchedule)
        }
        return comparison
      }
    }
    let places = all.indices.filter { all[$0].probability != nil }
    let raw = places.map { all[$0].probability ?? 1 }
    for (place, adjusted) in zip(places, MultipleTests.holm(raw)) { all[place].adjust(adjusted, among: places.count) }
    return all
  }

  private init(phase: Phase, metric: Metric) {
    self.phase = phase
    self.metric = metric
  }

  private mutating func adjust(_ adjusted: Double, among count: Int) {
    self.adjusted = adjusted
    guard answer == .worse, adjusted > Objective.alpha else { return }
    decide(
      .inconclusive,
      "it looks worse, but one of \(count) comparisons does so by chance in \(Objective.percent(adjusted)) of such pairs",
      "longer phases, or fewer of them compared")
  }

  private mutating func decide(_ answer: Answer, _ reason: String? = nil, _ remedy: String? = nil) {
    (self.answer, self.reason, self.remedy) = (answer, reason, remedy)
  }

  // MARK: Failures

  /// Where failures come in bursts by the variance of seconds, else exactly.
  private mutating func compareFailures(_ later: VoteSlice, _ earlier: VoteSlice, margin: Double) {
    let alone = later.unsent + earlier.unsent + later.besideControl + earlier.besideControl
    guard alone == 0 else {
      return decide(
        .inconclusive, "votes were not sent by the generator itself, or failed while the control target did",
        "both runs again on a machine, and a way there, that are sound")
    }
    let (one, two) = (ClusteredRate(later.seconds.map(\.block)), ClusteredRate(earlier.seconds.map(\.block)))
    guard later.seconds.count >= 4, earlier.seconds.count >= 4,
      let difference = Self.difference(one, two, later, earlier)
    else {
      return decide(
        .inconclusive, "TOO_FEW_BLOCKS: both need four seconds with votes", "phases of 4 s or more, of both")
    }
    designEffect = max(one.designEffect, two.designEffect)
    blocks = Blocks(reference: earlier.seconds.count, candidate: later.seconds.count, seconds: 1)
    probability = difference.probability
    let (value, bounds) = (difference.estimate, difference.bounds)
    estimate = Estimate(value: value, low: bounds.lowerBound, high: bounds.upperBound)
    if bounds.lowerBound > 0, difference.probability <= Objective.alpha { return decide(.worse) }
    if bounds.upperBound < margin { return decide(.noWorse) }
    // Either would decide: to leave out what is nearer takes longer, so the other is what to wait for.
    let farther = value > 0 && value > margin - value ? 0 : margin
    let remedy =
      later.failed + earlier.failed == 0
      ? Objective.longer(max(1.1, bounds.upperBound / margin * 1.05), later)
      : Objective.longer(toTell: value, within: bounds, from: farther, later)
    decide(
      .inconclusive, "\(later.failed) of \(later.votes) votes failed, and \(earlier.failed) of \(earlier.votes)",
      remedy.map { $0 + ", of both" })
  }

  private static func difference(
    _ one: ClusteredRate, _ two: ClusteredRate, _ later: VoteSlice, _ earlier: VoteSlice
  ) -> (estimate: Double, bounds: ClosedRange<Double>, probability: Double)? {
    guard let clustered = ClusteredRate.difference(one, minus: two, alpha: Objective.alpha) else { return nil }
    let independent = RateDifference.newcombe(one.rate, minus: two.rate, alpha: Objective.alpha)
    let exact = Fisher.above(later.failed, of: later.votes, against: earlier.failed, of: earlier.votes)
    if max(one.designEffect, two.designEffect) <= 1 { return (independent.estimate, independent.bounds, exact) }
    // Few failures, of which each has a second for itself, seem to vary less than they can: then the exact test counts.
    let probability = ClusteredRate.probability(
      of: clustered.estimate, halfWidth: clustered.estimate - clustered.bounds.lowerBound, degrees: clustered.degrees,
      alpha: Objective.alpha)
    return (clustered.estimate, clustered.bounds, max(probability, exact))
  }

  // MARK: Times

  private mutating func compareTimes(
    _ later: VoteSlice, _ earlier: VoteSlice, _ statistic: Objective.Statistic, _ margin: TimeMargin,
    keepsSchedule: Bool
  ) {
    if let late = later.lateness(keepsSchedule: keepsSchedule) ?? earlier.lateness(keepsSchedule: keepsSchedule) {
      return decide(.inconclusive, late.why, late.remedy)
    }
    guard later.besideControl + earlier.besideControl == 0 else {
      return decide(
        .inconclusive, "votes failed while the control target did", "both runs again when the way there is sound")
    }
    guard let pair = BlockPair(later, earlier, statistic, from: 1) else {
      let shortage = BlockPair.shortage(later, earlier, statistic, from: 1)
      return decide(
        .inconclusive,
        "TOO_FEW_BLOCKS: "
          + (shortage.isShort ? "too short for four blocks of each" : "neighbouring blocks are too much alike"),
        "phases of \(shortage.seconds) s or more, of both")
    }
    blocks = Blocks(reference: pair.earlier.count, candidate: pair.later.count, seconds: pair.length)
    probability = margin.probability(pair.later, pair.earlier)
    let shift = margin.shift(pair.later, pair.earlier)
    guard let interval = shift.interval else {
      return decide(.inconclusive, "too few blocks to bound it", "phases twice as long, of both")
    }
    estimate = Estimate(value: exp(shift.estimate), low: exp(interval.lowerBound), high: exp(interval.upperBound))
    if interval.lowerBound > margin.limit { return decide(.worse) }
    if interval.upperBound < margin.limit { return decide(.noWorse) }
    decide(
      .inconclusive, "the margin lies within its bounds",
      Objective.longer(toTell: shift.estimate, within: interval, from: margin.limit, later).map { $0 + ", of both" }
        ?? "nothing soon: it is as near to the margin as can be")
  }
}
