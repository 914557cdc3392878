/// The times between votes that come independently of one another: exponentially distributed, from a seed.
///
/// Gap k depends on seed and k alone. Gaps are added up exactly: whole nanoseconds, and what is left of them as a
/// fraction over `votes` x 2^40, so that the mean is the rate's and rounding cannot add up over hours.
struct PoissonGaps: Sendable, Hashable {
  private static let fractionBits = 40

  private let seed: UInt64
  /// Mean gap in nanoseconds: `period` / `votes`, in lowest terms.
  private let period: UInt128
  private let denominator: UInt128
  private var remainder: UInt128 = 0

  init(_ rate: ArrivalRate, seed: UInt64) {
    let common = UInt64(greatestCommonDivisor(rate.votes, rate.periodNanoseconds))
    self.seed = seed
    period = UInt128(UInt64(rate.periodNanoseconds) / common)
    denominator = UInt128(UInt64(rate.votes) / common) << UInt128(Self.fractionBits)
  }

  /// Nanoseconds between votes `index` - 1 and `index`; to be asked in the order of the indices.
  mutating func next(before index: Int) -> Int64 {
    let units = Self.exponential(IndexedRandom.bits(seed: seed, index: index, stream: .gaps))
    let (gap, rest) = (UInt128(units) * period + remainder).quotientAndRemainder(dividingBy: denominator)
    remainder = rest
    return Int64(clamping: gap)
  }

  /// -ln(bits / 2^64) in units of 2^-40: an exponential variate of mean 1.
  ///
  /// By the series of 2 artanh((x - 1) / (x + 1)) rather than by the C library's logarithm, whose last digit is
  /// another one on another machine: a seed gives the same run everywhere.
  static func exponential(_ bits: UInt64) -> UInt64 {
    let odd = bits | 1
    let zeros = odd.leadingZeroBitCount
    var exponent = Double(zeros + 1)
    var mantissa = Double((odd << UInt64(zeros)) >> 11) * 0x1p-52
    if mantissa > 1.414_213_562_373_095 {
      mantissa /= 2
      exponent -= 1
    }
    let ratio = (mantissa - 1) / (mantissa + 1)
    let square = ratio * ratio
    var sum = 0.0
    for term in stride(from: 8, through: 0, by: -1) { sum = sum * square + 1 / Double(2 * term + 1) }
    let value = exponent * 0.693_147_180_559_945_3 - 2 * ratio * sum
    return UInt64((max(0, value) * 0x1p40).rounded())
  }
}

/// Euclid's; both at least 1.
func greatestCommonDivisor(_ first: Int64, _ second: Int64) -> Int64 {
  var (larger, smaller) = (first, second)
  while smaller != 0 { (larger, smaller) = (smaller, larger % smaller) }
  return larger
}
