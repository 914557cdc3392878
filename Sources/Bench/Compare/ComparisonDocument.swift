import FoundationEssentials

/// comparison.json: a comparison, machine-readable; Reports/comparison.schema.json says what stands where.
package struct ComparisonDocument: Sendable, Encodable {
  fileprivate struct Answer: Encodable {
    var kind: String
    var settings: [String]
    var sentence: String
    var confidence: String
    var repetitionsNeeded: Int?
  }
  fileprivate struct Middle: Encodable {
    var middle: Double
    var low: Double?
    var high: Double?
    var level: Double?

    init(_ shift: Shift) {
      (middle, low, high) = (shift.estimate, shift.interval?.lowerBound, shift.interval?.upperBound)
      level = shift.interval == nil ? nil : shift.level
    }
  }
  private struct SettingEntry: Encodable {
    var label: String
    var rollouts: Int
    var clean: Int
    var metrics: [String: Middle]
  }
  fileprivate struct Pair: Encodable {
    var second: String
    var first: String
    var differences: [Double]
    var shift: Middle?
    var p: Double
    var adjustedP: Double
    var verdict: String
    var repetitionsNeeded: Int?
  }
  fileprivate struct FriedmanEntry: Encodable {
    var chiSquare: Double
    var p: Double
    var isExact: Bool
  }
  private struct CleanEntry: Encodable {
    struct Pair: Encodable {
      var second: String
      var first: String
      var adjustedP: Double
    }
    var cochranQ: Double?
    var p: Double?
    var pairs: [Pair]
  }
  fileprivate struct MetricEntry: Encodable {
    var name: String
    var unit: String
    var margin: Double
    var repetitions: Int
    var friedman: FriedmanEntry?
    var pairs: [Pair]
  }
  private struct Rollout: Encodable {
    var label: String
    var figures: RolloutFigures

    func encode(to encoder: any Encoder) throws {
      try figures.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(label, forKey: .label)
    }

    private enum CodingKeys: String, CodingKey { case label }
  }

  private let schema = ComparisonLog.schema
  private let version: String
  private let startedAt: String
  private let seed: UInt64
  private let exitCode: Int32
  private let recommendation: Answer
  private let primary: String
  private let alpha: Double
  private let rolloutsPlanned: Int
  private let settings: [SettingEntry]
  private let metrics: [MetricEntry]
  private let cleanRollouts: CleanEntry?
  private let rollouts: [Rollout]
  private let notes: [String]

  /// What `comparison`, which was begun so, came to.
  package init(_ comparison: Comparison, startedAt: String, version: String) {
    let question = comparison.question
    (self.version, self.startedAt, seed) = (version, startedAt, question.plan.seed)
    (exitCode, alpha, notes) = (comparison.exitCode, question.alpha, comparison.notes)
    (primary, rolloutsPlanned) = (question.primary.rawValue, question.plan.rollouts.count)
    recommendation = Answer(comparison)
    settings = question.settings.indices.map { setting in
      let own = comparison.rollouts.filter { $0.setting == setting }
      let middles = comparison.metrics.compactMap { metric in
        metric.summaries[setting].middle.map { (metric.metric.rawValue, Middle($0)) }
      }
      return SettingEntry(
        label: comparison.label(setting), rollouts: own.count, clean: own.count(where: \.isClean),
        metrics: Dictionary(uniqueKeysWithValues: middles))
    }
    metrics = comparison.metrics.map { metric in MetricEntry(metric, comparison) }
    cleanRollouts = CleanRollouts(comparison).map { clean in
      CleanEntry(
        cochranQ: clean.statistic, p: clean.p,
        pairs: zip(comparison.primary.pairs, clean.adjusted).map { pair, p in
          .init(second: comparison.label(pair.second), first: comparison.label(pair.first), adjustedP: p)
        })
    }
    rollouts = comparison.rollouts.map { Rollout(label: comparison.label($0.setting), figures: $0) }
  }

  /// The text: keys in snake case, sorted.
  package func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }
}

extension ComparisonDocument.Answer {
  fileprivate init(_ comparison: Comparison) {
    let (kind, places): (String, [Int]) =
      switch comparison.recommendation {
      case .best(let setting): ("best", [setting])
      case .cleanest(let setting, _): ("cleanest", [setting])
      case .fastest(let setting, _): ("fastest", [setting])
      case .either(let settings): ("equivalent", settings)
      case .undecided(let settings): ("inconclusive", settings)
      case .none: ("none", [])
      case .noData: ("no-data", [])
      }
    self.init(
      kind: kind, settings: places.map(comparison.label), sentence: comparison.sentence,
      confidence: comparison.confidence,
      repetitionsNeeded: kind == "inconclusive" ? comparison.neededRepetitions(places) : nil)
  }
}

extension ComparisonDocument.MetricEntry {
  fileprivate init(_ metric: MetricComparison, _ comparison: Comparison) {
    self.init(
      name: metric.metric.rawValue, unit: metric.metric.unit, margin: metric.margin, repetitions: metric.whole.count,
      friedman: metric.friedman.map { .init(chiSquare: $0.statistic, p: $0.p, isExact: $0.isExact) },
      pairs: metric.pairs.map { pair in
        .init(
          second: comparison.label(pair.second), first: comparison.label(pair.first), differences: pair.differences,
          shift: pair.shift.map { .init($0) }, p: pair.p, adjustedP: pair.adjusted, verdict: pair.answer.rawValue,
          repetitionsNeeded: pair.repetitions)
      })
  }
}

/// comparison.csv: a row a rollout.
package enum ComparisonRows {
  /// The text: a head with units, then the rollouts in their order.
  package static func csv(_ comparison: Comparison) -> String {
    let head =
      ["rollout", "repetition", "setting", "direction", "outcome", "due_votes"]
      + ComparisonMetric.allCases.map {
        $0.rawValue.replacing("-", with: "_") + ($0.unit.isEmpty ? "" : "_\($0.unit)")
      } + ["run"]
    let rows = comparison.rollouts.map { rollout in
      [
        "\(rollout.number)", "\(rollout.repetition)", comparison.label(rollout.setting),
        rollout.isForward ? "forth" : "back", rollout.outcome.rawValue, "\(rollout.dueVotes)",
      ]
        + ComparisonMetric.allCases.map { metric in
          metric.value(of: rollout).map { decimal($0, $0.rounded() == $0 ? 0 : 3) } ?? ""
        }
        + [rollout.folder]
    }
    return ([head] + rows).map { $0.map(quoted).joined(separator: ",") + "\n" }.joined()
  }

  /// A label is the user's own text (RFC 4180).
  private static func quoted(_ text: String) -> String {
    text.contains { ",\"\n\r".contains($0) } ? "\"\(text.replacing("\"", with: "\"\""))\"" : text
  }
}
