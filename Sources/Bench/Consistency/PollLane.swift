/// The polls of one source in order, with what could have been counted at each of them.
///
/// Polls of one source that overlap are ordered by their answers, and each is taken as sent no later than those after
/// it: wider than it was, so that no bound is too strict.
struct PollLane {
  /// The polls' places in the table.
  let polls: [Int]
  private let view: ChoiceColumns
  private let rules: ConsistencyRules
  private var receptions: TimeFinder
  private var requests: TimeFinder
  /// Who may be counted at all, by the choices that were ever sent.
  private var ever: MaskCounts
  /// Who may be counted, by the choices that are not superseded; only with a limit of freshness.
  private var able: MaskCounts
  /// Who must be counted; only with a limit of freshness.
  private var required: MaskCounts

  /// What a poll may show.
  struct Bounds {
    /// For each set of columns, at most so many.
    var most: [Int]
    /// At least so many, nil without a limit of freshness.
    var least: [Int]?
    /// How far a single column may fall, since voters may have changed their minds.
    var mayFall: [Int]
  }

  init(_ polls: [Int], of table: PollTable, view: ChoiceColumns, rules: ConsistencyRules) {
    let ordered = polls.sorted { (table.received[$0], $0) < (table.received[$1], $1) }
    self.polls = ordered
    self.view = view
    self.rules = rules
    let limit = rules.freshnessLimit?.nanoseconds ?? 0
    var (latest, sent) = (Int64.max, [Int64](repeating: 0, count: ordered.count))
    for place in ordered.indices.reversed() {
      latest = min(latest, table.sent[ordered[place]])
      sent[place] = latest - limit
    }
    receptions = TimeFinder(ordered.map { table.received[$0] })
    requests = TimeFinder(sent)
    ever = MaskCounts(polls: ordered.count, view: view)
    able = ever
    required = ever
  }

  /// Takes a vote into account that counts by itself.
  mutating func add(_ vote: CastVote) {
    guard vote.mayCount else { return }
    let mask = view.mask(of: vote.choice)
    ever.add(rules.weight(of: vote), for: mask, from: receptions.first(notBefore: vote.sent.nanoseconds))
    guard rules.freshnessLimit != nil, vote.outcome == .accepted else { return }
    required.add(1, for: mask, from: requests.first(notBefore: vote.ended.nanoseconds))
  }

  /// Takes all votes of a voter into account who may have voted more than once.
  mutating func add(_ voter: VoterVotes) {
    let sent = voter.votes.map { receptions.first(notBefore: $0.sent) }
    let settled = voter.votes.map { rules.freshnessLimit == nil ? polls.count : requests.first(notBefore: $0.ended) }
    let firstSettled = settled.min() ?? polls.count
    // Who votes very often: nothing superseded, which is sound, so that the work stays in proportion.
    let isOrdered = rules.order == .realtime && voter.votes.count <= 64
    let moments = Set(sent + (isOrdered ? settled : [firstSettled])).sorted().filter { $0 < polls.count }
    var (before, next) = ((ever: 0, able: 0, required: 0), 0)
    for poll in moments {
      var now = before
      while next < sent.count, sent[next] == poll {
        if voter.votes[next].mayCount { now.ever |= view.mask(of: Int(voter.votes[next].choice)) }
        next += 1
      }
      now.able = isOrdered ? Self.able(voter, view, sent, settled, at: poll) : now.ever
      now.required = poll >= firstSettled ? now.able : 0
      change(&ever, from: before.ever, to: now.ever, at: poll)
      if rules.freshnessLimit != nil {
        change(&able, from: before.able, to: now.able, at: poll)
        change(&required, from: before.required, to: now.required, at: poll)
      }
      before = now
    }
  }

  private static func able(
    _ voter: VoterVotes, _ view: ChoiceColumns, _ sent: [Int], _ settled: [Int], at poll: Int
  ) -> Int {
    var newest = Int64.min
    for (place, vote) in voter.votes.enumerated() where settled[place] <= poll { newest = max(newest, vote.sent) }
    var mask = 0
    for (place, vote) in voter.votes.enumerated() where sent[place] <= poll && vote.mayCount && vote.ended >= newest {
      mask |= view.mask(of: Int(vote.choice))
    }
    return mask
  }

  private func change(_ counts: inout MaskCounts, from before: Int, to now: Int, at poll: Int) {
    guard before != now else { return }
    counts.add(-1, for: before, from: poll)
    counts.add(1, for: now, from: poll)
  }

  /// Goes through the polls with their bounds, in the order of the lane.
  func forEachPoll(hasRevotes: Bool, _ body: (Int, Bounds) -> Void) {
    var (ever, able, required) = (ever, able, required)
    for (place, poll) in polls.enumerated() {
      ever.step(to: place)
      let within = ChoiceColumns.within(ever.current)
      var bounds = Bounds(most: meeting(within), mayFall: [Int](repeating: 0, count: view.count))
      if hasRevotes {
        for column in bounds.mayFall.indices { bounds.mayFall[column] = bounds.most[1 << column] - within[1 << column] }
      }
      if rules.freshnessLimit != nil {
        required.step(to: place)
        bounds.least = ChoiceColumns.within(required.current)
        if hasRevotes {
          able.step(to: place)
          let meeting = meeting(ChoiceColumns.within(able.current))
          for set in meeting.indices { bounds.most[set] = min(bounds.most[set], meeting[set]) }
        }
      }
      body(poll, bounds)
    }
  }

  /// Who has a choice in each set: all but those who have none but outside of it.
  private func meeting(_ within: [Int]) -> [Int] {
    within.indices.map { within[view.all] - within[view.all ^ $0] }
  }
}

/// Finds places in ascending moments, quickly when each search is near the one before.
private struct TimeFinder {
  private let times: [Int64]
  private var hint = 0

  init(_ times: [Int64]) {
    self.times = times
  }

  /// The first place whose moment is `time` or later; the number of places when there is none.
  mutating func first(notBefore time: Int64) -> Int {
    if hint < times.count, times[hint] >= time, hint == 0 || times[hint - 1] < time { return hint }
    var (low, high) = (0, times.count)
    while low < high {
      let middle = (low + high) / 2
      if times[middle] < time { low = middle + 1 } else { high = middle }
    }
    hint = low
    return low
  }
}
