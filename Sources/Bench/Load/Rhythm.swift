/// Moments at equal distances, each taken once.
///
/// Those that pass while nobody looks are made up for by one, after which the rhythm goes on as if nothing had been.
package struct Rhythm: Sendable, Hashable {
  /// When the next one is.
  package private(set) var due: MonotonicTime
  private let interval: Int64

  /// The first one is at `start`, then one every `interval`, at least a nanosecond.
  package init(from start: MonotonicTime, every interval: Duration) {
    due = start
    self.interval = max(1, interval.nanoseconds)
  }

  /// True when one is due, which is taken by that.
  package mutating func take(at now: MonotonicTime) -> Bool {
    guard due <= now else { return false }
    let passed = (now.nanoseconds - due.nanoseconds) / interval + 1
    due = MonotonicTime(nanoseconds: due.nanoseconds + passed * interval)
    return true
  }

  /// The rhythm begins anew at `moment`.
  package mutating func restart(at moment: MonotonicTime) { due = moment }
}
