/// What a ledger says besides votes and rows: how the run was set up, what its tally showed, and how it ended.
///
/// Each is one JSON text in the file. Times are nanoseconds of the generator's clock.
package enum LedgerNote: Sendable, Hashable, Codable {
  /// The first note of a ledger.
  case begin(LedgerHeading)
  /// A phase began.
  case phase(name: Phase, at: MonotonicTime)
  /// What is known of the next tally source: the first time that one answered after the heading.
  case source(traits: ConsistencyRules.Source)
  /// A poll of the tally; `isBaseline` for those before the first vote.
  case poll(sample: TallySample, isBaseline: Bool)
  /// A change of the cluster, or its rollback: as it stood every second, and as it ended.
  case rollout(record: RolloutRecord)
  /// What the generator says of itself, and who answered.
  case generator(figures: GeneratorFigures)
  /// Every vote has its outcome.
  case votesEnded(at: MonotonicTime)
  /// How the drain stood at its end.
  case drained(state: Drain.State)
  /// The export ended: nil for well, else why it cannot be used, in a sentence.
  case exported(problem: String?)
  /// The run is over: the last note of a ledger.
  case ended(ending: RunEnding)
}

/// How a run ended, and what is known at its end alone.
package struct RunEnding: Sendable, Hashable, Codable {
  /// When: the end of the last phase.
  package var at: MonotonicTime
  /// How often each tally source could be read.
  package var tallySources: [TallySources.Figures]
  /// The most memory that the process has had resident, in 10^6 bytes; 0 when the kernel does not say.
  package var peakMemoryMegabytes: Double
  /// True when somebody ended the run early.
  package var isInterrupted: Bool
  /// The objective for whose sure violation the run was ended; nil when it was not.
  package var aborted: Abortion?
  /// What kept the run from its end, in a sentence; nil when nothing did.
  package var failure: String?
  /// The exit status.
  package var exitCode: Int32

  /// An ending; see the members.
  package init(
    at: MonotonicTime, tallySources: [TallySources.Figures], peakMemoryMegabytes: Double, isInterrupted: Bool,
    aborted: Abortion?, failure: String?, exitCode: Int32
  ) {
    self.at = at
    self.tallySources = tallySources
    self.peakMemoryMegabytes = peakMemoryMegabytes
    self.isInterrupted = isInterrupted
    self.aborted = aborted
    self.failure = failure
    self.exitCode = exitCode
  }
}

/// What all judging of a ledger needs to know beforehand.
package struct LedgerHeading: Sendable, Hashable, Codable {
  /// The version of votebench that wrote it.
  package var version: String
  /// The wall-clock time of the first vote, ISO 8601.
  package var startedAt: String
  /// When the first vote was due.
  package var origin: MonotonicTime
  /// Names the run in voter ids.
  package var run: String
  /// Seed of the choices.
  package var seed: UInt64
  /// What can be voted for.
  package var choices: [String]
  /// Who votes more than once; nil in ledgers of before there were such voters.
  package var electorate: Electorate?
  /// What is promised of the voting system.
  package var rules: ConsistencyRules
  /// When the first vote was due by the wall clock, in seconds since 1970; nil in older ledgers.
  package var startS: Double?
  /// The resolved profile as YAML, without what may be secret; nil in older ledgers.
  package var profile: String?
  /// Where the run was made; nil in older ledgers.
  package var environment: RunEnvironment?

  /// The heading of a ledger; see the members.
  package init(
    version: String, startedAt: String, origin: MonotonicTime, ballot: Ballot, rules: ConsistencyRules,
    startS: Double? = nil, profile: String? = nil, environment: RunEnvironment? = nil
  ) {
    self.version = version
    self.startedAt = startedAt
    self.origin = origin
    run = ballot.run
    seed = ballot.seed
    choices = ballot.choices
    electorate = ballot.electorate
    self.rules = rules
    self.startS = startS
    self.profile = profile
    self.environment = environment
  }

  /// Who voted, where some vote again and the tally counts voters; nil where it counts votes.
  package var revoters: Ballot? { rules.semantics == .upsert && ballot.electorate.votesAgain ? ballot : nil }
  /// Who voted for what.
  package var ballot: Ballot { Ballot(run: run, seed: seed, choices: choices, electorate: electorate ?? .unique) }
}

extension LedgerNote {
  /// Moments are nearer to the clock's origin, in nanoseconds: 36 years.
  static let farthest: UInt64 = 1 << 60

  /// False for numbers that no run has, with which nothing can be reckoned.
  var isSound: Bool {
    switch self {
    case .begin(let heading): heading.isSound
    case .source(let traits): traits.isSound
    case .phase(_, let moment), .votesEnded(let moment): moment.isSound
    case .poll(let sample, _): sample.isSound
    case .drained(.timedOut(let deficit, let rest)): Self.isCount(deficit) && Self.isLength(rest ?? .zero)
    case .drained(.stalled(let deficit, .holding(let queued))): Self.isCount(deficit) && Self.isCount(queued)
    case .drained(.stalled(let deficit, _)), .drained(.waiting(let deficit)): Self.isCount(deficit)
    case .rollout(let record): record.isSound
    case .generator(let figures): figures.isSound
    case .ended(let ending): ending.isSound
    case .drained(.converged), .exported: true
    }
  }

  fileprivate static func isCount(_ count: Int) -> Bool { (0...1 << 56).contains(count) }

  fileprivate static func isLength(_ length: Duration) -> Bool { (.zero ... .seconds(1e9)).contains(length) }
}

extension LedgerHeading {
  fileprivate var isSound: Bool {
    origin.isSound && rules.isSound && electorate?.isSound ?? true && (0...1e11).contains(startS ?? 0)
  }
}

extension MonotonicTime {
  fileprivate var isSound: Bool { nanoseconds.magnitude < LedgerNote.farthest }
}

extension TallySample {
  fileprivate var isSound: Bool {
    let numbers = Array(counts.values) + (rounding.map { Array($0.most.values) + [$0.total] } ?? [])
    return sent.isSound && received.isSound && (0...Int(UInt16.max)).contains(source) && numbers.count <= 1 << 16
      && numbers.allSatisfy { (0...1 << 44).contains($0) }
  }
}

extension ConsistencyRules {
  fileprivate var isSound: Bool {
    let lengths = [freshnessLimit ?? .zero, staleness, clockOffset]
    return lengths.allSatisfy(LedgerNote.isLength) && LedgerNote.isCount(lossBudget) && sources.allSatisfy(\.isSound)
      && foreign.isSound
  }
}

extension ConsistencyRules.Source {
  fileprivate var isSound: Bool { LedgerNote.isLength(refresh) && LedgerNote.isLength(period ?? .zero) }
}

extension ForeignTraffic {
  fileprivate var isSound: Bool {
    switch self {
    case .exclusive, .tagged, .privateLabel: true
    case .allowance(.atMost(let count)): LedgerNote.isCount(count)
    case .allowance(.measured(let count, let span)): LedgerNote.isCount(count) && LedgerNote.isLength(span)
    }
  }
}

extension Moment {
  fileprivate var isSound: Bool { earliest.isSound && latest.isSound && earliest <= latest }
}

extension RolloutRecord {
  fileprivate var isSound: Bool {
    let moments = [start, end ?? start] + gaps.flatMap { [$0.start, $0.end] }
    let seen = notes.map(\.at) + pods.flatMap(\.times.values)
    return moments.allSatisfy(\.isSound) && seen.allSatisfy(\.isSound) && LedgerNote.isCount(wantedBefore)
      && LedgerNote.isCount(wantedAfter)
  }
}

extension GeneratorFigures {
  fileprivate var isSound: Bool {
    let lengths = [processorTime, stalls.longest, control?.slowest ?? .zero]
    return lengths.allSatisfy(LedgerNote.isLength) && LedgerNote.isCount(backlogMaximum)
      && LedgerNote.isCount(stalls.count) && control?.failures.allSatisfy(\.isSound) ?? true
  }
}

extension RunEnding {
  fileprivate var isSound: Bool {
    at.isSound && LedgerNote.isLength(aborted?.at ?? .zero) && (0...1e9).contains(peakMemoryMegabytes)
      && tallySources.allSatisfy { LedgerNote.isCount($0.good) && $0.failed.values.allSatisfy(LedgerNote.isCount) }
  }
}
