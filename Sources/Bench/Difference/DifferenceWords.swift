/// A difference in words: the same in every format.
extension RunDifference {
  /// The verdict in a sentence, with what decided it.
  package var sentence: String {
    let decisive = causes.filter { $0.answer.verdict == verdict }
    let more = decisive.count > 1 ? "; and \(decisive.count - 1) more" : ""
    switch verdict {
    case .fail: return "B is worse: " + (decisive.first?.text ?? "") + more
    case .pass:
      return
        "B is no worse than A: in none of \(comparisons.count) comparisons is a time longer by \(allowedTime), or are there "
        + "\(allowedFailures) more failed votes"
    case .inconclusive:
      let first = decisive.first?.text ?? "a run did not reach its end"
      return "nothing is surely worse, and nobody can say that nothing is: \(first)\(more)"
    }
  }

  /// The margin of times.
  var allowedTime: String { Objective.percent(margins.times) }

  /// What "no worse" leaves open of failures.
  var allowedFailures: String { Objective.percent(margins.failures) }

  /// Everything that is not as good as it was, votes first, then objectives, then figures.
  var causes: [(answer: RunComparison.Answer, text: String)] {
    counts.filter { $0.answer != .noWorse }.map { ($0.answer, "\($0.name) votes: \($0.words)") }
      + objectives.filter { $0.answer != .noWorse }.map { pair in
        (pair.answer, "\(pair.expression) was \(pair.reference?.words ?? "-") and is \(pair.candidate?.words ?? "-")")
      }
      + comparisons.filter { $0.answer != .noWorse }.map { comparison in
        (comparison.answer, "\(comparison.phase.rawValue) \(comparison.metric.name): \(comparison.words)")
      }
  }
}

extension RunComparison {
  /// The difference with its bounds; where there is none, why.
  var words: String {
    guard let estimate else { return reason ?? "nothing to compare" }
    switch metric {
    case .failures:
      return
        "\(Objective.points(estimate.value)) of votes (\(Objective.points(estimate.low)) to \(Objective.points(estimate.high)))"
    case .responseTime:
      // Failed votes rank above every time, so that no number says how much slower they are.
      guard estimate.low <= 1000 else { return "so many votes failed that it has no time" }
      return "\(Self.times(estimate.value)) times (\(Self.times(estimate.low)) to \(Self.times(estimate.high)))"
    }
  }

  /// How many times; a vote that failed is slower than any number says.
  private static func times(_ ratio: Double) -> String { ratio > 1000 ? "over 1000" : decimal(ratio, 2) }

  /// What was compared; nil where nothing was.
  var sample: String? {
    guard let blocks else { return nil }
    let bursts = designEffect > 1.5 ? ", failures in bursts" : ""
    return "\(blocks.reference) and \(blocks.candidate) blocks of \(blocks.seconds) s\(bursts)"
  }
}

extension CountPair {
  /// Both runs.
  var words: String { "\(Self.words(reference)) in A, \(Self.words(candidate)) in B" }

  private static func words(_ count: ClosedRange<Int>?) -> String {
    guard let count else { return "not seen" }
    return count.lowerBound == count.upperBound ? "\(count.lowerBound)" : "\(count.lowerBound) to \(count.upperBound)"
  }
}

extension Objective.Result {
  /// The verdict with the figure seen.
  var words: String { verdict.rawValue + (observed.map { " (\($0))" } ?? "") }
}
