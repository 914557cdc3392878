import Glibc
import Testing

@testable import Bench

/// Sections 4 and 5 of the specification: clusters, and one phase against another.
@Suite("Statistics of comparisons")
struct StatisticsComparisonTests {
  private let before = ClusteredRate((0..<60).map { .init(failures: $0 % 20 == 0 ? 1 : 0, attempts: 200) })
  private let after = ClusteredRate(
    (0..<40).map { .init(failures: $0 < 6 ? [3, 8, 5, 2, 1, 6][$0] : 0, attempts: 200) })

  @Test("failures in bursts say less: the design effect, and what is left")
  func clusters() {
    let bursts = (0..<60).map { ClusteredRate.Block(failures: [10: 30, 20: 45, 30: 12][$0] ?? 0, attempts: 200) }
    let rate = ClusteredRate(bursts)
    #expect((rate.rate.failures / rate.rate.attempts).prints("0.00725"))
    #expect(rate.variance.squareRoot().prints("0.004559"))
    #expect((rate.variance / rate.designEffect).squareRoot().prints("0.000774"))
    #expect(rate.designEffect.prints("34.65") && rate.effective.attempts.prints("346"))
    #expect(rate.rate.lower(alpha: 0.05).prints("0.006024") && rate.rate.upper(alpha: 0.05).prints("0.008659"))
    #expect(rate.effective.lower(alpha: 0.05).prints("0.001671"))
    #expect(rate.effective.upper(alpha: 0.05).prints("0.020222"))
    #expect(rate.rate.verdict(atMost: 0.005, alpha: 0.05) == .fail)
    #expect(rate.effective.verdict(atMost: 0.005, alpha: 0.05) == .inconclusive)
  }

  @Test("bounds of counts divided by their design effect")
  func effective() {
    for (x, n, deff, lower, upper) in [
      (12.0, 24_000.0, 4.0, "0.000136", "0.001292"), (40, 24_000, 8, "0.000657", "0.003501"),
    ] {
      let rate = FailureRate(failures: x / deff, attempts: n / deff)
      #expect(rate.lower(alpha: 0.05).prints(lower) && rate.upper(alpha: 0.05).prints(upper))
    }
    #expect(FailureRate(failures: 5, attempts: 3000).verdict(atMost: 0.001, alpha: 0.05) == .inconclusive)
  }

  @Test("the difference of two clustered rates, and its verdicts")
  func clusteredDifference() throws {
    let difference = try #require(ClusteredRate.difference(after, minus: before, alpha: 0.05))
    #expect(difference.estimate.prints("0.002875") && difference.degrees.prints("39.80"))
    #expect((after.variance + before.variance).squareRoot().prints("0.00141326"))
    #expect(difference.bounds.lowerBound.prints("0.000494998"))
    #expect(difference.bounds.upperBound.prints("0.00525500"))
    for (margin, verdict) in [(0.001, Verdict.inconclusive), (0.006, .pass), (0.0003, .fail)] {
      #expect(RateDifference.verdict(difference.bounds, margin: margin) == verdict)
    }
    #expect(RateDifference.verdict(difference.bounds, margin: 0.001, strictly: difference.estimate) == .fail)
    #expect(RateDifference.verdict(difference.bounds, margin: 0.0058, strictly: difference.estimate) == .pass)
    #expect(RateDifference.verdict(nil, margin: 1) == .inconclusive)
  }

  @Test("against a multiple of the earlier rate, its variance counts by the square")
  func clusteredFactor() throws {
    let double = try #require(ClusteredRate.difference(after, minus: before, times: 2, alpha: 0.05))
    // A block of half the attempts has twice the rate: the same as a factor of 2.
    let halved = ClusteredRate(before.blocks.map { .init(failures: $0.failures, attempts: $0.attempts / 2) })
    let same = try #require(ClusteredRate.difference(after, minus: halved, alpha: 0.05))
    #expect(abs(double.estimate - same.estimate) < 1e-15 && abs(double.degrees - same.degrees) < 1e-9)
    #expect(abs(double.bounds.lowerBound - same.bounds.lowerBound) < 1e-15)
    #expect(double.estimate.prints("0.002625"))
  }

  @Test("no failure in any block is no certainty")
  func clusteredZeros() throws {
    let clean = ClusteredRate((0..<50).map { _ in .init(failures: 0, attempts: 200) })
    let later = ClusteredRate((0..<30).map { _ in .init(failures: 0, attempts: 200) })
    let both = try #require(ClusteredRate.difference(later, minus: clean, alpha: 0.025))
    #expect(both.estimate == 0 && both.bounds.lowerBound.prints("-0.000383998"))
    #expect(both.bounds.upperBound.prints("0.000639833488"))
    let one = try #require(ClusteredRate.difference(after, minus: clean, alpha: 0.05))
    let half = Quantiles.student(0.95, degrees: 39) * after.variance.squareRoot()
    #expect(abs(one.bounds.upperBound - (one.estimate + half)) < 1e-12)
    #expect(one.bounds.lowerBound < one.estimate - half)
    #expect(ClusteredRate.difference(after, minus: ClusteredRate([]), alpha: 0.05) == nil)
  }

  @Test(
    "the difference of independent rates",
    arguments: [
      (9, 10_000, 2, 10_000, "0.0007", "0.0000205347", "0.00152264"),
      (0, 6000, 0, 10_000, "0.000000", "-0.000383998", "0.000639833488"),
      (3, 6000, 0, 10_000, "0.0005", "-6.27618e-06", "0.00146913"),
      (48, 80, 56, 70, "-0.2", "-0.333873", "-0.0524315"),
    ] as [(Double, Double, Double, Double, String, String, String)])
  func newcombe(
    laterFailures: Double, laterAttempts: Double, failures: Double, attempts: Double, estimate: String,
    lower: String, upper: String
  ) {
    let later = FailureRate(failures: laterFailures, attempts: laterAttempts)
    let earlier = FailureRate(failures: failures, attempts: attempts)
    let found = RateDifference.newcombe(later, minus: earlier, alpha: 0.025)
    #expect(found.estimate.prints(estimate), "\(found)")
    #expect(found.bounds.lowerBound.prints(lower) && found.bounds.upperBound.prints(upper), "\(found)")
    let reversed = RateDifference.newcombe(earlier, minus: later, alpha: 0.025).bounds
    #expect(abs(reversed.lowerBound + found.bounds.upperBound) < 1e-15, "the ends change places")
  }

  @Test("a factor of 0 leaves the later rate's own interval, and a larger one moves everything down")
  func newcombeFactor() {
    let (later, earlier) = (FailureRate(failures: 9, attempts: 1000), FailureRate(failures: 4, attempts: 1000))
    let alone = RateDifference.newcombe(later, minus: earlier, times: 0, alpha: 0.025).bounds
    let wilson = later.wilson(alpha: 0.05)
    #expect(abs(alone.lowerBound - wilson.lowerBound) < 1e-15 && abs(alone.upperBound - wilson.upperBound) < 1e-15)
    let twice = RateDifference.newcombe(later, minus: earlier, times: 2, alpha: 0.025)
    let limits = earlier.wilson(alpha: 0.05)
    let down =
      ((0.009 - wilson.lowerBound) * (0.009 - wilson.lowerBound)
      + 4 * (limits.upperBound - 0.004) * (limits.upperBound - 0.004)).squareRoot()
    #expect(abs(twice.estimate - 0.001) < 1e-15 && abs(twice.bounds.lowerBound - (0.001 - down)) < 1e-15)
    let nothing = RateDifference.newcombe(.init(failures: 0, attempts: 0), minus: earlier, alpha: 0.025)
    #expect(nothing.bounds == -1...1)
  }

  @Test("Fisher's exact test")
  func fisher() {
    #expect(Fisher.above(9, of: 10_000, against: 2, of: 10_000).prints("0.0326786"))
    #expect(Fisher.twoSided(9, of: 10_000, against: 2, of: 10_000).prints("0.0653572"))
    #expect(Fisher.twoSided(2, of: 10_000, against: 9, of: 10_000).prints("0.0653572"))
    #expect(Fisher.above(3, of: 6000, against: 0, of: 10_000).prints("0.0527179"))
    #expect(Fisher.twoSided(7, of: 10, against: 0, of: 10).prints("0.003096"))
    #expect(Fisher.twoSided(3, of: 6, against: 0, of: 6).prints("0.1818"))
    #expect(Fisher.twoSided(0, of: 10, against: 4, of: 10).prints("0.0867"))
    #expect(Fisher.above(0, of: 5, against: 3, of: 5) == 1 && Fisher.twoSided(0, of: 5, against: 0, of: 9) == 1)
    #expect(Fisher.twoSided(5, of: 5, against: 9, of: 9) == 1)
  }

  @Test(
    "the rank of the interval's ends among all differences",
    arguments: [
      (4, 4, 1, 2), (5, 5, 3, 5), (6, 6, 6, 8), (7, 7, 9, 12), (8, 8, 14, 16), (10, 10, 24, 28), (12, 12, 38, 43),
      (15, 15, 65, 73), (20, 20, 128, 139), (6, 4, 3, 4), (6, 5, 4, 6), (6, 7, 7, 9), (6, 8, 9, 11), (6, 10, 12, 15),
      (6, 12, 15, 18), (6, 15, 20, 24), (6, 20, 28, 33), (3, 3, 0, 1),
    ])
  func rankTable(m: Int, n: Int, wide: Int, narrow: Int) {
    for (m, n) in [(m, n), (n, m)] {
      #expect(Shift.rank(m, n, alpha: 0.05) == wide, "\(Shift.rank(m, n, alpha: 0.05))")
      #expect(Shift.rank(m, n, alpha: 0.1) == narrow, "\(Shift.rank(m, n, alpha: 0.1))")
    }
  }

  @Test("the smallest probability that blocks can reach")
  func smallest() {
    for (blocks, expected) in [
      (3, "0.1"), (4, ".0286"), (5, ".00794"), (6, ".00216"), (8, ".000155"), (10, ".0000108"),
    ] { #expect(RankSum.smallestP(blocks, blocks).prints(expected.hasPrefix(".") ? "0" + expected : expected)) }
  }

  private let slow: [Double] = [118, 109, 131, 125, 112, 104, 140, 121]
  private let fast: [Double] = [102, 98, 110, 105, 99, 101, 107, 100]

  @Test("the worked example: eight blocks against eight")
  func worked() throws {
    let wide = Shift(slow, minus: fast, alpha: 0.05)
    #expect(wide.estimate == 16.5 && wide.interval == 7...27 && wide.level.prints("0.950117"))
    let narrow = Shift(slow, minus: fast, alpha: 0.1)
    #expect(narrow.interval == 8...26 && narrow.level.prints("0.917016"))
    let test = RankSum(slow, against: fast)
    #expect(test.statistic == 60 && test.isExact)
    #expect(test.twoSided.prints("0.0018648") && test.above.prints("0.00093240") && test.below > 0.999)
    #expect(RankSum(fast, against: slow).statistic == 4 && RankSum(fast, against: slow).below == test.above)
    for (margin, verdict) in [(5, Verdict.fail), (10.15, .inconclusive), (30, .pass)] {
      #expect(RateDifference.verdict(narrow.interval, margin: margin) == verdict)
    }
    let ratio = Shift(slow.map { log($0) }, minus: fast.map { log($0) }, alpha: 0.1)
    #expect(exp(ratio.estimate).prints("1.16253"))
    let ends = try #require(ratio.interval)
    #expect(exp(ends.lowerBound).prints("1.07273") && exp(ends.upperBound).prints("1.25000"))
    for (margin, verdict) in [(1.3, Verdict.pass), (1.2, .inconclusive), (1.05, .fail)] {
      #expect(RateDifference.verdict(ratio.interval, margin: log(margin)) == verdict)
    }
  }

  @Test("Kayenta's disputed cases: never a pass")
  func kayenta() {
    let ones = [Double](repeating: 1, count: 10)
    let canary = [Double](repeating: 100, count: 7) + [1, 1, 1]
    let shift = Shift(canary, minus: ones, alpha: 0.1)
    #expect(shift.estimate == 99 && shift.interval == 0...99)
    #expect(RateDifference.verdict(shift.interval, margin: 98) == .inconclusive)
    #expect(RankSum.approximate(canary, against: ones).twoSided.prints("0.001617"))
    // All ties of the pool: 120 of 77 520 choices have as many hundreds.
    let exact = RankSum(canary, against: ones)
    #expect(exact.isExact && exact.above.prints("0.0015479876160990713"))
    let (few, zeros) = ([0.0, 1, 2, 1, 0, 0], [Double](repeating: 0, count: 6))
    #expect(RankSum.approximate(few, against: zeros).twoSided.prints("0.0731"))
    #expect(RankSum(few, against: zeros).above.prints("0.09090909090909091"))
    let small = Shift(few, minus: zeros, alpha: 0.1)
    #expect(RateDifference.verdict(small.interval, margin: 0.5) == .inconclusive)
    #expect(RankSum(zeros, against: zeros).twoSided == 1 && RankSum.approximate(zeros, against: zeros).twoSided == 1)
  }

  @Test("three blocks bound nothing at 95 %, and an infinite block is no trap")
  func fewBlocks() {
    let shift = Shift([1, 2, 3], minus: [1, 2, 3], alpha: 0.05)
    #expect(shift.interval == nil && shift.estimate == 0 && shift.level == 1)
    let broken = Shift([.infinity, .infinity, 5, 6], minus: [1, .infinity, 2, 3], alpha: 0.1)
    #expect(broken.interval?.upperBound == .infinity && broken.interval?.lowerBound == -.infinity)
    let endless = [Double](repeating: .infinity, count: 4)
    #expect(Shift(endless, minus: endless, alpha: 0.1).interval == 0...0)
    #expect(Shift(endless, minus: [1, 2, 3, 4], alpha: 0.1).estimate == .infinity)
    #expect(Shift(paired: [.infinity, -.infinity], alpha: 0.5).estimate == 0)
  }

  @Test("exact counts of large groups agree with the normal approximation, and beyond them it is taken")
  func largeGroups() {
    let counts = Shift.rankSums(200, 200)
    let (total, mean) = (counts.reduce(0, +), 20_000.0)
    let variance = counts.enumerated().reduce(0) {
      $0 + ($1.element / total) * (Double($1.offset) - mean) * (Double($1.offset) - mean)
    }
    let logarithm = Gamma.logarithm(401) - 2 * Gamma.logarithm(201)
    #expect(abs(log(total) - logarithm) < 1e-10, "all choices are counted")
    #expect(abs(variance / (200 * 200 * 401 / 12.0) - 1) < 1e-9)
    #expect(counts.allSatisfy { $0 >= 1 } && counts[1] == 1 && counts[4] == 5)
    #expect(Shift.rank(200, 200, alpha: 0.05) - 17_734 <= 3, "\(Shift.rank(200, 200, alpha: 0.05))")
    var random = SeededGenerator(seed: 5)
    let (later, earlier) = ((0..<210).map { _ in random.unit() + 1 }, (0..<200).map { _ in random.unit() })
    let shift = Shift(later, minus: earlier, alpha: 0.05)
    #expect(shift.level == 0.95 && abs(shift.estimate - 1) < 0.1 && shift.interval?.contains(1) == true)
    let test = RankSum(later, against: earlier)
    #expect(!test.isExact && test.above < 1e-60 && test.below > 0.999)
    let paired = Shift(paired: later.map { $0 - 1.5 } + earlier.map { $0 - 0.5 }, alpha: 0.05)
    #expect(paired.level == 0.95 && paired.interval?.contains(0) == true && abs(paired.estimate) < 0.05)
  }

  @Test("how far a block resembles the one before")
  func autocorrelation() {
    #expect(Autocorrelation.lagOne([1, 2, 4, 3, 2, 1, 0, 1]).prints("0.5163"))
    #expect(Autocorrelation.lagOne([1, -1, 1, -1, 1, -1]) < -0.8)
    #expect(Autocorrelation.lagOne([0.1, 0.1, 0.1]) == 0 && Autocorrelation.lagOne([1, 2]) == 0)
    #expect(Autocorrelation.lagOne([]) == 0 && Autocorrelation.lagOne([1, .infinity, 2]) == 0)
  }

  @Test("resampling goes by blocks, and around the end")
  func resampling() {
    let blocks = MovingBlocks((1...8).map(Double.init))
    #expect(blocks.resample(blockLength: 4, starts: [0, 4]) == [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(blocks.resample(blockLength: 4, starts: [6, 1]) == [7, 8, 1, 2, 2, 3, 4, 5])
    #expect(blocks.resample(blockLength: 3, starts: [0, 4, 6]) == [1, 2, 3, 5, 6, 7, 7, 8])
  }

  @Test("the bootstrap's interval: none of constant data, the same for a seed, about right for a mean")
  func bootstrap() throws {
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    let constant = MovingBlocks([Double](repeating: 3, count: 12))
    #expect(constant.interval(blockLength: 3, alpha: 0.1, seed: 1, draws: 200, of: mean) == 3...3)
    var random = SeededGenerator(seed: 11)
    let blocks = MovingBlocks((0..<60).map { _ in random.unit() })
    let interval = try #require(blocks.interval(blockLength: 1, alpha: 0.1, seed: 1, of: mean))
    #expect(interval == blocks.interval(blockLength: 1, alpha: 0.1, seed: 1, of: mean))
    #expect(interval != blocks.interval(blockLength: 1, alpha: 0.1, seed: 2, of: mean))
    let width = interval.upperBound - interval.lowerBound
    // 2 * 1.645 standard errors of a uniform variable's mean.
    #expect(abs(width / (2 * 1.645 * (1 / 12.0 / 60).squareRoot()) - 1) < 0.25, "\(width)")
    let doubled = MovingBlocks(blocks.values.map { 2 * $0 })
    let ratio = MovingBlocks.interval(doubled, 5, against: blocks, 5, alpha: 0.1, seed: 3) { mean($0) / mean($1) }
    #expect(ratio?.contains(2) == true && ratio?.contains(1) == false)
    #expect(MovingBlocks([]).interval(blockLength: 2, alpha: 0.1, seed: 1, of: mean) == nil)
  }

  @Test("the seeded generator is SplitMix64")
  func generator() {
    var random = SeededGenerator(seed: 1_234_567)
    let found = (0..<3).map { _ in random.next() }
    #expect(found == [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423])
  }
}
