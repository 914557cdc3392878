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
    var recovered: Int?
    var lost: Int
    var lostMin: Int
    var lostMax: Int
    var lostVoters: [String]
    /// Null where nobody could see it, which is not 0.
    var duplicated: Int?
    var phantom: Int
    var altered: Int?
    var converged: Bool
    var freshnessMs: ConsistencyReport.Freshness?
    var findings: [Finding]

    private enum CodingKeys: String, CodingKey {
      case verdict, exact, accepted, indeterminate, recovered, lost, lostMin, lostMax, lostVoters, duplicated, phantom
      case altered, converged, freshnessMs, findings
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(verdict, forKey: .verdict)
      try container.encode(exact, forKey: .exact)
      try container.encode(accepted, forKey: .accepted)
      try container.encode(indeterminate, forKey: .indeterminate)
      try container.encode(recovered, forKey: .recovered)
      try container.encode(lost, forKey: .lost)
      try container.encode(lostMin, forKey: .lostMin)
      try container.encode(lostMax, forKey: .lostMax)
      try container.encode(lostVoters, forKey: .lostVoters)
      try container.encode(duplicated, forKey: .duplicated)
      try container.encode(phantom, forKey: .phantom)
      try container.encode(altered, forKey: .altered)
      try container.encode(converged, forKey: .converged)
      try container.encode(freshnessMs, forKey: .freshnessMs)
      try container.encode(findings, forKey: .findings)
    }
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
    errors = report.phases.flatMap { phase in
      phase.figures.failures.map { Self.entry($0, in: phase.phase, origin) }
    }
    rollouts = report.material.rollouts.map { Self.entry($0, origin) }
    consistency = Self.entry(report.material.consistency)
    objectives = report.objectives.map {
      ObjectiveEntry(
        expression: $0.expression, phase: $0.phase, observed: $0.observed, sample: $0.sample, verdict: $0.verdict,
        reason: $0.reason)
    }
    generator = Self.generator(report)
    answeringPods = report.total.pods.sorted { $0.key < $1.key }.map { number, counts in
      let names = report.material.pods
      let name = number > 0 && Int(number) <= names.count ? names[Int(number) - 1] : "unknown"
      return AnsweringPod(name: name, votes: counts.votes, failed: counts.failed)
    }
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

  private static func entry(_ failure: PhaseFigures.Failure, in phase: Phase, _ origin: MonotonicTime) -> ErrorEntry {
    ErrorEntry(
      kind: failure.cause.name, phase: phase.rawValue, count: failure.count,
      firstS: (failure.first - origin).seconds, lastS: (failure.last - origin).seconds)
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

  private static func generator(_ report: RunReport) -> GeneratorEntry {
    let sent = report.phases.reduce(0) { $0 + $1.figures.votes.sent }
    return GeneratorEntry(
      keepsSchedule: report.keepsSchedule, startLagUs: report.total.startLag.summary,
      backlogMax: report.material.backlogMaximum,
      cpuUsPerVote: Double(report.material.processorTime.nanoseconds) / 1000 / Double(max(1, sent)),
      peakMemoryMb: report.material.peakMemoryMegabytes, libcurl: report.material.libcurl)
  }
}
