/// The whole plan of due moments: constant arrivals, open loop.
///
/// Vote k is due at an exact integer function of k, whatever the system under test does.
package struct Schedule: Sendable, Hashable {
  /// Arrivals per unit of time.
  package let rate: ArrivalRate

  /// Constant arrivals at `rate`, the first one at offset 0.
  package init(rate: ArrivalRate) {
    self.rate = rate
  }

  /// When vote `index` is due, in nanoseconds after the first: floor(index * period / votes), without drift.
  package func intendedStart(of index: Int) -> Int64 {
    let product = Int64(index).multipliedFullWidth(by: rate.periodNanoseconds)
    return rate.votes.dividingFullWidth(product).quotient
  }

  /// How many votes are due before `offset` nanoseconds (exclusive): the smallest k with `intendedStart(of: k) >= offset`.
  package func votesDue(before offset: Int64) -> Int {
    guard offset > 0 else { return 0 }
    // floor(k * period / votes) >= offset  <=>  k >= ceil(offset * votes / period)
    let product = offset.multipliedFullWidth(by: rate.votes)
    let (quotient, remainder) = rate.periodNanoseconds.dividingFullWidth(product)
    return Int(quotient) + (remainder > 0 ? 1 : 0)
  }
}
