import FoundationEssentials

/// What `votebench diff` found, machine-readable: everything that its text says, and the curves.
package struct DifferenceDocument: Sendable, Encodable {
  /// Version of this schema; a field that goes or changes its meaning raises the first number.
  package static let schema = "votebench.diff/1.0"

  private struct Run: Encodable {
    var target: String
    var run: String
    var startedAt: String
    var seed: UInt64
    var version: String
    var verdict: Verdict

    init(_ report: RunReport) {
      (target, run, startedAt) = (report.heading.target, report.heading.run, report.heading.startedAt)
      (seed, version, verdict) = (report.heading.seed, report.heading.version, report.verdict)
    }
  }
  private struct Margins: Encodable {
    var timeShare: Double
    var failureShare: Double
    var alpha: Double
  }
  private struct OutageEntry: Encodable {
    var lowerMs: Double
    var upperMs: Double?
    var share: Double
    var failed: Int
  }
  private struct Side: Encodable {
    var durationS: Double
    var votes: PhaseFigures.Votes
    var responseTimeMs: Distribution.Summary?
    var worstOutage: OutageEntry?

    init(_ side: RunDifference.Side) {
      (durationS, votes, responseTimeMs) = (side.seconds, side.votes, side.response)
      worstOutage = side.outage.map {
        OutageEntry(
          lowerMs: $0.lower.milliseconds, upperMs: $0.upper?.milliseconds, share: $0.share, failed: $0.failed)
      }
    }
  }
  private struct PhaseEntry: Encodable {
    var name: String
    var a: Side?
    var b: Side?
  }
  private struct ComparisonEntry: Encodable {
    var phase: String
    var metric: String
    var unit: String
    var answer: RunComparison.Answer
    var estimate: Double?
    var low: Double?
    var high: Double?
    var blocksA: Int?
    var blocksB: Int?
    var blockS: Int?
    var designEffect: Double?
    var probability: Double?
    var adjustedProbability: Double?
    var reason: String?
    var wouldDecide: String?

    init(_ comparison: RunComparison) {
      phase = comparison.phase.rawValue
      metric = comparison.metric.name
      unit = comparison.metric == .failures ? "difference" : "ratio"
      answer = comparison.answer
      (estimate, low) = (comparison.estimate?.value, comparison.estimate?.low)
      high = comparison.estimate?.high
      (blocksA, blocksB) = (comparison.blocks?.reference, comparison.blocks?.candidate)
      blockS = comparison.blocks?.seconds
      designEffect = comparison.metric == .failures ? comparison.designEffect : nil
      (probability, adjustedProbability) = (comparison.probability, comparison.adjusted)
      (reason, wouldDecide) = (comparison.reason, comparison.remedy)
    }
  }
  private struct ResultEntry: Encodable {
    var verdict: Verdict
    var observed: String?
    var reason: String

    init(_ result: Objective.Result) {
      (verdict, observed, reason) = (result.verdict, result.observed, result.reason)
    }
  }
  private struct ObjectiveEntry: Encodable {
    var expression: String
    var change: ObjectivePair.Change
    var a: ResultEntry?
    var b: ResultEntry?
  }
  private struct CountEntry: Encodable {
    struct Bounds: Encodable {
      var min: Int
      var max: Int
    }
    var name: String
    var answer: RunComparison.Answer
    var a: Bounds?
    var b: Bounds?
  }
  private struct CurveEntry: Encodable {
    var phase: String
    var points: [PercentileCurve.Point]
  }

  private let schema = Self.schema
  private let verdict: Verdict
  private let exitCode: Int
  private let sentence: String
  private let margins: Margins
  private let a: Run
  private let b: Run
  private let phases: [PhaseEntry]
  private let comparisons: [ComparisonEntry]
  private let objectives: [ObjectiveEntry]
  private let votes: [CountEntry]
  private let responseTimeCurves: [CurveEntry]
  private let notes: [String]
  private let assumptions: [String]

  /// The document of `difference`.
  package init(_ difference: RunDifference) {
    verdict = difference.verdict
    exitCode = Int(difference.exitCode)
    sentence = difference.sentence
    margins = Margins(
      timeShare: difference.margins.times, failureShare: difference.margins.failures, alpha: Objective.alpha)
    (a, b) = (Run(difference.reference), Run(difference.candidate))
    phases = difference.phases.map { pair in
      PhaseEntry(name: pair.name, a: pair.reference.map(Side.init), b: pair.candidate.map(Side.init))
    }
    comparisons = difference.comparisons.map(ComparisonEntry.init)
    objectives = difference.objectives.map { pair in
      ObjectiveEntry(
        expression: pair.expression, change: pair.change, a: pair.reference.map(ResultEntry.init),
        b: pair.candidate.map(ResultEntry.init))
    }
    votes = difference.counts.map { pair in
      func bounds(_ count: ClosedRange<Int>?) -> CountEntry.Bounds? {
        count.map { CountEntry.Bounds(min: $0.lowerBound, max: $0.upperBound) }
      }
      return CountEntry(name: pair.name, answer: pair.answer, a: bounds(pair.reference), b: bounds(pair.candidate))
    }
    responseTimeCurves = difference.curves.map { CurveEntry(phase: $0.phase, points: $0.points) }
    (notes, assumptions) = (difference.notes, difference.assumptions)
  }

  /// The text: keys in snake case, sorted.
  package func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }
}
