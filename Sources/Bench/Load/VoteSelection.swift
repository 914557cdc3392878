/// The votes of a schedule that one driver sends: those of its shard and of its cohort.
///
/// Every vote is in exactly one selection of `shards` x {kept, fresh}. Which votes take a new connection is drawn vote
/// by vote from the seed, so that both cohorts meet the same moments of a run.
package struct VoteSelection: Sendable, Hashable {
  /// What a vote is planned to travel on.
  package enum Cohort: Sendable, Hashable {
    /// A connection that was opened before.
    case kept
    /// A connection of its own.
    case fresh
  }

  /// The driver's number, from 0.
  package let shard: Int
  /// How many there are.
  package let shards: Int
  /// On what these votes travel.
  package let cohort: Cohort
  private let seed: UInt64
  /// Of 2^64 values the bits of a fresh vote are below this one; nil when all votes are fresh.
  private let freshBelow: UInt64?

  /// The votes of `shard`, 0 ..< `shards`, of one cohort; `freshShare`, 0...1, of all votes are fresh.
  package init(shard: Int, shards: Int, cohort: Cohort, freshShare: Double, seed: UInt64) {
    precondition((0..<shards).contains(shard), "a shard is one of the shards")
    precondition((0...1).contains(freshShare), "a share is from 0 to 1")
    self.shard = shard
    self.shards = shards
    self.cohort = cohort
    self.seed = seed
    freshBelow = UInt64(exactly: (freshShare * 0x1p64).rounded(.down))
  }

  /// Every vote of a schedule, on kept connections.
  package static let all = Self(shard: 0, shards: 1, cohort: .kept, freshShare: 0, seed: 0)

  /// True when the driver sends vote `index`.
  package func contains(_ index: Int) -> Bool {
    index % shards == shard && isOfCohort(index)
  }

  /// True when no vote is selected: all are of the other cohort.
  package var isEmpty: Bool {
    cohort == .fresh ? freshBelow == 0 : freshBelow == nil
  }

  /// The first vote selected; nil when none is.
  var first: Int? {
    if isEmpty { return nil }
    return isOfCohort(shard) ? shard : next(after: shard)
  }

  /// The vote selected after `index`, which is one of the shard's; the selection is not empty.
  func next(after index: Int) -> Int {
    var next = index + shards
    while !isOfCohort(next) { next += shards }
    return next
  }

  private func isOfCohort(_ index: Int) -> Bool {
    guard let freshBelow else { return cohort == .fresh }
    if freshBelow == 0 { return cohort == .kept }
    return (IndexedRandom.bits(seed: seed, index: index, stream: .cohorts) < freshBelow) == (cohort == .fresh)
  }
}
