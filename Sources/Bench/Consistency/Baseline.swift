/// The tally before the first vote: decides from when on it can serve as the base of all accounting.
///
/// It stands when it has not changed over 5 s (three periods of the slowest source) and 3 polls; votes of a run before
/// may still be on their way, so a queue that can be read must be empty. A tally that still moves after 30 s is taken
/// as it is, with every poll kept, and the report says that it moved. Source: the consistency model, section 12.
package struct Baseline: Sendable {
  /// The polls that count: those since the last change, or all where the tally never stood.
  package private(set) var samples: [TallySample] = []
  private let quiet: Duration
  private let labels: [String]?

  /// Nothing has been polled; `refresh` is the period of the slowest source, `labels` those that matter, nil for all.
  package init(refresh: Duration = .zero, labels: [String]? = nil) {
    quiet = max(.seconds(5), refresh * 3)
    self.labels = labels
  }

  /// Takes a poll into account, with what is known of the queue; true when the first vote may be sent.
  package mutating func add(_ sample: TallySample, queue: Drain.Queue = .unknown) -> Bool {
    samples.append(sample)
    let still = samples.suffix(
      from: samples.lastIndex { !Self.isSteady([$0, sample], labels: labels) }.map { $0 + 1 } ?? 0)
    if still.count >= 3, !queue.isHolding, let first = still.first, sample.received - first.sent >= quiet {
      samples = Array(still)
      return true
    }
    return sample.received - samples[0].sent >= max(.seconds(30), quiet * 2)
  }

  /// True when polls all showed the same for `labels`, nil for every label.
  package static func isSteady(_ samples: [TallySample], labels: [String]? = nil) -> Bool {
    guard let first = samples.first else { return true }
    return samples.allSatisfy { sample in
      labels.map { $0.allSatisfy { sample[$0] == first[$0] } } ?? (sample.counts == first.counts)
    }
  }
}
