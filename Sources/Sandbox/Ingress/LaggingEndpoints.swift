/// The endpoints that the ingress goes by, which lag behind the API's by as much as was measured on a real cluster.
///
/// There an ingress takes a change over, waits for 2 s, and takes what is newest (Traefik's
/// `providersThrottleDuration`), so that a pod that goes is still chosen for a median 1.7 s. Which pod it hits how
/// hard depends on how long pods take to start, and here they take less; so not the mechanism but its outcome is
/// kept: each change waits as long as one of the recorded ones did, turn by turn, and never overtakes an earlier one.
/// Pure: time is what the caller says it is.
struct LaggingEndpoints: Sendable {
  /// A state of the API that is not seen yet.
  private struct Pending {
    var lists: IngressEndpoints.Lists
    var isLoss: Bool
    var seen: ContinuousClock.Instant
    var due: ContinuousClock.Instant
  }

  /// How long pods that went were still chosen, and how long ones that became ready were not yet: the eighths of what
  /// was recorded, in seconds, in an order in which two rollouts of four pods wait alike.
  ///
  /// Those of the ones that came are somewhat lower, since they wait for what is to be seen before them as well.
  static let losses = [0.57, 1.97, 0.36, 2.06, 0.18, 1.77, 1.29, 1.93]
  static let gains = [0.22, 1.96, 0.13, 0.49, 0.13, 1.96, 0.22, 0.33]
  // Pods that go this soon after one another were in one update.
  private static let together = Duration.milliseconds(500)

  /// What the recorded lags are multiplied by: 1, or 0 for no lag at all.
  var scale: Double
  /// What the ingress goes by.
  private(set) var shown: IngressEndpoints.Lists = [:]
  private var pending: [Pending] = []
  private var turns = (loss: 0, gain: 0)

  /// None yet; the first to come are seen at once.
  init(scale: Double = 0) {
    self.scale = scale
  }

  /// Sees what is due by now; gives how long the next change has to wait, or nil if there is none.
  ///
  /// A backend that was not there before has nothing that could lag behind.
  mutating func follow(_ wanted: IngressEndpoints.Lists, now: ContinuousClock.Instant) -> Duration? {
    func known(_ lists: IngressEndpoints.Lists) -> IngressEndpoints.Lists {
      lists.filter { wanted[$0.key] != nil }.merging(wanted) { old, _ in old }
    }
    shown = known(shown)
    for index in pending.indices { pending[index].lists = known(pending[index].lists) }
    if pending.last?.lists ?? shown != wanted { add(wanted, now: now) }
    while let next = pending.first, next.due <= now || next.lists == shown {
      shown = next.lists
      pending.removeFirst()
    }
    return pending.first.map { $0.due - now }
  }

  private mutating func add(_ wanted: IngressEndpoints.Lists, now: ContinuousClock.Instant) {
    let newest = pending.last?.lists ?? shown
    let isLoss = newest.contains { backend, list in !Set(list).isSubset(of: wanted[backend] ?? []) }
    if let last = pending.last, isLoss, last.isLoss, now - last.seen <= Self.together {
      pending[pending.count - 1].lists = wanted
      return
    }
    let lag: Double
    if isLoss {
      lag = Self.losses[turns.loss % Self.losses.count]
      turns.loss += 1
    } else {
      lag = Self.gains[turns.gain % Self.gains.count]
      turns.gain += 1
    }
    let due = max(pending.last?.due ?? now, now + .seconds(lag * scale))
    pending.append(Pending(lists: wanted, isLoss: isLoss, seen: now, due: due))
  }
}
