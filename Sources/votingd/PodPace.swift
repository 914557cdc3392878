/// How fast this process takes votes, where it is told not to be as fast as it can: a real pod takes time to start, can do
/// so much and no more, and is slow at first.
///
/// Pure: `now` is the time since the process started. Votes are served one after the other, in the order of coming.
struct PodPace: Sendable, Equatable {
  /// What the environment asks for.
  struct Traits: Sendable, Equatable {
    /// How long it is not ready after its start.
    var startup = Duration.zero
    /// Votes a second that it can take at most; nil for as many as it can.
    var capacity: Int?
    /// For how long after that it is slower.
    var warmup = Duration.zero

    /// True when there is nothing to pace.
    var isNone: Bool { self == Traits() }
  }

  /// What a vote takes without a capacity, as far as being slower goes.
  private static let usual = Duration.milliseconds(2)
  /// How many times as long a vote takes at the beginning of the warm-up.
  private static let cold = 5.0
  /// The longest that a vote waits for its turn; more would be refused by a real server's queue, too.
  private static let longest = Duration.seconds(10)

  private let traits: Traits
  /// When the votes before are served.
  private var free = Duration.zero

  init(_ traits: Traits) { self.traits = traits }

  /// True from the end of the start-up on.
  func hasStarted(now: Duration) -> Bool { now >= traits.startup }

  /// When a vote that comes now has been served; nil for one that would wait too long, which takes no time of others.
  mutating func served(now: Duration) -> Duration? {
    let slowness = slowness(now)
    guard let capacity = traits.capacity else { return now + Self.usual * (slowness - 1) }
    let end = max(now, free) + Duration.seconds(1) / capacity * slowness
    guard end - now <= Self.longest else { return nil }
    free = end
    return end
  }

  /// From 5 at the end of the start-up down to 1 at the end of the warm-up.
  private func slowness(_ now: Duration) -> Double {
    let since = max(.zero, now - traits.startup)
    guard since < traits.warmup else { return 1 }
    return Self.cold - (Self.cold - 1) * (since / traits.warmup)
  }
}
