/// What a replica of the database shows that lags behind: the tally of so long ago.
///
/// It knows the tallies that were asked for, no others. Until one of them is old enough it shows the oldest, as
/// a replica does that has stopped following.
actor LaggingReplica {
  private let lag: Duration
  /// In the order of time; all but the first are younger than the lag.
  private var known: [(at: ContinuousClock.Instant, tally: Tally)] = []

  init(by lag: Duration) {
    self.lag = lag
  }

  /// Keeps the tally of now, and gives the newest one that is old enough.
  func shown(for tally: Tally, at now: ContinuousClock.Instant) -> Tally {
    known.append((now, tally))
    let passed = known.prefix { $0.at.duration(to: now) >= lag }.count
    known.removeFirst(max(0, passed - 1))
    return known[0].tally
  }
}
