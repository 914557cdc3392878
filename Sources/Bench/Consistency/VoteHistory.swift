/// All votes of a run, to be gone through as often as the judges need to: never held here, but replayed from wherever
/// they are kept.
///
/// The order does not matter to any judge. Votes are numbered from 0, and so are voters.
package struct VoteHistory: Sendable {
  /// How voters are named in an export, and what each vote is for.
  package struct Names: Sendable {
    /// The number of a voter id; nil when it is none of this run.
    package var number: @Sendable (Substring) -> Int?
    /// The id of a voter.
    package var voter: @Sendable (Int) -> String
    /// What vote `index` is for: the place in the choices.
    package var choice: @Sendable (Int) -> Int

    /// Names by three functions; see the members.
    package init(
      number: @escaping @Sendable (Substring) -> Int?, voter: @escaping @Sendable (Int) -> String,
      choice: @escaping @Sendable (Int) -> Int
    ) {
      self.number = number
      self.voter = voter
      self.choice = choice
    }
  }

  /// What can be voted for.
  package let choices: [String]
  /// All votes have an index below.
  package let count: Int
  /// All voters have a number below.
  package let voters: Int
  /// Ids and choices.
  package let names: Names
  /// True when a voter may vote more than once; where none does, vote k is the one of voter k.
  package let hasRevotes: Bool
  private let replay: @Sendable ((CastVote) -> Void) -> Void

  /// A history that `replay` goes through, the same votes each time.
  ///
  /// With fewer voters than votes some vote again, unless `hasRevotes` says otherwise.
  package init(
    choices: [String], count: Int, voters: Int, hasRevotes: Bool? = nil, names: Names,
    replay: @escaping @Sendable ((CastVote) -> Void) -> Void
  ) {
    self.hasRevotes = hasRevotes ?? (voters < count)
    self.choices = choices
    self.count = count
    self.voters = voters
    self.names = names
    self.replay = replay
  }

  /// The votes of `ledger` that have come back, as `ballot` names them.
  package init(_ ledger: Ledger, _ ballot: Ballot) {
    self.init(ballot, count: ledger.count) { body in for vote in ledger.observations { body(vote) } }
  }

  /// The votes that `replay` goes through, numbered below `count`, by voters as `ballot` names them.
  init(_ ballot: Ballot, count: Int, replay: @escaping @Sendable ((Observation) -> Void) -> Void) {
    self.init(
      choices: ballot.choices, count: count, voters: count, hasRevotes: !ballot.electorate.isUnique,
      names: Names(
        number: { ballot.index(of: $0) }, voter: { ballot.id(ofVoter: $0) }, choice: { ballot.choiceIndex(of: $0) })
    ) { body in
      replay { vote in
        body(
          CastVote(
            index: vote.index, voter: ballot.voterNumber(of: vote.index),
            choice: ballot.choiceIndex(of: vote.index), sent: vote.actual,
            ended: vote.completed, outcome: vote.outcome, sends: 1 + Int(vote.resends)))
      }
    }
  }

  /// Goes through every vote.
  package func forEachVote(_ body: (CastVote) -> Void) {
    replay(body)
  }

  /// The same votes with every interval wider by `offset` at both ends: for clocks that may differ by as much.
  package func widened(by offset: Duration) -> VoteHistory {
    guard offset > .zero else { return self }
    return VoteHistory(choices: choices, count: count, voters: voters, hasRevotes: hasRevotes, names: names) {
      [replay] body in
      replay { vote in
        var vote = vote
        vote.sent = vote.sent + (.zero - offset)
        vote.ended = vote.ended + offset
        body(vote)
      }
    }
  }
}
