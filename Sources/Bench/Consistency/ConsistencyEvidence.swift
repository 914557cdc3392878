extension ConsistencyReport {
  /// What the check is judged from.
  package struct Evidence: Sendable {
    /// Every vote.
    package let history: VoteHistory
    /// Polls before the first vote: the base.
    package let baseline: [TallySample]
    /// Polls from the first vote to the end of the drain, of all sources.
    package var samples: [TallySample]
    /// When the last vote had its outcome; nil when the votes never ended, since the run was killed.
    ///
    /// Then votes may have been sent that the history does not have, so what is above its votes proves nothing.
    package var votesEnded: MonotonicTime?
    /// How the drain ended; nil when it never ran.
    package var drain: Drain.State?
    /// The finished audit, nil when there is no export; `exportError` says when there should have been one.
    package var audit: VoteAudit?
    /// Why the export could not be read, in a sentence.
    package var exportError: String?
    /// What is promised of the system, and how strictly it is judged.
    package let rules: ConsistencyRules
    /// Where votes were in the run; nil where nobody asks.
    package var course: RunCourse?

    /// True when others' votes cannot be told from a fault: the base moved, and nobody said that they may.
    let isBaseMoving: Bool

    /// The evidence; see the members.
    package init(
      history: VoteHistory, baseline: [TallySample], samples: [TallySample], votesEnded: MonotonicTime?,
      drain: Drain.State?, audit: VoteAudit?, exportError: String?, rules: ConsistencyRules, course: RunCourse? = nil
    ) {
      self.history = history
      self.baseline = baseline
      self.samples = samples
      self.votesEnded = votesEnded
      self.drain = drain
      self.audit = audit
      self.exportError = exportError
      self.rules = rules
      self.course = course
      isBaseMoving =
        switch rules.foreign {
        case .allowance, .tagged: false
        case .exclusive: !Baseline.isSteady(baseline, choices: history.choices)
        case .privateLabel: !Baseline.isSteady(baseline, choices: history.choices, ofOthers: false)
        }
    }

    /// What all accounting begins with: the last poll before the first vote, an exact one where there is one.
    var base: TallySample? { Self.base(of: baseline) }

    /// What all accounting begins with, of the polls before the first vote; nil where there was none.
    package static func base(of baseline: [TallySample]) -> TallySample? {
      baseline.last { $0.rounding == nil } ?? baseline.last
    }

    /// A vote is lost when it is missing from a tally at rest; before, it may be queued and counted later.
    var isAtRest: Bool {
      switch drain {
      case .converged: true
      case .stalled(_, let queue): !queue.isHolding
      case .timedOut, .waiting, nil: false
      }
    }

    /// Too little to say anything: no accepted vote, fewer than 3 good polls while votes were sent, or a base that moved.
    func vacuity(accepted: Int) -> [Finding] {
      var findings: [Finding] = []
      if accepted == 0 { findings.append(Finding(.noEvidence, "no vote was accepted")) }
      let polls = samples.count { poll in votesEnded.map { poll.sent < $0 } ?? true }
      if polls < 3 {
        findings.append(
          Finding(.noEvidence, "\(polls) good polls of the tally while votes were sent, at least 3 are needed"))
      }
      if baseline.count < 3 {
        findings.append(
          Finding(.noEvidence, "\(baseline.count) good polls before the first vote, at least 3 are needed"))
      } else if isBaseMoving {
        findings.append(
          Finding(.baselineUnstable, "the tally moved before the first vote: somebody else votes, or votes are queued"))
      }
      if rules.foreign == .tagged, audit == nil, exportError == nil {
        findings.append(Finding(.noEvidence, "others vote too, and there is no export to tell their votes from ours"))
      }
      return findings
    }

    /// At most so many votes of others at a moment after the base, nil where nobody knows.
    func foreign(at moment: MonotonicTime) -> Int? {
      guard let base, !isBaseMoving, votesEnded != nil else { return nil }
      return rules.foreign.bound(over: moment - base.sent)
    }
  }
}
