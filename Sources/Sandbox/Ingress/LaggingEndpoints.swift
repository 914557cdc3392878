/// The endpoints that the ingress goes by, which lag behind the API's: a change is taken over at once if the last one
/// is an interval ago, and otherwise when it is.
///
/// That is how Traefik does it (`providersThrottleDuration`): it takes a change over, waits, and then takes
/// what is newest. Pure: time is what the caller says it is.
struct LaggingEndpoints: Sendable {
  /// The least time between two changes taken over.
  var interval: Duration
  /// What was taken over last.
  private(set) var shown: IngressEndpoints.Lists = [:]
  private var last: ContinuousClock.Instant?

  /// None yet; the first to come are taken over at once.
  init(interval: Duration = .zero) {
    self.interval = interval
  }

  /// Takes over what may be now; gives how long the rest has to wait, or nil if there is none.
  ///
  /// A backend that was not there before has nothing that could lag behind.
  mutating func follow(_ wanted: IngressEndpoints.Lists, now: ContinuousClock.Instant) -> Duration? {
    shown = shown.filter { wanted[$0.key] != nil }.merging(wanted) { old, _ in old }
    guard shown != wanted else { return nil }
    if let last, last + interval > now { return last + interval - now }
    shown = wanted
    last = now
    return nil
  }
}
