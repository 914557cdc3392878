import Bench

/// A voting system in a few lines, run from a seed: frontend, queue, one worker, rows, and polls of them.
///
/// An accepted vote is queued between its sending and its answer; a refused one never; an indeterminate one perhaps,
/// perhaps late. One worker takes the queue in order, at a random speed. Without a fault every history that comes out
/// is one that a system which keeps its promises can show.
struct SimulatedPipeline {
  /// How voters vote and what is kept of it.
  enum Mode: CaseIterable, Sendable { case unique, count, revote }

  /// One vote on its way; times in milliseconds.
  struct Passing {
    var vote: Int
    var queued: Int64
    var choice: Int
    var applied: Int64 = 0
    /// A second time, or of another voter than sent it.
    var isExtra = false
  }

  static let end: Int64 = 8000

  var mode: Mode
  var history = ConsistencyHistory()
  var passing: [Passing] = []
  private(set) var random: SplitMix

  init(seed: UInt64, mode: Mode, indeterminate: Double = 0.1, refused: Double = 0.1) {
    self.mode = mode
    random = SplitMix(seed: seed)
    history.rules.semantics = mode == .count ? .count : .upsert
    history.base = ["a": below(9), "b": below(9), "c": below(3)]
    let count = 4 + below(24)
    let voters = mode == .revote ? 2 + below(count / 2) : count
    var sent: Int64 = 0
    for index in 0..<count {
      sent += Int64(below(60))
      let chance = Double.random(in: 0..<1, using: &random)
      let outcome: Outcome =
        chance < indeterminate ? .indeterminate : chance < indeterminate + refused ? .refused : .accepted
      let voter = mode == .revote ? 1 + below(min(voters, count - 1)) : index + 1
      let sends = mode == .count && below(10) == 0 ? 2 : 1
      let ended = sent + Int64(below(80))
      let vote = BenchTests.vote(voter, ConsistencyHistory.choices[below(3)], sent, ended, outcome, sends: sends)
      history.votes.append(vote)
      queue(index, vote)
    }
  }

  private mutating func queue(_ index: Int, _ vote: ConsistencyHistory.Vote) {
    guard vote.outcome != .refused else { return }
    let choice = ConsistencyHistory.choices.firstIndex(of: vote.choice) ?? 0
    for send in 0..<vote.sends {
      // Surely once where it was accepted.
      if vote.outcome == .indeterminate || send > 0, below(2) == 0 { continue }
      let latest = vote.outcome == .accepted ? vote.to : vote.from + 1500
      passing.append(Passing(vote: index, queued: Int64.random(in: vote.from...latest, using: &random), choice: choice))
    }
  }

  /// A number from 0 up to below `count`.
  mutating func below(_ count: Int) -> Int { Int.random(in: 0..<max(1, count), using: &random) }

  /// The worker takes the queue in order.
  mutating func work() {
    passing.sort { ($0.queued, $0.vote) < ($1.queued, $1.vote) }
    let slowest = 1 + below(60)
    var free: Int64 = 0
    for place in passing.indices {
      free = max(free, passing[place].queued) + Int64(below(slowest))
      passing[place].applied = free
    }
  }

  /// What the tally shows at a moment.
  func counts(at moment: Int64) -> [Int] {
    var counts = ConsistencyHistory.choices.map { history.base[$0] ?? 0 }
    for row in rows(at: moment) { counts[row.choice] += 1 }
    return counts
  }

  private func rows(at moment: Int64) -> [(voter: Int, choice: Int)] {
    let applied = passing.filter { $0.applied <= moment }
    let all = applied.map { ($0.isExtra ? 1000 + $0.vote : history.votes[$0.vote].voter, $0.choice) }
    if mode == .count { return all }
    return Dictionary(all) { $1 }.map { ($0.key, $0.value) }
  }

  /// Polls at random times, some of which overlap, and three of the final state; then the export.
  mutating func poll(source: Int = 0) {
    var from: Int64 = 0
    while from < 2500 {
      from += Int64(below(250))
      let to = from + Int64(below(120))
      add(from, to, at: Int64.random(in: from...to, using: &random), source: source)
    }
    for poll in 0..<3 {
      let time = Self.end + Int64(poll) * 100
      add(time, time + 5, at: time, source: source)
    }
  }

  /// A poll of the tally as it was at `moment`.
  mutating func add(_ from: Int64, _ to: Int64, at moment: Int64, source: Int = 0) {
    let shown = counts(at: moment)
    history.polls.append(BenchTests.poll(from, to, shown[0], shown[1], c: shown[2], source: source))
  }

  /// Reads all rows.
  mutating func export() {
    history.rows = rows(at: Self.end).sorted { ($0.voter, $0.choice) < ($1.voter, $1.choice) }.map {
      ("u\($0.voter)", ConsistencyHistory.choices[$0.choice])
    }
  }

  /// Everything in order, with the export.
  mutating func run() {
    work()
    poll()
    export()
  }
}
