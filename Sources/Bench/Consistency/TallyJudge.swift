/// Goes through all votes once and judges all polls by them: bounds, order, and the accounting by totals.
///
/// Votes come in any order. Memory grows with the polls, not with the votes. Where voters may vote more than once, the
/// votes of each voter are gathered, a slice of the voters at a time.
struct TallyJudge {
  /// What the final poll comes to by totals.
  struct Totals {
    var account: FinalTally.Account
    /// True when each choice shows exactly its accepted votes and none is indeterminate.
    var isDetermined: Bool
  }

  private let evidence: ConsistencyReport.Evidence
  private let history: VoteHistory
  private let table: PollTable
  private var bounds: [TallyBounds]
  /// How many votes had been sent and answered when.
  private var curves: FreshnessCurves
  /// Votes accepted.
  private(set) var accepted = 0
  /// Votes of which nobody can know, each re-send of one counted too.
  private(set) var indeterminate = 0
  /// Re-sends of votes that may count.
  private(set) var resent = 0

  /// Judges the votes of `evidence` by polls above `base`.
  init(_ evidence: ConsistencyReport.Evidence, base: TallySample) {
    self.evidence = evidence
    let rules = evidence.rules
    history = evidence.history.widened(by: rules.clockOffset)
    let table = PollTable(evidence.samples, base: base, choices: history.choices, rules: rules)
    self.table = table
    let hasRevotes = history.hasRevotes && rules.semantics == .upsert
    bounds = ChoiceColumns.views(of: history.choices).map {
      TallyBounds(table, view: $0, rules: rules, hasRevotes: hasRevotes)
    }
    curves = FreshnessCurves(origin: base.received)
    read(hasRevotes: hasRevotes)
  }

  private mutating func read(hasRevotes: Bool) {
    history.forEachVote { vote in
      accepted += vote.outcome == .accepted ? 1 : 0
      indeterminate += vote.outcome == .indeterminate ? vote.sends : 0
      resent += vote.mayCount ? vote.sends - 1 : 0
      guard !hasRevotes else { return }
      for view in bounds.indices { bounds[view].add(vote) }
      if vote.mayCount, evidence.audit?.isCounted(vote.voter) ?? true {
        curves.add(sent: vote.sent, answered: vote.outcome == .accepted ? vote.ended : nil)
      }
    }
    guard hasRevotes else { return }
    history.forEachVoter { voter, votes in
      for view in bounds.indices { bounds[view].add(votes) }
      let first = votes.votes.first { $0.mayCount }
      guard let first, evidence.audit?.isCounted(voter) ?? true else { return }
      let answer = votes.votes.reduce(Int64.max) { min($0, $1.ended) }
      curves.add(
        sent: MonotonicTime(nanoseconds: first.sent),
        answered: answer < .max ? MonotonicTime(nanoseconds: answer) : nil)
    }
  }

  /// What is wrong with the polls, each by itself and against one another.
  func readings(_ notes: inout ConsistencyReport.Notes) -> [Finding] {
    var readings = Readings()
    var mayFall = [Int](repeating: 0, count: history.hasRevotes ? table.count * history.choices.count : 0)
    for view in bounds {
      view.judge(table, foreign: foreign, into: &readings) { poll, choice, votes in
        mayFall[poll * history.choices.count + choice] = votes
      }
    }
    judgeStrangers(&readings)
    var order = TallyOrder(table, choices: history.choices, mayFall: mayFall, rules: evidence.rules)
    order.judge(into: &readings)
    notes.crossStale = order.crossStale
    notes.crossStaleMaxMs = order.crossStaleMaximum.milliseconds
    notes.frozen = order.frozen.map { evidence.rules.traits(of: $0).name }
    return readings.findings
  }

  /// Labels that nobody was asked to vote for.
  private func judgeStrangers(_ readings: inout Readings) {
    guard evidence.rules.foreign != .privateLabel, let base = evidence.base else { return }
    for (poll, sample) in evidence.samples.enumerated() {
      guard let foreign = evidence.foreign(at: sample.received) else { continue }
      for (label, count) in sample.counts.sorted(by: { $0.key < $1.key })
      where !history.choices.contains(label) && count > base[label] + foreign {
        readings.add(.upper, poll: poll, "\(label) showed \(count), nobody voted for it")
      }
    }
  }

  private func foreign(_ poll: Int) -> Int? {
    evidence.foreign(at: MonotonicTime(nanoseconds: table.received[poll]))
  }

  /// The poll that the accounting by totals goes by: the last one of the source that misses least.
  private var final: Int? {
    let last = Set(table.source).sorted().compactMap { source in table.indices.last { table.source[$0] == source } }
    return last.min { missing($0) < missing($1) }
  }

  private func missing(_ poll: Int) -> Int {
    bounds.map { $0.final.deficit(table.sums(poll, $0.final.view).most) }.max() ?? 0
  }

  /// The accounting by totals; nil without a poll, or where nobody knows how many of the votes are foreign.
  func totals() -> Totals? {
    guard let final, let base = evidence.base else { return nil }
    let span = MonotonicTime(nanoseconds: table.received[final]) - base.sent
    guard let foreign = evidence.rules.foreign.bound(over: span) else { return nil }
    var totals: Totals?
    for view in bounds {
      let shown = table.sums(final, view.final.view)
      let account = view.final.account(shown, foreign: foreign)
      let before = totals ?? Totals(account: account, isDetermined: true)
      totals = Totals(
        account: before.account.merged(with: account),
        isDetermined: before.isDetermined && view.final.isDetermined(shown))
    }
    return totals
  }

  /// Every poll with the age of the oldest accepted vote that it did not show, where some were not visible.
  ///
  /// `uncertain` votes may be visible or not, and others' votes besides. With an audit the counted votes are known.
  func polls(uncertain: Int) -> [ConsistencyReport.Poll] {
    let ages = curves.ages()
    return table.indices.map { number in
      let (visible, sent, received) = (
        table.total(number), MonotonicTime(nanoseconds: table.sent[number]),
        MonotonicTime(nanoseconds: table.received[number])
      )
      var poll = ConsistencyReport.Poll(received: received, source: table.source[number], visible: visible)
      guard let foreign = foreign(number) ?? (evidence.isBaseMoving ? 0 : nil),
        ages.isOpen(visible: visible, uncertain: uncertain + foreign, received: received)
      else { return poll }
      let age = ages.age(visible: visible, uncertain: uncertain + foreign, sent: sent, received: received)
      poll.age = age.least...max(age.least, age.most)
      return poll
    }
  }
}

extension FinalTally.Account {
  /// What two views of the same votes prove together.
  func merged(with other: Self) -> Self {
    Self(
      lostMinimum: max(lostMinimum, other.lostMinimum),
      lostMaximum: (
        min(lostMaximum.own, other.lostMaximum.own), min(lostMaximum.foreign, other.lostMaximum.foreign)
      ),
      excess: max(excess, other.excess), stale: max(stale, other.stale))
  }
}
