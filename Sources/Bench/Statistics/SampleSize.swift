/// How many attempts a plan needs.
///
/// Source: SLO statistics, sections 2 and 5.2. All of it for independent attempts: multiply by the design effect.
package enum SampleSize {
  /// The attempts for each of two phases, of the same true `rate`, to show with `power` that the one is not worse by
  /// `margin`, with an error of at most `alpha`.
  package static func perPhase(rate: Double, margin: Double, alpha: Double, power: Double) -> Double {
    let z = Quantiles.normal(1 - alpha) + Quantiles.normal(power)
    return (z * z * 2 * rate * (1 - rate) / (margin * margin)).rounded(.up)
  }

  /// How likely `attempts` at a true `rate` pass as at most `limit`.
  package static func passing(attempts: Int, rate: Double, atMost limit: Double, alpha: Double) -> Double {
    guard let most = FailureRate.limits(attempts: attempts, atMost: limit, alpha: alpha).passing else { return 0 }
    return FailureRate(failures: Double(most), attempts: Double(attempts)).tailBelow(rate)
  }
}
