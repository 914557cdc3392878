/// What one rollout of a comparison came to: a line of rollouts.ndjson.
package struct RolloutFigures: Sendable, Hashable, Codable {
  /// Its number in the plan.
  package var number: Int
  /// Which repetition it belongs to.
  package var repetition: Int
  /// The place of its setting in the list.
  package var setting: Int
  /// From the first image to the second.
  package var isForward: Bool
  /// The folder of its run, within that of the comparison.
  package var folder: String
  /// When its run began, ISO 8601, UTC.
  package var startedAt: String
  /// The verdict of its run by the run's own objectives.
  package var verdict: Verdict
  /// How the rollout ended.
  package var outcome: RolloutOutcome
  /// Votes due from its beginning to the end of `settle`.
  package var dueVotes: Int
  /// Those of them that were not accepted, without those that the generator itself did not send.
  package var failedVotes: Int
  /// Votes that votebench itself did not send: what failed of them nobody knows; nil for none.
  package var unsentVotes: Int?
  /// The upper bound of the longest outage, ms; its lower one where it had not ended.
  package var longestOutageMs: Double
  /// p99 of the rollout less that of the baseline, ms; nil where the generator was late, or there are no votes.
  package var responseExcessMs: Double?
  /// Seconds; nil unless it completed.
  package var durationS: Double?
  /// Ready pods missing, times seconds; nil where nobody knows how many were wanted.
  package var unavailablePodSeconds: Double?
  /// Pods too many, times seconds.
  package var surgePodSeconds: Double?
  /// The most pods at a time.
  package var peakPods: Int?
  /// Accepted votes that were surely not counted.
  package var lostVotes: Int
  /// True when the votes were counted one by one, or the totals agree: else nobody knows of lost ones.
  package var knowsLost: Bool
  /// The codes of what else was proven against the counting of votes, as `DUPLICATE`; nil for nothing.
  package var inconsistencies: [String]?
  /// p99 of freshness, ms.
  package var freshnessMs: Double?
  /// p50 of response times before the rollout, ms.
  package var baselineMs: Double?
  /// The upper end of the 95 % interval of their p90, ms; nil where so few votes bound nothing.
  package var baselineP90HighMs: Double?
  /// p50 of response times after it, ms.
  package var settledMs: Double?
  /// p90 of response times after it, ms.
  package var settledP90Ms: Double?
  /// True when the system was waited for before this rollout, until it answered as before an earlier one; false when it
  /// never did; nil when there was nothing to wait for.
  package var beganSettled: Bool?
  /// True when the generator kept its schedule.
  package var keepsSchedule: Bool
  /// True when a node fetched an image meanwhile: that time is not the strategy's.
  package var pulledImages: Bool

  /// The figures of the run of `rollout` in `folder`; nil for a run in which nothing rolled.
  package init?(_ rollout: ComparisonPlan.Rollout, _ run: FinishedRun, folder: String) {
    let report = run.report
    guard let record = report.material.rollouts.first, let outcome = record.outcome else { return nil }
    func figures(_ phase: Phase) -> PhaseFigures? { report.phases.first { $0.phase == phase }?.figures }
    func times(_ phase: Phase) -> Distribution.Summary? { figures(phase)?.responseTime.milliseconds }
    (number, repetition, setting) = (rollout.number, rollout.repetition, rollout.setting)
    (isForward, self.folder, startedAt) = (rollout.isForward, folder, report.heading.startedAt)
    (verdict, self.outcome) = (report.verdict, outcome)
    dueVotes = report.change.votes.due
    failedVotes = report.change.votes.failed - report.change.droppedByGenerator
    unsentVotes = report.change.droppedByGenerator > 0 ? report.change.droppedByGenerator : nil
    longestOutageMs = report.change.outages.map { ($0.upper ?? $0.lower).milliseconds }.max() ?? 0
    keepsSchedule = report.keepsSchedule
    if report.keepsSchedule, let rollout = times(.rollout), let baseline = times(.baseline) {
      responseExcessMs = rollout.p99 - baseline.p99
    }
    if outcome == .complete { durationS = record.end.map { ($0 - record.start).seconds } }
    let pods = report.podSeconds(ofRolloutAt: 0)
    unavailablePodSeconds = pods?.unavailable.seconds
    surgePodSeconds = pods?.surge.seconds
    peakPods = pods?.peak
    lostVotes = report.material.consistency.lostMinimum
    knowsLost = report.material.consistency.verdict != .inconclusive
    // Lost votes have a number of their own.
    let proven = report.material.consistency.findings.map(\.code).filter { $0.verdict == .fail && $0 != .lost }
    inconsistencies = proven.isEmpty ? nil : Set(proven.map(\.rawValue)).sorted()
    freshnessMs = report.material.consistency.freshness?.p99
    (baselineMs, settledMs, settledP90Ms) = (times(.baseline)?.p50, times(.settle)?.p50, times(.settle)?.p90)
    baselineP90HighMs = figures(.baseline).flatMap { Self.highP90(of: $0.responseTime) }
    pulledImages = record.notes.contains { $0.what == "Pulling" }
  }

  private static func highP90(of times: Distribution) -> Double? {
    let count = times.milliseconds?.count ?? 0
    guard let rank = RankInterval(quantile: 0.9, of: count, alpha: 0.05).upper else { return nil }
    return times.milliseconds(at: [Double(rank) / Double(count) * 100]).first
  }

  /// True when the system answered after the rollout as it did before; false where nobody looked.
  package var isSettled: Bool { answersAsBefore(p50: settledMs, p90: settledP90Ms) }

  /// True when these response times, in ms, are those of before the rollout: at most 5 % more, or half a millisecond.
  ///
  /// Of the p90 it is 5 % above what that may have been by chance, so short a time as it was seen. Source: SLO statistics,
  /// section 6.1. Also true where there is nothing before to hold them against.
  package func answersAsBefore(p50: Double?, p90: Double?) -> Bool {
    func isWithin(_ now: Double?, _ before: Double?) -> Bool {
      guard let before else { return true }
      return now.map { $0 - before <= max(0.05 * before, 0.5) } ?? false
    }
    return isWithin(p50, baselineMs) && isWithin(p90, baselineP90HighMs)
  }
}
