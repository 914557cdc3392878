import Bench
import Testing

/// Section 1 of the specification, and what it takes to plan a run.
@Suite("Statistics of detection, plans and budgets")
struct StatisticsDetectionTests {
  @Test(
    "the rate of probes that the table gives for an outage",
    arguments: [
      (20, [50, 217, 370, 672, 1422]), (50, [20, 87, 148, 269, 569]), (100, [10, 44, 74, 135, 285]),
      (250, [4, 18, 30, 54, 114]), (500, [2, 9, 15, 27, 57]), (1000, [1, 5, 8, 14, 29]),
    ])
  func rateNeeded(milliseconds: Int, rates: [Double]) {
    for (share, rate) in zip([1, 1 / 2.0, 1 / 3.0, 1 / 5.0, 1 / 10.0], rates) {
      let needed = DetectionPower.rateNeeded(outage: .milliseconds(milliseconds), share: share)
      #expect((needed * (1 - 1e-12)).rounded(.up) == rate, "\(milliseconds) ms of \(share): \(needed)")
    }
  }

  @Test(
    "the probability to miss an outage with evenly spaced probes",
    arguments: [
      (200, 50, 1 / 3.0, "0.01734"), (50, 100, 0.5, "0.03125"), (10, 500, 1 / 3.0, "0.13169"),
      (1000, 20, 0.1, "0.12158"),
    ])
  func missed(rate: Double, milliseconds: Int, share: Double, expected: String) {
    let missed = DetectionPower.missed(outage: .milliseconds(milliseconds), share: share, perSecond: rate)
    #expect(missed.prints(expected), "\(missed)")
  }

  @Test("an outage of everything is missed only between two probes, and by chance where they come at random")
  func total() {
    #expect(DetectionPower.missed(outage: .milliseconds(10), share: 1, perSecond: 100) == 0)
    #expect(DetectionPower.missed(outage: .milliseconds(10), share: 1, perSecond: 99) == 1)
    let random = DetectionPower.missed(outage: .milliseconds(10), share: 1, perSecond: 100, spacing: .poisson)
    #expect(random.prints("0.36787944"))
    let part = DetectionPower.missed(outage: .seconds(2), share: 0.25, perSecond: 4, spacing: .poisson)
    #expect(part.prints("0.13533528"))
  }

  @Test(
    "the rate that detects does, and a little less does not",
    arguments: DetectionPower.Spacing.allCases, [1, 1 / 2.0, 1 / 3.0, 1 / 5.0, 1 / 10.0])
  func rateDetecting(spacing: DetectionPower.Spacing, share: Double) {
    for milliseconds in [20, 50, 100, 250, 500, 1000] {
      let outage = Duration.milliseconds(milliseconds)
      let rate = DetectionPower.rateDetecting(outage: outage, share: share, spacing: spacing)
      func missed(_ rate: Double) -> Double {
        DetectionPower.missed(outage: outage, share: share, perSecond: rate, spacing: spacing)
      }
      #expect(missed(rate) <= 0.05 * (1 + 1e-12) && missed(rate * 0.999) > 0.05, "\(outage) \(share) \(rate)")
    }
  }

  @Test("the table's rate leaves out a part of a probe: evenly spaced probes need more")
  func tableIsShort() {
    let outage = Duration.milliseconds(20)
    #expect(DetectionPower.missed(outage: outage, share: 0.5, perSecond: 217) == 0.0625)
    #expect(DetectionPower.rateDetecting(outage: outage, share: 0.5) == 250)
  }

  @Test("how many rollouts of a configuration may be bad, after none or one of so many was")
  func rollouts() {
    for (count, bound) in [
      (1.0, "0.950"), (3, "0.632"), (5, "0.451"), (10, "0.259"), (20, "0.139"), (29, "0.098"), (59, "0.0495"),
      (299, "0.00997"),
    ] { #expect(FailureRate(failures: 0, attempts: count).upper(alpha: 0.05).prints(bound)) }
    for (count, bound) in [(3.0, "0.865"), (5, "0.657"), (10, "0.394"), (20, "0.216"), (59, "0.0779")] {
      #expect(FailureRate(failures: 1, attempts: count).upper(alpha: 0.05).prints(bound))
    }
  }

  @Test("the attempts at which a run passes with 90 %, on the specification's grid")
  func passing() {
    let grid = [3000, 10_000, 20_000, 30_000, 60_000, 100_000, 200_000, 300_000, 600_000]
    for (limit, share, expected) in [
      (0.001, 0.5, 30_000), (0.0001, 0.5, 300_000), (0.001, 0.2, 10_000), (0.001, 0.1, 10_000),
      (0.0001, 0.2, 100_000), (0.0001, 0.1, 100_000),
    ] {
      let found = grid.first {
        SampleSize.passing(attempts: $0, rate: limit * share, atMost: limit, alpha: 0.05) >= 0.9
      }
      #expect(found == expected, "\(limit) \(share)")
    }
    #expect(SampleSize.passing(attempts: 298, rate: 1e-9, atMost: 0.01, alpha: 0.05) == 0)
    #expect(SampleSize.passing(attempts: 299, rate: 0.01, atMost: 0.01, alpha: 0.05) <= 0.05)
  }

  @Test("the attempts for each of two phases")
  func perPhase() {
    for (rate, margin, count) in [
      (0.0005, 0.0005, 24_718.0), (0.001, 0.001, 12_353), (0.001, 0.0005, 49_411), (0.01, 0.005, 4897),
    ] { #expect(SampleSize.perPhase(rate: rate, margin: margin, alpha: 0.05, power: 0.8) == count) }
  }

  @Test("what a rollout spends of the error budget")
  func budget() {
    let small = FailureBudget(objective: 0.999, perSecond: 100)
    #expect(small.failures.prints("259200.000"))
    #expect((100 * small.share(spentBy: 500)).prints("0.1929"))
    #expect((100 * small.share(spentBy: 10)).prints("0.0039"))
    #expect(small.burnRate(failures: 500, attempts: 6000).prints("83.3"))
    #expect(small.burnRate(failures: 10, attempts: 6000).prints("1.67"))
    let large = FailureBudget(objective: 0.999, perSecond: 2000)
    #expect((100 * large.share(spentBy: 500)).prints("0.0096"))
    #expect(large.burnRate(failures: 500, attempts: 120_000).prints("4.17"))
    for (share, hours, factor) in [(0.02, 1, "14.400"), (0.05, 6, "6.000"), (0.1, 24, "3.000"), (0.1, 72, "1.000")] {
      #expect(small.burnRate(spending: share, within: .seconds(hours * 3600)).prints(factor))
    }
    let strict = FailureBudget(objective: 1, perSecond: 100)
    #expect(strict.share(spentBy: 0) == 0 && strict.share(spentBy: 1) == .infinity)
  }
}
