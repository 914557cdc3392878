/// The outcome of every vote of a run: what reports and the consistency check are worked out from, at its end.
///
/// Twenty bytes a vote in flat arrays. Times are kept as microseconds after the due moment, the start rounded down and
/// the end rounded up, so that no interval becomes shorter than it was and no check can be too strict.
package struct Ledger: Sendable {
  /// One vote as kept.
  ///
  /// Offsets are microseconds after the due moment.
  private struct Entry {
    var startOffset: UInt32
    var endOffset: UInt32
    var startLag: UInt32
    var cause: UInt16
    var state: UInt8
    var resends: UInt8
    var pod: UInt8
    var isFresh: Bool
  }

  /// An entry whose vote has not come back yet.
  private static let open: UInt8 = 0xFF

  /// When each vote was due.
  package let schedule: Schedule
  /// When the first vote was due.
  package let origin: MonotonicTime
  private var entries: [Entry] = []
  /// Offset of each vote's due moment in nanoseconds, where no formula gives it (Poisson, closed); else empty.
  private var offsets: [Int64] = []
  private let keepsOffsets: Bool

  /// An empty ledger of votes that are due by `schedule` from `origin` on.
  package init(schedule: Schedule, origin: MonotonicTime) {
    self.schedule = schedule
    self.origin = origin
    keepsOffsets = schedule.votesDue(before: 0) == nil
  }

  /// Votes from index 0 to the highest recorded one, recorded or not.
  package var count: Int { entries.count }

  /// Keeps one observation, and gives it as it is kept.
  ///
  /// A vote is observed once; a second observation of it is a broken rule of ours.
  @discardableResult
  package mutating func record(_ observation: Observation) -> Observation {
    while entries.count <= observation.index {
      entries.append(
        Entry(
          startOffset: 0, endOffset: 0, startLag: 0, cause: 0, state: Self.open, resends: 0, pod: 0, isFresh: false))
      if keepsOffsets { offsets.append(0) }
    }
    precondition(entries[observation.index].state == Self.open, "a vote has one outcome")
    let due = observation.intended.nanoseconds
    let start = UInt32(clamping: (observation.actual.nanoseconds &- due) / 1000)
    let end = UInt32(clamping: (observation.completed.nanoseconds &- due &+ 999) / 1000)
    let lag = UInt32(clamping: (observation.startLag &+ 999) / 1000)
    entries[observation.index] = Entry(
      startOffset: start, endOffset: end, startLag: lag, cause: observation.cause.rawValue,
      state: observation.outcome.rawValue, resends: observation.resends, pod: observation.pod,
      isFresh: observation.isFresh)
    if keepsOffsets { offsets[observation.index] = due &- origin.nanoseconds }
    var kept = observation
    kept.actual.nanoseconds = due &+ Int64(start) &* 1000
    kept.completed.nanoseconds = due &+ Int64(end) &* 1000
    kept.startLag = Int64(lag) &* 1000
    return kept
  }

  /// When vote `index` was due.
  ///
  /// A vote of the Poisson or the closed model must have come back: before, only its driver knows.
  package func intendedStart(of index: Int) -> MonotonicTime {
    let offset = keepsOffsets ? offsets[index] : schedule.intendedStart(of: index)
    return MonotonicTime(nanoseconds: origin.nanoseconds + (offset ?? Schedule.Cursor.never / 2))
  }

  /// The outcome of vote `index`, nil while it has not come back.
  package func outcome(of index: Int) -> Outcome? {
    index < entries.count ? Outcome(rawValue: entries[index].state) : nil
  }

  /// Everything kept of vote `index`, with times to the microsecond, nil while it has not come back.
  package subscript(index: Int) -> Observation? {
    guard let outcome = outcome(of: index) else { return nil }
    let entry = entries[index]
    let intended = intendedStart(of: index)
    return Observation(
      index: index, intended: intended,
      actual: MonotonicTime(nanoseconds: intended.nanoseconds + Int64(entry.startOffset) * 1000),
      completed: MonotonicTime(nanoseconds: intended.nanoseconds + Int64(entry.endOffset) * 1000),
      startLag: Int64(entry.startLag) * 1000, outcome: outcome, cause: Cause(rawValue: entry.cause),
      resends: entry.resends, isFresh: entry.isFresh, pod: entry.pod)
  }

  /// Every vote that has come back, in due order.
  ///
  /// Votes of the closed model are due in the order in which connections became free, and shards do that side by side.
  package var observations: some Sequence<Observation> {
    let order = schedule.isClosed ? closedOrder : []
    return entries.indices.lazy.compactMap { self[order.isEmpty ? $0 : Int(order[$0])] }
  }

  /// The votes by due moment; empty when that is the order of their numbers.
  private var closedOrder: [UInt32] {
    let known = entries.indices.lazy.filter { entries[$0].state != Self.open }.map { offsets[$0] }
    guard !zip(known, known.dropFirst()).allSatisfy({ $0 <= $1 }) else { return [] }
    return entries.indices.map { UInt32($0) }.sorted { (offsets[Int($0)], $0) < (offsets[Int($1)], $1) }
  }
}
