import FoundationEssentials

/// Where one probe of a container stands: when it is due, and what its last results add up to.
struct ProbeState: Sendable, Equatable {
  /// What a result changes.
  enum Change: Sendable, Equatable {
    case none
    /// It has now succeeded as often in a row as the specification asks.
    case succeeded
    /// It has now failed as often in a row.
    case failed
  }

  let probe: PodPlan.Probe
  /// When it is to be made; nil while one is under way.
  private(set) var due: Date?
  private var successes = 0
  private var failures = 0
  private var madeAt: Date

  /// For a container that started then.
  ///
  /// The first probe comes a second later: only then does a real kubelet, which looks at its containers once a
  /// second, know of the start.
  init(_ probe: PodPlan.Probe, startedAt: Date) {
    self.probe = probe
    madeAt = startedAt
    due = startedAt.addingTimeInterval(max(Double(probe.initialDelay), 1))
  }

  /// Whether it is to be made now; if so, it counts as under way.
  mutating func take(now: Date) -> Bool {
    guard let due, due <= now else { return false }
    madeAt = due
    self.due = nil
    return true
  }

  /// Takes a result; the next probe is due a period after this one was.
  mutating func result(_ success: Bool, now: Date) -> Change {
    due = max(now, madeAt.addingTimeInterval(Double(probe.period)))
    successes = success ? successes + 1 : 0
    failures = success ? 0 : failures + 1
    if successes == probe.successThreshold { return .succeeded }
    return failures == probe.failureThreshold ? .failed : .none
  }
}
