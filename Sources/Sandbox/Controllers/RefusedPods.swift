import FoundationEssentials

/// Pods that the API refused to the controllers that wanted to create them, and when each may try again.
///
/// The waits grow as those of a real controller's queue: 5 ms, then twice as long each time, at most 1000 s.
/// (kubernetes, client-go/util/workqueue)
struct RefusedPods {
  /// The last refusal for one owner.
  struct Refusal: Equatable {
    /// Why, in the API's words.
    var message: String
    /// When to try again.
    var retry: Date
    fileprivate var count: Int
    fileprivate var generation: Int
  }

  private static let firstWait = 0.005
  private static let longestWait = 1_000.0

  private var refusals: [String: Refusal] = [:]

  /// What an owner was refused last, and nothing after it was created; nil for nothing.
  ///
  /// Nothing also when the owner has changed since: it tries at once.
  func refusal(of owner: JSON) -> Refusal? {
    guard let refusal = refusals[owner.uid], refusal.generation == Self.generation(owner) else { return nil }
    return refusal
  }

  /// Notes that a pod of an owner was refused.
  mutating func note(_ owner: JSON, _ message: String, now: Date) {
    let count = (refusal(of: owner)?.count ?? 0) + 1
    let wait = min(Self.longestWait, Self.firstWait * Double(1 << min(count - 1, 30)))
    refusals[owner.uid] = Refusal(
      message: message, retry: now.addingTimeInterval(wait), count: count, generation: Self.generation(owner))
  }

  /// Notes that a pod of an owner was created.
  mutating func clear(_ uid: String) { refusals[uid] = nil }

  private static func generation(_ owner: JSON) -> Int { owner["metadata", "generation"].int ?? 0 }
}

extension EventRecord {
  /// That a pod of an owner could not be created.
  static func failedCreate(_ pod: JSON, of owner: JSON, _ message: String) -> EventRecord {
    let kind = owner["kind"].string ?? ""
    let words =
      kind == "StatefulSet"
      ? "create Pod \(pod.name) in StatefulSet \(owner.name) failed error: \(message)" : "Error creating: \(message)"
    return EventRecord(
      owner, reason: "FailedCreate", message: words, kind: .warning, component: "\(kind.lowercased())-controller")
  }
}
