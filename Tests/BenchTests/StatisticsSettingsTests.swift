import Bench
import Glibc
import Testing

/// Sections 6 to 8 of the specification: settings side by side, looking early, many objectives.
@Suite("Statistics of settings and of looking early")
struct StatisticsSettingsTests {
  private static let a: [Double] = [3, 0, 5, 2, 1, 4, 0, 2]
  private static let b: [Double] = [11, 6, 14, 9, 7, 16, 5, 10]
  private static let c: [Double] = [4, 1, 9, 2, 3, 8, 1, 3]

  @Test(
    "the worked example: paired differences of three settings",
    arguments: [
      (zip(b, a).map(-), [8, 6, 9, 7, 6, 12, 5, 8], "0.0078125", 7.5, 6...10),
      (zip(c, a).map(-), [1, 1, 4, 0, 2, 4, 1, 1], "0.015625", 1.5, 0.5...3),
      (zip(c, b).map(-), [-7, -5, -5, -7, -4, -8, -4, -7], "0.0078125", -6, (-7.5)...(-4.5)),
    ] as [([Double], [Double], String, Double, ClosedRange<Double>)])
  func pairs(found: [Double], expected: [Double], p: String, estimate: Double, interval: ClosedRange<Double>) {
    #expect(found == expected)
    #expect(PairedTests.signFlip(found).prints(p))
    let shift = Shift(paired: found, alpha: 0.05)
    #expect(shift.estimate == estimate && shift.interval == interval && shift.level.prints("0.9609"))
  }

  @Test("Friedman's test of the worked example: by chi-square as printed, and exact")
  func friedman() {
    let rows = Self.a.indices.map { [Self.a[$0], Self.b[$0], Self.c[$0]] }
    let test = Friedman(rows)
    #expect(test.statistic.prints("15.548387") && test.approximation.prints("0.00042045"))
    // Counted apart from this code, over all 6^8 orders.
    #expect(test.isExact && test.p.prints("7.144490169181527e-06"), "\(test.p)")
    let other = Friedman([[1, 2, 3, 4], [1, 3, 2, 4], [2, 1, 3, 4], [1, 2, 4, 3], [1, 2, 3, 4]])
    #expect(other.statistic.prints("11.64") && other.approximation.prints("0.008723836058"))
    #expect(other.isExact && other.p.prints("0.001841603973765432"), "\(other.p)")
    #expect(Friedman([[1, 1, 1], [2, 2, 2]]).p == 1 && Friedman([[1, 2, 3]]).p == 1)
    let long = Friedman((0..<9).map { _ in [1, 2, 3] })
    #expect(!long.isExact && long.statistic == 18 && long.p == long.approximation)
  }

  @Test("Holm's adjustment")
  func holm() {
    let found = MultipleTests.holm([0.01, 0.04, 0.03, 0.005])
    for (value, text) in zip(found, ["0.0300000", "0.0600000", "0.0600000", "0.0200000"]) {
      #expect(value.prints(text))
    }
    let example = MultipleTests.holm([0.0078125, 0.015625, 0.0078125])
    #expect(example == [0.0234375, 0.0234375, 0.0234375])
    #expect(MultipleTests.holm([]).isEmpty && MultipleTests.holm([0.9, 0.8]) == [1, 1])
  }

  @Test("so many objectives, so likely a false alarm")
  func falseAlarms() {
    for (tests, percent) in [(3, "14.3"), (5, "22.6"), (10, "40.1"), (20, "64.2")] {
      #expect((100 * MultipleTests.falseAlarm(of: tests, alpha: 0.05)).prints(percent))
    }
  }

  @Test("yes or no: Cochran's Q and McNemar")
  func yesOrNo() {
    let rows = "110 101 101 111 100 101 000 101 111 101".split(separator: " ").map { $0.map { $0 == "1" } }
    #expect((0..<3).map { column in rows.count { $0[column] } } == [9, 3, 7])
    let cochran = PairedTests.cochran(rows)
    #expect(cochran.statistic.prints("8.000000") && cochran.p.prints("0.0183156"))
    let onlyA = rows.count { $0[0] && !$0[1] }
    let onlyB = rows.count { !$0[0] && $0[1] }
    #expect(onlyA == 6 && onlyB == 0)
    #expect(PairedTests.mcNemar(onlyFirst: onlyA, onlySecond: onlyB).prints("0.03125"))
    #expect(
      PairedTests.mcNemar(onlyFirst: 3, onlySecond: 3) == 1 && PairedTests.mcNemar(onlyFirst: 0, onlySecond: 0) == 1)
    #expect(PairedTests.mcNemar(onlyFirst: 2, onlySecond: 7).prints("0.1796875"))
    #expect(PairedTests.cochran([[true, true], [false, false]]).p == 1)
  }

  @Test("one-sided: the share of all choices of signs with a sum so low, counted by hand")
  func oneSided() {
    // Of -3, 2, 1 in all signs the sums are -6, -4, -2, 0, 0, 2, 4, 6: here 0.
    #expect(PairedTests.signFlipBelow([-3, 2, 1]) == 0.625 && PairedTests.signFlipBelow([-3, 2, -1]) == 0.375)
    #expect(PairedTests.signFlipBelow([-3, -2, -1]) == 0.125 && PairedTests.signFlipBelow([3, 2, 1]) == 1)
    #expect(PairedTests.signFlipBelow([]) == 1 && PairedTests.signFlipBelow([0, 0]) == 1)
    // A zero has no sign: it changes nothing.
    #expect(PairedTests.signFlipBelow([-3, 0, 2, -1]) == 0.375 && PairedTests.signFlip([-3, 0, -2, -1]) == 0.25)
    // By 20 000 choices: nearly the same from both sides of the middle.
    let many = (0..<20).map { Double($0 % 2 == 0 ? $0 : -$0) }
    let (below, above) = (PairedTests.signFlipBelow(many), PairedTests.signFlipBelow(many.map { -$0 }))
    #expect(below < 0.5 && abs(below + above - 1) < 0.05, "\(below), \(above)")
  }

  @Test("the smallest probability of so many repetitions, and how many it takes")
  func repetitions() {
    for (count, text) in [
      (5, "0.0625"), (6, "0.03125"), (7, "0.015625"), (8, "0.0078125"), (9, "0.00390625"), (10, "0.001953"),
    ] {
      #expect(PairedTests.smallestP(repetitions: count).prints(text))
      #expect(PairedTests.signFlip((1...count).map(Double.init)) == PairedTests.smallestP(repetitions: count))
    }
    #expect((2...6).map { PairedTests.repetitions(settings: $0) } == [6, 7, 8, 9, 10])
    #expect((2...6).map { PairedTests.repetitions(settings: $0, againstOne: true) } == [6, 7, 7, 8, 8])
  }

  @Test(
    "the rank of the interval's ends among all averages of pairs",
    arguments: [
      (6, [1, 3, 0]), (7, [3, 4, 1]), (8, [4, 6, 2]), (9, [6, 9, 3]), (10, [9, 11, 5]), (12, [14, 18, 10]),
      (15, [26, 31, 19]),
    ])
  func pairedRanks(count: Int, ranks: [Int]) {
    // 98.33 % is what three comparisons leave of 95 %: 1 - 0.05 / 3.
    let found = [0.05, 0.1, 0.05 / 3].map { Shift.rank(paired: count, alpha: $0) }
    #expect(found == ranks, "\(found)")
  }

  @Test("many differences are flipped at random: seeded, near the normal tail, and never 0")
  func randomFlips() {
    var random = SeededGenerator(seed: 3)
    let values = (0..<40).map { _ in random.unit() - 0.35 }
    let p = PairedTests.signFlip(values, seed: 9)
    let (sum, squares) = (values.reduce(0, +), values.reduce(0) { $0 + $1 * $1 })
    let normal = 2 * Quantiles.normalTail(abs(sum) / squares.squareRoot())
    #expect(p == PairedTests.signFlip(values, seed: 9) && abs(p - normal) < 0.01, "\(p) \(normal)")
    #expect(PairedTests.signFlip([Double](repeating: 1, count: 40)) == 1 / 20_001.0)
    #expect(PairedTests.signFlip([Double](repeating: 0, count: 40)) == 1)
  }

  @Test("the sequential test: limits, steps, and how soon it decides")
  func sequential() {
    let test = SequentialTest(acceptable: 0.001, unacceptable: 0.005, alpha: 0.05, beta: 0.05)
    #expect(test.rejecting.prints("2.944439") && test.accepting.prints("-2.944439"))
    #expect(test.perFailure.prints("1.609438") && test.perSuccess.prints("-0.00401204"))
    #expect(test.decision(failures: 0, attempts: 733) == .inconclusive)
    #expect(test.decision(failures: 0, attempts: 734) == .pass)
    #expect(test.decision(failures: 1, attempts: 1) == .inconclusive)
    #expect(test.decision(failures: 2, attempts: 10) == .fail)
    let strict = SequentialTest(acceptable: 0.001, unacceptable: 0.01, alpha: 0.01, beta: 0.05)
    #expect(strict.rejecting.prints("4.553877") && strict.accepting.prints("-2.985682"))
    #expect(strict.perFailure.prints("2.302585") && strict.perSuccess.prints("-0.00904984"))
    #expect(strict.decision(failures: 0, attempts: 329) == .inconclusive)
    #expect(strict.decision(failures: 0, attempts: 330) == .pass)
  }

  @Test("e-values: the vectors, and what looking at any time costs")
  func evidence() {
    for (x, n, text) in [(5, 1000, "0.3278"), (8, 1000, "111.9"), (25, 10_000, "3.454"), (30, 10_000, "595.7")] {
      #expect(EvidenceValue.failing(failures: x, attempts: n, limit: 0.001).prints(text))
    }
    #expect(EvidenceValue.passing(failures: 0, attempts: 1000, limit: 0.001).prints("1.719"))
    func verdict(_ x: Int, _ n: Int, _ limit: Double) -> Verdict {
      EvidenceValue.verdict(failures: x, attempts: n, limit: limit, alpha: 0.05)
    }
    #expect(verdict(0, 448, 0.01) == .inconclusive && verdict(0, 449, 0.01) == .pass)
    #expect(verdict(0, 4511, 0.001) == .inconclusive && verdict(0, 4512, 0.001) == .pass)
    #expect(verdict(7, 1000, 0.001) == .inconclusive && verdict(8, 1000, 0.001) == .fail)
    #expect(verdict(26, 10_000, 0.001) == .inconclusive && verdict(27, 10_000, 0.001) == .fail)
  }

  @Test("an e-value is worth 1 on the average while the limit is the truth, and keeps its logarithm beyond all numbers")
  func evidenceIsFair() {
    for (n, limit) in [(1, 0.3), (40, 0.1), (300, 0.01)] {
      var (failing, passing) = (0.0, 0.0)
      for x in 0...n {
        let ways = Gamma.logarithm(Double(n + 1)) - Gamma.logarithm(Double(x + 1)) - Gamma.logarithm(Double(n - x + 1))
        let probability = ways + Double(x) * log(limit) + Double(n - x) * log1p(-limit)
        failing += exp(probability + EvidenceValue.logFailing(failures: x, attempts: n, limit: limit))
        passing += exp(probability + EvidenceValue.logPassing(failures: x, attempts: n, limit: limit))
      }
      #expect(abs(passing - 1) < 1e-10 && abs(failing - 1) < 1e-10, "\(n): \(passing) \(failing)")
    }
    #expect(EvidenceValue.failing(failures: 900, attempts: 1000, limit: 1e-6) == .infinity)
    let logarithm = EvidenceValue.logFailing(failures: 900, attempts: 1000, limit: 1e-6)
    #expect(logarithm > 12_000 && logarithm < .infinity)
    #expect(EvidenceValue.logPassing(failures: 900, attempts: 1000, limit: 1e-6) < 0)
  }
}
