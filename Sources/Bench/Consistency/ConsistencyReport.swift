/// Whether the answer was true: everything known about the votes of a run and the tally, judged together.
package struct ConsistencyReport: Sendable {
  /// What the check is judged from.
  package struct Evidence: Sendable {
    /// Every vote.
    package var ledger: Ledger
    /// Who voted for what.
    package var ballot: Ballot
    /// Polls before the first vote: the base.
    package var baseline: [TallySample]
    /// Polls from the first vote to the end of the drain.
    package var samples: [TallySample]
    /// When the last vote had its outcome; nil when the votes never ended.
    package var votesEnded: MonotonicTime?
    /// How the drain ended; nil when it never ran.
    package var drain: Drain.State?
    /// The finished audit, nil when there is no export; `exportError` says when there should have been one.
    package var audit: VoteAudit?
    /// Why the export could not be read, in a sentence.
    package var exportError: String?
    /// What the rows of the export, or of the tally, stand for.
    package var rows: VoteAudit.Rows

    /// The evidence; see the members.
    package init(
      ledger: Ledger, ballot: Ballot, baseline: [TallySample], samples: [TallySample],
      votesEnded: MonotonicTime?, drain: Drain.State?, audit: VoteAudit?, exportError: String?, rows: VoteAudit.Rows
    ) {
      self.ledger = ledger
      self.ballot = ballot
      self.baseline = baseline
      self.samples = samples
      self.votesEnded = votesEnded
      self.drain = drain
      self.audit = audit
      self.exportError = exportError
      self.rows = rows
    }
  }

  /// How old the oldest accepted vote was that a poll did not show yet, from above, over the polls, in milliseconds; 0
  /// for a poll that showed all.
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

  /// The verdict over all findings.
  package private(set) var verdict: Verdict
  /// Votes that were accepted, warmup included.
  package private(set) var accepted = 0
  /// Votes of which nobody can know, each re-send of one counted too.
  package private(set) var indeterminate = 0
  /// Indeterminate votes that the audit found counted; nil without an audit.
  package private(set) var recovered: Int?
  /// Losses that are proven.
  package private(set) var lostMinimum = 0
  /// Losses that cannot be excluded; as many as are proven where an audit followed a tally at rest.
  package private(set) var lostMaximum = 0
  /// Voters of lost votes, as far as the audit names them.
  package private(set) var lostVoters: [String] = []
  /// Votes counted more often than sent; nil where nobody could see it.
  package private(set) var duplicated: Int?
  /// Rows that were counted but never sent; without an audit, votes in the tally beyond all that can be ours, 0 where the base moved.
  package private(set) var phantom = 0
  /// Votes counted for another choice; nil without an audit.
  package private(set) var altered: Int?
  /// True when every choice shows exactly its accepted votes and none is indeterminate.
  ///
  /// Then no vote was altered, save exchanges that cancel. Says nothing more where there is an audit.
  package private(set) var choicesMatch = false
  /// True when the tally came to rest with every accepted vote in it.
  package private(set) var converged: Bool
  /// How far the tally lagged behind; nil without a poll to judge it by.
  package private(set) var freshness: Freshness?
  /// Everything found, the gravest first.
  package private(set) var findings: [Finding] = []
  /// True when each vote was accounted for by an export.
  package var isExact: Bool { altered != nil }

  /// Judges the evidence.
  package init(_ evidence: Evidence) {
    verdict = .inconclusive
    converged = evidence.drain == .converged
    for vote in evidence.ledger.observations {
      accepted += vote.outcome == .accepted ? 1 : 0
      indeterminate += vote.outcome == .indeterminate ? 1 + Int(vote.resends) : 0
    }
    let base = evidence.baseline.last
    findings += Self.vacuity(evidence, accepted: accepted)
    if let base {
      // On a base that moved nobody can tell others' votes from ours: an excess proves nothing.
      findings += TallyBounds(base: base.counts, ledger: evidence.ledger, ballot: evidence.ballot)
        .judge(evidence.samples).filter { Self.isSteady(evidence.baseline) || $0.code != .upper }
      account(evidence, base: base)
      freshness = Self.freshness(evidence, base: base, uncertain: indeterminate + lostMaximum)
    }
    findings.sort { $0.code.verdict == .fail && $1.code.verdict != .fail }
    verdict = findings.map(\.code.verdict).merged
  }

  /// Too little to say anything: no accepted vote, fewer than 3 good polls while votes were sent, or a base that moved.
  private static func vacuity(_ evidence: Evidence, accepted: Int) -> [Finding] {
    var findings: [Finding] = []
    if accepted == 0 { findings.append(Finding(.noEvidence, "no vote was accepted")) }
    let polls = evidence.samples.count { poll in evidence.votesEnded.map { poll.sent < $0 } ?? true }
    if polls < 3 {
      findings.append(
        Finding(.noEvidence, "\(polls) good polls of the tally while votes were sent, at least 3 are needed"))
    }
    if evidence.baseline.count < 3 {
      findings.append(
        Finding(.noEvidence, "\(evidence.baseline.count) good polls before the first vote, at least 3 are needed"))
    } else if !isSteady(evidence.baseline) {
      findings.append(
        Finding(.baselineUnstable, "the tally moved before the first vote: somebody else votes, or votes are queued"))
    }
    return findings
  }

  private static func isSteady(_ baseline: [TallySample]) -> Bool {
    Set(baseline.map(\.counts)).count <= 1
  }

  private mutating func account(_ evidence: Evidence, base: TallySample) {
    if let audit = evidence.audit { account(audit, evidence) }
    if let error = evidence.exportError { findings.append(Finding(.exportFailed, error)) }
    guard let final = evidence.samples.last else { return }
    if evidence.audit == nil { accountTotals(evidence, visible: final.total - base.total) }
    choicesMatch = Self.choicesMatch(evidence, base: base, final: final)
    judgeDrain(evidence.drain, audited: evidence.audit != nil)
  }

  private mutating func account(_ audit: VoteAudit, _ evidence: Evidence) {
    let isProven = Self.isAtRest(evidence.drain)
    lostMinimum = isProven ? audit.lost.count : 0
    lostMaximum = audit.lost.count
    lostVoters = isProven ? audit.lost.map(evidence.ballot.voter(of:)) : []
    // One row a voter hides duplicates, except for a store that holds two rows of one voter.
    duplicated = evidence.rows == .countedVotes || !audit.duplicated.isEmpty ? audit.duplicated.count : nil
    phantom = audit.phantoms.count
    altered = audit.altered.count
    recovered = audit.recovered
    findings += audit.findings.filter { isProven || $0.code != .lost }
  }

  private static func choicesMatch(_ evidence: Evidence, base: TallySample, final: TallySample) -> Bool {
    var expected = base.counts
    for vote in evidence.ledger.observations {
      if vote.outcome == .indeterminate { return false }
      if vote.outcome == .accepted { expected[evidence.ballot.choice(of: vote.index), default: 0] += 1 }
    }
    return expected == final.counts
  }

  private mutating func accountTotals(_ evidence: Evidence, visible: Int) {
    let isProven = Self.isAtRest(evidence.drain)
    lostMinimum = isProven ? max(0, accepted - visible) : 0
    lostMaximum = min(accepted, max(0, accepted + indeterminate - visible))
    phantom = Self.isSteady(evidence.baseline) ? max(0, visible - accepted - indeterminate) : 0
    if isProven, lostMaximum > lostMinimum {
      findings.append(
        Finding(.masked, "\(indeterminate) indeterminate votes could hide \(lostMaximum - lostMinimum) losses"))
    }
  }

  /// A vote is lost when it is missing from a tally at rest; before, it may be queued and counted later.
  private static func isAtRest(_ drain: Drain.State?) -> Bool {
    switch drain {
    case .converged, .stalled: true
    case .timedOut, .waiting, nil: false
    }
  }

  private mutating func judgeDrain(_ drain: Drain.State?, audited: Bool) {
    switch drain {
    case .converged: break
    case .timedOut(let deficit):
      findings.append(
        Finding(.drainTimeout, "\(deficit) accepted votes were not visible yet, and the tally still grew"))
    case .stalled(let deficit):
      // What the audit names as lost explains the deficit; anything beyond it may still be queued.
      if deficit > 0, !audited || lostMinimum < deficit {
        findings.append(Finding(.lostOrStuck, "\(deficit) accepted votes are missing from a tally that stands still"))
      }
    case .waiting, nil:
      findings.append(Finding(.noEvidence, "the run ended before the tally could come to rest"))
    }
  }

  /// The age of the oldest vote that could be invisible at each poll, from above.
  ///
  /// Votes become visible in the order of their sending (one worker, one queue). With an audit the counted votes are
  /// known one by one; without, every uncertain vote may hide an older one. Source: the consistency model, section 9.1.
  private static func freshness(_ evidence: Evidence, base: TallySample, uncertain: Int) -> Freshness? {
    let sends = evidence.ledger.observations.filter { vote in
      evidence.audit.map { $0.isCounted(vote.index) } ?? (vote.outcome == .accepted || vote.outcome == .indeterminate)
    }.map(\.actual).sorted()
    let uncertain = evidence.audit == nil ? uncertain : 0
    var lags = Distribution()
    for sample in evidence.samples {
      let oldest = max(0, sample.total - base.total - uncertain)
      guard oldest < sends.count, sends[0] < sample.received else { continue }
      lags.record(nanoseconds: max(0, (sample.received - sends[oldest]).nanoseconds))
    }
    return lags.milliseconds?.asFreshness
  }
}

extension Distribution.Summary {
  fileprivate var asFreshness: ConsistencyReport.Freshness {
    ConsistencyReport.Freshness(p50: p50, p99: p99, max: max, count: count)
  }
}
