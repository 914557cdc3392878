import Bench

/// What the EndpointSlices say of each pod, taken together: a pod may be in several, of one Service or of more.
struct EndpointView: Sendable {
  /// How a pod stands with the Services.
  enum Standing: Sendable, Hashable {
    /// In no slice.
    case absent
    /// In a slice, and ready in none.
    case unready
    /// Ready in at least one.
    case ready
  }

  private struct Slice: Sendable {
    var ready: [String: Bool]
    var at: Moment
  }

  private var slices: [String: Slice] = [:]

  /// A slice is like this; returns the pods of which it says something else than before.
  mutating func see(_ slice: EndpointSlice, at: Moment) -> Set<String> {
    var ready: [String: Bool] = [:]
    for endpoint in slice.endpoints ?? [] {
      guard let uid = endpoint.targetRef?.uid else { continue }
      ready[uid] = endpoint.conditions?.ready ?? true
    }
    let old = slices.updateValue(Slice(ready: ready, at: at), forKey: slice.metadata.uid)?.ready ?? [:]
    return Set(old.keys).union(ready.keys).filter { old[$0] != ready[$0] }
  }

  /// A slice is not there any more; returns the pods that it had.
  mutating func remove(_ uid: String) -> Set<String> {
    Set((slices.removeValue(forKey: uid)?.ready ?? [:]).keys)
  }

  /// How a pod stands.
  func standing(of pod: String) -> Standing {
    let told = slices.values.compactMap { $0.ready[pod] }
    return told.isEmpty ? .absent : told.contains(true) ? .ready : .unready
  }

  /// When a slice was seen last that has the pod; nil when none has it.
  func moment(of pod: String) -> Moment? {
    slices.values.lazy.filter { $0.ready[pod] != nil }.map(\.at).max { $0.latest < $1.latest }
  }
}
