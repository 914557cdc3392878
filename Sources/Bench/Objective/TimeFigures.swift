/// A figure of the times of a slice, and how many votes are beyond a limit.
struct TimeFigures {
  /// Votes behind it, those that failed too.
  let attempts: Int
  /// The figure in nanoseconds; infinite where it is a vote that failed, nil without a vote.
  let value: Double?
  /// Between which values the percentile lies, taken as one of a sample, as text; nil where it is none.
  ///
  /// Where no vote is surely above it, it may be above the slowest: `> 12.30 ms`.
  var bounds: (low: String, high: String)? {
    interval.map { interval in
      let slowest = Objective.time(Double(sorted.last ?? 0) * 1000)
      return (Objective.time(interval.low), interval.high.isFinite ? Objective.time(interval.high) : "> \(slowest)")
    }
  }
  private let interval: (low: Double, high: Double)?
  private let sorted: [UInt32]
  private let failed: Int

  /// `pardoned` of the failed votes say nothing of the system, and are left out; bounds are only there if they are asked
  /// for.
  init(_ slice: VoteSlice, _ statistic: Objective.Statistic, pardoned: Int = 0, isBounded: Bool = true) {
    failed = slice.endless - pardoned
    attempts = slice.seconds.reduce(0) { $0 + $1.timed } - pardoned
    sorted = slice.seconds.filter { !$0.isLate }.flatMap(\.times).sorted()
    var interval: (low: Double, high: Double)?
    switch statistic {
    case .percentile(let percentile):
      value = Self.value(atRank: Self.rank(percentile, of: attempts), sorted, attempts)
      if isBounded, let value, value.isFinite {
        interval = Self.interval(percentile, around: value, slice, sorted, attempts)
      }
    case .max: value = attempts == 0 ? nil : failed > 0 ? .infinity : sorted.last.map { Double($0) * 1000 }
    case .mean:
      let sum = sorted.reduce(0.0) { $0 + Double($1) * 1000 }
      value = attempts == 0 ? nil : failed > 0 ? .infinity : sum / Double(sorted.count)
    }
    self.interval = interval
  }

  /// Votes beyond the limit, failed ones among them.
  func beyond(_ limit: Double, _ comparison: Objective.Comparison) -> Int {
    failed + sorted.count { !(comparison == .below ? Double($0) * 1000 < limit : Double($0) * 1000 <= limit) }
  }

  /// The share of votes that may be above a percentile.
  static func rest(_ percentile: Int) -> Double { Double(100_000 - percentile) / 100_000 }

  /// The smallest rank, from 1, that is not below the percentile's share of `count`.
  static func rank(_ percentile: Int, of count: Int) -> Int {
    max(1, (count * percentile + 99_999) / 100_000)
  }

  private static func value(atRank rank: Int, _ sorted: [UInt32], _ count: Int) -> Double? {
    count == 0 ? nil : rank <= sorted.count ? Double(sorted[rank - 1]) * 1000 : .infinity
  }

  /// By ranks among as many independent votes as say the same, since slow votes come in bursts.
  private static func interval(
    _ percentile: Int, around value: Double, _ slice: VoteSlice, _ sorted: [UInt32], _ count: Int
  ) -> (low: Double, high: Double)? {
    let blocks = slice.seconds.filter { !$0.isLate }.map { second in
      ClusteredRate.Block(
        failures: Double(second.endless + second.times.count { Double($0) * 1000 > value }),
        attempts: Double(second.timed))
    }
    let effective = Int(Double(count) / ClusteredRate(blocks).designEffect)
    guard effective > 0 else { return nil }
    let ranks = RankInterval(
      quantile: Double(percentile) / 100_000, of: effective, alpha: 2 * Objective.alpha)
    func ranked(_ rank: Int) -> Double {
      let scaled = Int((Double(rank) / Double(effective) * Double(count)).rounded())
      return Self.value(atRank: min(max(1, scaled), count), sorted, count) ?? .infinity
    }
    return (ranks.lower > 0 ? ranked(ranks.lower) : 0, ranks.upper.map(ranked) ?? .infinity)
  }
}
