/// Makes uids and the random ends of names from a seed, so that a test that fixes the seed sees the same
/// names in each run.
package struct NameGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// Starts at a seed.
  package init(seed: UInt64) {
    state = seed
  }

  /// The next number (SplitMix64, Steele and others, OOPSLA 2014).
  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  // Kubernetes leaves out vowels and what looks alike (apimachinery, util/rand), so that no name is a word.
  private static let letters = [Character]("bcdfghjklmnpqrstvwxz2456789")

  /// Five characters as Kubernetes puts them after a ReplicaSet's name.
  package mutating func suffix() -> String {
    String((0..<5).map { _ in Self.letters[Int(next() % UInt64(Self.letters.count))] })
  }

  /// A uid: a UUID of version 4.
  package mutating func uid() -> String {
    let high = next() & ~0xf000 | 0x4000
    let low = next() & ~(3 << 62) | 2 << 62
    let digits = [high, low].map { number in
      let hex = String(number, radix: 16)
      return String(repeating: "0", count: 16 - hex.count) + hex
    }.joined()
    var parts: [String] = []
    var rest = digits[...]
    for length in [8, 4, 4, 4, 12] {
      parts.append(String(rest.prefix(length)))
      rest = rest.dropFirst(length)
    }
    return parts.joined(separator: "-")
  }
}
