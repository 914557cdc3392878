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
  /// p99 of freshness, ms.
  package var freshnessMs: Double?
  /// p50 of response times before the rollout, ms.
  package var baselineMs: Double?
  /// p50 of response times after it, ms.
  package var settledMs: Double?
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
    freshnessMs = report.material.consistency.freshness?.p99
    (baselineMs, settledMs) = (times(.baseline)?.p50, times(.settle)?.p50)
    pulledImages = record.notes.contains { $0.what == "Pulling" }
  }

  /// True when the system answered afterwards as it did before: the medians are within 5 %, or half a millisecond.
  ///
  /// Source: SLO statistics, section 6.1. Also true where there was nothing to hold against each other.
  package var isSettled: Bool {
    guard let baselineMs, let settledMs else { return true }
    return settledMs - baselineMs <= max(0.05 * baselineMs, 0.5)
  }
}
