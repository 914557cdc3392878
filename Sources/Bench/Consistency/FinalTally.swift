/// What the tally must and may show once every vote has had its time: the accounting by totals.
///
/// With D for how far each set of columns is above the base, for every set S of columns and the rest R of them:
///
///     required(S)  accepted voters whose last vote can only be in S
///     possible(S)  voters, or votes with their re-sends, that may be in S
///     lost, at least:  the largest  required(S) - D(S)
///     excess:          the largest  D(S) - possible(S)
///     lost, at most:   the smallest required(S) + possible(R) - D(R), plus what foreign votes can fill
///
/// Where each vote is for one choice these are the sums over the choices of what each of them misses or has too much.
/// What could be lost beyond what must be is masked by indeterminate votes, re-sends and foreign votes.
/// Source: the consistency model, sections 6 and 7.2.
struct FinalTally {
  /// The accounting.
  struct Account {
    /// Losses that are proven.
    var lostMinimum = 0
    /// Losses that cannot be excluded, by votes of this run alone and with foreign ones.
    var lostMaximum = (own: 0, foreign: 0)
    /// Votes beyond all that can be ours.
    var excess = 0
    /// Voters, at least, whose superseded vote is shown.
    var stale = 0
  }

  let view: ChoiceColumns
  private let rules: ConsistencyRules
  /// Voters by the set of columns that may show them, whatever superseded what.
  private var ever: [Int]
  private var everRequired: [Int]
  /// The same without superseded votes.
  private var able: [Int]
  private var required: [Int]

  init(view: ChoiceColumns, rules: ConsistencyRules) {
    self.view = view
    self.rules = rules
    ever = [Int](repeating: 0, count: view.all + 1)
    (everRequired, able, required) = (ever, ever, ever)
  }

  /// Takes a vote into account that counts by itself.
  mutating func add(_ vote: CastVote) {
    guard vote.mayCount else { return }
    let mask = view.mask(of: vote.choice)
    ever[mask] += rules.weight(of: vote)
    able[mask] += rules.weight(of: vote)
    guard vote.outcome == .accepted else { return }
    everRequired[mask] += 1
    required[mask] += 1
  }

  /// Takes all votes of a voter into account who may have voted more than once.
  mutating func add(_ voter: VoterVotes) {
    let (all, last) = (voter.ever(view), voter.last(view, order: rules.order))
    guard all != 0 else { return }
    ever[all] += 1
    able[last] += 1
    guard voter.isAccepted else { return }
    everRequired[all] += 1
    required[last] += 1
  }

  /// Accepted votes that `shown` does not show: 0 when every lower bound holds.
  ///
  /// `shown` is how far each set of columns is above the base, at most.
  func deficit(_ shown: [Int]) -> Int {
    Self.largest(ChoiceColumns.within(required), minus: shown)
  }

  /// Accounts for a poll that shows each set of columns within `shown`, with at most so many foreign votes.
  func account(_ shown: (least: [Int], most: [Int]), foreign: Int) -> Account {
    let within = ChoiceColumns.within(everRequired)
    let possible = meeting(ever)
    var account = Account()
    account.lostMinimum = Self.largest(within, minus: shown.most)
    account.excess = Self.largest(shown.least, minus: possible)
    let room =
      within.indices.map { set in
        within[set] + possible[view.all ^ set] - shown.least[view.all ^ set]
      }.min() ?? 0
    func bound(_ foreign: Int) -> Int {
      max(account.lostMinimum, min(within[view.all], max(0, max(0, foreign - account.excess) + account.excess + room)))
    }
    account.lostMaximum = (bound(0), bound(foreign))
    let wrong = max(
      Self.largest(ChoiceColumns.within(required), minus: shown.most),
      Self.largest(shown.least, minus: meeting(able)) - foreign)
    account.stale = max(0, wrong - max(account.lostMinimum, account.excess))
    return account
  }

  /// True when `shown` is the only tally that these votes allow: then none was altered, save exchanges that cancel.
  func isDetermined(_ shown: (least: [Int], most: [Int])) -> Bool {
    guard able == required, shown.least == shown.most else { return false }
    return required.indices.allSatisfy { set in
      set.nonzeroBitCount == 1 ? required[set] == shown.least[set] : required[set] == 0
    }
  }

  private func meeting(_ counts: [Int]) -> [Int] {
    let within = ChoiceColumns.within(counts)
    return within.indices.map { within[view.all] - within[view.all ^ $0] }
  }

  private static func largest(_ counts: [Int], minus others: [Int]) -> Int {
    zip(counts, others).reduce(0) { max($0, $1.0 - $1.1) }
  }
}
