import Glibc
import Testing

@testable import Bench

/// What has to hold of all numbers, after section 11 of the specification; all seeds are fixed.
@Suite("Properties of the statistics")
struct StatisticsPropertyTests {
  private static let limits = [0.2, 0.01, 0.001]

  @Test("bounds rise with the failures, and fall with the attempts")
  func monotone() {
    for n in [1, 2, 7, 40, 163] {
      let rates = (0...n).map { FailureRate(failures: Double($0), attempts: Double(n)) }
      for (rate, next) in zip(rates, rates.dropFirst()) {
        #expect(rate.lower(alpha: 0.05) < next.lower(alpha: 0.05))
        #expect(rate.upper(alpha: 0.05) < next.upper(alpha: 0.05))
      }
    }
    for x in [0.0, 1, 30] {
      let uppers = (31...90).map { FailureRate(failures: x, attempts: Double($0)).upper(alpha: 0.05) }
      #expect(zip(uppers, uppers.dropFirst()).allSatisfy { $0 > $1 })
    }
  }

  @Test("more failures never turn a verdict to the better, and none both passes and fails", arguments: limits)
  func orderedVerdicts(limit: Double) {
    let order = [Verdict.pass, .inconclusive, .fail]
    for n in 1...400 {
      var last = 0
      for x in 0...n {
        let rate = FailureRate(failures: Double(x), attempts: Double(n))
        let (below, above) = (rate.tailBelow(limit), rate.tailAbove(limit))
        let place = below <= 0.05 ? 0 : above < 0.05 ? 2 : 1
        if below <= 0.05 && above < 0.05 || place < last || rate.verdict(atMost: limit, alpha: 0.05) != order[place] {
          Issue.record("\(x) of \(n) at \(limit)")
        }
        last = place
      }
    }
  }

  @Test("deciding by bounds is deciding by tails", arguments: [300, 1000, 10_000], [0.01, 0.001, 0.0001])
  func boundsAreTails(n: Int, limit: Double) {
    // With ten thousand attempts, all counts around the limits, and every seventh of the rest.
    for x in 0...n where x < 140 || n < 10_000 || x % 7 == 0 {
      let rate = FailureRate(failures: Double(x), attempts: Double(n))
      let byBounds: Verdict =
        rate.upper(alpha: 0.05) <= limit ? .pass : rate.lower(alpha: 0.05) > limit ? .fail : .inconclusive
      if byBounds != rate.verdict(atMost: limit, alpha: 0.05) { Issue.record("\(x) of \(n)") }
    }
  }

  @Test("the bounds hold the rate as often as they say, whatever it is", arguments: [1, 2, 5, 10, 23, 50, 100])
  func coverage(n: Int) {
    let bounds = (0...n).map { x in
      let rate = FailureRate(failures: Double(x), attempts: Double(n))
      return rate.lower(alpha: 0.05)...rate.upper(alpha: 0.05)
    }
    for rate in stride(from: 0.005, to: 1, by: 0.005) {
      let probabilities = binomial(n, rate)
      let covered = zip(bounds, probabilities).reduce(0) { $0 + ($1.0.contains(rate) ? $1.1 : 0) }
      let (over, under) = (
        zip(bounds, probabilities).reduce(0) { $0 + ($1.0.lowerBound > rate ? $1.1 : 0) },
        zip(bounds, probabilities).reduce(0) { $0 + ($1.0.upperBound < rate ? $1.1 : 0) }
      )
      #expect(covered >= 0.9 - 1e-12 && over <= 0.05 + 1e-12 && under <= 0.05 + 1e-12, "\(n) at \(rate): \(covered)")
    }
  }

  @Test("the ranks of a quantile: no wider than need be, covering what they say, and none above too few values")
  func ranks() {
    for (q, n) in [0.3, 0.5, 0.9, 0.95].flatMap({ q in (1...90).map { (q, $0) } }) {
      let interval = RankInterval(quantile: q, of: n, alpha: 0.05)
      let probabilities = binomial(n, q)
      func below(_ rank: Int) -> Double { probabilities[..<rank].reduce(0, +) }
      let upper = interval.upper ?? n + 1
      #expect(abs(interval.coverage - (below(upper) - below(interval.lower))) < 1e-12, "\(q) \(n)")
      #expect(below(interval.lower) <= 0.025 && (interval.lower == n || below(interval.lower + 1) > 0.025))
      #expect((interval.upper == nil) == (n < RankInterval.smallestCount(bounding: q, alpha: 0.025)), "\(q) \(n)")
      if upper <= n { #expect(1 - below(upper) <= 0.025 && 1 - below(upper - 1) > 0.025, "\(q) \(n)") }
    }
  }

  @Test("ranks of two groups are what counting all splits gives, with ties and without", arguments: 2...6, 2...6)
  func splits(m: Int, n: Int) {
    for (kinds, seed) in [(0, 1), (3, 2), (5, 3), (2, 4)] as [(Int, UInt64)] {
      var random = SeededGenerator(seed: seed &+ UInt64(m * 16 + n * 256))
      let pool = (0..<m + n).map { _ in kinds == 0 ? random.unit() : Double(random.index(below: kinds)) }
      let (later, earlier) = (Array(pool.prefix(m)), Array(pool.suffix(n)))
      let observed = pairs(later, earlier)
      var (above, below, all) = (0.0, 0.0, 0.0)
      for mask in 0..<(1 << (m + n)) where mask.nonzeroBitCount == m {
        let one = pool.indices.filter { mask >> $0 & 1 == 1 }.map { pool[$0] }
        let other = pool.indices.filter { mask >> $0 & 1 == 0 }.map { pool[$0] }
        let value = pairs(one, other)
        above += value >= observed ? 1 : 0
        below += value <= observed ? 1 : 0
        all += 1
      }
      let test = RankSum(later, against: earlier)
      #expect(test.isExact && test.statistic == observed)
      #expect(abs(test.above - above / all) < 1e-12 && abs(test.below - below / all) < 1e-12, "\(pool)")
      #expect(RankSum.probability(later, above: earlier) == test.above)
    }
  }

  @Test("a shift moves with the values, turns round with the groups, and is the median of all differences")
  func shifts() throws {
    var random = SeededGenerator(seed: 21)
    for _ in 0..<60 {
      let later = (0..<4 + random.index(below: 5)).map { _ in Double(random.index(below: 64)) }
      let earlier = (0..<4 + random.index(below: 5)).map { _ in Double(random.index(below: 64)) }
      let shift = Shift(later, minus: earlier, alpha: 0.1)
      let ends = try #require(shift.interval)
      let all = later.flatMap { one in earlier.map { one - $0 } }.sorted()
      #expect(shift.estimate == (all[all.count / 2] + all[(all.count - 1) / 2]) / 2)
      let rank = Shift.rank(later.count, earlier.count, alpha: 0.1)
      #expect(ends == all[rank - 1]...all[all.count - rank])
      let moved = Shift(later.map { $0 + 8 }, minus: earlier, alpha: 0.1)
      #expect(moved.estimate == shift.estimate + 8 && moved.interval == (ends.lowerBound + 8)...(ends.upperBound + 8))
      let turned = Shift(earlier, minus: later, alpha: 0.1)
      #expect(turned.estimate == -shift.estimate && turned.interval == -ends.upperBound...(-ends.lowerBound))
    }
  }

  @Test("the interval leaves out the shift exactly where the test rejects it", arguments: 4...6, 4...6)
  func intervalIsTest(m: Int, n: Int) throws {
    var random = SeededGenerator(seed: UInt64(m * 100 + n))
    for _ in 0..<20 {
      let (later, earlier) = ((0..<m).map { _ in random.unit() + 0.5 }, (0..<n).map { _ in random.unit() })
      let interval = try #require(Shift(later, minus: earlier, alpha: 0.1).interval)
      #expect((interval.lowerBound > 0) == (RankSum(later, against: earlier).above <= 0.05))
    }
  }

  @Test("flipping signs: the order, and the sign of all, change nothing; never below the smallest")
  func flips() {
    var random = SeededGenerator(seed: 31)
    for count in [1, 3, 6, 8, 11, 17] {
      for _ in 0..<3 {
        let values = (0..<count).map { _ in Double(random.index(below: 19)) / 7 - 1 }
        let p = PairedTests.signFlip(values)
        #expect(p >= PairedTests.smallestP(repetitions: count) && p <= 1)
        #expect(PairedTests.signFlip(values.reversed()) == p && PairedTests.signFlip(values.sorted()) == p)
        #expect(PairedTests.signFlip(values.map { -$0 }) == p)
      }
      #expect(PairedTests.signFlip([Double](repeating: 0, count: count)) == 1)
    }
    // By hand: of ++, +-, -+, -- over 1 and 2, the sums 3 and -3 are as far as 3; all four are as far as 1.
    #expect(PairedTests.signFlip([1, 2]) == 0.5 && PairedTests.signFlip([-1, 2]) == 1)
  }

  @Test("Holm's probabilities are no smaller, keep their order, and begin with Bonferroni's")
  func holm() {
    var random = SeededGenerator(seed: 41)
    for _ in 0..<200 {
      let raw = (0..<1 + random.index(below: 9)).map { _ in random.unit() * random.unit() }
      let adjusted = MultipleTests.holm(raw)
      #expect(zip(raw, adjusted).allSatisfy { $0 <= $1 && $1 <= 1 })
      let order = raw.indices.sorted { raw[$0] < raw[$1] }
      #expect(zip(order, order.dropFirst()).allSatisfy { adjusted[$0] <= adjusted[$1] })
      #expect(adjusted.min() == min(1, Double(raw.count) * (raw.min() ?? 0)))
    }
  }

  @Test("twice the same phase never turns a pass to a fail, nor a fail to a pass", arguments: limits)
  func merging(limit: Double) {
    for n in [1, 10, 59, 300, 2995, 10_000] {
      for x in 0...min(n, 150) {
        let once = FailureRate(failures: Double(x), attempts: Double(n)).verdict(atMost: limit, alpha: 0.05)
        let twice = FailureRate(failures: Double(2 * x), attempts: Double(2 * n)).verdict(atMost: limit, alpha: 0.05)
        #expect(once == .inconclusive || twice == once, "\(x) of \(n) at \(limit)")
      }
    }
  }

  @Test("blocks that are all alike have a design effect of 1, and their order does not matter")
  func designEffect() {
    let even = ClusteredRate((1...40).map { .init(failures: Double($0), attempts: Double(20 * $0)) })
    #expect(even.designEffect == 1 && even.effective == even.rate)
    #expect(ClusteredRate([]).designEffect == 1 && ClusteredRate([.init(failures: 3, attempts: 9)]).designEffect == 1)
    var random = SeededGenerator(seed: 51)
    for _ in 0..<50 {
      var blocks = (0..<30).map { _ in
        ClusteredRate.Block(failures: Double(random.index(below: 5) * random.index(below: 5)), attempts: 200)
      }
      let before = ClusteredRate(blocks).designEffect
      blocks.shuffle(using: &random)
      #expect(abs(ClusteredRate(blocks).designEffect / before - 1) < 1e-12 && before > 1)
    }
  }

  @Test(
    "two phases that are alike: their blocks fail a comparison no more often than they may, and do fail it at times")
  func alikePhases() {
    let (runs, alpha) = (1000, 0.05)
    var random = SeededGenerator(seed: 61)
    func blocks(_ factor: Double) -> [Double] {
      (0..<6).map { _ in
        let times = (0..<40).map { _ in -log(random.unit()) * factor }.sorted()
        return log(times[35])
      }
    }
    func failures(_ factor: Double, margin: Double) -> (fail: Double, pass: Double) {
      let verdicts = (0..<runs).map { _ in
        let shift = Shift(blocks(factor), minus: blocks(1), alpha: 2 * alpha)
        return RateDifference.verdict(shift.interval, margin: margin)
      }
      return (
        Double(verdicts.count { $0 == .fail }) / Double(runs), Double(verdicts.count { $0 == .pass }) / Double(runs)
      )
    }
    let error = (2 * alpha * (1 - 2 * alpha) / Double(runs)).squareRoot()
    let alike = failures(1, margin: 0)
    #expect(alike.fail <= 2 * alpha + 2 * error, "\(alike)")
    #expect(alike.fail >= 0.02 && alike.pass >= 0.02, "a comparison that never decides is none: \(alike)")
    let worse = failures(2, margin: 0)
    #expect(worse.fail >= 0.9, "\(worse)")
    let atMargin = failures(1.3, margin: log(1.3))
    #expect(atMargin.pass <= alpha + 2 * error, "what is as bad as the margin must not pass: \(atMargin)")
  }

  /// The probabilities of 0 to `n`, by the recursion of the definition.
  private func binomial(_ n: Int, _ rate: Double) -> [Double] {
    var row = [1.0]
    for _ in 0..<n { row = zip(row + [0], [0] + row).map { $0 * (1 - rate) + $1 * rate } }
    return row
  }

  private func pairs(_ later: [Double], _ earlier: [Double]) -> Double {
    later.reduce(0) { sum, one in sum + earlier.reduce(0) { $0 + (one > $1 ? 1 : one == $1 ? 0.5 : 0) } }
  }
}
