/// Whether the answer was true: everything known about the votes of a run and the tally, judged together.
///
/// Fail > inconclusive > pass over all findings. A pass needs an accepted vote, three good polls before the votes and
/// three while they were sent, a tally that came to rest with all accepted votes, and no more losses that cannot be
/// excluded than are put up with. An audit by export overrides what totals say of losses, duplicates and phantoms; the
/// polls are judged all the same. Source: the consistency model, section 13.
package struct ConsistencyReport: Sendable {
  /// What one poll showed of this run's votes.
  package struct Poll: Sendable, Hashable {
    /// When its answer was complete.
    package var received: MonotonicTime
    /// Which tally source it came from, counted from 0.
    package var source: Int
    /// Votes above those that were there before the first vote.
    package var visible: Int
    /// The age of the oldest accepted vote that it did not show, from below to above; nil where all were visible, or where
    /// nobody can say.
    package var age: ClosedRange<Duration>?
  }

  /// How old the oldest accepted vote was that a poll did not show yet, over the polls that did not show all, in
  /// milliseconds.
  package struct Freshness: Sendable, Hashable, Codable {
    /// The median over the polls.
    package var p50: Double
    /// The 99th percentile over the polls.
    package var p99: Double
    /// The oldest at any poll.
    package var max: Double
    /// Polls behind the figures.
    package var count: Int
  }

  /// What is worth knowing and no fault of the votes.
  package struct Notes: Sendable, Hashable, Codable {
    /// Votes that may have counted and were sent again.
    package var resent = 0
    /// Polls that showed less than another source had, within the staleness allowed.
    package var crossStale = 0
    /// How far behind such a poll was at most, in milliseconds.
    package var crossStaleMaxMs = 0.0
    /// Tally sources that stood still for 10 s or more while another moved, by name.
    package var frozen: [String] = []
    /// Tally sources that sent nothing for three of their periods, by name.
    package var silent: [String] = []
    /// Voters shown with a choice that they had replaced, where no order is promised.
    package var staleChoices = 0
  }

  /// The verdict over all findings.
  package private(set) var verdict: Verdict
  /// Votes that were accepted, warmup included.
  package private(set) var accepted = 0
  /// Votes of which nobody can know, each re-send of one counted too.
  package private(set) var indeterminate = 0
  /// Indeterminate votes that the audit found counted; nil without an audit.
  package private(set) var recovered: Int?
  /// Indeterminate votes that the audit did not find; nil without an audit.
  package private(set) var unresolved: Int?
  /// Losses that are proven.
  package private(set) var lostMinimum = 0
  /// Losses that cannot be excluded; as many as are proven where an audit followed a tally at rest.
  package private(set) var lostMaximum = 0
  /// Voters of lost votes, as far as the audit names them.
  package private(set) var lostVoters: [String] = []
  /// Where they were; nil when none is named.
  package private(set) var lostPlaces: LossPlaces?
  /// Votes counted more often than sent; nil where nobody could see it.
  ///
  /// Without an audit, where each accepted vote adds one: votes in the tally beyond all that can be ours.
  package private(set) var duplicated: Int?
  /// Rows that were counted but never sent; without an audit, where each voter has one row, votes in the tally beyond
  /// all that can be ours, 0 where the base moved.
  package private(set) var phantom = 0
  /// Votes counted for another choice; nil without an audit.
  package private(set) var altered: Int?
  /// True when every choice shows exactly its accepted votes and none is indeterminate.
  ///
  /// Then no vote was altered, save exchanges that cancel. Says nothing more where there is an audit.
  package private(set) var choicesMatch = false
  /// True when the tally came to rest with every accepted vote in it.
  package private(set) var converged: Bool
  /// How far the tally lagged behind, from above; nil without a poll to judge it by.
  package private(set) var freshness: Freshness?
  /// The same from below.
  package private(set) var freshnessAtLeast: Freshness?
  /// Every poll since the first vote, by the moment of its sending; none without a base to count from.
  package private(set) var polls: [Poll] = []
  /// Everything found, the gravest first.
  package private(set) var findings: [Finding] = []
  /// What is no finding.
  package private(set) var notes = Notes()
  /// What the verdict takes for granted, a line each.
  package let assumptions: [String]
  /// True when each vote was accounted for by an export.
  package var isExact: Bool { altered != nil }

  /// Judges the evidence.
  package init(_ evidence: Evidence) {
    verdict = .inconclusive
    converged = evidence.drain == .converged
    assumptions = evidence.rules.assumptions
    // Without a base nothing can be said of the tally, but the votes are counted.
    let judge = TallyJudge(
      evidence,
      base: evidence.base
        ?? TallySample(sent: .init(nanoseconds: 0), received: .init(nanoseconds: 0), counts: [:]))
    (accepted, indeterminate) = (judge.accepted, judge.indeterminate)
    notes.resent = judge.resent
    notes.silent = Self.silent(evidence)
    findings += evidence.vacuity(accepted: accepted)
    if !evidence.baseline.isEmpty {
      // Whoever moved it before may move it later, in any direction: nothing that a tally shows proves a fault then.
      if !evidence.isBaseMoving { findings += judge.readings(&notes) }
      account(evidence, judge)
      judgeFreshness(evidence, judge)
    }
    findings.sort { $0.code.verdict == .fail && $1.code.verdict != .fail }
    verdict = findings.map(\.code.verdict).merged
  }

  // MARK: Accounting

  private mutating func account(_ evidence: Evidence, _ judge: TallyJudge) {
    if let error = evidence.exportError { findings.append(Finding(.exportFailed, error)) }
    let totals = judge.totals()
    if let audit = evidence.audit {
      account(audit, evidence)
    } else if let totals {
      account(totals.account, evidence)
    }
    guard !evidence.samples.isEmpty else { return }
    choicesMatch = totals?.isDetermined ?? false
    judgeDrain(evidence)
  }

  private mutating func account(_ audit: VoteAudit, _ evidence: Evidence) {
    let isProven = evidence.isAtRest
    lostMinimum = isProven ? audit.lostCount : 0
    lostMaximum = audit.lostCount + audit.maskedCount
    lostVoters = isProven ? audit.lostVoters : []
    lostPlaces = isProven ? evidence.course.flatMap { LossPlaces(audit, $0) } : nil
    // One row a voter hides duplicates, except for a store that holds two rows of one voter.
    let isVisible = evidence.rules.semantics == .count || audit.duplicated.count > 0
    duplicated = isVisible ? audit.duplicated.count : nil
    phantom = audit.phantoms.count
    altered = audit.wrong.count + (evidence.rules.order == .realtime ? audit.stale.count : 0)
    notes.staleChoices = evidence.rules.order == .any ? audit.stale.count : 0
    recovered = audit.recovered
    unresolved = audit.unresolved
    let isEnough = isProven && audit.lostCount > evidence.rules.lossBudget
    findings += audit.findings.filter { isEnough || $0.code != .lost }
    if audit.maskedCount > 0, lostMaximum > evidence.rules.lossBudget {
      findings.append(
        Finding(.masked, "rows of voters' indeterminate votes could hide \(audit.maskedCount) of their losses"))
    }
  }

  private mutating func account(_ account: FinalTally.Account, _ evidence: Evidence) {
    let isProven = evidence.isAtRest
    let budget = evidence.rules.lossBudget
    lostMinimum = isProven && !evidence.isBaseMoving ? account.lostMinimum : 0
    lostMaximum = account.lostMaximum.foreign
    if !evidence.isBaseMoving, evidence.votesEnded != nil { judgeExcess(account, evidence) }
    guard isProven, !evidence.isBaseMoving else { return }
    if lostMinimum > budget, !isUnexplained(evidence) {
      findings.append(Finding(.lost, "\(lostMinimum) accepted votes are missing from a tally at rest"))
    }
    if account.stale > 0 {
      findings.append(Finding(.staleChoice, "\(account.stale) voters are shown with a choice that they had replaced"))
    }
    let hidden = lostMaximum - lostMinimum
    if account.lostMaximum.own > max(budget, lostMinimum) {
      findings.append(
        Finding(
          .masked, "\(indeterminate) indeterminate votes could hide \(account.lostMaximum.own - lostMinimum) losses"))
    } else if lostMaximum > max(budget, lostMinimum) {
      findings.append(Finding(.foreign, "votes of others could hide \(hidden) losses"))
    }
  }

  private mutating func judgeExcess(_ account: FinalTally.Account, _ evidence: Evidence) {
    let excess = account.excess - (evidence.samples.last.flatMap { evidence.foreign(at: $0.received) } ?? 0)
    let isCounting = evidence.rules.semantics == .count
    if isCounting { duplicated = max(0, excess) } else { phantom = max(0, excess) }
    guard excess > 0 else { return }
    findings.append(
      isCounting
        ? Finding(.duplicate, "\(excess) more in the tally than could be counted: votes counted twice, or never sent")
        : Finding(.phantom, "\(excess) more in the tally than could be counted: never sent"))
  }

  /// True when the tally stands still below what was accepted, and nobody knows whether the rest is queued.
  private func isUnexplained(_ evidence: Evidence) -> Bool {
    if case .stalled(_, .unknown) = evidence.drain { true } else { false }
  }

  private mutating func judgeDrain(_ evidence: Evidence) {
    switch evidence.drain {
    case .converged: break
    case .timedOut(let deficit, let rest):
      let estimate = rest.map { ", \($0.seconds.rounded(.up)) s more at its rate" } ?? ""
      findings.append(
        Finding(.drainTimeout, "\(deficit) accepted votes were not visible yet, and the tally still grew\(estimate)"))
    case .stalled(let deficit, .holding(let queued)) where queued > 0:
      findings.append(
        Finding(.stuck, "\(deficit) accepted votes are not visible, \(queued) are queued, and the tally stands still"))
    case .stalled(let deficit, .unknown):
      // What the audit names as lost explains the deficit; anything beyond it may still be queued.
      if deficit > evidence.rules.lossBudget, !evidence.isBaseMoving, evidence.audit == nil || lostMinimum < deficit {
        findings.append(Finding(.lostOrStuck, "\(deficit) accepted votes are missing from a tally that stands still"))
      }
    case .stalled(let deficit, _):
      // Nothing is queued: what is missing is lost, unless the export has it.
      if evidence.audit != nil, lostMinimum < deficit {
        findings.append(
          Finding(.stuck, "the export has \(deficit - lostMinimum) votes that a tally at rest does not show"))
      }
    case .waiting, nil:
      findings.append(Finding(.noEvidence, "the run ended before the tally could come to rest"))
    }
  }

  // MARK: Freshness

  private mutating func judgeFreshness(_ evidence: Evidence, _ judge: TallyJudge) {
    // The audit says which votes the tally has; what else it has, and without an audit all that is open, is uncertain.
    let uncertain =
      evidence.audit.map { $0.duplicated.count + $0.phantoms.count + $0.ghosts.count }
      ?? indeterminate + judge.resent + lostMaximum
    var (least, most) = (Distribution(), Distribution())
    var untold = 0
    polls = judge.polls(uncertain: uncertain)
    for age in polls.compactMap(\.age) {
      least.record(nanoseconds: age.lowerBound.nanoseconds)
      most.record(nanoseconds: age.upperBound.nanoseconds)
      if let limit = evidence.rules.freshnessLimit, age.upperBound > limit, age.lowerBound <= limit,
        age.upperBound - age.lowerBound > limit
      {
        untold += 1
      }
    }
    freshness = Freshness(most)
    freshnessAtLeast = Freshness(atLeast: least)
    if untold > 0 {
      findings.append(
        Finding(.notIdentifiable, "\(uncertain) uncertain votes leave open how old the tally was at \(untold) polls"))
    }
  }

  /// Sources that send by themselves and did not for three periods.
  private static func silent(_ evidence: Evidence) -> [String] {
    evidence.rules.sources.enumerated().compactMap { number, traits in
      guard let period = traits.period else { return nil }
      let moments = evidence.samples.filter { $0.source == number }.map(\.received).sorted()
      let isSilent = zip(moments, moments.dropFirst()).contains { $1 - $0 > period * 3 }
      return isSilent || moments.isEmpty ? traits.name : nil
    }
  }
}

extension ConsistencyReport.Freshness {
  fileprivate init?(_ distribution: Distribution) {
    guard let figures = distribution.milliseconds else { return nil }
    self.init(p50: figures.p50, p99: figures.p99, max: figures.max, count: figures.count)
  }

  /// From below: what a slot of the distribution holds is not rounded up.
  fileprivate init?(atLeast distribution: Distribution) {
    guard let figures = distribution.milliseconds else { return nil }
    let ranked = distribution.millisecondsAtLeast(at: [50, 99])
    self.init(p50: ranked[0], p99: ranked[1], max: figures.max, count: figures.count)
  }
}

// MARK: Shards

extension ConsistencyReport {
  /// What the shards of one load came to together: each was judged by itself, over its own votes.
  ///
  /// `delay` is what is to be added to a shard's moments. Counts add up, nil where one of them could not see; the tally
  /// shows what all of them saw last, together.
  package init(merging shards: [(report: ConsistencyReport, delay: Duration)]) {
    let reports = shards.map(\.report)
    func sum(_ count: KeyPath<Self, Int>) -> Int { reports.reduce(0) { $0 + $1[keyPath: count] } }
    func sum(_ count: KeyPath<Self, Int?>) -> Int? {
      reports.reduce(Int?.some(0)) { sum, report in sum.flatMap { sum in report[keyPath: count].map { sum + $0 } } }
    }
    verdict = reports.map(\.verdict).merged
    converged = reports.allSatisfy(\.converged)
    choicesMatch = reports.allSatisfy(\.choicesMatch)
    assumptions = Self.union(reports.map(\.assumptions))
    (accepted, indeterminate, phantom) = (sum(\.accepted), sum(\.indeterminate), sum(\.phantom))
    (recovered, unresolved) = (sum(\.recovered), sum(\.unresolved))
    (duplicated, altered) = (sum(\.duplicated), sum(\.altered))
    (lostMinimum, lostMaximum) = (sum(\.lostMinimum), sum(\.lostMaximum))
    lostVoters = reports.flatMap(\.lostVoters)
    findings = reports.flatMap(\.findings).sorted { $0.code.verdict == .fail && $1.code.verdict != .fail }
    notes = Notes(merging: reports.map(\.notes))
    polls = Self.merged(shards)
    freshness = Freshness(Self.distribution(polls.compactMap(\.age?.upperBound)))
    freshnessAtLeast = Freshness(atLeast: Self.distribution(polls.compactMap(\.age?.lowerBound)))
  }

  /// Every poll of any shard, with what the shards' last polls until then showed together.
  private static func merged(_ shards: [(report: ConsistencyReport, delay: Duration)]) -> [Poll] {
    let moved = shards.enumerated().flatMap { number, shard in
      shard.report.polls.map { poll in
        var poll = poll
        poll.received = poll.received + shard.delay
        return (shard: number, poll: poll)
      }
    }.sorted { ($0.poll.received, $0.shard) < ($1.poll.received, $1.shard) }
    var last = Array(repeating: 0, count: shards.count)
    return moved.map { shard, poll in
      last[shard] = poll.visible
      var poll = poll
      (poll.visible, poll.source) = (last.reduce(0, +), 0)
      return poll
    }
  }

  private static func distribution(_ ages: [Duration]) -> Distribution {
    var distribution = Distribution()
    for age in ages { distribution.record(nanoseconds: age.nanoseconds) }
    return distribution
  }

  /// All of them, each once, in the order in which they come first.
  fileprivate static func union(_ lists: [[String]]) -> [String] {
    var seen: Set<String> = []
    return lists.joined().filter { seen.insert($0).inserted }
  }
}

extension ConsistencyReport.Notes {
  fileprivate init(merging notes: [Self]) {
    resent = notes.reduce(0) { $0 + $1.resent }
    crossStale = notes.reduce(0) { $0 + $1.crossStale }
    crossStaleMaxMs = notes.map(\.crossStaleMaxMs).max() ?? 0
    frozen = ConsistencyReport.union(notes.map(\.frozen))
    silent = ConsistencyReport.union(notes.map(\.silent))
    staleChoices = notes.reduce(0) { $0 + $1.staleChoices }
  }
}
