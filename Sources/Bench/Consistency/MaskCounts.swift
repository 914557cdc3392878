/// How many voters could be counted for which choices, at each poll of a lane.
///
/// A voter's state is the set of columns that may show the vote: one column where each voter votes once. Kept as the
/// changes from poll to poll, an array for each state that occurs, so that votes can come in any order and the polls
/// are gone through once, at the end.
struct MaskCounts {
  private let polls: Int
  /// Where the changes of each set begin in `changes`; -1 for a set that never occurred.
  private var places: [Int]
  private var changes: [Int32] = []
  /// The counts by set at the poll reached with `step`.
  private(set) var current: [Int]

  init(polls: Int, view: ChoiceColumns) {
    self.polls = polls
    places = [Int](repeating: -1, count: view.all + 1)
    current = [Int](repeating: 0, count: view.all + 1)
  }

  /// Counts `weight` more (or less) for `set`, from the given poll on.
  mutating func add(_ weight: Int, for set: Int, from poll: Int) {
    guard poll < polls, set != 0 else { return }
    if places[set] < 0 {
      places[set] = changes.count
      changes.append(contentsOf: repeatElement(0, count: polls))
    }
    changes[places[set] &+ poll] &+= Int32(truncatingIfNeeded: weight)
  }

  /// Goes on to a poll; they come in ascending order, each once.
  mutating func step(to poll: Int) {
    for set in places.indices where places[set] >= 0 { current[set] += Int(changes[places[set] + poll]) }
  }
}
