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
    /// The objective for whose sure violation the run was ended; nil when it was not.
    package var aborted: Abortion?
    /// What kept the run from its end, in a sentence; nil when nothing did.
    package var failure: String?

    /// The material; see the members.
    package init(
      recorder: Recorder, end: MonotonicTime, rollouts: [RolloutRecord], consistency: ConsistencyReport,
      tallySources: [TallySources.Figures], generator: GeneratorFigures?, peakMemoryMegabytes: Double,
      isInterrupted: Bool, aborted: Abortion? = nil
    ) {
      self.recorder = recorder
      self.end = end
      self.rollouts = rollouts
      self.consistency = consistency
      self.tallySources = tallySources
      self.generator = generator
      self.peakMemoryMegabytes = peakMemoryMegabytes
      self.isInterrupted = isInterrupted
      self.aborted = aborted
    }

    /// The material of a run that ended so.
    package init(
      recorder: Recorder, rollouts: [RolloutRecord], consistency: ConsistencyReport, generator: GeneratorFigures?,
      ending: RunEnding
    ) {
      self.init(
        recorder: recorder, end: ending.at, rollouts: rollouts, consistency: consistency,
        tallySources: ending.tallySources, generator: generator, peakMemoryMegabytes: ending.peakMemoryMegabytes,
        isInterrupted: ending.isInterrupted, aborted: ending.aborted)
      failure = ending.failure
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
    /// Who voted, where some vote again and the tally counts voters; nil where it counts votes.
    package var revoters: Ballot?
    /// Where it was measured; nil where nobody wrote it down.
    package var environment: RunEnvironment?

    /// A heading; see the members.
    package init(target: String, seed: UInt64, startedAt: String, run: String, version: String) {
      self.target = target
      self.seed = seed
      self.startedAt = startedAt
      self.run = run
      self.version = version
    }

    /// That of a ledger's run by `profile`.
    package init(_ ledger: LedgerHeading, _ profile: RunProfile) {
      self.init(
        target: profile.target.name, seed: ledger.seed, startedAt: ledger.startedAt, run: ledger.run,
        version: ledger.version)
      (revoters, environment) = (ledger.revoters, ledger.environment)
    }
  }

  /// What the run was asked to show.
  package struct Demands: Sendable, Hashable {
    /// The objectives, in the order given.
    package var objectives: [Objective]
    /// The outage that it must have been able to see.
    package var detection: Detection
    /// What failures are reckoned against.
    package var errorBudget: BudgetPlan
    /// True when something was to change in the middle of the load.
    package var isDuringRollout: Bool

    /// Demands; see the members.
    package init(
      objectives: [Objective], detection: Detection = .standard, errorBudget: BudgetPlan = .standard,
      isDuringRollout: Bool
    ) {
      self.objectives = objectives
      self.detection = detection
      self.errorBudget = errorBudget
      self.isDuringRollout = isDuringRollout
    }

    /// Those of a profile.
    package init(_ profile: RunProfile) {
      self.init(
        objectives: profile.objectives, detection: profile.detection, errorBudget: profile.errorBudget,
        isDuringRollout: profile.rollout != nil)
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

    /// A phase; see the members.
    package init(phase: Phase, start: Duration, duration: Duration, figures: PhaseFigures) {
      self.phase = phase
      self.start = start
      self.duration = duration
      self.figures = figures
    }
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
  /// What the run was asked to show.
  package let demands: Demands
  /// What the run could have seen where something changed, else over `total`.
  package let visibility: Visibility
  /// What of the error budget was spent there.
  package let budget: SpentBudget
  /// What each objective came to, in the order given.
  package let objectives: [Objective.Result]
  /// True when the start lag's p99 over `total` is at most 10 ms: what votebench asks of itself.
  package let keepsSchedule: Bool
  /// The change that was begun and ended otherwise than complete, a rollback before others.
  ///
  /// Nil also where an objective on `rollout.outcome` is in force, which then decides. One that was cut short is none:
  /// then the run was.
  package let incomplete: RolloutRecord?
  /// The verdict over the run.
  package let verdict: Verdict

  /// Works everything out from the material.
  package init(heading: Heading, material: Material, demands: Demands) {
    self.heading = heading
    self.material = material
    self.demands = demands
    let beside = Self.failedBesideControl(material)
    let phases = Self.phases(material, beside)
    self.phases = phases
    total = Self.sum(phases.filter { $0.phase.isCounted })
    change = Self.sum(phases.filter { $0.phase.isChange })
    (podAnswers, failureTies) = Self.pods(material)
    keepsSchedule = total.droppedByGenerator == 0 && total.startLag.microseconds.map { $0.p99 <= 10_000 } ?? true
    let evidence = Self.evidence(material, demands, phases, beside, keepsSchedule: keepsSchedule)
    let judgedPart: Objective.Part = demands.isDuringRollout ? .change : .total
    visibility = Visibility(evidence.arrivals(judgedPart), part: judgedPart, share: demands.detection.share)
    let judged = demands.isDuringRollout ? change : total
    budget = SpentBudget(
      demands.errorBudget, part: judgedPart, failed: judged.votes.failed - judged.droppedByGenerator,
      of: judged.votes.due,
      seconds: phases.filter { judgedPart.contains($0.phase) }.reduce(0) { $0 + $1.duration.seconds })
    objectives = Objective.judge(demands.objectives, evidence)
    incomplete = Self.incomplete(material, demands)
    verdict = Self.verdict(
      self.objectives, material, keepsSchedule: keepsSchedule, isComplete: incomplete == nil)
  }

  /// What the objectives were judged by.
  var evidence: Objective.Evidence {
    Self.evidence(material, demands, phases, Self.failedBesideControl(material), keepsSchedule: keepsSchedule)
  }

  private static func evidence(
    _ material: Material, _ demands: Demands, _ phases: [PhaseReport], _ beside: [Observation], keepsSchedule: Bool
  ) -> Objective.Evidence {
    Objective.Evidence(
      ledger: material.recorder.ledger, phases: phases, consistency: material.consistency, rollouts: material.rollouts,
      podSeconds: material.rollouts.indices.map { podSeconds(material.rollouts, at: $0) },
      responders: material.generator?.responders ?? [], besideControl: Set(beside.map(\.index)),
      keepsSchedule: keepsSchedule, isDuringRollout: demands.isDuringRollout, detection: demands.detection)
  }

  /// The figures of each phase, with what only the whole ledger shows: outages, whose accepted votes around may be due in
  /// other phases, and failures beside those of the control target.
  private static func phases(_ material: Material, _ beside: [Observation]) -> [PhaseReport] {
    let (recorder, edges) = (material.recorder, material.recorder.edges)
    let (schedule, origin) = (recorder.ledger.schedule, material.origin)
    let outages = Outage.find(in: recorder.ledger.observations) {
      // Users of a closed loop vote as soon as they can: the least gap is the one that counts.
      schedule.ratePerSecond(at: ($0 - origin).nanoseconds) ?? .infinity
    }
    var figures = edges.edges.indices.map(recorder.figures(ofPhaseAt:))
    for outage in outages {
      if let place = edges.place(at: outage.start) { figures[place].outages.append(outage) }
    }
    for vote in beside {
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
    Self.podSeconds(material.rollouts, at: place)
  }

  private static func podSeconds(_ rollouts: [RolloutRecord], at place: Int) -> PodSeconds? {
    PodSeconds(rollouts[place], after: Array(rollouts[..<place]))
  }

  private static func sum(_ phases: [PhaseReport]) -> PhaseFigures {
    var sum = PhaseFigures()
    for phase in phases { sum.add(phase.figures) }
    return sum
  }

  private static func incomplete(_ material: Material, _ demands: Demands) -> RolloutRecord? {
    guard !demands.objectives.contains(where: { $0.metric == .rollout(.outcome) }) else { return nil }
    let failed = material.rollouts.filter { ![.complete, .interrupted, nil].contains($0.outcome) }
    return failed.first(where: \.isRollback) ?? failed.first
  }

  private static func verdict(
    _ objectives: [Objective.Result], _ material: Material, keepsSchedule: Bool, isComplete: Bool
  ) -> Verdict {
    // Every proven inconsistency fails the run; what the check could not see counts through the votes objectives.
    let inconsistency: Verdict = material.consistency.verdict == .fail ? .fail : .pass
    // What was cut short, or went wrong on the way, has not shown what it was begun for.
    let isWhole: Verdict =
      keepsSchedule && !material.isInterrupted && material.failure == nil ? .pass : .inconclusive
    let isChanged: Verdict = isComplete ? .pass : .fail
    // Where nothing is asked for there has to be something that nothing speaks against.
    let isSeen: Verdict = objectives.isEmpty && material.consistency.accepted == 0 ? .inconclusive : .pass
    let isEndedForIt: Verdict = material.aborted == nil ? .pass : .fail
    return (objectives.map(\.verdict) + [inconsistency, isWhole, isChanged, isSeen, isEndedForIt]).merged
  }

  /// Who answered votes from baseline to recovered, in the order of their first answer, and what.
  ///
  /// Answers that name no pod stand first, as `unknown`; from the 255th pod on they are one, `others`.
  package var answered: [(responder: GeneratorFigures.Responder, figures: ResponderFigures)] {
    material.recorder.responders.enumerated().filter { $0.element.votes > 0 }.map { (responder($0), $1) }
  }

  /// Who has this number in the votes: `unknown` has 0, and `others` 255.
  func responder(_ number: Int) -> GeneratorFigures.Responder {
    let names = material.generator?.responders ?? []
    let unnamed = GeneratorFigures.Responder(pod: number == 255 ? "others" : "unknown", version: "")
    return number > 0 && number <= names.count ? names[number - 1] : unnamed
  }

  /// How often a sound system would fail by chance, in a sentence; nil where chance is in no verdict.
  package var chance: String? {
    let sampled = objectives.count { $0.evidence != .census }
    return sampled == 0
      ? nil
      : "a sound system fails by chance in about 5% of runs at most (\(sampled) of "
        + "\(objectives.count) objectives are judged from samples)"
  }

  /// Why the verdict is what it is, in a sentence.
  package var sentence: String {
    if verdict == .inconclusive, let failure = material.failure { return failure }
    if let decisive = objectives.first(where: { $0.verdict == verdict && verdict != .pass }) { return decisive.reason }
    if let aborted = material.aborted { return aborted.reason }
    if let incomplete { return incomplete.ending }
    if verdict == .pass { return objectives.isEmpty ? "nothing speaks against it" : "every objective holds" }
    if let finding = material.consistency.findings.first { return finding.detail }
    if material.isInterrupted { return "nothing speaks against it, but the run did not reach its end" }
    return keepsSchedule ? "no vote was accepted" : "the generator could not keep its schedule"
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
