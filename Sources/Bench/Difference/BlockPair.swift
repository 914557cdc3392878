/// The same figure of blocks of two phases, all of one length.
struct BlockPair {
  let later: [Double]
  let earlier: [Double]
  /// How long a block is, in seconds.
  let length: Int

  /// Nil where there are fewer than four of one, or neighbours are alike however long the blocks are.
  ///
  /// Blocks have `least` seconds or more. With `mayBeAlike` their likeness is put up with: where the two are searched for what speaks against a comparison.
  init?(
    _ one: VoteSlice, _ two: VoteSlice, _ statistic: Objective.Statistic, from least: Int = 5,
    mayBeAlike: Bool = false
  ) {
    var length = Self.firstLength(one, two, statistic, least)
    while one.seconds.count / length >= 4, two.seconds.count / length >= 4 {
      // A block has no figure only where the generator was late all the time.
      let later = Self.values(one.blocks(of: length), statistic)
      let earlier = Self.values(two.blocks(of: length), statistic)
      guard later.count >= 4, earlier.count >= 4 else { return nil }
      if mayBeAlike || max(Autocorrelation.lagOne(later), Autocorrelation.lagOne(earlier)) <= 0.2 {
        (self.later, self.earlier, self.length) = (later, earlier, length)
        return
      }
      guard min(later.count, earlier.count) >= 12 else { return nil }
      length *= 2
    }
    return nil
  }

  private static func values(_ blocks: [VoteSlice], _ statistic: Objective.Statistic) -> [Double] {
    blocks.compactMap { TimeFigures($0, statistic, isBounded: false).value }.map(finite)
  }

  /// A block in which the figure is a failed vote is worse than all others.
  private static func finite(_ value: Double) -> Double { min(max(value, 1), 1e13) }

  /// The least, or as long as a block must be to have such a percentile; no more than some two hundred of them.
  private static func firstLength(
    _ one: VoteSlice, _ two: VoteSlice, _ statistic: Objective.Statistic, _ least: Int
  ) -> Int {
    var votes = 1.0
    if case .percentile(let percentile) = statistic { votes = 2 / TimeFigures.rest(percentile) }
    let rate = min(Double(one.votes) / max(one.length, 1), Double(two.votes) / max(two.length, 1))
    let longest = max(one.seconds.count, two.seconds.count)
    return max(least, longest / 200, Int((votes / max(rate, 1e-3)).rounded(.up)))
  }

  /// Why there is no pair: too little time for four blocks of such votes, or blocks that are alike; and how long both
  /// phases would have to be for one, or for longer blocks than were tried.
  static func shortage(
    _ one: VoteSlice, _ two: VoteSlice, _ statistic: Objective.Statistic, from least: Int = 5
  ) -> (isShort: Bool, seconds: Int) {
    var length = firstLength(one, two, statistic, least)
    let shorter = min(one.seconds.count, two.seconds.count)
    if shorter / length < 4 { return (true, 4 * length) }
    while shorter / length >= 12 { length *= 2 }
    return (false, 12 * length)
  }
}
