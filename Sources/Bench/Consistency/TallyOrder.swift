/// Judges polls against one another: nothing that was counted goes away.
///
/// For two polls of which one was answered before the other was sent, a choice that shows less in the later one went
/// back: in one source the state itself did (REGRESSION, and RESET where it is empty or below the base); between two
/// sources, beyond the staleness allowed, one of them is old (STALE_READ). Voters who change their minds may lower a
/// choice by as many as they are, never the total. A source that stands still for long while another moves is *frozen*,
/// which is a fault of the result's availability: its polls are not stale ones. Source: the consistency model, section 8.
struct TallyOrder {
  private let table: PollTable
  private let rules: ConsistencyRules
  private let choices: [String]
  /// How far each choice may fall at each poll; empty where nobody votes again.
  private let mayFall: [Int]
  private var isFrozen: [Bool]
  private var stale = Set<Int>()

  /// Polls that showed less than another source had, within the staleness allowed.
  var crossStale: Int { stale.count }
  /// The oldest of them, at least.
  private(set) var crossStaleMaximum = Duration.zero
  /// Sources that stood still for long while another moved.
  private(set) var frozen: [Int] = []

  init(_ table: PollTable, choices: [String], mayFall: [Int], rules: ConsistencyRules) {
    self.table = table
    self.rules = rules
    self.choices = choices
    self.mayFall = mayFall
    isFrozen = [Bool](repeating: false, count: table.count)
    findFrozen()
  }

  /// Judges every pair of polls.
  mutating func judge(into readings: inout Readings) {
    for choice in choices.indices {
      let fall = { [mayFall, choices] in mayFall.isEmpty ? 0 : mayFall[$0 * choices.count + choice] }
      judge(Quantity(name: choices[choice], base: table.base[choice], mayFall: fall), &readings) { [table] in
        table.range($0, choice)
      }
    }
    let all = Quantity(name: choices.joined(separator: "+"), base: table.base.reduce(0, +)) { _ in 0 }
    judge(all, &readings) { [table] in table.total($0)...table.total($0) }
    for poll in table.indices { judgeBase(poll, &readings) }
  }

  /// What must not fall, or not further than it may at a poll.
  private struct Quantity {
    var name: String
    var base: Int
    var mayFall: (Int) -> Int
  }

  /// A new highest count of one source.
  private struct Peak {
    var received: Int64
    var count: Int
  }

  /// One poll that shows less than another one did before.
  private struct Fall {
    var poll: Int
    var shown: Int
    /// The source that showed more, the most that it showed, and how long before.
    var source: Int
    var peak: Int
    var age: Duration
  }

  private mutating func judge(
    _ quantity: Quantity, _ readings: inout Readings, _ range: (Int) -> ClosedRange<Int>
  ) {
    let sources = Set(table.source).sorted()
    let peaks = sources.map { self.peaks(of: $0, range) }
    var passed = [Int](repeating: 0, count: sources.count)
    for poll in table.indices {
      let shown = range(poll).upperBound
      let limit = shown + quantity.mayFall(poll)
      for (place, source) in sources.enumerated() {
        while passed[place] < peaks[place].count, peaks[place][passed[place]].received < table.sent[poll] {
          passed[place] += 1
        }
        guard passed[place] > 0, peaks[place][passed[place] - 1].count > limit else { continue }
        let peak = peaks[place][passed[place] - 1].count
        let age = Duration.nanoseconds(table.sent[poll] - Self.first(peaks[place], above: limit).received)
        report(Fall(poll: poll, shown: shown, source: source, peak: peak, age: age), of: quantity, &readings)
      }
    }
  }

  private mutating func report(_ fall: Fall, of quantity: Quantity, _ readings: inout Readings) {
    let own = rules.traits(of: table.source[fall.poll])
    let now = quantity.base + fall.shown
    let words = "\(quantity.name) fell from \(quantity.base + fall.peak) to \(now)"
    if fall.source == table.source[fall.poll], own.isOneServer {
      readings.add(.regression, poll: fall.poll, words)
      if now == 0 { readings.add(.reset, poll: fall.poll, "\(words), it began at \(quantity.base)") }
    } else if isFrozen[fall.poll], fall.source != table.source[fall.poll] {
      // It never showed more: a fault of the result's availability, told in the notes.
      return
    } else if fall.age > rules.staleness {
      readings.add(
        .staleRead, poll: fall.poll,
        "\(own.name): \(words), \(fall.age) after \(rules.traits(of: fall.source).name) showed more")
    } else {
      stale.insert(fall.poll)
      crossStaleMaximum = max(crossStaleMaximum, fall.age)
    }
  }

  /// The highest counts of a source, ascending by time and by count.
  private func peaks(of source: Int, _ range: (Int) -> ClosedRange<Int>) -> [Peak] {
    var peaks: [Peak] = []
    let polls = table.indices.filter { table.source[$0] == source }
    for poll in polls.sorted(by: { table.received[$0] < table.received[$1] }) {
      let count = range(poll).lowerBound
      if count > peaks.last?.count ?? .min { peaks.append(Peak(received: table.received[poll], count: count)) }
    }
    return peaks
  }

  /// The first of ascending peaks above `limit`; the last one is.
  private static func first(_ peaks: [Peak], above limit: Int) -> Peak {
    var (low, high) = (0, peaks.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if peaks[middle].count <= limit { low = middle + 1 } else { high = middle }
    }
    return peaks[low]
  }

  /// Votes from before the run cannot go away; where others vote for our choices, they may change their minds.
  private func judgeBase(_ poll: Int, _ readings: inout Readings) {
    if case .allowance = rules.foreign { return }
    for choice in choices.indices where table.range(poll, choice).upperBound < 0 {
      let base = table.base[choice]
      readings.add(
        .reset, poll: poll,
        "\(choices[choice]) fell to \(base + table.range(poll, choice).upperBound), it began at \(base)")
    }
  }

  private mutating func findFrozen() {
    let sources = Set(table.source).sorted()
    guard sources.count > 1 else { return }
    let lanes = sources.map { source in table.indices.filter { table.source[$0] == source } }
    for (place, lane) in lanes.enumerated() {
      var begin = 0
      for next in lane.indices where next + 1 == lane.count || !isSame(lane[next], lane[next + 1]) {
        let run = lane[begin...next]
        begin = next + 1
        let limit = max(.seconds(10), rules.traits(of: sources[place]).refresh * 5)
        let (first, last) = (table.sent[run[run.startIndex]], table.received[run[run.endIndex - 1]])
        guard Duration.nanoseconds(last - first) >= limit,
          lanes.indices.contains(where: { $0 != place && moved(lanes[$0], from: first, to: last) })
        else { continue }
        for poll in run { isFrozen[poll] = true }
        if frozen.last != sources[place] { frozen.append(sources[place]) }
      }
    }
  }

  private func isSame(_ left: Int, _ right: Int) -> Bool {
    choices.indices.allSatisfy { table.range(left, $0) == table.range(right, $0) }
  }

  /// True when a source's counts changed between two of its polls inside of a time.
  private func moved(_ lane: [Int], from first: Int64, to last: Int64) -> Bool {
    let inside = lane.filter { table.sent[$0] >= first && table.received[$0] <= last }
    return zip(inside, inside.dropFirst()).contains { !isSame($0, $1) }
  }
}
