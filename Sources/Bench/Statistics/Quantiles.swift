import Glibc

/// The normal distribution, Student's t and chi-square: quantiles and tails.
///
/// Source: SLO statistics, section 2.
package enum Quantiles {
  /// The probability that a standard normal variable is above `value`.
  package static func normalTail(_ value: Double) -> Double { 0.5 * erfc(value / 2.squareRoot()) }

  /// The value that a standard normal variable stays below with `probability`.
  package static func normal(_ probability: Double) -> Double {
    guard probability != 0.5 else { return 0 }
    var (low, high) = (-40.0, 40.0)
    for _ in 0..<200 {
      let middle = (low + high) / 2
      if normalTail(-middle) < probability { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// The value that Student's t stays below with `probability`.
  ///
  /// Its `degrees` of freedom need not be whole, and may be infinite.
  package static func student(_ probability: Double, degrees: Double) -> Double {
    guard probability >= 0.5 else { return -student(1 - probability, degrees: degrees) }
    guard degrees < 1e9 else { return normal(probability) }
    let x = Beta.quantile(2 * (1 - probability), degrees / 2, 0.5)
    return x == 0 ? .infinity : (degrees * (1 - x) / x).squareRoot()
  }

  /// The probability that chi-square with `degrees` of freedom is at least `value`.
  package static func chiSquareTail(_ value: Double, degrees: Double) -> Double {
    Gamma.upper(degrees / 2, value / 2)
  }

  /// The probability that Student's t with `degrees` of freedom, which may be infinite, is above `value`.
  package static func studentTail(_ value: Double, degrees: Double) -> Double {
    guard value.magnitude < .infinity else { return value > 0 ? 0 : 1 }
    guard degrees < 1e9 else { return normalTail(value) }
    let half = Beta.cumulative(degrees / (degrees + value * value), degrees / 2, 0.5) / 2
    return value > 0 ? half : 1 - half
  }
}
