/// The exact accounting at the end: every counted row of the run, read once after the last poll, against the ledger.
///
/// Definitions. *Lost*: accepted, and no row. *Recovered*: indeterminate, and a row. *Duplicate*: more rows than the
/// vote was sent (only where each counted vote has a row of its own). *Phantom*: a row with this run's prefix whose
/// voter was never sent. *Wrong choice*: a row for a choice that the voter never made. *Ghost*: a row of a vote that
/// surely could not take effect.
package struct VoteAudit: Sendable {
  /// What the rows of an export are.
  package enum Rows: String, Sendable, Hashable, Codable {
    /// One row a voter: duplicates cannot be seen, and a second row is a fault of the store.
    case voters = "upsert"
    /// One row a counted vote.
    case countedVotes = "count"
  }

  private let ledger: Ledger
  private let ballot: Ballot
  private let rows: Rows
  private var seen: [UInt8]

  /// Votes that were lost, by index, ascending.
  package private(set) var lost: [Int] = []
  /// Votes counted more often than they were sent.
  package private(set) var duplicated: [Int] = []
  /// Rows whose voter this run never sent.
  package private(set) var phantoms: [String] = []
  /// Votes counted for another choice.
  package private(set) var altered: [Int] = []
  /// Votes that surely could not take effect, but did.
  package private(set) var ghosts: [Int] = []
  /// Indeterminate votes that were counted.
  package private(set) var recovered = 0
  /// Indeterminate votes that were not.
  package private(set) var unresolved = 0
  /// Rows read.
  package private(set) var rowsRead = 0

  /// An audit of `ledger` by rows of the given kind.
  package init(ledger: Ledger, ballot: Ballot, rows: Rows) {
    self.ledger = ledger
    self.ballot = ballot
    self.rows = rows
    seen = [UInt8](repeating: 0, count: ledger.count)
  }

  /// Takes one row into account.
  ///
  /// The order of rows does not matter.
  package mutating func add(voter: some StringProtocol, choice: some StringProtocol) {
    rowsRead += 1
    guard let index = ballot.index(of: voter), index < seen.count, let vote = ledger[index], vote.outcome != .dropped
    else {
      phantoms.append(String(voter))
      return
    }
    if seen[index] < UInt8.max { seen[index] += 1 }
    if ballot.choice(of: index) != choice {
      altered.append(index)
    } else if vote.outcome == .refused, seen[index] == 1 {
      ghosts.append(index)
    }
    if Int(seen[index]) > 1 + (rows == .voters ? 0 : Int(vote.resends)) { duplicated.append(index) }
  }

  /// True when vote `index` has a row.
  package func isCounted(_ index: Int) -> Bool {
    seen[index] > 0
  }

  /// Ends the audit: what has no row now never had one.
  package mutating func finish() {
    for vote in ledger.observations {
      switch (vote.outcome, seen[vote.index]) {
      case (.accepted, 0): lost.append(vote.index)
      case (.indeterminate, 0): unresolved += 1
      case (.indeterminate, _): recovered += 1
      default: break
      }
    }
  }

  /// What the audit proves, each with its numbers and the first few voters.
  package var findings: [Finding] {
    var findings: [Finding] = []
    func add(_ code: Finding.Code, _ what: String, _ voters: [String]) {
      guard !voters.isEmpty else { return }
      let shown = voters.prefix(10).joined(separator: " ")
      let rest = voters.count > 10 ? " and \(voters.count - 10) more" : ""
      findings.append(Finding(code, "\(voters.count) \(what): \(shown)\(rest)"))
    }
    add(.lost, "accepted but never counted", lost.map(ballot.voter(of:)))
    add(.phantom, "counted but never sent", phantoms)
    add(
      rows == .voters ? .duplicateRow : .duplicate, "counted more often than sent", duplicated.map(ballot.voter(of:)))
    add(.wrongChoice, "counted for another choice", altered.map(ballot.voter(of:)))
    add(.ghostFail, "refused but counted", ghosts.map(ballot.voter(of:)))
    return findings
  }
}
