import Bench
import Testing

/// A run whose every vote is made up: phases of given lengths, and what becomes of each vote.
struct StagedRun {
  /// What becomes of a vote.
  enum Fate {
    /// Accepted after so many milliseconds.
    case accepted(Double)
    case failed(Cause)
    /// Not sent, since every connection was busy.
    case dropped
    /// Not sent by the generator's own fault.
    case unsent
  }

  /// A vote that is due.
  struct Due {
    var index: Int
    var phase: Phase
    /// Since the first vote was due.
    var second: Double
    /// Since its phase began.
    var secondOfPhase: Double
  }

  static let origin = MonotonicTime(nanoseconds: 5_000_000_000)

  var schedule: Schedule
  var phases: [(phase: Phase, seconds: Double)]
  var isDuringRollout = true
  var detection = Detection.standard
  /// Begun so much too late by the generator itself, in milliseconds.
  var lag: (Due) -> Double = { _ in 0 }
  var isFresh: (Due) -> Bool = { _ in false }
  var pod: (Due) -> UInt8 = { _ in 0 }
  var responders: [GeneratorFigures.Responder] = []
  var besideControl: Set<Int> = []
  var rollouts: [RolloutRecord] = []
  var consistency = passingHistory.report
  var (target, lane, http) = ("sandbox", "direct", "1.1")
  var fate: (Due) -> Fate = { _ in .accepted(2) }

  init(_ rate: Double = 500, _ phases: [(Phase, Double)], isDuringRollout: Bool = true) {
    schedule = Schedule(rate: ArrivalRate(votesPerSecond: Int(rate)))
    self.phases = phases.map { (phase: $0.0, seconds: $0.1) }
    self.isDuringRollout = isDuringRollout
  }

  /// Baseline, rollout, settle, rollback and recovered, of so many seconds each.
  static func rollout(_ rate: Double = 500, _ seconds: Double = 2) -> StagedRun {
    StagedRun(
      rate, [.baseline, .rollout, .settle, .rollback, .recovered].map { ($0, seconds) })
  }

  /// The baseline alone, without a rollout.
  static func load(_ rate: Double = 500, _ seconds: Double = 30) -> StagedRun {
    StagedRun(rate, [(.baseline, seconds)], isDuringRollout: false)
  }

  private func place(_ second: Double) -> (phase: Phase, begin: Double)? {
    var begin = 0.0
    for (phase, seconds) in phases {
      if second < begin + seconds { return (phase, begin) }
      begin += seconds
    }
    return nil
  }

  /// Every vote in due order.
  var observations: [Observation] {
    var votes: [Observation] = []
    let cursorRate = schedule.ratePerSecond(at: 0) ?? 100
    while votes.count < 1_000_000 {
      let index = votes.count
      let offset = schedule.intendedStart(of: index) ?? Int64(Double(index) / cursorRate * 1e9)
      let second = Double(offset) / 1e9
      guard let (phase, begin) = place(second) else { break }
      votes.append(
        observation(
          Due(index: index, phase: phase, second: second, secondOfPhase: second - begin),
          Self.origin + .nanoseconds(offset)))
    }
    return votes
  }

  private func observation(_ due: Due, _ intended: MonotonicTime) -> Observation {
    let lag = Int64(lag(due) * 1e6)
    var vote = Observation(
      index: due.index, intended: intended, actual: intended + .nanoseconds(lag), completed: intended, startLag: lag,
      outcome: .accepted, cause: .none, isFresh: isFresh(due), pod: pod(due))
    switch fate(due) {
    case .accepted(let milliseconds): vote.completed = intended + .nanoseconds(Int64(milliseconds * 1e6))
    case .failed(let cause):
      (vote.outcome, vote.cause) = (.indeterminate, cause)
      vote.completed = intended + .milliseconds(3)
    case .dropped: (vote.outcome, vote.cause) = (.dropped, .noConnectionFree)
    case .unsent: (vote.outcome, vote.cause) = (.dropped, .generatorLate)
    }
    return vote
  }

  /// What objectives are judged by.
  var evidence: Objective.Evidence {
    let votes = observations
    var ledger = Ledger(schedule: schedule, origin: Self.origin)
    for vote in votes { ledger.record(vote) }
    let outages = Outage.find(in: votes) {
      schedule.ratePerSecond(at: ($0 - Self.origin).nanoseconds) ?? .infinity
    }
    var begin = 0.0
    let reports = phases.map { phase, seconds in
      defer { begin += seconds }
      let (start, end) = (
        Self.origin + .nanoseconds(Int64(begin * 1e9)), Self.origin + .nanoseconds(Int64((begin + seconds) * 1e9))
      )
      return RunReport.PhaseReport(
        phase: phase, start: start - Self.origin, duration: end - start,
        figures: PhaseFigures(
          of: votes.lazy.filter { start <= $0.intended && $0.intended < end },
          outages: outages.filter { start <= $0.start && $0.start < end }))
    }
    return Objective.Evidence(
      ledger: ledger, phases: reports, consistency: consistency, rollouts: rollouts,
      podSeconds: rollouts.map { PodSeconds($0) }, responders: responders, besideControl: besideControl,
      isDuringRollout: isDuringRollout, detection: detection)
  }

  /// The run with everything worked out, asked for `objectives`.
  func report(_ objectives: String..., run: String = "staged00") throws -> RunReport {
    var recorder = Recorder(ledger: Ledger(schedule: schedule, origin: Self.origin), closing: .after(.zero))
    var begin = 0.0
    for (phase, seconds) in phases {
      recorder.begin(phase, at: Self.origin + .nanoseconds(Int64(begin * 1e9)))
      begin += seconds
    }
    for vote in observations { recorder.record(vote) }
    _ = recorder.finish()
    return RunReport(
      heading: RunReport.Heading(
        target: target, seed: 1, startedAt: "2026-01-01T00:00:00Z", run: run, version: "0.1.0"),
      material: RunReport.Material(
        recorder: recorder, end: Self.origin + .nanoseconds(Int64(begin * 1e9)), rollouts: rollouts,
        consistency: consistency, tallySources: [], generator: generator, peakMemoryMegabytes: 0, isInterrupted: false),
      demands: RunReport.Demands(
        objectives: try objectives.map { try Objective($0) }, detection: detection, isDuringRollout: isDuringRollout))
  }

  private var generator: GeneratorFigures {
    GeneratorFigures(
      backlogMaximum: 0, processorTime: .zero, stalls: GeneratorFigures.Stalls(count: 0, longest: .zero),
      responders: responders, control: nil, lane: lane, http: http, threads: 1, libcurl: "")
  }

  /// What an objective comes to.
  func judge(_ expression: String) throws -> Objective.Result {
    try Objective(expression).judge(evidence)
  }
}

/// One vote, counted.
let passingHistory = ConsistencyHistory(
  votes: votes(1), polls: [poll(900, 905, 1, 0), poll(910, 915, 1, 0), poll(920, 925, 1, 0)], rows: [("u1", "a")])
