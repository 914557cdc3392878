import FoundationEssentials

/// summary.json: everything of a run, machine-readable.
///
/// Names and units are those that scripts rely on.
package struct SummaryDocument: Sendable, Encodable {
  /// Version of this schema; a field that goes or changes its meaning raises the first number.
  package static let schema = "votebench.summary/1.6"

  private struct ErrorEntry: Encodable {
    struct Pod: Encodable {
      var pod: String
      var count: Int
      var firstS: Double
      var lastS: Double
    }
    var kind: String
    var phase: String
    var count: Int
    var firstS: Double
    var lastS: Double
    var pods: [Pod]
  }
  private struct SourceEntry: Encodable {
    struct Failure: Encodable {
      var reason: String
      var count: Int
    }
    var name: String
    var good: Int
    var failed: Int
    var failures: [Failure]
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
    @OrNull var lostPlaces: LossPlaces?
    @OrNull var duplicated: Int?
    var phantom: Int
    @OrNull var altered: Int?
    var converged: Bool
    @OrNull var freshnessMs: ConsistencyReport.Freshness?
    var findings: [Finding]
    var tallySources: [SourceEntry]
    var notes: ConsistencyReport.Notes
    var assumptions: [String]
  }
  private struct AbortEntry: Encodable {
    var expression: String
    var reason: String
    var atS: Double
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
  private let environment: RunEnvironment?
  private let phases: [SummaryPhase]
  private let total: SummaryPhase
  private let change: SummaryPhase
  private let connectionsBefore: SummaryConnections?
  private let errors: [ErrorEntry]
  private let rollouts: [SummaryRollout]
  private let failedVotesUntied: Int
  private let consistency: ConsistencyEntry
  private let objectives: [SummaryObjective]
  private let aborted: AbortEntry?
  private let visibility: SummaryVisibility
  private let errorBudget: SummaryBudget
  private let generator: SummaryGenerator
  private let answeringPods: [SummaryResponder]
  private let answeringVersions: [SummaryResponder]

  /// The document of `report`, of a run that exits with `exitCode`.
  package init(_ report: RunReport, exitCode: Int32) {
    let origin = report.material.origin
    version = report.heading.version
    verdict = report.verdict
    self.exitCode = Int(exitCode)
    interrupted = report.material.isInterrupted
    target = report.heading.target
    run = report.heading.run
    seed = report.heading.seed
    (startedAt, environment) = (report.heading.startedAt, report.heading.environment)
    phases = report.phases.map {
      SummaryPhase($0.phase.rawValue, start: $0.start, duration: $0.duration, $0.figures, origin: origin)
    }
    total = SummaryPhase("total", of: report, report.total) { $0.isCounted }
    change = SummaryPhase("change", of: report, report.change) { $0.isChange }
    connectionsBefore = SummaryConnections(report.material.recorder.connectionsBefore)
    errors = report.phases.flatMap { Self.errors($0, of: report) }
    rollouts = report.material.rollouts.indices.map { SummaryRollout(at: $0, of: report) }
    failedVotesUntied = report.failureTies.untied
    consistency = Self.entry(report.material.consistency, report.material.tallySources)
    objectives = report.objectives.map(SummaryObjective.init)
    aborted = report.material.aborted.map {
      AbortEntry(expression: $0.expression, reason: $0.reason, atS: $0.at.seconds)
    }
    visibility = SummaryVisibility(report.visibility)
    errorBudget = SummaryBudget(report.budget)
    generator = SummaryGenerator(report)
    answeringPods = SummaryResponder.pods(report)
    answeringVersions = SummaryResponder.versions(report)
  }

  /// The text of summary.json: keys in snake case, sorted, so that two runs can be compared line by line.
  package func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }

  private static func errors(_ phase: RunReport.PhaseReport, of report: RunReport) -> [ErrorEntry] {
    let origin = report.material.origin
    let byPod = phase.figures.failuresByPod
    return phase.figures.failures.map { failure in
      let pods = byPod.filter { $0.failure.cause == failure.cause }.map { number, failure in
        ErrorEntry.Pod(
          pod: report.responder(Int(number)).pod, count: failure.count, firstS: (failure.first - origin).seconds,
          lastS: (failure.last - origin).seconds)
      }
      return ErrorEntry(
        kind: failure.cause.name, phase: phase.phase.rawValue, count: failure.count,
        firstS: (failure.first - origin).seconds, lastS: (failure.last - origin).seconds, pods: pods)
    }
  }

  private static func entry(
    _ consistency: ConsistencyReport, _ sources: [TallySources.Figures]
  ) -> ConsistencyEntry {
    ConsistencyEntry(
      verdict: consistency.verdict, exact: consistency.isExact, accepted: consistency.accepted,
      indeterminate: consistency.indeterminate, recovered: consistency.recovered, lost: consistency.lostMinimum,
      lostMin: consistency.lostMinimum, lostMax: consistency.lostMaximum, lostVoters: consistency.lostVoters,
      lostPlaces: consistency.lostPlaces,
      duplicated: consistency.duplicated, phantom: consistency.phantom, altered: consistency.altered,
      converged: consistency.converged, freshnessMs: consistency.freshness, findings: consistency.findings,
      tallySources: sources.map { source in
        SourceEntry(
          name: source.name, good: source.good, failed: source.failures,
          failures: source.failed.sorted { $0.key < $1.key }.map { .init(reason: $0.key, count: $0.value) })
      },
      notes: consistency.notes, assumptions: consistency.assumptions)
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
