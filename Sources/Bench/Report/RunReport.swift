/// Everything that a finished run says, in one value: what summary.json and the terminal summary are written from.
package struct RunReport: Sendable {
  /// What a run leaves behind to be judged.
  package struct Material: Sendable {
    /// Every vote, already finished: what was measured.
    package var recorder: Recorder
    /// When the run ended: the end of the last phase.
    package var end: MonotonicTime
    /// Every change and, where it was put back, its rollback, in the order in which they began.
    package var rollouts: [RolloutRecord]
    /// What the consistency check came to.
    package var consistency: ConsistencyReport
    /// How often each tally source could be read.
    package var tallySources: [TallySources.Figures]
    /// What the generator says of itself; nil when it ended without a word.
    package var generator: GeneratorFigures?
    /// The most memory that the process has had resident, in 10^6 bytes; 0 when the kernel does not say.
    package var peakMemoryMegabytes: Double
    /// True when somebody ended the run early.
    package var isInterrupted: Bool

    /// The material; see the members.
    package init(
      recorder: Recorder, end: MonotonicTime, rollouts: [RolloutRecord], consistency: ConsistencyReport,
      tallySources: [TallySources.Figures], generator: GeneratorFigures?, peakMemoryMegabytes: Double,
      isInterrupted: Bool
    ) {
      self.recorder = recorder
      self.end = end
      self.rollouts = rollouts
      self.consistency = consistency
      self.tallySources = tallySources
      self.generator = generator
      self.peakMemoryMegabytes = peakMemoryMegabytes
      self.isInterrupted = isInterrupted
    }

    /// When the first vote was due.
    package var origin: MonotonicTime { recorder.ledger.origin }
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
  /// What each pod of the rollouts answered.
  package let podAnswers: PodAnswers
  /// The failed votes of `total` and the pods that were changing then; without those that the generator did not send.
  package let failureTies: FailureTies
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
    let phases = Self.phases(material)
    self.phases = phases
    total = Self.sum(phases.filter { $0.phase.isCounted })
    change = Self.sum(phases.filter { $0.phase.isChange })
    (podAnswers, failureTies) = Self.pods(material)
    keepsSchedule = total.droppedByGenerator == 0 && total.startLag.microseconds.map { $0.p99 <= 10_000 } ?? true
    let measured = Objective.Measured(
      change: change, total: total, consistency: material.consistency,
      rollouts: material.rollouts,
      changeArrivals: Self.arrivals(phases.filter { $0.phase.isChange }, material.recorder.ledger.schedule),
      totalArrivals: Self.arrivals(phases.filter { $0.phase.isCounted }, material.recorder.ledger.schedule))
    self.objectives = objectives.map { $0.judge(measured) }
    verdict = Self.verdict(self.objectives, material, keepsSchedule: keepsSchedule)
  }

  /// The figures of each phase, with what only the whole ledger shows: outages, whose accepted votes around may be due in
  /// other phases, and failures beside those of the control target.
  private static func phases(_ material: Material) -> [PhaseReport] {
    let (recorder, edges) = (material.recorder, material.recorder.edges)
    let outages = Outage.find(in: recorder.ledger.observations) {
      // Users of a closed loop vote as soon as they can: the least gap is the one that counts.
      recorder.ledger.schedule.ratePerSecond(at: ($0 - material.origin).nanoseconds) ?? .infinity
    }
    var figures = edges.edges.indices.map(recorder.figures(ofPhaseAt:))
    for outage in outages {
      if let place = edges.place(at: outage.start) { figures[place].outages.append(outage) }
    }
    for vote in failedBesideControl(material) {
      if let place = edges.place(at: vote.intended) { figures[place].failedWithControl += 1 }
    }
    return zip(edges.edges, figures).map { edge, figures in
      let span = edges.span(of: edge.phase, end: material.end) ?? (edge.start, edge.start)
      return PhaseReport(
        phase: edge.phase, start: edge.start - material.origin, duration: span.end - span.start, figures: figures)
    }
  }

  /// The failed votes that were under way when a failed probe of the control target was sent, or within a second of it.
  private static func failedBesideControl(_ material: Material) -> [Observation] {
    let failures = (material.generator?.control?.failures ?? []).sorted()
    guard !failures.isEmpty else { return [] }
    var next = 0
    return material.recorder.ledger.observations.filter { vote in
      // Votes come in due order, so probes that were too early for one are so for all that follow.
      while next < failures.count, failures[next] < vote.intended + .seconds(-1) { next += 1 }
      guard vote.outcome != .accepted, vote.cause != .generatorLate, next < failures.count else { return false }
      return failures[next] <= vote.completed + .seconds(1)
    }
  }

  /// What the votes from baseline to recovered say of the pods of the rollouts.
  private static func pods(_ material: Material) -> (answers: PodAnswers, ties: FailureTies) {
    let edges = material.recorder.edges.edges
    let names = (material.generator?.responders ?? []).map(\.pod)
    let start = edges.first { $0.phase.isCounted }?.start
    let end = edges.first { $0.phase == .drain }?.start
    let counted = material.recorder.ledger.observations.lazy.filter { vote in
      (start.map { $0 <= vote.intended } ?? false) && (end.map { vote.intended < $0 } ?? true)
    }
    var answers = PodAnswers(material.rollouts, names: names)
    for vote in counted { answers.record(vote) }
    let failed = counted.filter { $0.outcome != .accepted && $0.cause != .generatorLate }
    return (answers, FailureTies(failed, rollouts: material.rollouts, answers: answers, names: names))
  }

  /// Unavailable, surge and terminating pods of the rollout at this place, times seconds.
  ///
  /// Nil when it is not known how many pods were wanted.
  package func podSeconds(ofRolloutAt place: Int) -> PodSeconds? {
    PodSeconds(material.rollouts[place], after: Array(material.rollouts[..<place]))
  }

  /// How votes came at their scarcest in these phases.
  private static func arrivals(_ phases: [PhaseReport], _ schedule: Schedule) -> Objective.Arrivals {
    let rates = phases.filter { $0.duration > .zero }.compactMap {
      schedule.lowestRatePerSecond(from: $0.start.nanoseconds, to: ($0.start + $0.duration).nanoseconds)
    }
    guard !schedule.isClosed else { return .whenFree }
    return schedule.isRandom ? .random(perSecond: rates.min() ?? 0) : .even(perSecond: rates.min() ?? 0)
  }

  private static func sum(_ phases: [PhaseReport]) -> PhaseFigures {
    var sum = PhaseFigures()
    for phase in phases { sum.add(phase.figures) }
    return sum
  }

  private static func verdict(_ objectives: [Objective.Result], _ material: Material, keepsSchedule: Bool) -> Verdict {
    // Every proven inconsistency fails the run; what the check could not see counts through the votes objectives.
    let inconsistency: Verdict = material.consistency.verdict == .fail ? .fail : .pass
    // What was cut short has not shown what it was begun for.
    let isWhole: Verdict = keepsSchedule && !material.isInterrupted ? .pass : .inconclusive
    return (objectives.map(\.verdict) + [inconsistency, isWhole]).merged
  }

  /// Who answered votes from baseline to recovered, in the order of their first answer, and what.
  ///
  /// Answers that name no pod stand first, as `unknown`; from the 255th pod on they are one, `others`.
  package var answered: [(responder: GeneratorFigures.Responder, figures: ResponderFigures)] {
    let names = material.generator?.responders ?? []
    return material.recorder.responders.enumerated().filter { $0.element.votes > 0 }.map { number, figures in
      let unnamed = GeneratorFigures.Responder(pod: number == 255 ? "others" : "unknown", version: "")
      return (number > 0 && number <= names.count ? names[number - 1] : unnamed, figures)
    }
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
