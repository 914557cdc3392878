/// One bound to meet, as somebody wrote it: which votes, what of them, and how much of it is allowed.
///
///     [SCOPE:] METRIC[.STATISTIC] COMPARISON VALUE[UNIT] [* PHASE: METRIC.STATISTIC] [(inferred)]
///
///     error-rate <= 0.1%        rollout: p99 < 250ms           every 10s change: p99 < 300ms
///     votes.lost == 0           fresh: errors == 0             rollout: p99 <= 1.5 * baseline: p99
///
/// A scope is a phase and, in any order, what narrows it: `kept` or `fresh`, `each pod`, `each version`, `pod NAME`,
/// `version NAME`, `every 10s`. Without a phase it is `total`.
package struct Objective: Sendable, Hashable {
  /// The votes of a phase, or of several together.
  package enum Part: String, Sendable, Hashable, CaseIterable {
    case baseline, rollout, settle, rollback, recovered
    /// Rollout, settle, rollback and recovered together.
    case change
    /// Baseline to recovered.
    case total

    /// The phases that it means.
    package func contains(_ phase: Phase) -> Bool {
      switch self {
      case .change: phase.isChange
      case .total: phase.isCounted
      default: phase.rawValue == rawValue
      }
    }
  }

  /// Votes on kept connections, or on connections of their own.
  package enum Cohort: String, Sendable, Hashable, CaseIterable {
    case kept, fresh
  }

  /// Votes by who answered them; those that nobody answered are nobody's.
  package enum Answering: Sendable, Hashable {
    /// Each pod that answered, by itself.
    case eachPod
    /// Each version that answered, by itself.
    case eachVersion
    /// The pod of this name.
    case pod(String)
    /// All pods of this version.
    case version(String)
  }

  /// Which votes.
  package struct Scope: Sendable, Hashable {
    /// The phases.
    package var part = Part.total
    /// Each named cohort by itself; none for all votes together.
    package var cohorts: [Cohort] = []
    /// Nil for whoever answered, or nobody.
    package var answering: Answering?
    /// The length in seconds of the windows that are judged one by one; nil for all of it at once.
    package var every: Int?

    /// The whole of it.
    package init(_ part: Part = .total) { self.part = part }
  }

  /// Which of the three times of a vote.
  package enum Time: String, Sendable, Hashable, CaseIterable {
    /// Completion - intended start.
    case response
    /// Completion - actual start.
    case service
    /// The generator's own lateness.
    case startLag = "start-lag"
  }

  /// A figure of many values.
  package enum Statistic: Sendable, Hashable {
    /// The value that so many of 100 000 do not exceed: 99 900 for p99.9.
    case percentile(Int)
    /// The arithmetic mean.
    case mean
    /// The largest.
    case max
  }

  /// Failed votes of which kind.
  package enum ErrorKind: Sendable, Hashable {
    /// All.
    case any
    /// Those of one name: `timeout`, `http-502`.
    case named(String)
    /// Those with a status of these hundreds: 5 for `http-5xx`.
    case statuses(Int)
  }

  /// What of the votes counted as a number, from summary.json's names.
  package enum VoteCount: String, Sendable, Hashable, CaseIterable {
    case lost, altered, duplicated, phantom, accepted, refused, indeterminate, dropped, resent
  }

  /// What of the changes.
  package enum Rollout: String, Sendable, Hashable, CaseIterable {
    /// How they ended.
    case outcome
    /// The longest of them, rollbacks apart.
    case duration
    /// Ready pods missing, times seconds, the most of one.
    case unavailable
    /// Pods beyond the wanted number, times seconds, the most of one.
    case surge
  }

  /// What is bounded.
  package enum Metric: Sendable, Hashable {
    /// The share of failed votes; `availability` is 1 - it.
    case errorRate(ErrorKind)
    /// The number of failed votes.
    case errors(ErrorKind)
    /// A figure of one of the three times.
    case time(Time, Statistic)
    /// The longest outage.
    case outageMaximum
    /// How many outages.
    case outageCount
    /// How old the oldest vote was that a poll did not show: p50, p99 or max.
    case freshness(Statistic)
    /// So many votes of a kind.
    case votes(VoteCount)
    /// A figure of the rollouts.
    case rollout(Rollout)
  }

  /// How the figure stands to the bound.
  package enum Comparison: String, Sendable, Hashable, CaseIterable {
    case below = "<"
    case atMost = "<="
    case equal = "=="
    case atLeast = ">="
    case above = ">"
  }

  /// The bound.
  package enum Bound: Sendable, Hashable {
    /// A number: of a share 0...1, of a time nanoseconds, else a count.
    case value(Double)
    /// So many times the same figure of another part, and so much more.
    case relative(factor: Double, part: Part, plus: Double)
    /// How rollouts end.
    case outcome(RolloutOutcome)
  }

  /// As written.
  package var expression: String
  /// Which votes.
  package var scope: Scope
  /// What of them.
  package var metric: Metric
  /// How it stands to the bound.
  package var comparison: Comparison
  /// The bound.
  package var bound: Bound
  /// True when the run is taken for a sample of what the system does, also where it would be a census.
  package var isInferred: Bool

  /// The objectives of a run for which none are given, in the language of objectives.
  package static func defaultExpressions(duringRollout: Bool) -> [String] {
    [
      "votes.lost == 0", "votes.altered == 0", duringRollout ? "change: error-rate == 0" : "error-rate == 0",
    ] + (duringRollout ? ["rollout.outcome == complete"] : [])
  }

  /// The same, read.
  package static func defaults(duringRollout: Bool) -> [Objective] {
    defaultExpressions(duringRollout: duringRollout).compactMap { try? Objective($0) }
  }

  /// True where the run itself is judged, each vote of it, and not what the system would do in the long run.
  ///
  /// That is every phase in which something changes. Source: SLO statistics, section 0.
  package func isCensus(duringRollout: Bool) -> Bool {
    if isInferred { return false }
    switch scope.part {
    case .rollout, .settle, .rollback, .change: return true
    case .total where duringRollout: return true
    case .baseline, .recovered, .total: break
    }
    switch (metric, bound) {
    case (.errorRate, .value(0)): return true
    case (.errorRate, _), (.time(_, .percentile), _), (.time(_, .mean), _): return scope.every != nil
    case (.freshness(.percentile), _): return false
    default: return true
    }
  }
}
