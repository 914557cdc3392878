/// The evidence of a run as its ledger has it: the file is read several times, never held.
///
/// Everything that `votebench run` judged is in it, so that judging it again comes to the same.
package struct LedgerEvidence: Sendable {
  /// Goes through the whole file, record by record; without polls and notes where `false`.
  package typealias Reading = @Sendable (Bool, (LedgerRecord) -> Void) -> Void

  /// How the run was set up; nil for a file that ends before that.
  package var heading: LedgerHeading? { notes.heading }
  private var notes = Notes()
  private var rows = 0
  private var count = 0
  private let reading: Reading

  /// Reads the ledger once, for all but its votes and rows.
  package init(_ reading: @escaping Reading) {
    self.reading = reading
    var (evidence, count, rows) = (Notes(), 0, 0)
    reading(true) { record in
      switch record {
      case .vote(let vote): count = max(count, vote.index + 1)
      case .row, .strangeRow: rows += 1
      case .note(let note): evidence.add(note)
      }
    }
    notes = evidence
    (self.count, self.rows) = (count, rows)
  }

  private struct Notes: Sendable {
    var heading: LedgerHeading?
    var phases = PhaseEdges()
    var baseline: [TallySample] = []
    var samples: [TallySample] = []
    var votesEnded: MonotonicTime?
    var drain: Drain.State?
    var exportEnded = false
    var exportError: String?
    var pods: [String] = []

    mutating func add(_ note: LedgerNote) {
      switch note {
      case .begin(let heading): self.heading = heading
      case .phase(let name, let moment): phases.begin(name, ifInOrder: moment)
      case .poll(let sample, true): baseline.append(sample)
      case .poll(let sample, false): samples.append(sample)
      case .votesEnded(let moment): votesEnded = moment
      case .drained(let state): drain = state
      case .pods(let names): pods = names
      case .exported(let problem):
        exportEnded = true
        exportError = problem
      }
    }
  }

  /// The votes, by voters as the ballot names them.
  package func history(_ ballot: Ballot) -> VoteHistory {
    VoteHistory(ballot, count: count) { [reading] body in
      reading(false) { record in if case .vote(let vote) = record { body(vote) } }
    }
  }

  /// Judges everything again; nil for a ledger without a heading.
  package func judged() -> ConsistencyReport? {
    guard let heading else { return nil }
    let history = history(heading.ballot)
    return ConsistencyReport(
      ConsistencyReport.Evidence(
        history: history, baseline: notes.baseline, samples: notes.samples, votesEnded: notes.votesEnded,
        drain: notes.drain,
        audit: audit(history, heading), exportError: problem, rules: heading.rules,
        course: RunCourse(origin: heading.origin, phases: notes.phases, pods: notes.pods) { [reading] body in
          reading(false) { record in if case .vote(let vote) = record { body(vote) } }
        }))
  }

  /// An export that did not end is none.
  private var problem: String? {
    notes.exportEnded || rows == 0 ? notes.exportError : "the run ended in the middle of the export"
  }

  private func audit(_ history: VoteHistory, _ heading: LedgerHeading) -> VoteAudit? {
    guard notes.exportEnded, notes.exportError == nil else { return nil }
    var audit = VoteAudit(history, rules: heading.rules)
    reading(false) { audit.add($0) }
    audit.finish()
    return audit
  }
}
