/// Judges every poll of the tally by what could have been counted at that moment.
///
/// Upper bounds hold always; a lower bound before the drain does not exist, since an accepted vote is queued and not
/// yet counted.
///
///     sum over S of T(poll) <= base(S) + number of votes for S, not refused, handed out by the poll's end
///     T never goes back from one poll to a later one that does not overlap it
///
/// S runs over every non-empty set of choices (up to 8 choices; beyond, over single choices and all of them).
/// Source: the consistency model's C-UP and C-MONO; each voter votes once, so a second row cannot exist.
package struct TallyBounds: Sendable {
  private let base: [String: Int]
  private let choices: [String]
  /// When each possible vote was handed out, ascending, by choice.
  private let sends: [[MonotonicTime]]

  /// Bounds for the votes of `ledger`, on top of a tally that showed `base` before the first of them.
  package init(base: [String: Int], ledger: Ledger, ballot: Ballot) {
    self.base = base
    choices = ballot.choices
    var sends = [[MonotonicTime]](repeating: [], count: ballot.choices.count)
    for vote in ledger.observations where vote.outcome != .refused && vote.outcome != .dropped {
      // A re-send that the guard let through may count twice.
      for _ in 0...vote.resends { sends[ballot.choiceIndex(of: vote.index)].append(vote.actual) }
    }
    self.sends = sends.map { $0.sorted() }
  }

  /// Everything wrong with `samples`, one finding a kind with the first case and the number of polls.
  ///
  /// Samples are in the order of their sending.
  package func judge(_ samples: [TallySample]) -> [Finding] {
    var above: [String] = []
    var back: [String] = []
    var below: [String] = []
    var peak: [Int: (value: Int, received: MonotonicTime)] = [:]
    for sample in samples {
      for set in sets {
        let value = sum(of: set) { sample[$0] }
        let floor = sum(of: set) { base[$0] ?? 0 }
        let limit = floor + possible(set, by: sample.received)
        if value > limit { above.append("\(name(set)) showed \(value), at most \(limit) could be counted") }
        let fallen = peak[set].flatMap { $0.received < sample.sent && value < $0.value ? $0.value : nil }
        if let fallen { back.append("\(name(set)) fell from \(fallen) to \(value)") }
        if value < floor || (fallen != nil && value == 0) {
          below.append("\(name(set)) fell to \(value), it began at \(floor)")
        }
        if value > peak[set]?.value ?? -1 { peak[set] = (value, sample.received) }
      }
      for (label, count) in sample.counts where !choices.contains(label) && count > base[label] ?? 0 {
        above.append("\(label) showed \(count), nobody voted for it")
      }
    }
    return [(Finding.Code.upper, above), (.regression, back), (.reset, below)].compactMap { code, cases in
      cases.first.map { Finding(code, cases.count == 1 ? $0 : "\($0); \(cases.count) such readings") }
    }
  }

  private var sets: [Int] {
    let all = (1 << choices.count) - 1
    return choices.count <= 8 ? Array(1...all) : choices.indices.map { 1 << $0 } + [all]
  }

  private func members(_ set: Int) -> [String] {
    choices.indices.filter { set & (1 << $0) != 0 }.map { choices[$0] }
  }

  private func name(_ set: Int) -> String {
    members(set).joined(separator: "+")
  }

  private func sum(of set: Int, _ count: (String) -> Int) -> Int {
    members(set).reduce(0) { $0 + count($1) }
  }

  /// Votes for a set that were handed out at `moment` or before: touching is concurrent, so it counts.
  private func possible(_ set: Int, by moment: MonotonicTime) -> Int {
    choices.indices.filter { set & (1 << $0) != 0 }.reduce(0) { $0 + Self.count(sends[$1], upTo: moment) }
  }

  private static func count(_ sorted: [MonotonicTime], upTo moment: MonotonicTime) -> Int {
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] <= moment { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
