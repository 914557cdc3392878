/// The tables of a comparison as cells of text: the same in every format.
struct ComparisonTables {
  private let comparison: Comparison

  init(_ comparison: Comparison) {
    self.comparison = comparison
  }

  // MARK: Settings

  /// What the settings are called in the other tables.
  var names: [String] {
    comparison.question.settings.indices.map { "\(Comparison.letter($0)): \(comparison.label($0))" }
  }

  /// A row a figure, a column a setting: the middle with its interval.
  var settings: [[String]] {
    let places = comparison.question.settings.indices
    let own = places.map { setting in comparison.rollouts.filter { $0.setting == setting } }
    let figures = ComparisonMetric.allCases.map { metric in
      [metric.titleWithUnit] + places.map { Self.interval(comparison.by(metric).summaries[$0].middle) }
    }
    return [
      ["rollouts"] + own.map { "\($0.count)" }, ["without a failure"] + own.map { "\($0.count(where: \.isClean))" },
    ] + figures
  }

  // MARK: Differences

  static let pairsHead = ["", "", "differs by", "95 %", "p", "adjusted p", "verdict"]

  /// A row a pair and metric, the primary metric first; the metrics that are alike everywhere are left out.
  var pairs: [[String]] {
    comparison.metrics.flatMap { metric -> [[String]] in
      guard metric.metric == comparison.question.primary || metric.isWorthTelling else { return [] }
      return metric.pairs.map { pair in
        [
          "\(Comparison.letter(pair.second)) - \(Comparison.letter(pair.first))", metric.metric.title,
          pair.shift.map { metric.metric.spelled($0.estimate) } ?? "-", pair.shift?.interval.map(Self.words) ?? "-",
          Self.probability(pair.p), Self.probability(pair.adjusted), pair.answer.words,
        ]
      }
    }
  }

  /// Whether the settings differ at all, and in how many of their rollouts nothing failed: a line each.
  var omnibus: [String] {
    var lines: [String] = []
    if let test = comparison.primary.friedman {
      let how = test.isExact ? "exact; by chi-square \(Self.probability(test.approximation))" : "by chi-square"
      lines.append(
        "Friedman over \(Comparison.repetitions(comparison.primary.whole.count)): chi-square \(decimal(test.statistic, 4)), p "
          + "\(Self.probability(test.p)) (\(how))")
    }
    guard let clean = CleanRollouts(comparison) else { return lines }
    let cochran = clean.statistic.flatMap { statistic in
      clean.p.map { "Cochran's Q \(decimal(statistic, 4)), p \(Self.probability($0)); " }
    }
    let tests = zip(comparison.primary.pairs, clean.adjusted).map { pair, p in
      "\(Comparison.letter(pair.second)) - \(Comparison.letter(pair.first)) \(Self.probability(p))"
    }
    lines.append("rollouts without a failure: \(cochran ?? "")McNemar, adjusted p: \(tests.joined(separator: ", "))")
    return lines
  }

  // MARK: Rollouts

  static let rolloutsHead = [
    "rollout", "repetition", "setting", "direction", "failed", "longest outage, ms", "p99 over baseline, ms",
    "duration, s", "unavailable pod-s", "surge pod-s", "peak pods", "lost", "freshness p99, ms", "outcome", "run",
  ]

  /// A row a rollout.
  var rollouts: [[String]] {
    comparison.rollouts.map { rollout in
      func number(_ value: Double?) -> String { value.map { decimal($0, 1) } ?? "-" }
      return [
        "\(rollout.number)", "\(rollout.repetition)", Comparison.letter(rollout.setting),
        rollout.isForward ? "forth" : "back", "\(rollout.failedVotes)", number(rollout.longestOutageMs),
        number(rollout.responseExcessMs), number(rollout.durationS), number(rollout.unavailablePodSeconds),
        number(rollout.surgePodSeconds), rollout.peakPods.map { "\($0)" } ?? "-",
        "\(rollout.lostVotes)" + (rollout.knowsLost ? "" : " or more"), number(rollout.freshnessMs),
        rollout.outcome.rawValue, rollout.folder,
      ]
    }
  }

  // MARK: Cells

  private static func probability(_ p: Double) -> String {
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

  private static func words(_ range: ClosedRange<Double>) -> String {
    "\(number(range.lowerBound)) to \(number(range.upperBound))"
  }
}
