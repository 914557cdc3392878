/// When something happened, as far as it could be seen.
///
/// What a watch shows as it happens is exact. What happened while nobody could see lies within an interval: after the
/// last moment at which it was seen not to have happened, and before the first at which it was seen to have.
package struct Moment: Sendable, Hashable, Codable {
  /// It did not happen before.
  package var earliest: MonotonicTime
  /// It had happened by then; equal to `earliest` where the moment is exact.
  package var latest: MonotonicTime

  /// An exact moment.
  package init(_ moment: MonotonicTime) {
    earliest = moment
    latest = moment
  }

  /// Somewhere between two moments, of which the first is not the later.
  package init(after earliest: MonotonicTime, until latest: MonotonicTime) {
    precondition(earliest <= latest, "an interval begins before it ends")
    self.earliest = earliest
    self.latest = latest
  }

  /// True when it was seen as it happened.
  package var isExact: Bool { earliest == latest }
}
