/// Whether settings differ at all, by their ranks within each repetition: Friedman's test.
///
/// Source: SLO statistics, section 6.2.
package struct Friedman: Sendable, Hashable {
  /// Chi-square, corrected for ties.
  package var statistic: Double
  /// The probability of so large a statistic if the settings were alike: exact where `isExact`, else the approximation.
  package var p: Double
  /// The probability by the chi-square distribution.
  package var approximation: Double
  /// Whether `p` was counted over all orders within the repetitions.
  package var isExact: Bool

  /// The test of `rows`, one for each repetition, each as wide as there are settings.
  ///
  /// Exact up to 24 values of up to 6 settings. Not exact with more settings in 2 or 3 repetitions: those are too many
  /// orders to count, and too few repetitions to decide on.
  package init(_ rows: [[Double]]) {
    let ranks = rows.map(Self.doubledRanks)
    let (count, width) = (Double(rows.count), Double(rows.first?.count ?? 0))
    let squares = Self.squares(of: ranks)
    let ties = rows.reduce(0) { $0 + RankSum.ties($1) }
    let correction = 1 - ties / (count * width * (width * width - 1))
    guard width > 1, correction > 1e-12 else {
      (statistic, p, approximation, isExact) = (0, 1, 1, true)
      return
    }
    // The ranks are doubled: their squares are fourfold.
    let plain = 3 * Double(squares) / (count * width * (width + 1)) - 3 * count * (width + 1)
    statistic = plain / correction
    approximation = Quantiles.chiSquareTail(statistic, degrees: width - 1)
    isExact = count * width <= 24 && width <= 6
    p = isExact ? Self.exact(ranks, atLeast: squares) : approximation
  }

  /// Twice the rank of each value in its row: whole also with ties.
  private static func doubledRanks(_ row: [Double]) -> [Int] {
    row.map { value in 2 * row.count { $0 < value } + row.count { $0 == value } + 1 }
  }

  private static func squares(of ranks: [[Int]]) -> Int {
    guard let width = ranks.first?.count else { return 0 }
    return (0..<width).reduce(0) { sum, column in
      let total = ranks.reduce(0) { $0 + $1[column] }
      return sum + total * total
    }
  }

  /// The share of all orders within the rows whose column sums have squares that come to `limit` or more.
  private static func exact(_ rows: [[Int]], atLeast limit: Int) -> Double {
    guard let first = rows.first, let last = rows.last, rows.count > 1 else { return 1 }
    // Sums that are the same but for their order have the same future: the first row needs one order only.
    var sums = [first.sorted(): 1.0]
    for row in rows[1..<(rows.count - 1)] {
      var next: [[Int]: Double] = [:]
      let orders = orders(row)
      for (sum, ways) in sums {
        for order in orders { next[zip(sum, order).map { $0 + $1 }.sorted(), default: 0] += ways }
      }
      sums = next
    }
    let orders = orders(last)
    var (found, all) = (0.0, 0.0)
    for (sum, ways) in sums {
      for order in orders {
        var squares = 0
        for column in sum.indices { squares += (sum[column] + order[column]) * (sum[column] + order[column]) }
        all += ways
        found += squares >= limit ? ways : 0
      }
    }
    return found / all
  }

  /// All different orders of `row`; each stands for as many permutations.
  private static func orders(_ row: [Int]) -> [[Int]] {
    var orders: [[Int]] = [[]]
    var rests = [row.sorted()]
    for _ in row.indices {
      var (longer, shorter): ([[Int]], [[Int]]) = ([], [])
      for (order, rest) in zip(orders, rests) {
        for place in rest.indices where place == 0 || rest[place] != rest[place - 1] {
          longer.append(order + [rest[place]])
          shorter.append(Array(rest[..<place] + rest[(place + 1)...]))
        }
      }
      (orders, rests) = (longer, shorter)
    }
    return orders
  }
}
