extension Objective {
  /// What a run measured, as far as objectives need it.
  package struct Evidence: Sendable {
    /// The outcome of every vote.
    package var ledger: Ledger
    /// The phases that had begun, in order.
    package var phases: [RunReport.PhaseReport]
    /// What the consistency check came to.
    package var consistency: ConsistencyReport
    /// Every change and rollback, in the order in which they began; empty when none was begun.
    package var rollouts: [RolloutRecord]
    /// Pods missing and added, times seconds, of each of `rollouts`; nil where it is not known.
    package var podSeconds: [PodSeconds?]
    /// Who answered, by number - 1.
    package var responders: [GeneratorFigures.Responder]
    /// Numbers of votes that failed while the control target did: they say nothing of the system.
    package var besideControl: Set<Int>
    /// False when the generator could not keep its schedule: times are its own doing then.
    package var keepsSchedule: Bool
    /// True when the run was to change something.
    package var isDuringRollout: Bool
    /// What it must have been able to see.
    package var detection: Detection

    /// Evidence; see the members.
    package init(
      ledger: Ledger, phases: [RunReport.PhaseReport], consistency: ConsistencyReport, rollouts: [RolloutRecord] = [],
      podSeconds: [PodSeconds?] = [], responders: [GeneratorFigures.Responder] = [], besideControl: Set<Int> = [],
      keepsSchedule: Bool = true, isDuringRollout: Bool, detection: Detection = .standard
    ) {
      self.ledger = ledger
      self.phases = phases
      self.consistency = consistency
      self.rollouts = rollouts
      self.podSeconds = podSeconds
      self.responders = responders
      self.besideControl = besideControl
      self.keepsSchedule = keepsSchedule
      self.isDuringRollout = isDuringRollout
      self.detection = detection
    }

    /// How votes came at their scarcest in a part of the run.
    package func arrivals(_ part: Part) -> Arrivals {
      guard !ledger.schedule.isClosed else { return .whenFree }
      let rates = phases.filter { part.contains($0.phase) && $0.duration > .zero }.compactMap {
        ledger.schedule.lowestRatePerSecond(from: $0.start.nanoseconds, to: ($0.start + $0.duration).nanoseconds)
      }
      let rate = rates.min() ?? 0
      return ledger.schedule.isRandom ? .random(perSecond: rate) : .even(perSecond: rate)
    }

    /// How many votes were due a second on the average over a part of the run; nil where that is the same everywhere, or
    /// up to the system (closed loop).
    func meanRate(_ part: Part) -> Double? {
      // Only stages change it.
      guard ledger.schedule.duration != nil, let span = span(part), !span.isEmpty,
        let before = ledger.schedule.votesDue(before: span.lowerBound),
        let until = ledger.schedule.votesDue(before: span.upperBound)
      else { return nil }
      return Double(until - before) / Double(span.count) * 1e9
    }

    /// Begin and end of a part of the run, as offsets from the first vote; nil when none of its phases had begun.
    func span(_ part: Part) -> Range<Int64>? {
      let spans = phases.filter { part.contains($0.phase) }
      guard let first = spans.first, let last = spans.last else { return nil }
      let end = (last.start + last.duration).nanoseconds
      return first.start.nanoseconds..<max(end, first.start.nanoseconds)
    }
  }
}

/// The votes that an objective speaks of, second by second from the beginning of its part of the run.
///
/// Votes that the generator itself did not send are counted apart, and are no attempts.
struct VoteSlice {
  /// The votes that were due in one second.
  struct Second {
    /// Attempts.
    var votes = 0
    /// Those of them that were not accepted, of whatever kind.
    var failed = 0
    /// Those of the kind that was asked for.
    var ofKind = 0
    /// Those of the kind that failed while the control target did.
    var besideControl = 0
    /// Those of the failed ones that count as slower than any: all, save for the start lag, which they have.
    var endless = 0
    /// Votes that the generator did not send.
    var unsent = 0
    /// How late the generator was at most, in nanoseconds.
    var lagMaximum: Int64 = 0
    /// True when the generator began a vote more than 10 ms late: times of this second are its own doing.
    var isLate = false
    /// The time asked for of each accepted vote, in microseconds.
    var times: [UInt32] = []

    /// What counts for a time: of a late second nothing is known but its failures.
    var timed: Int { isLate ? endless : times.count + endless }
  }

  /// All seconds, the last one perhaps shorter.
  private(set) var seconds: [Second]
  /// How long it lasts, in seconds.
  let length: Double

  /// The votes of `scope` in `evidence`, `cohort` alone where it is named, and those that pods of these numbers answered.
  init(
    _ evidence: Objective.Evidence, _ part: Objective.Part, cohort: Objective.Cohort? = nil, pods: Set<UInt8>? = nil,
    kind: Objective.ErrorKind = .any, time: Objective.Time? = nil
  ) {
    let span = evidence.span(part) ?? 0..<0
    length = Double(span.count) / 1e9
    seconds = Array(repeating: Second(), count: (span.count + 999_999_999) / 1_000_000_000)
    let origin = evidence.ledger.origin
    for vote in evidence.ledger.observations {
      let due = (vote.intended - origin).nanoseconds
      guard span.contains(due), cohort.map({ vote.isFresh == ($0 == .fresh) }) ?? true,
        pods?.contains(vote.pod) ?? true
      else { continue }
      let isBeside = vote.outcome != .accepted && evidence.besideControl.contains(vote.index)
      seconds[Int((due - span.lowerBound) / 1_000_000_000)].add(vote, kind, time, besideControl: isBeside)
    }
  }

  /// A slice of seconds, for what is worked out from parts of one.
  init(_ seconds: [Second]) {
    self.seconds = seconds
    length = Double(seconds.count)
  }

  var votes: Int { seconds.reduce(0) { $0 + $1.votes } }
  var failed: Int { seconds.reduce(0) { $0 + $1.failed } }
  var endless: Int { seconds.reduce(0) { $0 + $1.endless } }
  var lagMaximum: Int64 { seconds.reduce(0) { max($0, $1.lagMaximum) } }
  var ofKind: Int { seconds.reduce(0) { $0 + $1.ofKind } }
  var besideControl: Int { seconds.reduce(0) { $0 + $1.besideControl } }
  var unsent: Int { seconds.reduce(0) { $0 + $1.unsent } }
  /// The share of seconds in which the generator was late.
  var lateShare: Double {
    seconds.isEmpty ? 0 : Double(seconds.count(where: \.isLate)) / Double(seconds.count)
  }

  /// The same had all that says nothing of the system gone well: votes that the generator did not send, and those that
  /// failed while the control target did.
  var best: VoteSlice {
    changed { second in
      second.votes += second.unsent
      second.failed -= second.besideControl
      second.ofKind -= second.besideControl
      second.endless -= second.besideControl
    }
  }

  /// The same had all of it gone wrong.
  var worst: VoteSlice {
    changed { second in
      second.votes += second.unsent
      second.failed += second.unsent
      second.ofKind += second.unsent
      second.endless += second.unsent
    }
  }

  private func changed(_ change: (inout Second) -> Void) -> VoteSlice {
    var slice = self
    for number in slice.seconds.indices {
      change(&slice.seconds[number])
      (slice.seconds[number].unsent, slice.seconds[number].besideControl) = (0, 0)
    }
    return slice
  }

  /// Consecutive parts of `length` seconds, the rest with the last of them.
  func blocks(of length: Int) -> [VoteSlice] {
    let count = max(1, seconds.count / max(1, length))
    return (0..<count).map { number in
      VoteSlice(Array(seconds[number * length..<(number == count - 1 ? seconds.count : (number + 1) * length)]))
    }
  }

  /// Every whole window of `length` seconds from the beginning on, and where seconds are left the last ones.
  func windows(of length: Int) -> [(start: Int, slice: VoteSlice)] {
    guard seconds.count > length else { return [(0, self)] }
    var starts = Array(stride(from: 0, through: seconds.count - length, by: length))
    if seconds.count % length != 0 { starts.append(seconds.count - length) }
    return starts.map { ($0, VoteSlice(Array(seconds[$0..<$0 + length]))) }
  }
}

extension VoteSlice.Second {
  mutating func add(
    _ vote: Observation, _ kind: Objective.ErrorKind, _ time: Objective.Time?, besideControl isBeside: Bool
  ) {
    if vote.cause == .generatorLate {
      unsent += 1
      // That is its own lateness, without an end.
      if time == .startLag { endless += 1 } else { isLate = true }
      return
    }
    lagMaximum = max(lagMaximum, vote.startLag)
    votes += 1
    isLate = isLate || time != .startLag && vote.isLate
    guard vote.outcome == .accepted else {
      failed += 1
      if kind.includes(vote.cause) {
        ofKind += 1
        // A failed vote has its start lag as any other.
        if isBeside, time != .startLag { besideControl += 1 }
      }
      guard time == .startLag else {
        endless += 1
        return
      }
      if vote.outcome != .dropped { times.append(UInt32(clamping: (vote.startLag + 999) / 1000)) }
      return
    }
    if let time { times.append(UInt32(clamping: (time.nanoseconds(of: vote) + 999) / 1000)) }
  }
}

extension Observation {
  /// True when the generator itself began it so late that nothing is known of times around it.
  ///
  /// Source: SLO statistics, section 0.
  var isLate: Bool { startLag > 10_000_000 }
}

extension Objective.Time {
  /// This time of a vote that was sent.
  func nanoseconds(of vote: Observation) -> Int64 {
    switch self {
    case .response: vote.completed.nanoseconds - vote.intended.nanoseconds
    case .service: vote.completed.nanoseconds - vote.actual.nanoseconds
    case .startLag: vote.startLag
    }
  }
}

extension Objective.ErrorKind {
  func includes(_ cause: Cause) -> Bool {
    switch self {
    case .any: true
    case .named(let name): cause.name == name
    case .statuses(let hundreds): (100...599).contains(cause.rawValue) && Int(cause.rawValue) / 100 == hundreds
    }
  }
}
