/// An objective of two runs.
package struct ObjectivePair: Sendable, Hashable {
  /// What became of it.
  package enum Change: String, Sendable, Hashable, Codable {
    case same, better, worse
    /// Only one of the runs was asked for it.
    case onlyA = "only-a"
    /// Likewise.
    case onlyB = "only-b"
  }

  /// As written.
  package let expression: String
  /// The reference's result; nil where it was not asked for it.
  package let reference: Objective.Result?
  /// The candidate's; nil likewise.
  package let candidate: Objective.Result?

  /// What became of it, from pass over inconclusive to fail.
  package var change: Change {
    guard let reference else { return .onlyB }
    guard let candidate else { return .onlyA }
    let order: [Verdict] = [.pass, .inconclusive, .fail]
    guard let from = order.firstIndex(of: reference.verdict), let to = order.firstIndex(of: candidate.verdict) else {
      return .same
    }
    return from == to ? .same : from < to ? .worse : .better
  }

  /// Worse where it passed and fails now; nobody can say where one of the two was inconclusive and it became worse.
  package var answer: RunComparison.Answer {
    guard change == .worse else { return .noWorse }
    return reference?.verdict == .pass && candidate?.verdict == .fail ? .worse : .inconclusive
  }

  /// Those of the candidate in its order, then those of the reference alone; one that was asked for twice stands once.
  static func all(_ reference: RunReport, _ candidate: RunReport) -> [ObjectivePair] {
    func results(_ report: RunReport) -> [String: Objective.Result] {
      Dictionary(report.objectives.map { ($0.expression, $0) }) { first, _ in first }
    }
    let (one, two) = (results(reference), results(candidate))
    var seen: Set<String> = []
    return (candidate.objectives + reference.objectives).map(\.expression).filter { seen.insert($0).inserted }.map {
      ObjectivePair(expression: $0, reference: one[$0], candidate: two[$0])
    }
  }
}

/// How many votes of one kind two runs had that no run may have: lost, duplicated, phantom or altered.
package struct CountPair: Sendable, Hashable {
  /// The kind, as summary.json names it.
  package let name: String
  /// As many as the reference surely had, and as many as cannot be excluded; nil where nobody could see it.
  package let reference: ClosedRange<Int>?
  /// The candidate's, likewise.
  package let candidate: ClosedRange<Int>?

  /// Worse where the candidate surely had more.
  ///
  /// Where more cannot be excluded nobody can say; where neither could be seen, nothing is compared.
  package var answer: RunComparison.Answer {
    guard let candidate else { return reference == nil ? .noWorse : .inconclusive }
    guard let reference else { return candidate.lowerBound > 0 || candidate.upperBound > 0 ? .inconclusive : .noWorse }
    if candidate.lowerBound > reference.upperBound { return .worse }
    return candidate.upperBound <= reference.lowerBound ? .noWorse : .inconclusive
  }

  static func all(_ reference: ConsistencyReport, _ candidate: ConsistencyReport) -> [CountPair] {
    [
      CountPair(name: "lost", reference: lost(reference), candidate: lost(candidate)),
      CountPair(
        name: "duplicated", reference: seen(reference.duplicated, reference),
        candidate: seen(candidate.duplicated, candidate)),
      CountPair(
        name: "phantom", reference: seen(reference.phantom, reference), candidate: seen(candidate.phantom, candidate)),
      CountPair(
        name: "altered", reference: seen(reference.altered, reference), candidate: seen(candidate.altered, candidate)),
    ]
  }

  private static func lost(_ consistency: ConsistencyReport) -> ClosedRange<Int>? {
    guard consistency.isSeen(consistency.lostMaximum) else { return nil }
    return consistency.lostMinimum...max(consistency.lostMinimum, consistency.lostMaximum)
  }

  private static func seen(_ count: Int?, _ consistency: ConsistencyReport) -> ClosedRange<Int>? {
    count.flatMap { consistency.isSeen($0) ? $0...$0 : nil }
  }
}

extension ConsistencyReport {
  /// False for a count of 0 where too little was seen to say so; one above it is proven in any case.
  func isSeen(_ count: Int) -> Bool {
    count > 0 || accepted > 0 && !findings.contains { $0.code.verdict == .inconclusive }
  }
}
