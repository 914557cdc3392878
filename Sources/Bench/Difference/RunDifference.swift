/// Two finished runs side by side, and whether the second, the candidate B, is worse than the first, the reference A.
///
/// Fails where something is surely worse by more than the margin, is inconclusive where the data do not suffice to say
/// that nothing is, and passes else. Two runs are of two times: what else changed between them is in the difference,
/// too, and no test can tell it from what was meant to change.
package struct RunDifference: Sendable {
  /// Runs that cannot be compared.
  package struct Refusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// What differs that must not.
    package enum Code: String, Sendable, Hashable {
      case schedule, http, lane, phases
    }

    /// One thing that differs.
    package struct Reason: Sendable, Hashable {
      /// What.
      package let code: Code
      /// How, for people.
      package let text: String
    }

    /// At least one.
    package let reasons: [Reason]

    /// For people: what differs, and what to do.
    package var description: String {
      "these runs cannot be compared, since they differ in " + reasons.map(\.text).joined(separator: "; ")
        + ". Run one of them again as the other was run: its profile.yaml repeats it"
    }
  }

  /// The figures of one run in a phase.
  package struct Side: Sendable, Hashable {
    /// How long the phase was, in seconds.
    package var seconds: Double
    /// Its votes.
    package var votes: PhaseFigures.Votes
    /// Its response times in milliseconds; nil where none was sent.
    package var response: Distribution.Summary?
    /// Its longest outage; nil without one.
    package var outage: Outage?
  }

  /// A phase of both runs, or of one.
  package struct PhasePair: Sendable, Hashable {
    /// A phase, or `total`.
    package var name: String
    /// The reference's; nil where it has none.
    package var reference: Side?
    /// The candidate's; nil likewise.
    package var candidate: Side?
  }

  /// The runs, the reference first.
  package let reference: RunReport
  /// The run that is judged.
  package let candidate: RunReport
  /// By how much it may be worse.
  package let margins: RunComparison.Margins
  /// Every counted phase of either, and `total`.
  package let phases: [PhasePair]
  /// Every figure of every phase that both have.
  package let comparisons: [RunComparison]
  /// Every objective of either.
  package let objectives: [ObjectivePair]
  /// What became of accepted votes in both.
  package let counts: [CountPair]
  /// The response times of the phases that both have, and of `total`.
  package let curves: [PercentileCurve]
  /// What to know beside the figures, in sentences.
  package let notes: [String]
  /// Pass where B is no worse than A.
  package let verdict: Verdict

  /// Compares what both runs have, of `phases` only where they are named.
  package init(
    _ reference: RunReport, _ candidate: RunReport, margins: RunComparison.Margins = .init(),
    phases asked: Set<Phase>? = nil
  ) throws(Refusal) {
    let comparability = Comparability(reference, candidate, asked: asked)
    guard comparability.refusals.isEmpty else { throw Refusal(reasons: comparability.refusals) }
    (self.reference, self.candidate, self.margins) = (reference, candidate, margins)
    phases = Self.phases(reference, candidate)
    comparisons = RunComparison.all(
      candidate.evidence, against: reference.evidence, in: comparability.phases, margins)
    objectives = ObjectivePair.all(reference, candidate)
    counts = CountPair.all(reference.material.consistency, candidate.material.consistency)
    curves = Self.curves(reference, candidate, comparability.phases)
    notes = comparability.notes + Self.drift(comparisons, comparability.phases)
    let isWhole = ![reference, candidate].contains {
      $0.material.isInterrupted || $0.material.aborted != nil || $0.material.failure != nil
    }
    verdict =
      (comparisons.map(\.answer.verdict) + objectives.map(\.answer.verdict) + counts.map(\.answer.verdict)
      + [isWhole ? .pass : .inconclusive]).merged
  }

  /// Exit status: 0 where B is no worse, 1 where it is worse, 2 where nobody can say.
  package var exitCode: Int32 {
    switch verdict {
    case .pass: 0
    case .fail: 1
    case .inconclusive: 2
    }
  }

  /// What the verdict takes for granted, a line each.
  package var assumptions: [String] {
    [
      "the runs differ in nothing but what they are to be compared for: machine, data, neighbours and time of day that "
        + "changed between them are in the differences, too",
      "each run is one of its kind: repeat both, in turns, before a decision that matters",
      "each bound has an error of 5 %; what is called worse is so for all \(comparisons.count) comparisons together (Holm), "
        + "and of objectives and lost votes without any rule of chance",
    ]
  }

  // MARK: Side by side

  private static func phases(_ reference: RunReport, _ candidate: RunReport) -> [PhasePair] {
    let named = Phase.allCases.filter(\.isCounted).compactMap { phase -> PhasePair? in
      let pair = PhasePair(
        name: phase.rawValue, reference: side(reference) { $0 == phase }, candidate: side(candidate) { $0 == phase })
      return pair.reference == nil && pair.candidate == nil ? nil : pair
    }
    return named + [
      PhasePair(name: "total", reference: side(reference, \.isCounted), candidate: side(candidate, \.isCounted))
    ]
  }

  private static func side(_ report: RunReport, _ isPart: (Phase) -> Bool) -> Side? {
    let parts = report.phases.filter { isPart($0.phase) }
    guard !parts.isEmpty else { return nil }
    var figures = PhaseFigures()
    for part in parts { figures.add(part.figures) }
    return Side(
      seconds: parts.reduce(0) { $0 + $1.duration.seconds }, votes: figures.votes,
      response: figures.responseTime.milliseconds, outage: figures.outages.max { $0.lower < $1.lower })
  }

  private static func curves(
    _ reference: RunReport, _ candidate: RunReport, _ phases: [Phase]
  ) -> [PercentileCurve] {
    func times(_ report: RunReport, _ phase: Phase) -> Distribution {
      report.phases.first { $0.phase == phase }?.figures.responseTime ?? Distribution()
    }
    return phases.compactMap { PercentileCurve($0.rawValue, times(reference, $0), times(candidate, $0)) }
      + [PercentileCurve("total", reference.total.responseTime, candidate.total.responseTime)].compactMap(\.self)
  }

  /// What differs before anything was changed is not the change's doing.
  private static func drift(_ comparisons: [RunComparison], _ phases: [Phase]) -> [String] {
    let before = comparisons.filter { $0.phase == .baseline && $0.answer == .worse }.map(\.metric.name)
    guard phases.count > 1, !before.isEmpty else { return [] }
    return [
      "B is worse in the baseline already (\(before.joined(separator: ", "))): what is worse later need not be the "
        + "change's doing"
    ]
  }
}

extension RunComparison.Answer {
  /// What it means for a gate.
  package var verdict: Verdict {
    switch self {
    case .worse: .fail
    case .noWorse: .pass
    case .inconclusive: .inconclusive
    }
  }
}
