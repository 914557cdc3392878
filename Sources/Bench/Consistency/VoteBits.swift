/// One or two bits for each vote.
struct VoteBits: Sendable {
  private let width: Int
  private var words: [UInt64]

  /// `count` values of `width` bits (1 or 2), all with the same value.
  init(count: Int, width: Int, value: UInt8 = 0) {
    self.width = width
    let pattern = value == 0 ? 0 : UInt64.max / (width == 1 ? 1 : 3) * UInt64(value)
    words = [UInt64](repeating: pattern, count: (count * width + 63) / 64)
  }

  /// The value of vote `index`.
  subscript(index: Int) -> UInt8 {
    get {
      let place = index &* width
      return UInt8(truncatingIfNeeded: words[place &>> 6] &>> UInt64(place & 63)) & ((1 &<< UInt8(width)) &- 1)
    }
    set {
      let place = index &* width
      let mask: UInt64 = ((1 &<< UInt64(width)) &- 1) &<< UInt64(place & 63)
      words[place &>> 6] = words[place &>> 6] & ~mask | UInt64(newValue) &<< UInt64(place & 63)
    }
  }
}
