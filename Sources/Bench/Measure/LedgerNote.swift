/// What a ledger says besides votes and rows: how the run was set up, what its tally showed, and how it ended.
///
/// Each is one JSON text in the file. Times are nanoseconds of the generator's clock.
package enum LedgerNote: Sendable, Hashable, Codable {
  /// The first note of a ledger.
  case begin(LedgerHeading)
  /// A phase began.
  case phase(name: Phase, at: MonotonicTime)
  /// What is known of the next tally source: the first time that one answered after the heading.
  case source(traits: ConsistencyRules.Source)
  /// A poll of the tally; `isBaseline` for those before the first vote.
  case poll(sample: TallySample, isBaseline: Bool)
  /// The pods that answered, by their numbers in the votes, counted from 1.
  case pods(names: [String])
  /// Every vote has its outcome.
  case votesEnded(at: MonotonicTime)
  /// How the drain stood at its end.
  case drained(state: Drain.State)
  /// The export ended: nil for well, else why it cannot be used, in a sentence.
  case exported(problem: String?)
}

/// What all judging of a ledger needs to know beforehand.
package struct LedgerHeading: Sendable, Hashable, Codable {
  /// The version of votebench that wrote it.
  package var version: String
  /// The wall-clock time of the first vote, ISO 8601.
  package var startedAt: String
  /// When the first vote was due.
  package var origin: MonotonicTime
  /// Names the run in voter ids.
  package var run: String
  /// Seed of the choices.
  package var seed: UInt64
  /// What can be voted for.
  package var choices: [String]
  /// What is promised of the voting system.
  package var rules: ConsistencyRules

  /// The heading of a ledger; see the members.
  package init(
    version: String, startedAt: String, origin: MonotonicTime, ballot: Ballot, rules: ConsistencyRules
  ) {
    self.version = version
    self.startedAt = startedAt
    self.origin = origin
    run = ballot.run
    seed = ballot.seed
    choices = ballot.choices
    self.rules = rules
  }

  /// Who voted for what.
  package var ballot: Ballot { Ballot(run: run, seed: seed, choices: choices) }
}
