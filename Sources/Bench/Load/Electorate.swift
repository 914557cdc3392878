/// Who votes more than once, and when: derived from the vote's number, so that no list is kept.
///
/// Votes of one voter are `gap` apart in the schedule, so that mostly the first one was answered before the next one is
/// sent: then a store that shows the first has lost an update, or swapped two. Who votes again may choose the same; the
/// first `gap` votes of a run are of voters who have not voted before.
package struct Electorate: Sendable, Hashable, Codable {
  /// Times that each voter votes; 1 but for `--votes-per-voter`.
  package let turns: Int
  /// The share of votes by somebody who has voted before, 0 to 0.9; 0 but for `--revote`.
  package let revoteShare: Double
  /// How many votes of the run are from one of a voter to the next.
  package let gap: Int

  /// True when somebody votes more than once.
  package var votesAgain: Bool { turns > 1 || revoteShare > 0 }

  /// Each voter votes once.
  package static let unique = Self(turns: 1, revoteShare: 0, gap: 1)

  /// `turns` at least 1 and `revoteShare` from 0 to 0.9, of which one is other than the default; a `gap` of at least 1.
  package init(turns: Int = 1, revoteShare: Double = 0, gap: Int) {
    precondition(turns >= 1 && gap >= 1 && (0...0.9).contains(revoteShare), "the settings are checked")
    precondition(turns == 1 || revoteShare == 0, "voters have turns, or vote again by chance")
    self.turns = turns
    self.revoteShare = revoteShare
    self.gap = gap
  }

  /// The gap for a schedule: what comes in two seconds at its highest rate; in a closed loop, where nobody knows the rate,
  /// a hundred votes a user.
  package static func gap(for schedule: Schedule) -> Int {
    switch schedule.arrivals {
    case .constant(let rate), .poisson(let rate, _): votesInTwoSeconds(rate.perSecond)
    case .stages(let stages): votesInTwoSeconds(stages.reduce(0) { max($0, $1.from.perSecond, $1.rate.perSecond) })
    case .closed(let users): users * 100
    }
  }

  private static func votesInTwoSeconds(_ rate: Double) -> Int { max(1, Int((rate * 2).rounded(.up))) }

  /// False for one that no run has: a file may say anything.
  var isSound: Bool { (1...1 << 20).contains(turns) && (1...1 << 30).contains(gap) && (0...0.9).contains(revoteShare) }

  /// True when each voter votes once.
  package var isUnique: Bool { turns == 1 && revoteShare == 0 }

  /// The first vote of the voter of vote `index`: the number of the voter.
  func firstVote(of index: Int, seed: UInt64) -> Int {
    if turns > 1 {
      let block = gap * turns
      return index / block * block + index % block % gap
    }
    let below = UInt64(revoteShare * 0x1p64)
    var first = index
    while first >= gap, IndexedRandom.bits(seed: seed, index: first, stream: .revotes) < below { first -= gap }
    return first
  }
}
