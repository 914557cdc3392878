import Glibc

/// Wald's sequential test between two failure rates: it may be asked after every attempt.
///
/// Source: SLO statistics, section 7.
package struct SequentialTest: Sendable, Hashable {
  /// The logarithm of the likelihood ratio that a failure adds.
  package let perFailure: Double
  /// What a success adds; below 0.
  package let perSuccess: Double
  /// At or below it the acceptable rate is taken.
  package let accepting: Double
  /// At or above it the unacceptable rate is taken.
  package let rejecting: Double

  /// The test of an `acceptable` rate against an `unacceptable` one, 0 < acceptable < unacceptable < 1.
  ///
  /// `alpha` is the probability to reject the acceptable rate, `beta` the one to accept the unacceptable rate.
  package init(acceptable: Double, unacceptable: Double, alpha: Double, beta: Double) {
    precondition(0 < acceptable && acceptable < unacceptable && unacceptable < 1, "rates out of order")
    perFailure = log(unacceptable / acceptable)
    perSuccess = log1p(-unacceptable) - log1p(-acceptable)
    accepting = log(beta / (1 - alpha))
    rejecting = log((1 - beta) / alpha)
  }

  /// The logarithm of the likelihood ratio after `failures` of `attempts`.
  package func logRatio(failures: Int, attempts: Int) -> Double {
    Double(failures) * perFailure + Double(attempts - failures) * perSuccess
  }

  /// Pass where the acceptable rate is taken, fail where the unacceptable one is; else go on.
  package func decision(failures: Int, attempts: Int) -> Verdict {
    let ratio = logRatio(failures: failures, attempts: attempts)
    return ratio >= rejecting ? .fail : ratio <= accepting ? .pass : .inconclusive
  }
}

/// How strongly counts speak against a failure limit, however often one looks: e-values.
///
/// At or above 1 / alpha they decide with an error of at most alpha (Ville). The rate on the other side of the limit is
/// taken as uniform. Source: SLO statistics, section 7.
package enum EvidenceValue {
  /// The evidence that the rate is above `limit`, between 0 and 1; may be infinite.
  package static func failing(failures: Int, attempts: Int, limit: Double) -> Double {
    exp(logFailing(failures: failures, attempts: attempts, limit: limit))
  }

  /// The evidence that the rate is at most `limit`, between 0 and 1; may be infinite.
  package static func passing(failures: Int, attempts: Int, limit: Double) -> Double {
    exp(logPassing(failures: failures, attempts: attempts, limit: limit))
  }

  /// The logarithm of `failing`, never infinite.
  package static func logFailing(failures: Int, attempts: Int, limit: Double) -> Double {
    let parts = logarithms(failures, attempts, limit)
    // B(x + 1, n - x + 1) / (limit^x (1 - limit)^(n - x)) is limit (1 - limit) / density.
    return log(limit) + parts.above - parts.density
  }

  /// The logarithm of `passing`, never infinite.
  package static func logPassing(failures: Int, attempts: Int, limit: Double) -> Double {
    let parts = logarithms(failures, attempts, limit)
    return log1p(-limit) + parts.below - parts.density
  }

  /// The verdict that may be asked for at any time: with an error of at most `alpha` on each side over all looks.
  package static func verdict(failures: Int, attempts: Int, limit: Double, alpha: Double) -> Verdict {
    if logFailing(failures: failures, attempts: attempts, limit: limit) >= -log(alpha) { return .fail }
    return logPassing(failures: failures, attempts: attempts, limit: limit) >= -log(alpha) ? .pass : .inconclusive
  }

  private static func logarithms(
    _ failures: Int, _ attempts: Int, _ limit: Double
  ) -> (below: Double, above: Double, density: Double) {
    precondition(0 < limit && limit < 1, "an e-value needs a limit between 0 and 1")
    return Beta.logarithms(limit, Double(failures + 1), Double(attempts - failures + 1))
  }
}
