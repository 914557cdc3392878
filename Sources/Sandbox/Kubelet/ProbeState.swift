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

  let probe: ContainerPlan.Probe
  /// When it is to be made; nil while one is under way.
  private(set) var due: Date?
  private var successes = 0
  private var failures = 0
  private var madeAt: Date
  // Shorter than the probe's own until the first success.
  private var eagerPeriod: Double?

  /// For a container that started then.
  ///
  /// The first probe does not come at once: only when a real kubelet, which looks at its containers once a second,
  /// knows of the start.
  init(_ probe: ContainerPlan.Probe, _ kind: ContainerPlan.ProbeKind, startedAt: Date, pace: Pace) {
    self.probe = probe
    madeAt = startedAt
    due = startedAt.addingTimeInterval(max(Double(probe.initialDelay), kind == .liveness ? 1 : pace.firstProbe))
    eagerPeriod = kind == .readiness ? pace.eagerPeriod : nil
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
    if success { eagerPeriod = nil }
    let period = min(Double(probe.period), eagerPeriod ?? .infinity)
    due = max(now, madeAt.addingTimeInterval(period))
    successes = success ? successes + 1 : 0
    failures = success ? 0 : failures + 1
    if successes == probe.successThreshold { return .succeeded }
    return failures == probe.failureThreshold ? .failed : .none
  }
}
