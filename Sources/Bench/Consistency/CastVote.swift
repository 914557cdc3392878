/// One vote as evidence: what its sender knows for sure of it.
///
/// A vote that is *accepted* takes effect at some moment, perhaps before its answer came. One that is *refused* or
/// *dropped* never does. One that is *indeterminate* may have taken effect, may later, or never: its end says nothing.
package struct CastVote: Sendable, Hashable {
  /// Which vote: its place in the schedule.
  package var index: Int
  /// Who votes, from 0; the same as `index` where each voter votes once.
  package var voter: Int
  /// What for: the place in the choices.
  package var choice: Int
  /// Not later than any byte of it left.
  package var sent: MonotonicTime
  /// Not earlier than its answer came; without meaning for a vote that was not accepted.
  package var ended: MonotonicTime
  /// What became of it.
  package var outcome: Outcome
  /// How often it may have been handed to a server: at least 1, more with each re-send.
  package var sends: Int

  /// A vote; see the members.
  package init(
    index: Int, voter: Int, choice: Int, sent: MonotonicTime, ended: MonotonicTime, outcome: Outcome, sends: Int = 1
  ) {
    self.index = index
    self.voter = voter
    self.choice = choice
    self.sent = sent
    self.ended = ended
    self.outcome = outcome
    self.sends = sends
  }

  /// True when it may be in the tally, once it was sent.
  package var mayCount: Bool { outcome == .accepted || outcome == .indeterminate }
}
