/// What the sandbox's vote pods are like, where they are not as fast as they can: so that losing one costs what it costs.
///
/// On a cluster pods are what they are.
package struct PodTraits: Sendable, Hashable {
  /// How long a pod is not ready after its process started.
  package var startup: Duration
  /// Votes a second that one can take at most, which wait in line beyond that; nil for as many as it can.
  package var capacity: Int?
  /// For how long it is slower after its start-up: at first five times.
  package var warmup: Duration

  /// Traits; see the members.
  package init(startup: Duration = .zero, capacity: Int? = nil, warmup: Duration = .zero) {
    self.startup = startup
    self.capacity = capacity
    self.warmup = warmup
  }

  /// The environment of a vote frontend's container, as votingd reads it; empty for pods as fast as they can.
  package var environment: [String: String] {
    var environment: [String: String] = [:]
    for (name, time) in [("VOTE_STARTUP", startup), ("VOTE_WARMUP", warmup)] where time > .zero {
      environment[name] = "\(time.nanoseconds / 1_000_000)ms"
    }
    if let capacity { environment["VOTE_CAPACITY"] = "\(capacity)" }
    return environment
  }
}

/// Reading of what the sandbox's pods are like.
extension SettingsReader {
  mutating func podTraits(_ target: RunProfile.Target) -> PodTraits {
    let keys: [Settings.Key] = [.podStartup, .podCapacity, .podWarmup]
    if target != .sandbox { refuse(keys, "only the sandbox's pods can be told what they are like; leave it out") }
    return PodTraits(
      startup: time(.podStartup, most: 30),
      capacity: optional(.podCapacity, expected: "whole votes a second, 1 to 100000") { text in
        Int(text).flatMap { (1...100_000).contains($0) ? $0 : nil }
      }, warmup: time(.podWarmup, most: 600))
  }

  private mutating func time(_ key: Settings.Key, most: Int) -> Duration {
    optional(key, expected: "whole milliseconds up to \(most)s, such as 500ms or 2s") { text in
      Duration(spelled: text).flatMap { time in
        time <= .seconds(most) && time.nanoseconds % 1_000_000 == 0 ? time : nil
      }
    } ?? .zero
  }
}
