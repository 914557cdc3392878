import Glibc

/// Between which of n sorted values a quantile lies: ranks, exact whatever the values' distribution.
///
/// Source: SLO statistics, section 3.2 (order statistics).
package struct RankInterval: Sendable, Hashable {
  /// Rank of the lower end, from 1; 0 where there is no finite one.
  package var lower: Int
  /// Rank of the upper end; nil where no value is surely above.
  package var upper: Int?
  /// The probability that the quantile lies inside.
  package var coverage: Double

  /// The ranks for quantile `q` of `count` values, with `alpha` outside on both sides together.
  package init(quantile q: Double, of count: Int, alpha: Double) {
    func below(_ rank: Int) -> Double {
      // P(Bin(n, q) <= rank - 1)
      rank <= 0 ? 0 : rank > count ? 1 : Beta.cumulative(1 - q, Double(count - rank + 1), Double(rank))
    }
    func last(_ isTrue: (Int) -> Bool) -> Int {
      var (low, high) = (0, count + 1)
      while low + 1 < high {
        let middle = (low + high) / 2
        if isTrue(middle) { low = middle } else { high = middle }
      }
      return low
    }
    lower = last { below($0) <= alpha / 2 }
    let beneath = last { 1 - below($0) > alpha / 2 }
    upper = beneath + 1 > count ? nil : beneath + 1
    coverage = (upper.map(below) ?? 1) - (lower > 0 ? below(lower) : 0)
  }

  /// The fewest values of which the largest bounds quantile `q` from above, with `alpha` outside on that side.
  ///
  /// With fewer, `upper` is nil: the report can only say "more than the largest".
  package static func smallestCount(bounding q: Double, alpha: Double) -> Int {
    let count = q <= 0 ? 1 : q >= 1 ? .infinity : log(alpha) / log(q)
    return count < 1e18 ? max(1, Int((count * (1 - 1e-14)).rounded(.up))) : .max
  }
}
