/// How much larger the values of one group are than those of another, or than their own partners: the median of all
/// differences with an interval.
///
/// Exact up to some size, by the normal approximation above. Sources: SLO statistics, sections 5.1 (Hodges and Lehmann,
/// by the null distribution of Mann and Whitney) and 6.2 (Walsh averages, by that of the signed rank).
package struct Shift: Sendable, Hashable {
  /// The estimate.
  package var estimate: Double
  /// The interval; nil where so few values bound nothing.
  package var interval: ClosedRange<Double>?
  /// The probability that the interval covers the shift, for values without ties; 1 where there is none.
  package var level: Double

  /// The shift of `later` against `earlier`, neither empty, with `alpha` outside on both sides together.
  ///
  /// Of two infinite values neither is above the other.
  package init(_ later: [Double], minus earlier: [Double], alpha: Double) {
    let differences = later.flatMap { later in earlier.map { later == $0 ? 0 : later - $0 } }.sorted()
    self.init(differences, Self.depth(later, earlier, alpha: alpha))
  }

  /// The shift of paired `differences`, not empty.
  package init(paired differences: [Double], alpha: Double) {
    var averages: [Double] = []
    for (place, first) in differences.enumerated() {
      for second in differences[place...] { averages.append(Self.middle(first, second)) }
    }
    self.init(averages.sorted(), Self.pairedDepth(differences.count, alpha: alpha))
  }

  private init(_ sorted: [Double], _ depth: (rank: Int, level: Double)) {
    let middle = sorted.count / 2
    estimate = sorted.count % 2 == 1 ? sorted[middle] : Self.middle(sorted[middle - 1], sorted[middle])
    interval = depth.rank == 0 ? nil : sorted[depth.rank - 1]...sorted[sorted.count - depth.rank]
    level = depth.level
  }

  private static func middle(_ first: Double, _ second: Double) -> Double {
    // The middle of both infinities would be no number at all.
    first == second ? first : first == -second ? 0 : (first + second) / 2
  }
}

extension Shift {
  /// The rank of the interval's lower end among `m` * `n` differences, from 1; 0 where there is none.
  package static func rank(_ m: Int, _ n: Int, alpha: Double) -> Int {
    depth(alpha, counts: rankSums(m, n)).rank
  }

  /// The rank of the interval's lower end among the averages of pairs of `n` differences; 0 where there is none.
  package static func rank(paired n: Int, alpha: Double) -> Int { pairedDepth(n, alpha: alpha).rank }

  private static func depth(_ later: [Double], _ earlier: [Double], alpha: Double) -> (rank: Int, level: Double) {
    let (m, n) = (later.count, earlier.count)
    if m * n <= 40_000 { return depth(alpha, counts: rankSums(m, n)) }
    let spread = RankSum.variance(m, n, ties: RankSum.ties(later + earlier)).squareRoot()
    return depth(alpha, mean: Double(m * n) / 2, spread: spread)
  }

  private static func pairedDepth(_ n: Int, alpha: Double) -> (rank: Int, level: Double) {
    if n <= 300 { return depth(alpha, counts: signedRanks(n)) }
    let count = Double(n)
    return depth(
      alpha, mean: count * (count + 1) / 4, spread: (count * (count + 1) * (2 * count + 1) / 24).squareRoot())
  }

  private static func depth(_ alpha: Double, mean: Double, spread: Double) -> (rank: Int, level: Double) {
    (max(0, Int((mean - Quantiles.normal(1 - alpha / 2) * spread).rounded(.down))), 1 - alpha)
  }

  /// The smallest u with P(U <= u) > alpha / 2, where `counts` are those of each value of U.
  private static func depth(_ alpha: Double, counts: [Double]) -> (rank: Int, level: Double) {
    let total = counts.reduce(0, +)
    let limit = alpha / 2 * total
    var below = 0.0
    for (value, count) in counts.enumerated() {
      if below + count > limit * (1 + 1e-12) { return (value, 1 - 2 * below / total) }
      below += count
    }
    return (0, 1)
  }

  /// How many orders of `m` and `n` values give each value of Mann and Whitney's U.
  static func rankSums(_ m: Int, _ n: Int) -> [Double] {
    let (m, n) = (min(m, n), max(m, n))
    // The number of partitions into at most m parts of at most n: by the product of (1 - q^(n+i)) / (1 - q^i).
    // It is the same from both ends, and a half needs only the small numbers, which lose no digits.
    let half = m * n / 2
    var counts = [Double](repeating: 0, count: half + 1)
    counts[0] = 1
    for part in stride(from: 1, through: m, by: 1) {
      for value in stride(from: half, through: n + part, by: -1) { counts[value] -= counts[value - n - part] }
      for value in stride(from: part, through: half, by: 1) { counts[value] += counts[value - part] }
    }
    return (0...m * n).map { counts[min($0, m * n - $0)] }
  }

  /// How many choices of signs of `n` ranks give each sum of the positive ones.
  static func signedRanks(_ n: Int) -> [Double] {
    var counts = [Double](repeating: 0, count: n * (n + 1) / 2 + 1)
    counts[0] = 1
    for rank in stride(from: 1, through: n, by: 1) {
      for value in stride(from: counts.count - 1, through: rank, by: -1) { counts[value] += counts[value - rank] }
    }
    return counts
  }
}
