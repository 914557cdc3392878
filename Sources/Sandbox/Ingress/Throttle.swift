/// When the ingress may take over a change of its endpoints: the first at once, further ones no sooner than an
/// interval after the last.
///
/// That is how Traefik does it (`providersThrottleDuration`): it takes a change over, waits, and then takes
/// what is newest. Pure: time is what the caller says it is.
struct Throttle: Sendable {
  /// The least time between two changes taken over.
  var interval: Duration
  private var last: ContinuousClock.Instant?

  init(interval: Duration) {
    self.interval = interval
  }

  /// How long a change seen now has to wait; zero for not at all.
  func delay(now: ContinuousClock.Instant) -> Duration {
    guard let last else { return .zero }
    return max(.zero, last + interval - now)
  }

  /// Notes that a change was taken over.
  mutating func taken(now: ContinuousClock.Instant) {
    last = now
  }
}
