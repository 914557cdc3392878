/// Whether the values of one group are above those of another, by ranks alone: Mann and Whitney's test.
///
/// Exact without ties up to 40 000 pairs and with ties up to 400; else by the normal approximation with its corrections
/// for ties and continuity. Only ever of block values: single requests are not independent.
/// Source: SLO statistics, section 5.1.
package struct RankSum: Sendable, Hashable {
  /// U: in how many pairs the later value is the larger one; equal ones count half.
  package var statistic: Double
  /// The probability of so large a U, or a larger one, if both groups were alike: small where later values are above.
  package var above: Double
  /// The probability of so small a U, or a smaller one, if both groups were alike.
  package var below: Double
  /// Whether the probabilities are exact.
  package var isExact: Bool
  /// The probability of a U so far from its mean, on either side.
  package var twoSided: Double { min(1, 2 * min(above, below)) }

  /// The test of `later` against `earlier`, neither empty.
  package init(_ later: [Double], against earlier: [Double]) {
    let groups = Self.groups(later, earlier)
    let pairs = later.count * earlier.count
    let doubled = Self.doubledStatistic(groups)
    if groups.allSatisfy({ $0.later + $0.earlier == 1 }), pairs <= 40_000 {
      let counts = Shift.rankSums(later.count, earlier.count)
      self.init(Double(doubled) / 2, counts: counts, place: doubled / 2)
    } else if pairs <= 400 {
      let counts = Self.tiedCounts(groups.map { $0.later + $0.earlier }, later: later.count, earlier: earlier.count)
      self.init(Double(doubled) / 2, counts: counts, place: doubled)
    } else {
      self = .approximate(later, against: earlier)
    }
  }

  /// The one-sided probability of values so far `above` those of `earlier`, or further, if both were alike.
  package static func probability(_ later: [Double], above earlier: [Double]) -> Double {
    RankSum(later, against: earlier).above
  }

  /// The normal approximation, whatever the size: for comparison with other tools.
  package static func approximate(_ later: [Double], against earlier: [Double]) -> RankSum {
    let statistic = Double(doubledStatistic(groups(later, earlier))) / 2
    let mean = Double(later.count * earlier.count) / 2
    let spread = variance(later.count, earlier.count, ties: ties(later + earlier)).squareRoot()
    func tail(_ excess: Double) -> Double { spread > 0 ? Quantiles.normalTail((excess - 0.5) / spread) : 1 }
    return RankSum(
      statistic: statistic, above: tail(statistic - mean), below: tail(mean - statistic), isExact: false)
  }

  /// The smallest two-sided probability that `m` and `n` values can reach: with fewer than 4 a side none is below 0.05.
  package static func smallestP(_ m: Int, _ n: Int) -> Double {
    min(1, 2 / Shift.rankSums(m, n).reduce(0, +))
  }

  private init(statistic: Double, above: Double, below: Double, isExact: Bool) {
    self.statistic = statistic
    self.above = above
    self.below = below
    self.isExact = isExact
  }

  private init(_ statistic: Double, counts: [Double], place: Int) {
    let total = counts.reduce(0, +)
    self.init(
      statistic: statistic, above: counts[place...].reversed().reduce(0, +) / total,
      below: counts[...place].reduce(0, +) / total, isExact: true)
  }
}

extension RankSum {
  /// How many values of each group are equal to one another, from the smallest value up.
  private static func groups(_ later: [Double], _ earlier: [Double]) -> [(later: Int, earlier: Int)] {
    var groups: [(later: Int, earlier: Int)] = []
    var last: Double?
    let pooled = later.map { (value: $0, isLater: true) } + earlier.map { (value: $0, isLater: false) }
    for item in pooled.sorted(by: { $0.value < $1.value }) {
      if last != item.value { groups.append((0, 0)) }
      last = item.value
      groups[groups.count - 1].later += item.isLater ? 1 : 0
      groups[groups.count - 1].earlier += item.isLater ? 0 : 1
    }
    return groups
  }

  /// Twice U, which is whole also with ties.
  private static func doubledStatistic(_ groups: [(later: Int, earlier: Int)]) -> Int {
    var (sum, beneath) = (0, 0)
    for group in groups {
      sum += group.later * (2 * beneath + group.earlier)
      beneath += group.earlier
    }
    return sum
  }

  /// In how many of all splits of the tied values, `sizes` of each, twice U has each value.
  private static func tiedCounts(_ sizes: [Int], later: Int, earlier: Int) -> [Double] {
    let width = 2 * later * earlier + 1
    let none = [Double](repeating: 0, count: width)
    // By how many of the values so far are later ones.
    var counts = [[Double]](repeating: none, count: later + 1)
    counts[0][0] = 1
    var seen = 0
    for size in sizes {
      var next = [[Double]](repeating: none, count: later + 1)
      for taken in max(0, seen - earlier)...min(seen, later) {
        var ways = 1.0
        for chosen in 0...min(size, later - taken) {
          let gain = chosen * (2 * (seen - taken) + size - chosen)
          for value in stride(from: 0, to: width - gain, by: 1) where counts[taken][value] > 0 {
            next[taken + chosen][value + gain] += ways * counts[taken][value]
          }
          ways *= Double(size - chosen) / Double(chosen + 1)
        }
      }
      counts = next
      seen += size
    }
    return counts[later]
  }

  /// The sum of t^3 - t over the sizes t of groups of equal values.
  static func ties(_ values: [Double]) -> Double {
    groups(values, []).reduce(0) { sum, group in
      let size = Double(group.later)
      return sum + size * (size * size - 1)
    }
  }

  /// The variance of U between two groups that are alike.
  static func variance(_ m: Int, _ n: Int, ties: Double) -> Double {
    let count = Double(m + n)
    return count > 1 ? Double(m) * Double(n) / 12 * (count + 1 - ties / (count * (count - 1))) : 0
  }
}
