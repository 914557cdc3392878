/// The times of votes whose second of the schedule is not over yet, by the phase in which each was due.
///
/// Seconds are counted from the moment at which the first vote was due. There are only as many open ones as a vote may
/// take, and what a closed one used is used again.
struct OpenSeconds: Sendable {
  /// The votes of one phase that were due in one second.
  struct Part: Sendable {
    /// The phase's place among the phases of the run.
    var phase: Int
    /// Votes on kept connections.
    var kept = VoteTimes()
    /// Votes that opened a connection of their own.
    var fresh = VoteTimes()
  }

  /// A second that is over.
  struct Closed: Sendable {
    /// How many seconds after the first vote was due it began.
    var second: Int
    /// Its phases, in the order in which they were first seen.
    var parts: [Part]
  }

  /// The first second that is not closed.
  private(set) var first = 0
  private var seconds: [[Part]] = []
  private var spare: [Part] = []

  /// True when no vote waits for its second to end.
  var isEmpty: Bool { seconds.isEmpty }

  /// Adds a vote that was sent, due in `second`, in the phase at `phase`.
  ///
  /// A vote whose second is closed counts in the first open one: late, but not lost.
  mutating func record(_ vote: Observation, second: Int, phase: Int) {
    let place = max(0, second - first)
    while seconds.count <= place { seconds.append([]) }
    let part = seconds[place].firstIndex { $0.phase == phase } ?? open(phase, at: place)
    if vote.isFresh {
      seconds[place][part].fresh.record(vote)
    } else {
      seconds[place][part].kept.record(vote)
    }
  }

  /// Takes out the first second if it lies before `second`; nil when no such second is open.
  mutating func close(before second: Int) -> Closed? {
    guard first < second, !seconds.isEmpty else { return nil }
    defer { first += 1 }
    return Closed(second: first, parts: seconds.removeFirst())
  }

  /// Takes back what a closed second used.
  mutating func reuse(_ closed: Closed) {
    for var part in closed.parts {
      part.kept.reset()
      part.fresh.reset()
      spare.append(part)
    }
  }

  private mutating func open(_ phase: Int, at place: Int) -> Int {
    var part = spare.popLast() ?? Part(phase: phase)
    part.phase = phase
    seconds[place].append(part)
    return seconds[place].count - 1
  }
}
