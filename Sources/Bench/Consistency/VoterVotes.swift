/// The votes of one voter who may vote again, in the order of their sending.
///
/// A vote is *superseded* when it was accepted and another accepted vote of the same voter was sent after its answer:
/// whoever keeps the order of answers shows the other one. Indeterminate votes are never superseded (they may land
/// late), and supersede none. Source: the consistency model, section 7.2.
struct VoterVotes {
  /// One vote, small: a run has millions.
  struct Vote {
    /// Nanoseconds.
    var sent: Int64
    /// Nanoseconds; never, for a vote that was not accepted.
    var ended: Int64
    /// The next vote of the same voter in the slice; -1 ends the list.
    var next: Int32
    var choice: UInt16
    var outcome: Outcome
    var sends: UInt8

    /// True when it may be in the tally.
    var mayCount: Bool { outcome == .accepted || outcome == .indeterminate }
  }

  /// By sending.
  var votes: [Vote] = []

  /// The choices of votes that may be the last one, as bits of their columns in `view`.
  ///
  /// Nothing is superseded where no order is promised.
  func last(_ view: ChoiceColumns, order: ConsistencyRules.Order) -> Int {
    let newest = order == .any ? Int64.min : newestAccepted { _ in true }
    return mask(view) { $0.ended >= newest }
  }

  /// The columns of all votes that may count.
  func ever(_ view: ChoiceColumns) -> Int {
    mask(view) { _ in true }
  }

  /// The columns of those votes that may count and for which `condition` holds.
  func mask(_ view: ChoiceColumns, where condition: (Vote) -> Bool) -> Int {
    votes.reduce(0) { mask, vote in
      vote.mayCount && condition(vote)
        ? mask | view.mask(of: Int(vote.choice)) : mask
    }
  }

  /// When the last one of the accepted votes with `condition` was sent; long ago where there is none.
  func newestAccepted(where condition: (Vote) -> Bool) -> Int64 {
    votes.reduce(Int64.min) { $1.outcome == .accepted && condition($1) ? max($0, $1.sent) : $0 }
  }

  /// True when a row of this voter must exist in the end.
  var isAccepted: Bool { votes.contains { $0.outcome == .accepted } }
  /// True when one was sent.
  var isSent: Bool { votes.contains { $0.outcome != .dropped } }
}

extension VoteHistory {
  /// Votes held at a time when they are gathered by voter.
  private static let sliceVotes = 2_000_000

  /// Goes through every voter, also those who never voted, with all their votes.
  ///
  /// A slice of the voters at a time, so that memory is bounded: the votes are replayed once a slice.
  func forEachVoter(_ body: (Int, VoterVotes) -> Void) {
    guard voters > 0 else { return }
    let size = max(1, Self.sliceVotes / max(1, count / voters))
    for first in stride(from: 0, to: voters, by: size) {
      forEachVoter(in: first..<min(voters, first + size), body)
    }
  }

  private func forEachVoter(in slice: Range<Int>, _ body: (Int, VoterVotes) -> Void) {
    var heads = [Int32](repeating: -1, count: slice.count)
    var kept: [VoterVotes.Vote] = []
    forEachVote { vote in
      guard slice.contains(vote.voter) else { return }
      let place = vote.voter - slice.lowerBound
      kept.append(
        VoterVotes.Vote(
          sent: vote.sent.nanoseconds, ended: vote.outcome == .accepted ? vote.ended.nanoseconds : .max,
          next: heads[place], choice: UInt16(vote.choice), outcome: vote.outcome, sends: UInt8(clamping: vote.sends)))
      heads[place] = Int32(kept.count - 1)
    }
    var gathered = VoterVotes()
    for (place, head) in heads.enumerated() {
      gathered.votes.removeAll(keepingCapacity: true)
      var next = head
      while next >= 0 {
        gathered.votes.append(kept[Int(next)])
        next = kept[Int(next)].next
      }
      if gathered.votes.count > 1 { gathered.votes.sort { $0.sent < $1.sent } }
      body(slice.lowerBound + place, gathered)
    }
  }
}
