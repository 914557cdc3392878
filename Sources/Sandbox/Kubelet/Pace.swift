/// How long a node takes for what takes no time of itself.
///
/// A real node makes a pod's network and mounts before its containers start, and looks at them once a second. Without
/// that, rollouts here would be quicker than any real one; but nobody needs to wait for it while the sandbox itself
/// starts.
struct Pace: Sendable, Equatable {
  /// Seconds from a pod's assignment to its containers' start, or first pull.
  var creation: Double
  /// Seconds from a container's start to the first probe.
  var firstProbe: Double
  /// The most seconds between readiness probes until the first success; nil for the probe's own period.
  var eagerPeriod: Double?

  /// As measured on a real node: a median of 1.3 s, and a second until it knows of the start.
  static let measured = Pace(creation: 1.3, firstProbe: 1)
  /// As quickly as it goes.
  static let prompt = Pace(creation: 0, firstProbe: 0.1, eagerPeriod: 0.15)
}
