/// What the engine saw of one vote.
///
/// Times are monotonic nanoseconds.
package struct Observation: Sendable, Hashable {
  /// Which vote: its place in the schedule.
  package var index: Int
  /// When it was due.
  package var intended: MonotonicTime
  /// When it was handed to libcurl: not later than any byte of it.
  ///
  /// For a dropped vote: when it was dropped.
  package var actual: MonotonicTime
  /// When its end was seen: not earlier than any byte of its answer.
  package var completed: MonotonicTime
  /// The generator's own part of actual - intended, in nanoseconds; the rest is slot wait.
  package var startLag: Int64
  /// What became of it.
  package var outcome: Outcome
  /// Why, when it was not accepted.
  package var cause: Cause
  /// How often libcurl sent it again by itself: 0 unless the guard failed.
  package var resends: UInt8
  /// True when it opened a connection of its own.
  package var isFresh: Bool
  /// Number of the pod that answered, in order of first answer, counted from 1; 0 when unknown.
  package var pod: UInt8

  /// An observation; see the members.
  package init(
    index: Int, intended: MonotonicTime, actual: MonotonicTime, completed: MonotonicTime, startLag: Int64,
    outcome: Outcome, cause: Cause, resends: UInt8 = 0, isFresh: Bool = false, pod: UInt8 = 0
  ) {
    self.index = index
    self.intended = intended
    self.actual = actual
    self.completed = completed
    self.startLag = startLag
    self.outcome = outcome
    self.cause = cause
    self.resends = resends
    self.isFresh = isFresh
    self.pod = pod
  }
}
