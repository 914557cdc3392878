/// What the consistency check found, by the codes of the field: each failing code is a proof under the stated
/// assumptions, each inconclusive one says what could not be known.
package struct Finding: Sendable, Hashable, Codable {
  /// The codes and what they mean.
  package enum Code: String, Sendable, Hashable, Codable, CaseIterable {
    /// A tally showed more votes than could have been counted at that moment.
    case upper = "UPPER"
    /// A tally went back.
    case regression = "REGRESSION"
    /// A tally fell below what it was before the first vote, or to nothing.
    case reset = "RESET"
    /// A tally source was behind another by more than it may be.
    case staleRead = "STALE_READ"
    /// An accepted vote was not visible when it had to be.
    case freshness = "FRESHNESS"
    /// An accepted vote was never counted.
    case lost = "LOST"
    /// Accepted votes are missing from the tally, and nobody can see whether they are still queued.
    case lostOrStuck = "LOST_OR_STUCK"
    /// Counted but never sent.
    case phantom = "PHANTOM"
    /// Counted more often than sent.
    case duplicate = "DUPLICATE"
    /// Two rows of one voter.
    case duplicateRow = "DUPLICATE_ROW"
    /// Counted for an earlier choice of this voter, which a later one had replaced.
    case staleChoice = "STALE_CHOICE"
    /// Counted for a choice that this voter never made.
    case wrongChoice = "WRONG_CHOICE"
    /// A vote that surely could not take effect did.
    case ghostFail = "GHOST_FAIL"
    /// Too little was seen to say anything.
    case noEvidence = "NO_EVIDENCE"
    /// Indeterminate votes or re-sends could hide losses, and there is no export to tell.
    case masked = "MASKED"
    /// The tally was still growing when the time for draining was up.
    case drainTimeout = "DRAIN_TIMEOUT"
    /// Votes are in the queue, and nothing takes them out.
    case stuck = "STUCK"
    /// The tally moved before the first vote.
    case baselineUnstable = "BASELINE_UNSTABLE"
    /// Votes of others could hide losses.
    case foreign = "FOREIGN"
    /// Too much is uncertain to say how old the tally was.
    case notIdentifiable = "NOT_IDENTIFIABLE"
    /// The export of voter ids could not be read.
    case exportFailed = "EXPORT_FAILED"

    /// The verdict that one such finding forces.
    package var verdict: Verdict {
      switch self {
      case .upper, .regression, .reset, .staleRead, .freshness, .lost, .lostOrStuck, .phantom, .duplicate,
        .duplicateRow, .staleChoice, .wrongChoice, .ghostFail:
        .fail
      case .noEvidence, .masked, .drainTimeout, .stuck, .baselineUnstable, .foreign, .notIdentifiable, .exportFailed:
        .inconclusive
      }
    }
  }

  /// What was found.
  package let code: Code
  /// A sentence with the numbers.
  package let detail: String

  /// A finding with its sentence.
  package init(_ code: Code, _ detail: String) {
    self.code = code
    self.detail = detail
  }
}
