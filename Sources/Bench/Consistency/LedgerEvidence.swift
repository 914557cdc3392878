/// The evidence of a run as its ledger has it: the file is read several times, never held.
///
/// Everything that `votebench run` judged is in it, so that judging it again comes to the same.
package struct LedgerEvidence: Sendable {
  /// Goes through the whole file, record by record; polls and notes but the heading may be left out.
  package typealias Reading = @Sendable ((LedgerRecord) -> Void) -> Void

  /// How the run was set up; nil for a file that ends before that.
  package private(set) var heading: LedgerHeading?
  private var phases = PhaseEdges()
  private var baseline: [TallySample] = []
  private var samples: [TallySample] = []
  private var votesEnded: MonotonicTime?
  private var drain: Drain.State?
  private var exportEnded = false
  private var exportError: String?
  private var pods: [String] = []
  private var rows = 0
  private var count = 0
  private let reading: Reading

  /// Evidence of a ledger of which nothing has been read; `reading` goes through its votes and rows when it is judged.
  package init(_ reading: @escaping Reading) {
    self.reading = reading
  }

  /// Takes a record into account, all of them once, in the order of the file.
  package mutating func add(_ record: LedgerRecord) {
    switch record {
    case .vote(let vote): count = max(count, vote.index + 1)
    case .row, .strangeRow: rows += 1
    case .connection: break
    case .note(let note): add(note)
    }
  }

  private mutating func add(_ note: LedgerNote) {
    switch note {
    case .begin(let heading): self.heading = heading
    case .phase(let name, let moment): phases.begin(name, ifInOrder: moment)
    case .source(let traits): heading?.rules.sources.append(traits)
    case .poll(let sample, true): baseline.append(sample)
    case .poll(let sample, false): samples.append(sample)
    case .votesEnded(let moment): votesEnded = moment
    case .drained(let state): drain = state
    case .generator(let figures): pods = figures.responders.map(\.pod)
    case .rollout, .ended: break
    case .exported(let problem):
      exportEnded = true
      exportError = problem
    }
  }

  /// The votes, by voters as the ballot names them.
  package func history(_ ballot: Ballot) -> VoteHistory {
    VoteHistory(ballot, count: count) { [reading] body in
      reading { record in if case .vote(let vote) = record { body(vote) } }
    }
  }

  /// Judges everything again; nil for a ledger without a heading.
  package func judged() -> ConsistencyReport? {
    guard let heading else { return nil }
    let history = history(heading.ballot)
    let evidence = ConsistencyReport.Evidence(
      history: history, baseline: baseline, samples: samples, votesEnded: votesEnded,
      drain: drain,
      audit: audit(history, heading), exportError: problem, rules: heading.rules,
      course: RunCourse(origin: heading.origin, phases: phases, pods: pods) { [reading] body in
        reading { record in if case .vote(let vote) = record { body(vote) } }
      })
    return ConsistencyReport(evidence)
  }

  /// An export that did not end is none.
  private var problem: String? {
    exportEnded || rows == 0 ? exportError : "the run ended in the middle of the export"
  }

  private func audit(_ history: VoteHistory, _ heading: LedgerHeading) -> VoteAudit? {
    guard exportEnded, exportError == nil else { return nil }
    var audit = VoteAudit(history, rules: heading.rules)
    reading { audit.add($0) }
    audit.finish()
    return audit
  }
}
