package import FoundationEssentials

/// How late EndpointSlices follow the end of a pod, in seconds from its mark for deletion.
///
/// On a machine that has too much to do everything is late, but the order must stay: a pod is told to end before others
/// are told that it ends.
package struct EndpointLag: Sendable, Equatable {
  /// Until the pod's endpoint is not ready.
  package var unready: Double
  /// Until its endpoint is gone, if its containers have ended by then.
  package var removed: Double
  /// From when the kubelet has told its containers to end, until the pod's endpoint is not ready, at least.
  package var afterSignal = 0.0
  /// How long to wait for the kubelet to tell them.
  package var patience = 0.0

  /// A lag of so many seconds, which does not wait for the kubelet.
  package init(unready: Double, removed: Double) {
    self.unready = unready
    self.removed = removed
  }

  /// No lag, for tests of what follows and not of when.
  package static let none = EndpointLag(unready: 0, removed: 0)
  /// The medians on a real cluster: SIGTERM, after 0.012 s, is quicker than either.
  package static let measured = {
    var lag = EndpointLag(unready: 0.062, removed: 0.39)
    lag.afterSignal = 0.05
    lag.patience = 1
    return lag
  }()
}

/// Since when pods are known to be ending, and how much of that others know already.
///
/// Pure: a pod's mark has whole seconds only, so the moment when it was first seen counts.
package struct PodEndings: Sendable {
  private struct Ending {
    var marked: Date
    var signalled: Date?
  }

  private let lag: EndpointLag
  private var endings: [String: Ending] = [:]

  /// No pod is ending.
  package init(lag: EndpointLag) {
    self.lag = lag
  }

  /// Notes which pods are ending; `pods` are all there are.
  package mutating func look(at pods: [JSON], now: Date) {
    let ending = pods.filter(\.isTerminating).map(\.uid)
    endings = [String: Ending](
      ending.map { ($0, endings[$0] ?? Ending(marked: now)) }, uniquingKeysWith: { first, _ in first })
  }

  /// Whether it is to be learnt from the Events which pods the kubelet has told to end.
  package var awaitsSignals: Bool { lag.patience > 0 && endings.values.contains { $0.signalled == nil } }

  /// Notes which pods the kubelet has told to end, by its Events of the reason `Killing`.
  package mutating func look(atEvents events: [JSON], now: Date) {
    for event in events where event["reason"].string == "Killing" {
      guard let uid = event["involvedObject", "uid"].string, endings[uid]?.signalled == nil else { continue }
      endings[uid]?.signalled = now
    }
  }

  private func unready(_ ending: Ending) -> Date {
    let least = ending.marked.addingTimeInterval(lag.unready)
    let signalled = ending.signalled?.addingTimeInterval(lag.afterSignal)
    return max(least, signalled ?? ending.marked.addingTimeInterval(lag.patience))
  }

  /// Whether nobody knows yet that the pod is ending.
  package func isUnseen(_ pod: JSON, now: Date) -> Bool {
    endings[pod.uid].map { now < unready($0) } ?? false
  }

  /// Whether a pod whose containers have ended is to be gone.
  package func isRemoved(_ pod: JSON, now: Date) -> Bool {
    endings[pod.uid].map { now >= $0.marked.addingTimeInterval(lag.removed) } ?? true
  }

  /// When the next of these answers changes for the pod; nil if none will.
  package func next(_ pod: JSON, now: Date) -> Date? {
    guard let ending = endings[pod.uid] else { return nil }
    return [unready(ending), ending.marked.addingTimeInterval(lag.removed)].filter { $0 > now }.min()
  }
}
