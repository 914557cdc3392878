/// The polls of a run by number, ascending by their sending: when, from where, and how far above the base each choice was.
///
/// A value may be a range, where a source rounds. Times are nanoseconds, wider by what clocks may differ and by how old
/// a source's answers may be.
struct PollTable {
  private let choices: Int
  /// Not later than the counts were read.
  private(set) var sent: [Int64] = []
  /// Not earlier than the counts were read.
  private(set) var received: [Int64] = []
  /// Where each poll came from.
  private(set) var source: [Int] = []
  private var least: [Int] = []
  /// Empty while every poll was exact.
  private var most: [Int] = []
  private var totals: [Int] = []
  /// What the base shows by choice: the least that it can be.
  let base: [Int]

  init(_ samples: [TallySample], base: TallySample, choices: [String], rules: ConsistencyRules) {
    self.choices = choices.count
    self.base = choices.map { base[$0] }
    let isExact = base.rounding == nil && samples.allSatisfy { $0.rounding == nil }
    let ordered = zip(samples, samples.dropFirst()).allSatisfy { $0.sent <= $1.sent }
    for sample in ordered ? samples : samples.sorted(by: { $0.sent < $1.sent }) {
      let age = rules.traits(of: sample.source).refresh + rules.clockOffset
      sent.append((sample.sent + (.zero - age)).nanoseconds)
      received.append((sample.received + rules.clockOffset).nanoseconds)
      source.append(sample.source)
      for choice in choices {
        least.append(sample[choice] - base.most(choice))
        if !isExact { most.append(sample.most(choice) - base[choice]) }
      }
      let isRounded = sample.rounding != nil || base.rounding != nil
      totals.append(
        isRounded ? sample.total - base.total : choices.reduce(0) { $0 + sample[$1] - base[$1] })
    }
  }

  /// How many there are.
  var count: Int { sent.count }
  /// The places of all polls.
  var indices: Range<Int> { 0..<count }

  /// How far all choices together are above the base.
  func total(_ poll: Int) -> Int {
    totals[poll]
  }

  /// How far a choice is above the base, from the least to the most.
  func range(_ poll: Int, _ choice: Int) -> ClosedRange<Int> {
    let place = poll * choices + choice
    return least[place]...max(least[place], most.isEmpty ? least[place] : most[place])
  }

  /// How far each set of columns is above the base: the least and the most.
  ///
  /// Where single choices are rounded and their total is not, the rest of the total bounds a set too.
  func sums(_ poll: Int, _ view: ChoiceColumns) -> (least: [Int], most: [Int]) {
    func sum(_ column: Int, _ value: (ClosedRange<Int>) -> Int) -> Int {
      view.members[column].reduce(0) { $0 + value(range(poll, $1)) }
    }
    let low = view.sums { sum($0, \.lowerBound) }
    guard !most.isEmpty else { return (low, low) }
    let high = view.sums { sum($0, \.upperBound) }
    let total = totals[poll]
    return (
      low.indices.map { max(low[$0], total - high[view.all ^ $0]) },
      high.indices.map { min(high[$0], total - low[view.all ^ $0]) }
    )
  }
}
