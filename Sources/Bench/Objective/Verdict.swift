/// What a check, an objective or a run came to.
///
/// Merged fail > inconclusive > pass; what never ran is inconclusive.
package enum Verdict: String, Sendable, Hashable, Codable, CaseIterable {
  /// It holds, and the data suffices to say so.
  case pass
  /// Nobody can say: too little data, or the generator could not keep its own schedule.
  case inconclusive
  /// It is violated.
  case fail

  /// The graver of two.
  package func merged(with other: Verdict) -> Verdict {
    if self == .fail || other == .fail { return .fail }
    return self == .inconclusive || other == .inconclusive ? .inconclusive : .pass
  }
}

extension Sequence<Verdict> {
  /// The gravest of all, pass when there is none.
  package var merged: Verdict {
    reduce(.pass) { $0.merged(with: $1) }
  }
}
