/// How far a block of time resembles the one before it.
///
/// Source: SLO statistics, section 4.2.
package enum Autocorrelation {
  /// The lag-1 autocorrelation; 0 where all values are equal, for fewer than three, and where one is not finite.
  package static func lagOne(_ values: [Double]) -> Double {
    // The mean of equal values may differ from them in its last digit, which would be all that there is.
    guard let first = values.first, values.count >= 3, values.contains(where: { $0 != first }) else { return 0 }
    let mean = values.reduce(0, +) / Double(values.count)
    let rests = values.map { $0 - mean }
    let total = rests.reduce(0) { $0 + $1 * $1 }
    let lagged = zip(rests, rests.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 }
    return total > 0 && total < .infinity ? lagged / total : 0
  }
}
