import Glibc

/// The gamma function's logarithm and the regularised incomplete gamma function: the tail of chi-square.
///
/// Source: Numerical Recipes, section 6.2 (series below a + 1, Lentz's continued fraction above).
package enum Gamma {
  /// ln Γ(x) for x above 0, by Lanczos' series (g = 7, nine terms): `lgamma` writes to a global of the C library.
  package static func logarithm(_ x: Double) -> Double {
    guard x >= 0.5 else { return log(Double.pi / sin(Double.pi * x)) - logarithm(1 - x) }
    let terms = [
      676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
      -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
    ]
    let sum = terms.enumerated().reduce(0.99999999999980993) { $0 + $1.element / (x + Double($1.offset)) }
    let base = x + 6.5
    return 0.5 * log(2 * Double.pi) + (x - 0.5) * log(base) - base + log(sum)
  }

  /// Q(a, x): the probability that a gamma variable of shape `a`, above 0, is at least `x`.
  package static func upper(_ a: Double, _ x: Double) -> Double {
    guard x > 0 else { return 1 }
    guard x < .infinity else { return 0 }
    let front = exp(a * log(x) - x - logarithm(a))
    return x < a + 1 ? 1 - front * series(a, x) : front * fraction(a, x)
  }

  private static func series(_ a: Double, _ x: Double) -> Double {
    var (sum, term) = (1 / a, 1 / a)
    for step in 1...100_000 {
      term *= x / (a + Double(step))
      sum += term
      if term < sum * 1e-16 { break }
    }
    return sum
  }

  private static func fraction(_ a: Double, _ x: Double) -> Double {
    let tiny = 1e-300
    func nonzero(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
    var b = x + 1 - a
    var c = 1 / tiny
    var d = 1 / nonzero(b)
    var result = d
    for step in 1...100_000 {
      let part = -Double(step) * (Double(step) - a)
      b += 2
      d = 1 / nonzero(part * d + b)
      c = nonzero(b + part / c)
      result *= d * c
      if abs(d * c - 1) < 1e-15 { break }
    }
    return result
  }
}
