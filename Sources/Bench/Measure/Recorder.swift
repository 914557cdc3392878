/// Takes every vote as it comes back and keeps what a report needs, in memory that does not grow with the run, save the
/// ledger's few bytes a vote.
///
/// A vote belongs to the phase in which it was due: phases begin at `now`, and a vote due after that comes back later
/// than it is told here. Votes come in any order. Times are collected by the second of the schedule in which votes were
/// due; a second is closed once all its votes have ended, becomes lines of the histogram log, and is added to its phase.
/// What the log says and what the report says are therefore the same counts.
package struct Recorder: Sendable {
  /// How it can be known that no vote of a second is still on its way.
  package enum Closing: Sendable, Hashable {
    /// Votes are due in the order of their indices: a second is over when a vote of a later one and all before it have
    /// ended. One that never comes back holds a second up for no longer than the duration.
    case inDueOrder(atMost: Duration)
    /// Votes are due when a user is free: a second is over when the duration has passed since.
    case after(Duration)

    fileprivate var limit: Duration {
      switch self {
      case .inDueOrder(let limit), .after(let limit): limit
      }
    }
  }

  /// The outcome of every vote.
  package private(set) var ledger: Ledger
  /// When each phase began.
  package private(set) var edges = PhaseEdges()
  /// Connections opened before the first vote.
  package private(set) var connectionsBefore = ConnectionFigures()
  /// What each pod answered from baseline to recovered, by its number; 0 stands for unknown.
  package private(set) var responders: [ResponderFigures] = []
  private let closing: Closing
  /// Figures of each phase, in the order of `edges`.
  private var figures: [PhaseFigures] = []
  private var seconds = OpenSeconds()
  /// All votes below this index have ended.
  private var ended = 0
  /// True once a counted vote stands in the log: from then on every second has an untagged line.
  private var hasCounted = false

  /// Keeps votes in `ledger`.
  package init(ledger: Ledger, closing: Closing) {
    self.ledger = ledger
    self.closing = closing
  }

  /// `phase` begins at `start`, which is not before the phases so far.
  package mutating func begin(_ phase: Phase, at start: MonotonicTime) {
    edges.begin(phase, at: start)
    figures.append(PhaseFigures())
  }

  /// Takes one vote into account.
  ///
  /// One that was due before the first phase is in the ledger alone.
  package mutating func record(_ observed: Observation) {
    // Figures are made of what the ledger keeps, so that they can be made again from it.
    let vote = ledger.record(observed)
    guard let place = edges.place(at: vote.intended) else { return }
    figures[place].count(vote)
    guard vote.outcome != .dropped else { return }
    let second = (vote.intended.nanoseconds - ledger.origin.nanoseconds) / 1_000_000_000
    seconds.record(vote, second: Int(second), phase: place)
    guard edges.edges[place].phase.isCounted else { return }
    while responders.count <= Int(vote.pod) { responders.append(ResponderFigures()) }
    responders[Int(vote.pod)].record(vote)
  }

  /// Takes one connection into account, in the phase in which its opening began.
  package mutating func record(_ observed: ConnectionTimes) {
    let connection = observed.kept
    if connection.vote != nil, let place = edges.place(at: connection.began) {
      figures[place].record(connection)
    } else {
      connectionsBefore.record(connection)
    }
  }

  /// Lines of the histogram log for the seconds that are over at `now`, in order, each once.
  ///
  /// To be called every now and then, after votes.
  package mutating func closedLines(now: MonotonicTime) -> [String] {
    let late = (now.nanoseconds - closing.limit.nanoseconds - ledger.origin.nanoseconds) / 1_000_000_000
    if case .after = closing { return close(before: Int(late)) }
    while ledger.outcome(of: ended) != nil { ended += 1 }
    guard ended > 0, let last = ledger[ended - 1]?.intended else { return close(before: Int(late)) }
    let whole = (last.nanoseconds - ledger.origin.nanoseconds) / 1_000_000_000
    return close(before: Int(max(whole, late)))
  }

  /// No vote follows: the lines of all seconds that are left.
  ///
  /// Before it, `figures(of:)` lacks the times of votes whose second is open.
  package mutating func finish() -> [String] {
    close(before: .max)
  }

  /// What the phase at this place of `edges` measured, save outages, which need the whole run.
  package func figures(ofPhaseAt place: Int) -> PhaseFigures {
    figures[place]
  }

  private mutating func close(before second: Int) -> [String] {
    var lines: [String] = []
    while let closed = seconds.close(before: second) {
      lines += self.lines(of: closed)
      for part in closed.parts {
        figures[part.phase].add(part.kept, fresh: false)
        figures[part.phase].add(part.fresh, fresh: true)
      }
      seconds.reuse(closed)
    }
    return lines
  }

  private mutating func lines(of closed: OpenSeconds.Closed) -> [String] {
    var counted: [(times: Distribution, line: String)] = []
    var tagged: [String] = []
    for part in closed.parts {
      let phase = edges.edges[part.phase].phase
      var all = part.kept
      if part.fresh.response.count > 0 { all.add(part.fresh) }
      func add(_ metric: LatencyLog.Metric, _ times: Distribution) {
        guard times.count > 0 else { return }
        let line = LatencyLog.line(second: closed.second, times)
        tagged.append(LatencyLog.tagged(line, LatencyLog.tag(phase, metric)))
        if metric == .response, phase.isCounted { counted.append((times, line)) }
      }
      add(.response, all.response)
      add(.service, all.service)
      add(.lag, all.startLag)
      add(.fresh, part.fresh.response)
    }
    hasCounted = hasCounted || !counted.isEmpty
    guard hasCounted else { return tagged }
    // Mostly one phase is all of a second, and its line that of the total, too.
    if counted.count == 1 { return [counted[0].line] + tagged }
    var total = Distribution()
    for (times, _) in counted { total.add(times) }
    return [LatencyLog.line(second: closed.second, total)] + tagged
  }
}
