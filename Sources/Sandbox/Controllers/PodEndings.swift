package import FoundationEssentials

/// How late EndpointSlices follow the end of a pod, in seconds.
///
/// They count from the moment when the kubelet tells its containers to end: on a machine that has too much to do
/// everything is late, but a pod is told of its end before others are.
package struct EndpointLag: Sendable, Equatable {
  /// From SIGTERM, or the hook before it, until the pod's endpoint is not ready.
  package var unready: Double
  /// From the pod's mark for deletion until its endpoint is gone, if its containers have ended by then.
  package var removed: Double
  /// How long after the mark nobody waits for the kubelet any more.
  package var patience: Double

  /// A lag of so many seconds.
  package init(unready: Double, removed: Double, patience: Double) {
    self.unready = unready
    self.removed = removed
    self.patience = patience
  }

  /// No lag, for tests of what follows and not of when.
  package static let none = EndpointLag(unready: 0, removed: 0, patience: 0)
  /// The medians on a real cluster: SIGTERM 0.012 s after the mark, not ready after 0.062 s, gone after 0.39 s.
  package static let measured = EndpointLag(unready: 0.05, removed: 0.39, patience: 1)
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
    ending.signalled?.addingTimeInterval(lag.unready) ?? ending.marked.addingTimeInterval(lag.patience)
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
