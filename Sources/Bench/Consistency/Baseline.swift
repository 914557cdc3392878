/// The tally before the first vote: decides from when on it can serve as the base of all accounting.
///
/// It stands when it has not changed over 5 s and 3 polls; votes of a run before may still be on their way. A tally that
/// still moves after 30 s is taken as it is, with every poll kept, and the report says that it moved.
/// Source: the consistency model, section 12.
package struct Baseline: Sendable {
  /// The polls that count: those since the last change, or all where the tally never stood.
  package private(set) var samples: [TallySample] = []

  /// Nothing has been polled.
  package init() {}

  /// Takes a poll into account; true when the first vote may be sent.
  package mutating func add(_ sample: TallySample) -> Bool {
    samples.append(sample)
    let still = samples.suffix(from: samples.lastIndex { $0.counts != sample.counts }.map { $0 + 1 } ?? 0)
    if still.count >= 3, let first = still.first, sample.received - first.sent >= .seconds(5) {
      samples = Array(still)
      return true
    }
    return sample.received - samples[0].sent >= .seconds(30)
  }
}
