/// Random bits that belong to an index: the same ones whoever asks, in whatever order.
///
/// SplitMix64 (Steele, Lea, Flood 2014) with the index as its counter, so that nothing has to be kept or walked.
enum IndexedRandom {
  /// What the bits are for; streams of one seed have nothing to do with one another.
  enum Stream: UInt64 {
    case choices = 0
    case gaps = 0x6A09_E667_F3BC_C909
    case cohorts = 0xBB67_AE85_84CA_A73B
    case revotes = 0x3C6E_F372_FE94_F82B
  }

  /// 64 bits for `index`, all values equally likely.
  static func bits(seed: UInt64, index: Int, stream: Stream) -> UInt64 {
    let start = stream == .choices ? seed : mixed(seed ^ stream.rawValue)
    return mixed(start &+ (UInt64(bitPattern: Int64(index)) &+ 1) &* 0x9E37_79B9_7F4A_7C15)
  }

  private static func mixed(_ state: UInt64) -> UInt64 {
    var bits = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }
}
