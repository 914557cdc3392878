/// The exact accounting at the end: every counted row of the run, read once after the last poll, against its votes.
///
/// Definitions. *Lost*: accepted, and no row. *Recovered*: indeterminate, and a row. *Duplicate*: more rows than the
/// vote was sent (only where each counted vote has a row of its own). *Phantom*: a row with this run's prefix whose
/// voter was never sent. *Wrong choice*: a row for a choice that the voter never made. *Stale choice*: a row for a
/// choice that the same voter had replaced. *Ghost*: a row of a vote that surely could not take effect.
///
/// Rows come in any order and are not kept: three bits a vote where each voter votes once (`RevoteRows` where not).
/// Source: the consistency model, section 11.
package struct VoteAudit: Sendable {
  private let history: VoteHistory
  private let rules: ConsistencyRules
  /// Two bits a vote; a vote that was never sent is as one that was dropped.
  private var outcomes: VoteBits
  private var seen: VoteBits
  /// Further rows that votes with re-sends may have.
  private var allowed: [Int: Int] = [:]
  /// Nil where each voter votes once.
  private var revotes: RevoteRows?

  /// Voters, or votes, counted more often than they were sent, by number.
  package private(set) var duplicated = NamedCases<Int>()
  /// Rows whose voter this run never sent.
  package private(set) var phantoms = NamedCases<String>()
  /// Rows for a choice that their voter never made.
  package private(set) var wrong = NamedCases<Int>()
  /// Rows for a choice that their voter had replaced.
  package private(set) var stale = NamedCases<Int>()
  /// Rows of votes that surely could not take effect.
  package private(set) var ghosts = NamedCases<Int>()
  /// Accepted votes without a row, after the end.
  package private(set) var lostCount = 0
  /// Losses beyond them that rows of the same voter's indeterminate votes may hide; 0 where each voter votes once.
  package private(set) var maskedCount = 0
  /// Indeterminate votes that were counted.
  package private(set) var recovered = 0
  /// Indeterminate votes that were not.
  package private(set) var unresolved = 0
  /// Rows read.
  package private(set) var rowsRead = 0

  /// An audit of the votes of `history`.
  package init(_ history: VoteHistory, rules: ConsistencyRules) {
    self.history = history.widened(by: rules.clockOffset)
    self.rules = rules
    let count = history.hasRevotes ? 0 : history.count
    outcomes = VoteBits(count: count, width: 2, value: Outcome.dropped.rawValue)
    seen = VoteBits(count: history.hasRevotes ? history.voters : count, width: 1)
    if history.hasRevotes {
      revotes = RevoteRows(voters: history.voters, choices: history.choices.count)
      return
    }
    history.forEachVote { vote in
      outcomes[vote.index] = vote.outcome.rawValue
      if rules.weight(of: vote) > 1 { allowed[vote.index] = rules.weight(of: vote) - 1 }
    }
  }

  /// Takes one row into account.
  ///
  /// The order of rows does not matter.
  package mutating func add(voter: some StringProtocol, choice: some StringProtocol) {
    guard let number = history.names.number(Substring(voter)) else {
      rowsRead += 1
      return phantoms.add(String(voter))
    }
    add(number: number, choice: history.choices.firstIndex { $0 == choice })
  }

  /// The same of a ledger's record; one that is no row changes nothing.
  package mutating func add(_ row: LedgerRecord) {
    switch row {
    case .row(let voter, let choice):
      add(number: voter, choice: history.choices.indices.contains(choice) ? choice : nil)
    case .strangeRow(let voter, let choice): add(voter: voter, choice: choice)
    case .vote, .connection, .note: break
    }
  }

  /// The same of a voter by number, and a choice by its place; nil for one that is not offered.
  private mutating func add(number: Int, choice place: Int?) {
    rowsRead += 1
    guard revotes == nil else {
      if number < history.voters { revotes?.add(voter: number, choice: place) } else { addPhantom(number) }
      return
    }
    guard number < history.count, let outcome = Outcome(rawValue: outcomes[number]), outcome != .dropped
    else { return addPhantom(number) }
    if seen[number] == 1 {
      let left = allowed[number] ?? 0
      if left > 0 { allowed[number] = left - 1 } else { duplicated.add(number) }
    }
    seen[number] = 1
    if history.names.choice(number) != place {
      wrong.add(number)
    } else if outcome == .refused {
      ghosts.add(number)
    }
  }

  private mutating func addPhantom(_ number: Int) {
    phantoms.add(history.names.voter(number))
  }

  /// True when vote `index`, or the voter of that number who voted more than once, has a row.
  package func isCounted(_ index: Int) -> Bool {
    seen[index] == 1
  }

  /// Ends the audit: what has no row now never had one.
  package mutating func finish() {
    if let revotes { return finish(revotes) }
    for index in 0..<history.count {
      switch (Outcome(rawValue: outcomes[index]), seen[index]) {
      case (.accepted, 0): lostCount += 1
      case (.indeterminate, 0): unresolved += 1
      case (.indeterminate, _): recovered += 1
      default: break
      }
    }
  }

  private mutating func finish(_ rows: RevoteRows) {
    // Only voters of lost votes are marked as accepted, so that both kinds of audit name the lost alike.
    outcomes = VoteBits(count: history.voters, width: 2, value: Outcome.dropped.rawValue)
    let (history, rules) = (history, rules)
    history.forEachVoter { voter, votes in
      let found = rows.judge(voter, votes, rules: rules)
      seen[voter] = found.rows > 0 ? 1 : 0
      if found.lost > 0 { outcomes[voter] = Outcome.accepted.rawValue }
      if found.phantoms > 0 { phantoms.add(history.names.voter(voter), count: found.phantoms) }
      if found.duplicated > 0 { duplicated.add(voter, count: found.duplicated) }
      if found.wrong > 0 { wrong.add(voter, count: found.wrong) }
      if found.stale > 0 { stale.add(voter, count: found.stale) }
      if found.ghosts > 0 { ghosts.add(voter, count: found.ghosts) }
      lostCount += found.lost
      maskedCount += found.masked
      recovered += found.recovered
      unresolved += found.unresolved
    }
  }

  /// The numbers of the votes, or voters, that were lost, ascending.
  ///
  /// Meant for after the end; looked for anew each time.
  package var lost: some Sequence<Int> {
    (0..<(revotes == nil ? history.count : history.voters)).lazy.filter { isLost($0) }
  }

  /// The voters of the lost votes.
  package var lostVoters: [String] { lost.map(history.names.voter) }

  /// What the audit proves, each with its numbers and the first few voters.
  package var findings: [Finding] {
    var findings: [Finding] = []
    func add(_ code: Finding.Code, _ what: String, _ count: Int, _ voters: [String]) {
      guard count > 0 else { return }
      let rest = count > voters.count ? " and \(count - voters.count) more" : ""
      findings.append(Finding(code, "\(count) \(what): \(voters.joined(separator: " "))\(rest)"))
    }
    func add(_ code: Finding.Code, _ what: String, _ cases: NamedCases<Int>) {
      add(code, what, cases.count, cases.first.prefix(10).map(history.names.voter))
    }
    add(.lost, "accepted but never counted", lostCount, lost.prefix(10).map(history.names.voter))
    add(.phantom, "counted but never sent", phantoms.count, Array(phantoms.first.prefix(10)))
    add(rules.semantics == .upsert ? .duplicateRow : .duplicate, "counted more often than sent", duplicated)
    add(.wrongChoice, "counted for another choice", wrong)
    if rules.order == .realtime { add(.staleChoice, "counted for a choice that was replaced", stale) }
    add(.ghostFail, "refused but counted", ghosts)
    return findings
  }

  /// True where the numbers are those of voters who may vote more than once.
  var hasRevotes: Bool { revotes != nil }

  /// True when the vote, or voter, of this number was lost; meant for after the end.
  func isLost(_ number: Int) -> Bool {
    outcomes[number] == Outcome.accepted.rawValue && (hasRevotes || seen[number] == 0)
  }

  /// The id of a voter.
  func voter(_ number: Int) -> String { history.names.voter(number) }

  /// Lost votes between which no accepted one was counted, in due order.
  func lostRuns() -> [(first: Int, last: Int, votes: Int)] {
    var runs: [(first: Int, last: Int, votes: Int)] = []
    var isOpen = false
    for number in 0..<history.count where outcomes[number] == Outcome.accepted.rawValue {
      guard seen[number] == 0 else {
        isOpen = false
        continue
      }
      if isOpen {
        runs[runs.count - 1].last = number
        runs[runs.count - 1].votes += 1
      } else {
        runs.append((number, number, 1))
      }
      isOpen = true
    }
    return runs
  }
}
