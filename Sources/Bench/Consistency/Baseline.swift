/// The tally before the first vote: decides from when on it can serve as the base of all accounting.
///
/// It stands when it has not changed over 5 s (three periods of the slowest source) and 3 polls; votes of a run before
/// may still be on their way, so a queue that can be read must be empty. A tally that still moves after 30 s is taken
/// as it is, with every poll kept, and the report says that it moved. Source: the consistency model, section 12.
package struct Baseline: Sendable {
  /// The polls that count: those since the last change, or all where the tally never stood.
  package private(set) var samples: [TallySample] = []
  private let quiet: Duration
  private let choices: [String]

  /// Nothing has been polled of votes for `choices`; `refresh` is the period of the slowest source.
  package init(choices: [String], refresh: Duration = .zero) {
    quiet = max(.seconds(5), refresh * 3)
    self.choices = choices
  }

  /// Takes a poll into account, with what is known of the queue; true when the first vote may be sent.
  package mutating func add(_ sample: TallySample, queue: Drain.Queue = .unknown) -> Bool {
    samples.append(sample)
    let still = samples.suffix(
      from: samples.lastIndex { !Self.isSteady([$0, sample], choices: choices) }.map { $0 + 1 } ?? 0)
    if still.count >= 3, !queue.isHolding, let first = still.first, sample.received - first.sent >= quiet {
      samples = Array(still)
      return true
    }
    return sample.received - samples[0].sent >= max(.seconds(30), quiet * 2)
  }

  /// True when polls all showed the same: of one source every label, of several those of `choices`.
  ///
  /// A label that is not there has no votes. Numbers that a source rounds are the same as those that may be behind them.
  package static func isSteady(_ samples: [TallySample], choices: [String], ofOthers: Bool = true) -> Bool {
    guard let first = samples.first else { return true }
    var firsts: [Int: TallySample] = [:]
    return samples.allSatisfy { sample in
      let own = firsts[sample.source] ?? sample
      firsts[sample.source] = own
      let labels = ofOthers ? Array(Set(own.counts.keys).union(sample.counts.keys)) : choices
      return sample.agrees(with: own, in: labels) && sample.agrees(with: first, in: choices)
        && (!ofOthers || sample.total == own.total)
    }
  }
}

extension TallySample {
  fileprivate func agrees(with other: Self, in labels: [String]) -> Bool {
    labels.allSatisfy { self[$0] <= other.most($0) && other[$0] <= most($0) }
  }
}
