import Glibc

/// The regularised incomplete beta function and what follows from it: tails of the binomial and of Student's t.
///
/// By Lentz's continued fraction, with the symmetry where that converges faster; good to 1e-12 and better.
/// Source: SLO statistics, section 2.
package enum Beta {
  /// I_x(a, b): the probability that a Beta(a, b) variable is at most `x`; `a` and `b` above 0.
  package static func cumulative(_ x: Double, _ a: Double, _ b: Double) -> Double {
    guard x > 0 else { return 0 }
    guard x < 1 else { return 1 }
    let front = density(x, a, b)
    return x < (a + 1) / (a + b + 2)
      ? front * fraction(x, a, b) / a : 1 - front * fraction(1 - x, b, a) / b
  }

  /// The x at which I_x(a, b) is `probability`.
  package static func quantile(_ probability: Double, _ a: Double, _ b: Double) -> Double {
    guard probability > 0 else { return 0 }
    guard probability < 1 else { return 1 }
    var (low, high) = (0.0, 1.0)
    // Quantiles of rare failures are small: halving goes on until the last digits.
    while high - low > 1e-16 * high {
      let middle = (low + high) / 2
      guard low < middle, middle < high else { break }
      if cumulative(middle, a, b) < probability { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// The logarithms of I_x(a, b), of what it leaves to 1, and of x^a (1 - x)^b / B(a, b); `x` between 0 and 1.
  ///
  /// None of them is lost where the number itself is too small for a `Double`.
  static func logarithms(_ x: Double, _ a: Double, _ b: Double) -> (below: Double, above: Double, density: Double) {
    let front = logDensity(x, a, b)
    // The smaller part comes from the fraction, the larger one from it: 1 less a tiny number keeps its digits.
    if x < (a + 1) / (a + b + 2) {
      let below = front + log(fraction(x, a, b) / a)
      return (below, log1p(-exp(below)), front)
    }
    let above = front + log(fraction(1 - x, b, a) / b)
    return (log1p(-exp(above)), above, front)
  }

  /// The probability of exactly `x` of `n` at a rate of `rate`, above 0 and below 1.
  static func binomial(_ x: Double, of n: Double, at rate: Double) -> Double {
    if x <= 0 { return exp(n * log1p(-rate)) }
    if x >= n { return exp(n * log(rate)) }
    return density(rate, x, n - x) * n / (x * (n - x))
  }

  private static func density(_ x: Double, _ a: Double, _ b: Double) -> Double { exp(logDensity(x, a, b)) }

  /// ln x^a (1 - x)^b / B(a, b), without the cancellation of large logarithms: by Loader's saddle point.
  private static func logDensity(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let n = a + b
    let deviation = deviance(a, n * x) + deviance(b, n * (1 - x))
    return stirlingError(n) - stirlingError(a) - stirlingError(b) - deviation
      + 0.5 * log(a * b / (2 * Double.pi * n))
  }

  /// x ln(x / mean) + mean - x, also where the two are nearly the same.
  private static func deviance(_ x: Double, _ mean: Double) -> Double {
    guard abs(x - mean) < 0.1 * (x + mean) else { return x * log(x / mean) + mean - x }
    let v = (x - mean) / (x + mean)
    var (sum, term) = ((x - mean) * v, 2 * x * v)
    for step in 1..<1000 {
      term *= v * v
      let next = sum + term / Double(2 * step + 1)
      if next == sum { break }
      sum = next
    }
    return sum
  }

  /// ln Γ(z + 1) less Stirling's formula for it.
  private static func stirlingError(_ z: Double) -> Double {
    guard z > 15 else {
      return Gamma.logarithm(z + 1) - ((z + 0.5) * log(z) - z + 0.5 * log(2 * Double.pi))
    }
    let square = z * z
    return (1 / 12.0 - (1 / 360.0 - (1 / 1260.0 - (1 / 1680.0 - 1 / (1188.0 * square)) / square) / square) / square) / z
  }

  /// Lentz's continued fraction for I_x(a, b), which converges where x is below (a + 1) / (a + b + 2).
  private static func fraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let tiny = 1e-300
    func nonzero(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
    var c = 1.0
    var d = 1 / nonzero(1 - (a + b) * x / (a + 1))
    var result = d
    for step in 1...100_000 {
      let m = Double(step)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      d = 1 / nonzero(1 + even * d)
      c = nonzero(1 + even / c)
      result *= d * c
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      d = 1 / nonzero(1 + odd * d)
      c = nonzero(1 + odd / c)
      result *= d * c
      if abs(d * c - 1) < 1e-15 { break }
    }
    return result
  }
}
