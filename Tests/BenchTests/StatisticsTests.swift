import Bench
import Testing

/// The test vectors of the specification, sections 1 to 3, to their printed digits.
@Suite("Statistics")
struct StatisticsTests {
  @Test(
    "the incomplete beta function",
    arguments: [
      (0.3, 0.5, 0.5, "0.369010119566"), (0.002, 3, 998, "0.323323493413"), (0.0015, 13, 9988, "0.732575550728"),
      (0.001, 101, 99900, "0.473437798145"), (0.01, 1, 300, "0.950959105929"),
    ])
  func beta(x: Double, a: Double, b: Double, expected: String) {
    #expect(Beta.cumulative(x, a, b).prints(expected), "\(Beta.cumulative(x, a, b))")
    #expect(abs(Beta.cumulative(1 - x, b, a) + Beta.cumulative(x, a, b) - 1) < 1e-10)
  }

  @Test(
    "its inverse",
    arguments: [
      (0.95, 1, 300, "0.00993608194446"), (0.95, 6, 9995, "0.00105101371864"), (0.05, 3, 998, "0.000818175398222"),
      (0.975, 13, 9988, "0.00209521927937"), (0.95, 101, 99900, "0.00118068596917"),
    ])
  func inverse(probability: Double, a: Double, b: Double, expected: String) {
    #expect(Beta.quantile(probability, a, b).prints(expected), "\(Beta.quantile(probability, a, b))")
  }

  @Test(
    "tails of the binomial",
    arguments: [
      (4, 10_000, 0.001, "0.02919595016", "0.989690418297"), (5, 10_000, 0.001, "0.0669913734", "0.9708040"),
      (83, 10_000, 0.01, "0.04551915976", "0.963811699031"), (12, 24_000, 0.001, "0.0054", "0.997485214717"),
      (230, 24_000, 0.01, "0.271", "0.750"),
    ])
  func below(x: Double, n: Double, limit: Double, expected: String, above: String) {
    let rate = FailureRate(failures: x, attempts: n)
    #expect(rate.tailBelow(limit).prints(expected), "\(rate.tailBelow(limit))")
    #expect(rate.tailAbove(limit).prints(above), "\(rate.tailAbove(limit))")
  }

  @Test("upper tails of the binomial")
  func above() {
    #expect(FailureRate(failures: 16, attempts: 10_000).tailAbove(0.001).prints("0.04865358934"))
    #expect(FailureRate(failures: 118, attempts: 10_000).tailAbove(0.01).prints("0.0420479667"))
  }

  @Test("quantiles of the normal distribution and of Student's t")
  func quantiles() {
    for (probability, expected) in [
      (0.9, "1.2815515655"), (0.95, "1.6448536270"), (0.975, "1.9599639845"), (0.99, "2.3263478740"),
      (0.995, "2.5758293035"),
    ] {
      #expect(Quantiles.normal(probability).prints(expected))
      #expect(abs(Quantiles.normal(1 - probability) + Quantiles.normal(probability)) < 1e-12)
    }
    for (degrees, one, two) in [
      (3.0, "2.353363", "3.182446"), (5, "2.015048", "2.570582"), (11, "1.795885", "2.200985"),
      (29, "1.699127", "2.04523"), (59, "1.671093", "2.000995"),
    ] {
      #expect(Quantiles.student(0.95, degrees: degrees).prints(one))
      #expect(Quantiles.student(0.975, degrees: degrees).prints(two))
      #expect((-Quantiles.student(0.025, degrees: degrees)).prints(two))
      let value = Quantiles.student(0.95, degrees: degrees)
      #expect(Quantiles.studentTail(value, degrees: degrees).prints("0.0500000000"))
      #expect(Quantiles.studentTail(-value, degrees: degrees).prints("0.9500000000"))
    }
    #expect(Quantiles.student(0.975, degrees: .infinity).prints("1.9599639845"))
    #expect(Quantiles.studentTail(1.9599639845, degrees: .infinity).prints("0.0250000"))
    #expect(Quantiles.studentTail(.infinity, degrees: 3) == 0 && Quantiles.studentTail(-.infinity, degrees: 3) == 1)
  }

  @Test("the tail of chi-square, and the gamma function")
  func chiSquare() {
    for (value, degrees, expected) in [
      (15.548387, 2.0, "0.00042044642"), (3.84, 1, "0.0500435212"), (1, 5, "0.9625657732"), (30, 10, "0.0008566412108"),
      (0.1, 7, "0.9999976885812"), (200, 3, "4.218541e-43"), (0, 4, "1.0000"),
    ] {
      let tail = Quantiles.chiSquareTail(value, degrees: degrees)
      #expect(tail.prints(expected), "\(value) \(degrees): \(tail)")
    }
    #expect(Gamma.logarithm(0.25).prints("1.288022524698077") && Gamma.logarithm(10).prints("12.80182748008147"))
  }

  @Test(
    "bounds of a failure rate: one-sided 95 %, two-sided 95 %, and Wilson's",
    arguments: [
      (0, 100, ["0", "0.0295130", "0", "0.0362167", "0", "0.0369935"]),
      (0, 299, ["0", "0.00996915", "0", "0.0122616", "0", "0.0126847"]),
      (1, 1000, ["5.1292e-05", "0.00473499", "2.53175e-05", "0.00555892", "0.000176546", "0.00564256"]),
      (3, 1000, ["0.000818175", "0.00773524", "0.0006191", "0.00874202", "0.00102078", "0.00878301"]),
      (0, 2995, ["0", "0.000999744", "0", "0.00123092", "0", "0.00128098"]),
      (5, 10_000, ["0.000197035", "0.00105101", "0.000162368", "0.00116644", "0.000213588", "0.00117003"]),
      (12, 10_000, ["0.000692562", "0.00194353", "0.000620206", "0.00209522", "0.000686604", "0.00209647"]),
      (20, 10_000, ["0.00132585", "0.00290488", "0.00122207", "0.00308716", "0.00129511", "0.00308735"]),
      (100, 100_000, ["0.000841455", "0.00118069", "0.000813712", "0.00121614", "0.000822338", "0.001216"]),
      (7, 7, ["0.651836", "1", "0.590384", "1", "0.64567", "1"]),
    ] as [(Double, Double, [String])])
  func bounds(x: Double, n: Double, expected: [String]) {
    let rate = FailureRate(failures: x, attempts: n)
    let wilson = rate.wilson(alpha: 0.05)
    let found = [
      rate.lower(alpha: 0.05), rate.upper(alpha: 0.05), rate.lower(alpha: 0.025), rate.upper(alpha: 0.025),
      wilson.lowerBound, wilson.upperBound,
    ]
    for (value, text) in zip(found, expected) {
      #expect(text == "0" || text == "1" ? value == Double(text) : value.prints(text), "\(value) is not \(text)")
    }
  }

  @Test(
    "the decision table: most failures that pass, fewest that fail",
    arguments: [
      (300, [0, 7, nil, 9], [nil, 2, nil, 3], [nil, 1, nil, 2]),
      (1000, [4, 16, 2, 19], [nil, 4, nil, 5], [nil, 2, nil, 2]),
      (3000, [20, 40, 17, 44], [0, 7, nil, 9], [nil, 2, nil, 3]),
      (10_000, [83, 118, 77, 125], [4, 16, 2, 19], [nil, 4, nil, 5]),
      (30_000, [271, 330, 260, 342], [20, 40, 17, 44], [0, 7, nil, 9]),
      (100_000, [948, 1053, 927, 1075], [83, 118, 77, 125], [4, 16, 2, 19]),
      (1_000_000, [9836, 10_165, 9768, 10_233], [947, 1053, 926, 1075], [83, 118, 76, 125]),
    ] as [(Int, [Int?], [Int?], [Int?])])
  func decisions(n: Int, percent: [Int?], tenth: [Int?], hundredth: [Int?]) {
    for (limit, expected) in [(0.01, percent), (0.001, tenth), (0.0001, hundredth)] {
      let (usual, strict) = (
        FailureRate.limits(attempts: n, atMost: limit, alpha: 0.05),
        FailureRate.limits(attempts: n, atMost: limit, alpha: 0.01)
      )
      let found = [usual.passing, usual.failing, strict.passing, strict.failing]
      #expect(found == expected, "\(n) at \(limit): \(found)")
      for (x, verdict) in [(usual.failing, Verdict.fail), (usual.failing - 1, .inconclusive), (usual.passing, .pass)] {
        guard let x else { continue }
        let rate = FailureRate(failures: Double(x), attempts: Double(n))
        #expect(rate.verdict(atMost: limit, alpha: 0.05) == verdict, "\(x) of \(n) at \(limit)")
      }
    }
  }

  @Test("how many attempts without a failure it takes to pass")
  func withoutFailure() {
    for (limit, counts) in [
      (0.05, [45, 59, 90]), (0.01, [230, 299, 459]), (0.001, [2302, 2995, 4603]), (0.0001, [23_025, 29_956, 46_050]),
    ] {
      for (alpha, count) in zip([0.1, 0.05, 0.01], counts) {
        #expect(FailureRate.attemptsWithoutFailure(atMost: limit, alpha: alpha) == count)
        let (enough, short) = (
          FailureRate(failures: 0, attempts: Double(count)), FailureRate(failures: 0, attempts: Double(count - 1))
        )
        #expect(enough.verdict(atMost: limit, alpha: alpha) == .pass)
        #expect(short.verdict(atMost: limit, alpha: alpha) == .inconclusive)
      }
    }
    #expect(FailureRate.attemptsWithoutFailure(atMost: 0.5, alpha: 0.125) == 3)
    #expect(FailureRate.attemptsWithoutFailure(atMost: 1e-300, alpha: 0.05) == .max)
  }

  @Test(
    "a limit that is just reached does not fail, all failing never breaks a limit of 1, and no attempt says nothing")
  func edges() {
    // One failure of one has a probability of just the limit; no failure of three one of 0.125 at one half.
    for limit in [0.5, 0.375, 0.25, 0.125, 0.05] {
      let rate = FailureRate(failures: 1, attempts: 1)
      #expect(rate.verdict(atMost: limit, alpha: limit) == .inconclusive)
      #expect(rate.verdict(atMost: limit * 0.999, alpha: limit) == .fail)
      #expect(FailureRate.limits(attempts: 1, atMost: limit, alpha: limit).failing == 2)
    }
    #expect(FailureRate(failures: 0, attempts: 3).verdict(atMost: 0.5, alpha: 0.125) == .pass)
    #expect(FailureRate(failures: 0, attempts: 3).verdict(atMost: 0.499, alpha: 0.125) == .inconclusive)
    #expect(FailureRate(failures: 5, attempts: 5).verdict(atMost: 1, alpha: 0.05) == .pass)
    #expect(FailureRate(failures: 1, attempts: 1_000_000).verdict(atMost: 0, alpha: 0.05) == .fail)
    #expect(FailureRate(failures: 0, attempts: 0).verdict(atMost: 0.5, alpha: 0.05) == .inconclusive)
  }

  @Test("24 000 attempts at 0.1 %, and the attempts above the limit of a p99")
  func workedExamples() {
    for (x, lower, upper, verdict) in [
      (12.0, "0.000289", "0.000810", Verdict.pass), (24, "0.000690", "0.001406", .inconclusive),
      (40, "0.001258", "0.002169", .fail),
    ] {
      let rate = FailureRate(failures: x, attempts: 24_000)
      #expect(rate.lower(alpha: 0.05).prints(lower) && rate.upper(alpha: 0.05).prints(upper))
      #expect(rate.verdict(atMost: 0.001, alpha: 0.05) == verdict)
    }
    let limits = FailureRate.limits(attempts: 24_000, atMost: 0.01, alpha: 0.05)
    #expect(limits.passing == 214 && limits.failing == 267)
  }

  @Test(
    "the ranks between which a quantile lies",
    arguments: [
      (0.5, 20, 6, 15, "0.95861"), (0.5, 1000, 469, 532, "0.95371"), (0.9, 100, 84, 96, "0.95569"),
      (0.95, 100, 90, 100, "0.98261"), (0.99, 100, 97, nil, "0.98163"), (0.99, 368, 360, 368, "0.96242"),
      (0.99, 1000, 983, 997, "0.97609"), (0.99, 10_000, 9880, 9920, "0.95575"),
      (0.99, 100_000, 98_938, 99_062, "0.95123"), (0.999, 3688, 3680, 3688, "0.96162"),
      (0.999, 10_000, 9983, 9997, "0.97546"), (0.999, 100_000, 99_880, 99_920, "0.95479"),
      (0.9999, 36_888, 36_880, 36_888, "0.96154"), (0.9999, 100_000, 99_983, 99_997, "0.97539"),
      (0.9999, 1_000_000, 999_880, 999_920, "0.95469"),
    ] as [(Double, Int, Int, Int?, String)])
  func ranks(q: Double, n: Int, lower: Int, upper: Int?, coverage: String) {
    let interval = RankInterval(quantile: q, of: n, alpha: 0.05)
    #expect(interval.lower == lower && interval.upper == upper, "\(interval)")
    #expect(interval.coverage.prints(coverage), "\(interval)")
  }

  @Test("how many values it takes to bound a quantile from above")
  func smallestCounts() {
    let quantiles = [0.9, 0.95, 0.99, 0.999, 0.9999]
    for (alpha, counts) in [
      (0.025, [36, 72, 368, 3688, 36_887]), (0.05, [29, 59, 299, 2995, 29_956]), (0.01, [44, 90, 459, 4603, 46_050]),
    ] {
      for (q, count) in zip(quantiles, counts) {
        #expect(RankInterval.smallestCount(bounding: q, alpha: alpha) == count)
        #expect(RankInterval(quantile: q, of: count, alpha: 2 * alpha).upper == count, "\(q) \(alpha)")
        #expect(RankInterval(quantile: q, of: count - 1, alpha: 2 * alpha).upper == nil, "\(q) \(alpha)")
      }
    }
  }
}
