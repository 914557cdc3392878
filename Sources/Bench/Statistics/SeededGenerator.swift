/// Random bits from a seed, the same on every machine and with every release of the library: for resampling.
///
/// SplitMix64 (Steele, Lea, Flood 2014).
package struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// The generator of `seed`.
  package init(seed: UInt64) { state = seed }

  /// 64 bits, all values equally likely.
  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }

  /// A number from 0 up to `count`, which is above 0 and not reached.
  package mutating func index(below count: Int) -> Int {
    // The library's own way from bits to numbers may change; the bias of this one is below count / 2^64.
    Int(next().multipliedFullWidth(by: UInt64(count)).high)
  }

  /// A number between 0 and 1, neither of them reached.
  package mutating func unit() -> Double { (Double(next() >> 11) + 0.5) * 0x1p-53 }
}
