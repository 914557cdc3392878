import Glibc

/// Whether probes would have seen an outage at all: a run without an error proves only what they would not have missed.
///
/// Source: SLO statistics, section 1.
package enum DetectionPower {
  /// How the probes are spread over time.
  package enum Spacing: Sendable, Hashable, CaseIterable {
    /// One after another at the same distance.
    case even
    /// At random, independent of one another.
    case poisson
  }

  /// The probability that no probe fails in an outage that hits a `share` of requests, probed so often `perSecond`.
  package static func missed(
    outage: Duration, share: Double, perSecond: Double, spacing: Spacing = .even
  ) -> Double {
    let probes = perSecond * (outage / .seconds(1))
    // A product that should be whole may come out just below.
    return spacing == .even ? pow(1 - share, (probes * (1 + 1e-12)).rounded(.down)) : exp(-probes * share)
  }

  /// The rate of probes that the specification's table gives: ln `missing` / (w ln(1 - f)), and 1 / w where all fail.
  ///
  /// It takes parts of probes for probes: evenly spaced ones need `rateDetecting`, which is larger.
  package static func rateNeeded(outage: Duration, share: Double, missing: Double = 0.05) -> Double {
    (share >= 1 ? 1 : log(missing) / log1p(-share)) / (outage / .seconds(1))
  }

  /// The smallest rate of probes at which `missed` is at most `missing`.
  package static func rateDetecting(
    outage: Duration, share: Double, missing: Double = 0.05, spacing: Spacing = .even
  ) -> Double {
    let seconds = outage / .seconds(1)
    if spacing == .poisson { return -log(missing) / (share * seconds) }
    return (share >= 1 ? 1 : (log(missing) / log1p(-share) * (1 - 1e-14)).rounded(.up)) / seconds
  }
}
