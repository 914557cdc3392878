/// Judges every poll by what could, and by a limit of freshness must, have been counted at that moment.
///
///     T(S) <= base(S) + votes for S, not refused, sent by the poll's end                       UPPER
///     T(S) >= base(S) + votes for S, accepted, answered the limit before the poll's begin      FRESHNESS
///
/// S runs over every set of choices, since voters who changed their minds make a sum less than its parts. Without a
/// limit there is no lower bound before the drain: an accepted vote is queued, and not yet counted.
/// Source: the consistency model's C-UP, C-FRESH, U-UP and U-LOW.
struct TallyBounds {
  private let view: ChoiceColumns
  private let rules: ConsistencyRules
  private let hasRevotes: Bool
  private var lanes: [PollLane]
  /// What must and may be counted in the end.
  private(set) var final: FinalTally
  /// Re-sends of all votes, which an exactly-once system must not count.
  private var resends = 0

  init(_ table: PollTable, view: ChoiceColumns, rules: ConsistencyRules, hasRevotes: Bool) {
    self.view = view
    self.rules = rules
    self.hasRevotes = hasRevotes
    final = FinalTally(view: view, rules: rules)
    lanes = Set(table.source).sorted().map { source in
      PollLane(table.indices.filter { table.source[$0] == source }, of: table, view: view, rules: rules)
    }
  }

  /// Takes a vote into account that counts by itself.
  mutating func add(_ vote: CastVote) {
    for lane in lanes.indices { lanes[lane].add(vote) }
    final.add(vote)
    if vote.mayCount { resends += vote.sends - 1 }
  }

  /// Takes all votes of a voter into account who may have voted more than once.
  mutating func add(_ voter: VoterVotes) {
    for lane in lanes.indices { lanes[lane].add(voter) }
    final.add(voter)
  }

  /// Judges all polls, with at most `foreign` votes of others at each, nil where nobody knows; how far each choice of
  /// its own column may fall at a poll goes to `mayFall`.
  func judge(
    _ table: PollTable, foreign: (Int) -> Int?, into readings: inout Readings, mayFall: (Int, Int, Int) -> Void
  ) {
    let base = view.sums { view.members[$0].reduce(0) { $0 + table.base[$1] } }
    for lane in lanes {
      lane.forEachPoll(hasRevotes: hasRevotes) { poll, bounds in
        if hasRevotes {
          for (column, members) in view.members.enumerated() where members.count == 1 {
            mayFall(poll, members[0], bounds.mayFall[column])
          }
        }
        guard let foreign = foreign(poll) else { return }
        judge(poll, table, base, bounds, foreign: foreign, into: &readings)
      }
    }
  }

  private func judge(
    _ poll: Int, _ table: PollTable, _ base: [Int], _ bounds: PollLane.Bounds, foreign: Int,
    into readings: inout Readings
  ) {
    let shown = table.sums(poll, view)
    let isAtomic = rules.traits(of: table.source[poll]).isAtomic
    for set in 1...view.all where isAtomic || set.nonzeroBitCount == 1 {
      let most = bounds.most[set] + foreign
      if shown.least[set] > most {
        let code: Finding.Code = rules.isExactlyOnce && shown.least[set] - most <= resends ? .duplicate : .upper
        readings.add(
          code, poll: poll,
          "\(view.name(of: set)) showed \(base[set] + shown.least[set]), at most \(base[set] + most) could be counted")
      }
      if let least = bounds.least?[set], shown.most[set] < least {
        readings.add(
          .freshness, poll: poll,
          "\(view.name(of: set)) showed \(base[set] + shown.most[set]), at least \(base[set] + least) had to be visible"
            + " \(rules.freshnessLimit ?? .zero) after their answers")
      }
    }
  }
}
