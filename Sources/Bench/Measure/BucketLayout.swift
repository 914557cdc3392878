/// How an HDR histogram divides its range into slots: linear below `2 * 10^digits` units, then a power of two wider each
/// time the value doubles.
///
/// Two histograms can be added only when their layouts are equal, so the program has one: `votes`. Slots are numbered as
/// in HdrHistogram, whose other implementations read the files that are made from them.
package struct BucketLayout: Sendable, Hashable {
  /// The layout of every time that votebench keeps, in nanoseconds: 512 ns at the bottom, 0.1 % above, up to an hour,
  /// which is more than any timeout.
  package static let votes = BucketLayout(lowest: 1000, highest: 3_600_000_000_000, digits: 3)

  /// The lowest value told from 0.
  package let lowest: Int64
  /// The highest value that has a slot for sure.
  package let highest: Int64
  /// Significant decimal digits kept, 1...5.
  package let digits: Int
  /// The exponent of the width of the lowest slots: 9 for 512.
  private let unitMagnitude: Int
  /// The exponent of half the slots of the first bucket: 10 for 3 digits.
  private let halfMagnitude: Int
  /// The largest value of the first bucket.
  private let subBucketMask: Int64
  /// How many times the range doubles.
  package let bucketCount: Int

  /// A layout; `highest` is at least twice `lowest`, which is at least 1.
  package init(lowest: Int64, highest: Int64, digits: Int) {
    precondition(lowest >= 1 && highest >= 2 * lowest && (1...5).contains(digits), "a layout has a range and digits")
    self.lowest = lowest
    self.highest = highest
    self.digits = digits
    unitMagnitude = 63 - lowest.leadingZeroBitCount
    let largest = (0..<digits).reduce(Int64(2)) { product, _ in product * 10 }
    halfMagnitude = 63 - (largest - 1).leadingZeroBitCount
    subBucketMask = ((Int64(2) << halfMagnitude) - 1) << unitMagnitude
    var reach = Int64(2) << (halfMagnitude + unitMagnitude)
    var buckets = 1
    while reach <= highest, reach < Int64.max / 2 {
      reach <<= 1
      buckets += 1
    }
    bucketCount = reach <= highest ? buckets + 1 : buckets
  }

  /// Slots of the first bucket: 2048 for 3 digits.
  package var subBucketCount: Int { 2 << halfMagnitude }

  /// Slots in all.
  package var slotCount: Int { (bucketCount + 1) << halfMagnitude }

  /// The slot of `value`, which is 0...highest.
  package func slot(of value: Int64) -> Int {
    let bucket = 63 - (value | subBucketMask).leadingZeroBitCount - unitMagnitude - halfMagnitude
    return (bucket &<< halfMagnitude) &+ Int(truncatingIfNeeded: value &>> Int64(bucket &+ unitMagnitude))
  }

  /// The lowest value of slot `slot`.
  package func lowestValue(of slot: Int) -> Int64 {
    let bucket = bucket(of: slot)
    return Int64(slot - bucket << halfMagnitude) << (bucket + unitMagnitude)
  }

  /// The highest value of slot `slot`: what HdrHistogram's files show for it.
  package func highestValue(of slot: Int) -> Int64 {
    lowestValue(of: slot) + width(of: slot) - 1
  }

  /// The value in the middle of slot `slot`: what a mean counts it as.
  package func medianValue(of slot: Int) -> Int64 {
    lowestValue(of: slot) + width(of: slot) / 2
  }

  private func width(of slot: Int) -> Int64 {
    1 << (bucket(of: slot) + unitMagnitude)
  }

  /// The first bucket has both halves, every other one only its upper half.
  private func bucket(of slot: Int) -> Int {
    max(0, slot >> halfMagnitude - 1)
  }
}
