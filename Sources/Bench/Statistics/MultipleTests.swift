import Glibc

/// What becomes of error probabilities where several things are tested at once.
///
/// Sources: SLO statistics, sections 6.2 and 8 (Holm).
package enum MultipleTests {
  /// The probabilities adjusted by Holm, in their own order: each may be compared with alpha by itself.
  package static func holm(_ probabilities: [Double]) -> [Double] {
    var adjusted = probabilities
    var highest = 0.0
    let order = probabilities.indices.sorted { probabilities[$0] < probabilities[$1] }
    for (place, index) in order.enumerated() {
      highest = max(highest, min(1, Double(probabilities.count - place) * probabilities[index]))
      adjusted[index] = highest
    }
    return adjusted
  }

  /// How likely one of so many independent `tests` fails by chance alone, each at `alpha`.
  package static func falseAlarm(of tests: Int, alpha: Double) -> Double { -expm1(Double(tests) * log1p(-alpha)) }
}
