/// The whole plan of due moments.
///
/// In the open models vote k is due at a moment that was fixed before the run, whatever the system under test does:
/// an exact function of k in integers, so that nothing drifts. In the closed model a vote has no such moment: it is due
/// when one of N users is free.
package struct Schedule: Sendable, Hashable {
  /// The load models.
  package enum Arrivals: Sendable, Hashable {
    /// Open loop, evenly spaced, the first vote at offset 0. The rate is above 0.
    case constant(ArrivalRate)
    /// Open loop, independent arrivals: exponential gaps from the seed, the first before vote 0. The rate is above 0.
    case poisson(ArrivalRate, seed: UInt64)
    /// Open loop, steps and linear ramps, such as `Stage.list` gives; the last rate holds for ever.
    case stages([Stage])
    /// Closed loop: each of N users, at least 1, votes again as soon as the vote before has ended.
    case closed(users: Int)
  }

  /// The model and its figures.
  package let arrivals: Arrivals
  /// The due moments of even arrivals and stages.
  private let plan: StagePlan?

  /// The plan for `arrivals`, whose figures are those that the cases demand.
  package init(_ arrivals: Arrivals) {
    self.arrivals = arrivals
    switch arrivals {
    case .constant(let rate):
      precondition(rate.votes > 0, "a constant rate is above 0")
      plan = StagePlan(rate)
    case .poisson(let rate, _):
      precondition(rate.votes > 0, "a mean rate is above 0")
      plan = nil
    case .stages(let stages):
      plan = StagePlan(stages)
      precondition(plan != nil, "stages are at least one, with at least one vote due")
    case .closed(let users):
      precondition(users > 0, "a closed loop has users")
      plan = nil
    }
  }

  /// Constant arrivals at `rate`, the first one at offset 0.
  package init(rate: ArrivalRate) {
    self.init(.constant(rate))
  }

  /// True when votes have no due moments of their own.
  package var isClosed: Bool {
    if case .closed = arrivals { true } else { false }
  }

  /// True when arrivals are independent of one another: then some gaps are much longer than the mean.
  package var isRandom: Bool {
    if case .poisson = arrivals { true } else { false }
  }

  /// How long the stages last, after which the last rate holds; nil in the other models, which never end.
  package var duration: Duration? {
    if case .stages = arrivals { plan?.length } else { nil }
  }

  /// The rate at `offset` nanoseconds in votes per second, the mean of it in the Poisson model; nil in the closed one.
  ///
  /// Where a stage begins it is that stage's.
  package func ratePerSecond(at offset: Int64) -> Double? {
    if case .poisson(let rate, _) = arrivals { return rate.perSecond }
    return plan?.ratePerSecond(at: offset)
  }

  /// The lowest momentary rate from `begin` to `end` nanoseconds, in votes per second; nil in the closed model.
  ///
  /// What a run could have seen is as much as it could have seen at its lowest rate.
  package func lowestRatePerSecond(from begin: Int64, to end: Int64) -> Double? {
    if case .poisson(let rate, _) = arrivals { return rate.perSecond }
    return plan?.lowestRatePerSecond(from: begin, to: end)
  }

  /// The highest one, likewise.
  package func highestRatePerSecond(from begin: Int64, to end: Int64) -> Double? {
    if case .poisson(let rate, _) = arrivals { return rate.perSecond }
    return plan?.highestRatePerSecond(from: begin, to: end)
  }

  /// When vote `index` is due, in nanoseconds after the beginning, rounded down from the exact moment.
  ///
  /// Nil where no formula tells (Poisson: walk a cursor), where votes are not due by themselves (closed), and for a
  /// vote that never is, after stages that end at 0.
  package func intendedStart(of index: Int) -> Int64? {
    guard let plan, let number = plan.pieceNumber(of: index) else { return nil }
    return plan.offset(of: index, in: plan.pieces[number])
  }

  /// How many votes are due before `offset` nanoseconds (exclusive): the smallest k that is due then or later.
  ///
  /// Nil where no formula tells: in the Poisson and the closed model.
  package func votesDue(before offset: Int64) -> Int? {
    guard let plan else { return nil }
    return offset > 0 ? plan.votesDue(before: offset) : 0
  }

  /// A walk over the due moments that begins at vote `index`.
  ///
  /// Of Poisson arrivals it takes as long as the votes before `index` are many.
  package func cursor(at index: Int) -> Cursor {
    switch arrivals {
    case .poisson(let rate, let seed): Cursor(PoissonGaps(rate, seed: seed), at: index)
    case .constant, .stages, .closed: Cursor(plan, at: index)
    }
  }
}
