/// The tables of a comparison as cells of text: the same in every format.
struct ComparisonTables {
  private let comparison: Comparison

  init(_ comparison: Comparison) {
    self.comparison = comparison
  }

  static let settingsHead =
    ["setting", "rollouts", "clean"]
    + ComparisonMetric.allCases.map(\.titleWithUnit)

  /// A row a setting: the middle of each metric with its interval.
  var settings: [[String]] {
    comparison.question.settings.indices.map { setting in
      let own = comparison.rollouts.filter { $0.setting == setting }
      let figures = ComparisonMetric.allCases.map { metric in
        Self.interval(comparison.by(metric).summaries[setting].middle)
      }
      return [comparison.label(setting), "\(own.count)", "\(own.count(where: \.isClean))"] + figures
    }
  }

  static let pairsHead = ["metric", "second", "against first", "differs by", "95 %", "p", "adjusted p", "verdict"]

  /// A row a pair and metric, the primary metric first; the metrics that are alike everywhere are left out.
  var pairs: [[String]] {
    comparison.metrics.flatMap { metric -> [[String]] in
      guard metric.metric == comparison.question.primary || metric.isWorthTelling else { return [] }
      return metric.pairs.map { pair in
        [metric.metric.title, comparison.label(pair.second), comparison.label(pair.first)]
          + Self.figures(pair, metric.metric)
      }
    }
  }

  /// By how much, within which bounds, how probable by chance, before and after adjusting, and what follows.
  static func figures(_ pair: SettingPair, _ metric: ComparisonMetric) -> [String] {
    [
      pair.shift.map { metric.spelled($0.estimate) } ?? "-", bounds(pair.shift), probability(pair.p),
      probability(pair.adjusted), pair.answer.words,
    ]
  }

  static let rolloutsHead = [
    "rollout", "repetition", "setting", "direction", "failed", "longest outage, ms", "p99 over baseline, ms",
    "duration, s", "unavailable pod-s", "surge pod-s", "peak pods", "lost", "outcome", "run",
  ]

  /// A row a rollout.
  var rollouts: [[String]] {
    comparison.rollouts.map { rollout in
      func number(_ value: Double?) -> String { value.map { decimal($0, 1) } ?? "-" }
      return [
        "\(rollout.number)", "\(rollout.repetition)", comparison.label(rollout.setting),
        rollout.isForward ? "forth" : "back", "\(rollout.failedVotes)", number(rollout.longestOutageMs),
        number(rollout.responseExcessMs), number(rollout.durationS), number(rollout.unavailablePodSeconds),
        number(rollout.surgePodSeconds), rollout.peakPods.map { "\($0)" } ?? "-",
        "\(rollout.lostVotes)" + (rollout.knowsLost ? "" : " or more"), rollout.outcome.rawValue, rollout.folder,
      ]
    }
  }

  /// Whether the settings differ at all, and in how many of their rollouts nothing failed: a line each.
  var omnibus: [String] {
    var lines: [String] = []
    if let test = comparison.primary.friedman {
      let how = test.isExact ? "exact; by chi-square \(Self.probability(test.approximation))" : "by chi-square"
      lines.append(
        "Friedman over \(comparison.primary.rows.count) repetitions: chi-square \(decimal(test.statistic, 4)), p "
          + "\(Self.probability(test.p)) (\(how))")
    }
    let rows = comparison.clean
    guard !rows.isEmpty else { return lines }
    let pairs = comparison.primary.pairs.map { pair in
      PairedTests.mcNemar(
        onlyFirst: rows.count { $0[pair.first] && !$0[pair.second] },
        onlySecond: rows.count { $0[pair.second] && !$0[pair.first] })
    }
    let adjusted = MultipleTests.holm(pairs)
    let (statistic, p) = PairedTests.cochran(rows)
    let cochran =
      comparison.question.settings.count > 2
      ? "Cochran's Q \(decimal(statistic, 4)), p \(Self.probability(p)); " : ""
    let tests = zip(comparison.primary.pairs, adjusted).map { pair, p in
      "\(comparison.label(pair.second)) against \(comparison.label(pair.first)) \(Self.probability(p))"
    }
    lines.append("clean rollouts: \(cochran)McNemar, adjusted p: \(tests.joined(separator: ", "))")
    return lines
  }

  // MARK: Cells

  static func probability(_ p: Double) -> String {
    p < 0.0001 ? "< 0.0001" : decimal(p, p < 0.01 ? 4 : 3)
  }

  private static func number(_ value: Double) -> String {
    decimal(value, value.rounded() == value || abs(value) >= 1000 ? 0 : 1)
  }

  private static func interval(_ shift: Shift?) -> String {
    guard let shift else { return "-" }
    return number(shift.estimate)
      + (shift.interval.map { $0.lowerBound < $0.upperBound ? " (\(words($0)))" : "" } ?? "")
  }

  private static func bounds(_ shift: Shift?) -> String { shift?.interval.map(words) ?? "-" }

  private static func words(_ range: ClosedRange<Double>) -> String {
    "\(number(range.lowerBound)) to \(number(range.upperBound))"
  }
}
