package import FoundationEssentials

/// How late EndpointSlices follow the end of a pod, in seconds from its mark for deletion.
package struct EndpointLag: Sendable, Equatable {
  /// Until the pod's endpoint is not ready.
  package var unready: Double
  /// Until its endpoint is gone, if its containers have ended by then.
  package var removed: Double

  /// A lag of so many seconds.
  package init(unready: Double, removed: Double) {
    self.unready = unready
    self.removed = removed
  }

  /// No lag, for tests of what follows and not of when.
  package static let none = EndpointLag(unready: 0, removed: 0)
  /// The medians on a real cluster: SIGTERM, after 0.012 s, is quicker than either.
  package static let measured = EndpointLag(unready: 0.062, removed: 0.39)
}

/// Since when pods are known to be ending, and how much of that others know already.
///
/// Pure: a pod's mark has whole seconds only, so the moment when it was first seen counts.
package struct PodEndings: Sendable {
  private let lag: EndpointLag
  private var marked: [String: Date] = [:]

  /// No pod is ending.
  package init(lag: EndpointLag) {
    self.lag = lag
  }

  /// Notes which pods are ending; `pods` are all there are.
  package mutating func look(at pods: [JSON], now: Date) {
    let ending = pods.filter(\.isTerminating).map(\.uid)
    marked = Dictionary(uniqueKeysWithValues: ending.map { ($0, marked[$0] ?? now) })
  }

  /// Whether nobody knows yet that the pod is ending.
  package func isUnseen(_ pod: JSON, now: Date) -> Bool {
    marked[pod.uid].map { now < $0.addingTimeInterval(lag.unready) } ?? false
  }

  /// Whether a pod whose containers have ended is to be gone.
  package func isRemoved(_ pod: JSON, now: Date) -> Bool {
    marked[pod.uid].map { now >= $0.addingTimeInterval(lag.removed) } ?? true
  }

  /// When the next of these answers changes for the pod; nil if none will.
  package func next(_ pod: JSON, now: Date) -> Date? {
    guard let mark = marked[pod.uid] else { return nil }
    return [lag.unready, lag.removed].map(mark.addingTimeInterval).filter { $0 > now }.min()
  }
}
