/// A moment on the generator's monotonic clock (CLOCK_MONOTONIC), in nanoseconds since an arbitrary origin.
///
/// Every due moment, send and answer of a run is such a moment; wall time appears once a run, as an anchor for people.
package struct MonotonicTime: Sendable, Hashable, Comparable, Codable {
  /// Nanoseconds since the clock's origin.
  package var nanoseconds: Int64

  /// The moment `nanoseconds` after the clock's origin.
  package init(nanoseconds: Int64) {
    self.nanoseconds = nanoseconds
  }

  /// Reads a number of nanoseconds.
  package init(from decoder: any Decoder) throws {
    nanoseconds = try decoder.singleValueContainer().decode(Int64.self)
  }

  /// Writes a number of nanoseconds.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(nanoseconds)
  }

  /// The earlier moment is the smaller one.
  package static func < (left: Self, right: Self) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  /// The moment a duration later.
  package static func + (moment: Self, duration: Duration) -> Self {
    Self(nanoseconds: moment.nanoseconds + duration.nanoseconds)
  }

  /// The time from `right` to `left`; negative when `left` is the earlier one.
  package static func - (left: Self, right: Self) -> Duration {
    .nanoseconds(left.nanoseconds - right.nanoseconds)
  }
}

extension Duration {
  /// Whole nanoseconds, rounded towards zero.
  ///
  /// Durations beyond 292 years are outside of what a run can hold.
  package var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
  }

  /// Seconds as a number, for reports.
  package var seconds: Double {
    Double(nanoseconds) / 1e9
  }

  /// Milliseconds as a number, for reports.
  package var milliseconds: Double {
    Double(nanoseconds) / 1e6
  }
}
