/// One of several runs that put a load together: a finished run, and what only its ledger knows.
package struct Shard: Sendable {
  /// Its folder's name, for messages.
  package var name: String
  /// What it came to.
  package var run: FinishedRun
  /// Its profile, without what may be secret.
  package var profile: RunProfile
  /// When its first vote was due by the wall clock, in seconds since 1970.
  package var startS: Double
  /// Every connection that was opened.
  package var connections: [ConnectionTimes]

  /// A shard; see the members.
  package init(
    name: String, run: FinishedRun, profile: RunProfile, startS: Double, connections: [ConnectionTimes]
  ) {
    self.name = name
    self.run = run
    self.profile = profile
    self.startS = startS
    self.connections = connections
  }

  /// When its first vote was due, by its own clock.
  var origin: MonotonicTime { run.report.material.origin }

  /// True when something was changed during it.
  var hasRollout: Bool { profile.rollout != nil }

  /// How many votes were due a second, the mean of it where arrivals are random; nil where that is not one number.
  var perSecond: Double? {
    switch profile.schedule.arrivals {
    case .constant(let rate), .poisson(let rate, _): rate.perSecond
    case .stages, .closed: nil
    }
  }

  /// From the first counted moment to the end of the load, in seconds since 1970; nil when it did not come so far.
  var counted: ClosedRange<Double>? {
    let phases = run.report.phases.filter { $0.phase.isCounted }
    guard let first = phases.first, let last = phases.last else { return nil }
    return startS + first.start.seconds...startS + (last.start + last.duration).seconds
  }
}
