/// The parts of a run, in their order.
///
/// A vote belongs to the phase in which it was due.
package enum Phase: String, Sendable, Hashable, Codable, CaseIterable {
  /// Load that is never counted: connections, caches and code warm up.
  case warmup
  /// The system as it is, before the change.
  case baseline
  /// From the command that changes the cluster until the last old pod is gone.
  case rollout
  /// After the rollout: an ingress may go on choosing pods that are gone.
  case settle
  /// From the undo until the last pod of the change is gone.
  case rollback
  /// After the rollback.
  case recovered
  /// No load; the tally converges.
  case drain

  /// True for what `change:` means: harm of a rollout is judged over these together.
  package var isChange: Bool {
    switch self {
    case .rollout, .settle, .rollback, .recovered: true
    case .warmup, .baseline, .drain: false
    }
  }

  /// True for what `total` means: everything but warmup and drain.
  package var isCounted: Bool {
    self == .baseline || isChange
  }
}

/// When each phase of a run began, in order.
///
/// A phase ends where the next begins.
package struct PhaseEdges: Sendable, Hashable {
  /// A phase and its first moment.
  package struct Edge: Sendable, Hashable {
    /// The phase that begins.
    package let phase: Phase
    /// Its first moment; the one before ends just before it.
    package let start: MonotonicTime

    /// A phase that begins at `start`.
    package init(phase: Phase, start: MonotonicTime) {
      self.phase = phase
      self.start = start
    }
  }

  /// The edges so far, ascending in time.
  ///
  /// A phase stands here at most once.
  package private(set) var edges: [Edge] = []

  /// No phase has begun.
  package init() {}

  /// `phase` begins at `start`, which is not before the edges so far.
  package mutating func begin(_ phase: Phase, at start: MonotonicTime) {
    precondition(edges.last.map { $0.start <= start } ?? true, "phases begin in order")
    edges.append(Edge(phase: phase, start: start))
  }

  /// The same from a file, which may say anything: one that is before the edges so far is left out.
  mutating func begin(_ phase: Phase, ifInOrder start: MonotonicTime) {
    if edges.last.map({ $0.start <= start }) ?? true { begin(phase, at: start) }
  }

  /// The phase in which `moment` lies, nil before the first edge.
  package func phase(at moment: MonotonicTime) -> Phase? {
    place(at: moment).map { edges[$0].phase }
  }

  /// The place in `edges` of the phase in which `moment` lies, nil before the first edge.
  package func place(at moment: MonotonicTime) -> Int? {
    edges.lastIndex { $0.start <= moment }
  }

  /// Start and end of `phase`, nil when it never began.
  ///
  /// A phase without a follower ends at `end`.
  package func span(of phase: Phase, end: MonotonicTime) -> (start: MonotonicTime, end: MonotonicTime)? {
    guard let place = edges.firstIndex(where: { $0.phase == phase }) else { return nil }
    return (edges[place].start, place + 1 < edges.count ? edges[place + 1].start : max(end, edges[place].start))
  }
}
