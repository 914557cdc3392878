/// Everything that a finished run says, in one value: what summary.json and the terminal summary are written from.
package struct RunReport: Sendable {
  /// What a run leaves behind to be judged.
  package struct Material: Sendable {
    /// The outcome of every vote.
    package var ledger: Ledger
    /// When each phase began.
    package var edges: PhaseEdges
    /// When the run ended: the end of the last phase.
    package var end: MonotonicTime
    /// The rollout and, where there was one, the rollback.
    package var rollouts: [RolloutRecord]
    /// What the consistency check came to.
    package var consistency: ConsistencyReport
    /// Polls that gave no tally.
    package var failedPolls: Int
    /// The longest that the queue of due votes has been, in votes.
    package var backlogMaximum: Int
    /// Processor time of the engine's thread since the first vote was due.
    package var processorTime: Duration
    /// Names of the pods that answered, by number - 1.
    package var pods: [String]
    /// libcurl's own name and version; empty when the load never began.
    package var libcurl: String
    /// The most memory that the process has had resident, in 10^6 bytes; 0 when the kernel does not say.
    package var peakMemoryMegabytes: Double
    /// True when somebody ended the run early.
    package var isInterrupted: Bool

    /// The material; see the members.
    package init(
      ledger: Ledger, edges: PhaseEdges, end: MonotonicTime, rollouts: [RolloutRecord], consistency: ConsistencyReport,
      failedPolls: Int, backlogMaximum: Int, processorTime: Duration, pods: [String], libcurl: String,
      peakMemoryMegabytes: Double, isInterrupted: Bool
    ) {
      self.ledger = ledger
      self.edges = edges
      self.end = end
      self.rollouts = rollouts
      self.consistency = consistency
      self.failedPolls = failedPolls
      self.backlogMaximum = backlogMaximum
      self.processorTime = processorTime
      self.pods = pods
      self.libcurl = libcurl
      self.peakMemoryMegabytes = peakMemoryMegabytes
      self.isInterrupted = isInterrupted
    }
  }

  /// Who measured what, and when by the wall clock.
  package struct Heading: Sendable, Hashable {
    /// The system under test: `sandbox`, or the URL of the ingress.
    package var target: String
    /// Seed of the votes' choices.
    package var seed: UInt64
    /// UTC, ISO 8601.
    package var startedAt: String
    /// The run's name in voter ids.
    package var run: String
    /// votebench's own version.
    package var version: String

    /// A heading; see the members.
    package init(target: String, seed: UInt64, startedAt: String, run: String, version: String) {
      self.target = target
      self.seed = seed
      self.startedAt = startedAt
      self.run = run
      self.version = version
    }
  }

  /// One phase with its figures; times are offsets from the first vote's due moment.
  package struct PhaseReport: Sendable {
    /// Which phase.
    package var phase: Phase
    /// When it began.
    package var start: Duration
    /// How long it lasted.
    package var duration: Duration
    /// What the votes due in it came to.
    package var figures: PhaseFigures
  }

  /// Who measured what.
  package let heading: Heading
  /// What the report is worked out from.
  package let material: Material
  /// Every phase that had begun, in order, warmup and drain too.
  package let phases: [PhaseReport]
  /// Baseline to recovered.
  package let total: PhaseFigures
  /// Rollout, settle, rollback and recovered together.
  package let change: PhaseFigures
  /// What each objective came to, in the order given.
  package let objectives: [Objective.Result]
  /// True when the start lag's p99 over `total` is at most 10 ms: what votebench asks of itself.
  package let keepsSchedule: Bool
  /// The verdict over the run.
  package let verdict: Verdict

  /// Works everything out from the material.
  package init(heading: Heading, material: Material, objectives: [Objective]) {
    self.heading = heading
    self.material = material
    let cut = PhaseCut(material)
    let phases = material.edges.edges.map { edge in
      let span = material.edges.span(of: edge.phase, end: material.end) ?? (edge.start, edge.start)
      return PhaseReport(
        phase: edge.phase, start: edge.start - material.ledger.origin, duration: span.end - span.start,
        figures: cut.figures { $0 == edge.phase })
    }
    self.phases = phases
    total = cut.figures(\.isCounted)
    change = cut.figures(\.isChange)
    keepsSchedule = total.droppedByGenerator == 0 && total.startLag.summary.map { $0.p99 <= 10_000 } ?? true
    let measured = Objective.Measured(
      change: change, total: total, consistency: material.consistency,
      rollout: material.rollouts.first?.outcome, rollback: material.rollouts.dropFirst().first?.outcome,
      changeArrivals: Self.arrivals(phases.filter { $0.phase.isChange }, material.ledger.schedule),
      totalArrivals: Self.arrivals(phases.filter { $0.phase.isCounted }, material.ledger.schedule))
    self.objectives = objectives.map { $0.judge(measured) }
    verdict = Self.verdict(self.objectives, material, keepsSchedule: keepsSchedule)
  }

  /// How votes came at their scarcest in these phases.
  private static func arrivals(_ phases: [PhaseReport], _ schedule: Schedule) -> Objective.Arrivals {
    let rates = phases.filter { $0.duration > .zero }.compactMap {
      schedule.lowestRatePerSecond(from: $0.start.nanoseconds, to: ($0.start + $0.duration).nanoseconds)
    }
    guard !schedule.isClosed else { return .whenFree }
    return schedule.isRandom ? .random(perSecond: rates.min() ?? 0) : .even(perSecond: rates.min() ?? 0)
  }

  private static func verdict(_ objectives: [Objective.Result], _ material: Material, keepsSchedule: Bool) -> Verdict {
    // Every proven inconsistency fails the run; what the check could not see counts through the votes objectives.
    let inconsistency: Verdict = material.consistency.verdict == .fail ? .fail : .pass
    // What was cut short has not shown what it was begun for.
    let isWhole: Verdict = keepsSchedule && !material.isInterrupted ? .pass : .inconclusive
    return (objectives.map(\.verdict) + [inconsistency, isWhole]).merged
  }

  /// Exit status: 0 pass, 1 fail, 2 inconclusive.
  ///
  /// An interrupted run exits by its signal instead.
  package var exitCode: Int32 {
    switch verdict {
    case .pass: 0
    case .fail: 1
    case .inconclusive: 2
    }
  }
}

/// The votes and outages of a run, to be cut by phase.
private struct PhaseCut {
  private let edges: PhaseEdges
  private let observations: [Observation]
  /// Found in the whole run, since the accepted votes around an outage may be due in other phases.
  private let outages: [Outage]

  init(_ material: RunReport.Material) {
    edges = material.edges
    observations = Array(material.ledger.observations)
    outages = Outage.find(in: observations) {
      // Users of a closed loop vote as soon as they can: the least gap is the one that counts.
      material.ledger.schedule.ratePerSecond(at: ($0 - material.ledger.origin).nanoseconds) ?? .infinity
    }
  }

  /// The figures of the votes that were due in the phases wanted, and of the outages that began there.
  func figures(_ isWanted: (Phase) -> Bool) -> PhaseFigures {
    func isPart(_ due: MonotonicTime) -> Bool { edges.phase(at: due).map(isWanted) ?? false }
    return PhaseFigures(
      of: observations.filter { isPart($0.intended) }, outages: outages.filter { isPart($0.start) })
  }
}
