extension Objective {
  /// What an objective came to.
  package struct Result: Sendable, Hashable {
    /// What kind of statement it is.
    package enum Evidence: String, Sendable, Hashable, Codable {
      /// Of this run alone, every vote of it: no chance is involved.
      case census
      /// Of the system, from the run as a sample.
      case sample
      /// Of one phase against another, from blocks of time.
      case comparison
    }

    /// The figures behind a verdict that rests on votes.
    package struct Basis: Sendable, Hashable {
      /// Votes beyond the bound, or failed ones.
      package var bad: Int
      /// How many times as much they vary from block to block as independent votes would; 1 for a census.
      package var designEffect = 1.0
      /// Blocks of time that were compared; nil where none were.
      package var blocks: Int?
      /// How long a block is, in seconds.
      package var blockSeconds: Int?
      /// The error allowed on each side; nil for a census.
      package var alpha: Double?
      /// How likely the figures would be if the bound were just met: small is a violation; nil for a census.
      package var probability: Double?
    }

    /// The objective as written.
    package var expression: String
    /// The part of the run that it speaks of; nil for those that speak of the run.
    package var phase: String?
    /// The figure seen, nil when there is none.
    package var observed: String?
    /// The least that what is behind the figure may be, taken as a sample; nil when nobody can say.
    package var low: String?
    /// The most that it may be, likewise.
    package var high: String?
    /// How many votes, polls or rollouts stand behind it.
    package var sample: Int
    /// Pass, fail or inconclusive.
    package var verdict: Verdict
    /// Why, in a sentence.
    package var reason: String
    /// What would decide it; nil when it is decided.
    package var remedy: String?
    /// The number behind `observed`, in the bound's unit; nil when it is none.
    package var figure: Double?
    /// What kind of statement it is.
    package var evidence = Evidence.census
    /// The figures behind it; nil where votes are not what it rests on.
    package var basis: Basis?
  }

  /// The error allowed on each side of a verdict from a sample.
  package static let alpha = 0.05

  /// Judges objectives together.
  ///
  /// Where several are judged from samples, one may fail by chance: those fail by Holm's rule, which keeps the chance of
  /// a false fail at `alpha` for all of them together. Source: SLO statistics, section 8.
  package static func judge(_ objectives: [Objective], _ evidence: Evidence) -> [Result] {
    var results = objectives.map { $0.judge(evidence) }
    let places = results.indices.filter { results[$0].basis?.probability != nil }
    let raw = places.map { results[$0].basis?.probability ?? 1 }
    for (place, adjusted) in zip(places, MultipleTests.holm(raw))
    where results[place].verdict == .fail && adjusted > alpha {
      results[place].verdict = .inconclusive
      results[place].reason +=
        ", which would happen by chance among \(places.count) objectives in \(percent(adjusted)) of runs"
      results[place].remedy = "judge fewer objectives, or repeat the run"
    }
    return results
  }

  /// Judges the objective by itself.
  ///
  /// Nothing seen is never a pass.
  package func judge(_ evidence: Evidence) -> Result {
    switch metric {
    case .errorRate, .errors, .time: judgeVotes(evidence)
    case .outageMaximum, .outageCount: judgeOutages(evidence)
    case .freshness(let statistic): judgeFreshness(statistic, evidence)
    case .votes(.lost): judgeLost(evidence.consistency)
    case .votes(.altered): judgeAltered(evidence.consistency)
    case .votes(let count): judgeCount(count, evidence)
    case .rollout(.outcome): judgeOutcome(evidence.rollouts)
    case .rollout(let figure): judgeRollout(figure, evidence)
    }
  }

  // MARK: Results

  func result(
    _ verdict: Verdict, _ reason: String, observed: String? = nil, low: String? = nil, high: String? = nil,
    sample: Int = 0, remedy: String? = nil, figure: Double? = nil, evidence: Result.Evidence = .census,
    basis: Result.Basis? = nil
  ) -> Result {
    let speaksOfVotes =
      switch metric {
      case .errorRate, .errors, .time, .outageMaximum, .outageCount: true
      case .votes(let count): ![.lost, .altered, .duplicated, .phantom].contains(count)
      case .freshness, .rollout: false
      }
    return Result(
      expression: expression, phase: speaksOfVotes ? scope.part.rawValue : nil, observed: observed, low: low,
      high: high,
      sample: sample, verdict: verdict, reason: reason, remedy: verdict == .inconclusive ? remedy : nil,
      figure: figure, evidence: evidence, basis: basis)
  }

  /// One result of several of the same objective, each for votes of its own: the gravest, and the worst figure of those,
  /// with its name.
  func merged(_ results: [(name: String, result: Result)]) -> Result? {
    let verdict = results.map(\.result.verdict).merged
    let grave = results.filter { $0.result.verdict == verdict }
    // Of equals the first.
    let worst = grave.reversed().max { ($0.result.figure ?? 0) < ($1.result.figure ?? 0) }
    guard var decisive = worst else { return nil }
    if results.count > 1 || verdict != .pass {
      decisive.result.reason =
        verdict == .pass
        ? "each of \(results.count) meets it, the worst is \(decisive.name): \(decisive.result.reason)"
        : "\(decisive.name): \(decisive.result.reason)"
    }
    decisive.result.sample = results.reduce(0) { $0 + $1.result.sample }
    // As many tests as there are streams: the smallest probability times their number.
    let probabilities = results.compactMap(\.result.basis?.probability)
    if let least = probabilities.min() {
      decisive.result.basis?.probability = min(1, least * Double(probabilities.count))
    }
    return decisive.result
  }

  // MARK: Text

  /// A share to a thousandth of a percent; whatever is above 0 does not read as 0.
  static func percent(_ share: Double) -> String {
    let thousandths = (share * 1e5).rounded()
    return "\(max(thousandths, share > 0 ? 1 : 0) / 1e3)%"
  }

  /// A time of nanoseconds, to a hundredth of a millisecond below a second.
  static func time(_ nanoseconds: Double) -> String {
    guard nanoseconds.isFinite else { return "never" }
    return nanoseconds < 1e9 ? "\(decimal(nanoseconds / 1e6, 2)) ms" : "\(decimal(nanoseconds / 1e9, 2)) s"
  }

  /// The bound's number as the metric shows it.
  func text(_ value: Double) -> String {
    switch metric {
    case .errorRate: Self.percent(value)
    case .time, .outageMaximum, .freshness, .rollout(.duration): Self.time(value)
    case .rollout(.unavailable), .rollout(.surge): "\(decimal(value / 1e9, 1)) s"
    case .errors, .outageCount, .votes, .rollout(.outcome): decimal(value, 0)
    }
  }
}
