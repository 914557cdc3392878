import FoundationEssentials

/// summary.json: everything of a run, machine-readable.
///
/// Names and units are those that scripts rely on.
package struct SummaryDocument: Sendable, Encodable {
  /// Version of this schema; a field that goes or changes its meaning raises the first number.
  package static let schema = "votebench.summary/1.0"

  private struct PhaseEntry: Encodable {
    var name: String
    var startS: Double
    var durationS: Double
    var votes: PhaseFigures.Votes
    var responseTimeMs: Distribution.Summary?
    var serviceTimeMs: Distribution.Summary?
    var startLagUs: Distribution.Summary?
    var outages: [OutageEntry]
  }
  private struct OutageEntry: Encodable {
    var startS: Double
    var lowerMs: Double
    var upperMs: Double?
    var share: Double
    var failed: Int
  }
  private struct ErrorEntry: Encodable {
    var kind: String
    var phase: String
    var count: Int
    var firstS: Double
    var lastS: Double
  }
  private struct PodEntry: Encodable {
    var name: String
    var uid: String
    var old: Bool
    var image: String
    var createdS: Double?
    var readyS: Double?
    var markedS: Double?
    var goneS: Double?
  }
  private struct RolloutEntry: Encodable {
    var trigger: String
    var workload: String
    var outcome: String
    var detail: String?
    var startS: Double
    var durationS: Double
    var kubectlExit: Int?
    var pods: [PodEntry]
  }
  private struct ConsistencyEntry: Encodable {
    var verdict: Verdict
    var exact: Bool
    var accepted: Int
    var indeterminate: Int
    @OrNull var recovered: Int?
    var lost: Int
    var lostMin: Int
    var lostMax: Int
    var lostVoters: [String]
    @OrNull var duplicated: Int?
    var phantom: Int
    @OrNull var altered: Int?
    var converged: Bool
    @OrNull var freshnessMs: ConsistencyReport.Freshness?
    var findings: [Finding]
  }
  private struct ObjectiveEntry: Encodable {
    var expression: String
    var phase: String?
    var observed: String?
    var sample: Int
    var verdict: Verdict
    var reason: String
  }
  private struct GeneratorEntry: Encodable {
    var keepsSchedule: Bool
    var startLagUs: Distribution.Summary?
    var backlogMax: Int
    var cpuUsPerVote: Double
    var peakMemoryMb: Double
    var libcurl: String
  }
  private struct AnsweringPod: Encodable {
    var name: String
    var votes: Int
    var failed: Int
  }

  private let schema = Self.schema
  private let version: String
  private let verdict: Verdict
  private let exitCode: Int
  private let interrupted: Bool
  private let target: String
  private let run: String
  private let seed: UInt64
  private let startedAt: String
  private let phases: [PhaseEntry]
  private let total: PhaseEntry
  private let change: PhaseEntry
  private let errors: [ErrorEntry]
  private let rollouts: [RolloutEntry]
  private let consistency: ConsistencyEntry
  private let objectives: [ObjectiveEntry]
  private let generator: GeneratorEntry
  private let answeringPods: [AnsweringPod]

  /// The document of `report`, of a run that exits with `exitCode`.
  package init(_ report: RunReport, exitCode: Int32) {
    let origin = report.material.ledger.origin
    version = report.heading.version
    verdict = report.verdict
    self.exitCode = Int(exitCode)
    interrupted = report.material.isInterrupted
    target = report.heading.target
    run = report.heading.run
    seed = report.heading.seed
    startedAt = report.heading.startedAt
    phases = report.phases.map { Self.entry($0, origin) }
    total = Self.entry("total", report, report.total) { $0.isCounted }
    change = Self.entry("change", report, report.change) { $0.isChange }
    errors = report.phases.flatMap { Self.errors($0, origin) }
    rollouts = report.material.rollouts.map { Self.entry($0, origin) }
    consistency = Self.entry(report.material.consistency)
    objectives = report.objectives.map(Self.entry)
    generator = Self.generator(report)
    answeringPods = Self.answeringPods(report)
  }

  /// The text of summary.json: keys in snake case, sorted, so that two runs can be compared line by line.
  package func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }

  private static func entry(_ phase: RunReport.PhaseReport, _ origin: MonotonicTime) -> PhaseEntry {
    entry(phase.phase.rawValue, start: phase.start, duration: phase.duration, phase.figures, origin)
  }

  private static func entry(
    _ name: String, _ report: RunReport, _ figures: PhaseFigures, _ isPart: (Phase) -> Bool
  ) -> PhaseEntry {
    let parts = report.phases.filter { isPart($0.phase) }
    let duration = parts.reduce(Duration.zero) { $0 + $1.duration }
    return entry(
      name, start: parts.first?.start ?? .zero, duration: duration, figures, report.material.ledger.origin)
  }

  private static func entry(
    _ name: String, start: Duration, duration: Duration, _ figures: PhaseFigures, _ origin: MonotonicTime
  ) -> PhaseEntry {
    PhaseEntry(
      name: name, startS: start.seconds, durationS: duration.seconds, votes: figures.votes,
      responseTimeMs: figures.responseTime.summary?.inMilliseconds,
      serviceTimeMs: figures.serviceTime.summary?.inMilliseconds, startLagUs: figures.startLag.summary,
      outages: figures.outages.map {
        OutageEntry(
          startS: ($0.start - origin).seconds, lowerMs: $0.lower.milliseconds, upperMs: $0.upper?.milliseconds,
          share: $0.share, failed: $0.failed)
      })
  }

  private static func errors(_ phase: RunReport.PhaseReport, _ origin: MonotonicTime) -> [ErrorEntry] {
    phase.figures.failures.map { failure in
      ErrorEntry(
        kind: failure.cause.name, phase: phase.phase.rawValue, count: failure.count,
        firstS: (failure.first - origin).seconds, lastS: (failure.last - origin).seconds)
    }
  }

  private static func entry(_ rollout: RolloutRecord, _ origin: MonotonicTime) -> RolloutEntry {
    func seconds(_ moment: MonotonicTime?) -> Double? { moment.map { ($0 - origin).seconds } }
    return RolloutEntry(
      trigger: rollout.trigger, workload: rollout.workload,
      outcome: (rollout.outcome ?? .interrupted).rawValue, detail: rollout.detail,
      startS: (rollout.start - origin).seconds, durationS: ((rollout.end ?? rollout.start) - rollout.start).seconds,
      kubectlExit: rollout.kubectlExit,
      pods: rollout.pods.map {
        PodEntry(
          name: $0.name, uid: $0.uid, old: $0.isOld, image: $0.image, createdS: seconds($0.created),
          readyS: seconds($0.ready), markedS: seconds($0.marked), goneS: seconds($0.gone))
      })
  }

  private static func entry(_ consistency: ConsistencyReport) -> ConsistencyEntry {
    ConsistencyEntry(
      verdict: consistency.verdict, exact: consistency.isExact, accepted: consistency.accepted,
      indeterminate: consistency.indeterminate, recovered: consistency.recovered, lost: consistency.lostMinimum,
      lostMin: consistency.lostMinimum, lostMax: consistency.lostMaximum, lostVoters: consistency.lostVoters,
      duplicated: consistency.duplicated, phantom: consistency.phantom, altered: consistency.altered,
      converged: consistency.converged, freshnessMs: consistency.freshness, findings: consistency.findings)
  }

  private static func entry(_ objective: Objective.Result) -> ObjectiveEntry {
    ObjectiveEntry(
      expression: objective.expression, phase: objective.phase, observed: objective.observed,
      sample: objective.sample, verdict: objective.verdict, reason: objective.reason)
  }

  private static func answeringPods(_ report: RunReport) -> [AnsweringPod] {
    let names = report.material.pods
    return report.total.pods.sorted { $0.key < $1.key }.map { number, counts in
      let name = number > 0 && Int(number) <= names.count ? names[Int(number) - 1] : "unknown"
      return AnsweringPod(name: name, votes: counts.votes, failed: counts.failed)
    }
  }

  private static func generator(_ report: RunReport) -> GeneratorEntry {
    let sent = report.phases.reduce(0) { $0 + $1.figures.votes.sent }
    return GeneratorEntry(
      keepsSchedule: report.keepsSchedule, startLagUs: report.total.startLag.summary,
      backlogMax: report.material.backlogMaximum,
      cpuUsPerVote: Double(report.material.processorTime.nanoseconds) / 1000 / Double(max(1, sent)),
      peakMemoryMb: report.material.peakMemoryMegabytes, libcurl: report.material.libcurl)
  }
}

/// Writes nil as null, where a field that is left out would say less: nobody could see it, which is not 0.
@propertyWrapper
private struct OrNull<Value: Encodable & Sendable>: Encodable, Sendable {
  var wrappedValue: Value?

  init(wrappedValue value: Value?) {
    wrappedValue = value
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(wrappedValue)
  }
}
