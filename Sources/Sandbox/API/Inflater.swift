/// Unpacks a zlib stream (RFC 1950 and 1951) that comes in parts, each flushed to a whole byte, as SPDY's headers are.
///
/// What came before, and at first the dictionary, is what later parts refer to.
struct Inflater: Sendable {
  /// The most that one part may unpack to.
  static let mostOutput = 1 << 20

  private var window: [UInt8]
  private var hasBegun = false
  private var input: [UInt8] = []
  private var place = 0
  private var bits: UInt32 = 0
  private var bitCount = 0
  private var output: [UInt8] = []

  /// A stream that begins with that dictionary.
  init(dictionary: [UInt8]) {
    window = dictionary
  }

  /// Unpacks one part; throws if it is no such stream, or is cut off.
  mutating func unpack(_ part: [UInt8]) throws(ExecFault) -> [UInt8] {
    (input, place, bits, bitCount) = (part, 0, 0, 0)
    output = window
    if !hasBegun {
      // CMF and FLG with the mark that a dictionary is used, and the checksum of which.
      guard part.count >= 6, part[0] & 0x0f == 8, part[1] & 0x20 != 0 else { throw ExecFault("no zlib stream") }
      place = 6
      hasBegun = true
    }
    while place < input.count { try block() }
    let result = [UInt8](output[window.count...])
    window = [UInt8](output.suffix(32_768))
    return result
  }

  // MARK: Blocks

  private mutating func block() throws(ExecFault) {
    _ = try take(1)
    switch try take(2) {
    case 0: try stored()
    case 1: try packed(Self.fixedLengths, Self.fixedDistances)
    case 2:
      let (lengths, distances) = try codes()
      try packed(lengths, distances)
    default: throw ExecFault("no deflate block")
    }
  }

  private mutating func stored() throws(ExecFault) {
    (bits, bitCount) = (0, 0)
    guard place + 4 <= input.count else { throw ExecFault("a block that is cut off") }
    let count = Int(input[place]) | Int(input[place + 1]) << 8
    place += 4
    guard place + count <= input.count else { throw ExecFault("a block that is cut off") }
    output += input[place..<(place + count)]
    place += count
  }

  private static let lengthBases = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
  ]
  private static let lengthBits = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
  ]
  private static let distanceBases = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1_025, 1_537, 2_049, 3_073, 4_097,
    6_145, 8_193, 12_289, 16_385, 24_577,
  ]

  private mutating func packed(_ lengths: PrefixCode, _ distances: PrefixCode) throws(ExecFault) {
    while true {
      let symbol = try decode(lengths)
      if symbol < 256 {
        output.append(UInt8(symbol))
      } else if symbol == 256 {
        return
      } else {
        try copy(lengthSymbol: symbol - 257, distances)
      }
      guard output.count - window.count <= Self.mostOutput else { throw ExecFault("headers without end") }
    }
  }

  private mutating func copy(lengthSymbol: Int, _ distances: PrefixCode) throws(ExecFault) {
    guard lengthSymbol < Self.lengthBases.count else { throw ExecFault("no length") }
    let length = Self.lengthBases[lengthSymbol] + (try take(Self.lengthBits[lengthSymbol]))
    let symbol = try decode(distances)
    guard symbol < Self.distanceBases.count else { throw ExecFault("no distance") }
    let distance = Self.distanceBases[symbol] + (try take(max(0, symbol / 2 - 1)))
    guard distance <= output.count else { throw ExecFault("a distance beyond the beginning") }
    // One at a time: what is copied may be what was just written.
    for _ in 0..<length { output.append(output[output.count - distance]) }
  }

  // MARK: Codes

  private static let fixedLengths = PrefixCode(
    [Int](repeating: 8, count: 144) + [Int](repeating: 9, count: 112) + [Int](repeating: 7, count: 24)
      + [Int](repeating: 8, count: 8))
  private static let fixedDistances = PrefixCode([Int](repeating: 5, count: 30))
  private static let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

  private mutating func codes() throws(ExecFault) -> (lengths: PrefixCode, distances: PrefixCode) {
    let (literals, distances, lengths) = (try take(5) + 257, try take(5) + 1, try take(4) + 4)
    var sizes = [Int](repeating: 0, count: 19)
    for index in 0..<lengths { sizes[Self.order[index]] = try take(3) }
    let code = PrefixCode(sizes)
    var all: [Int] = []
    while all.count < literals + distances {
      switch try decode(code) {
      case let size where size < 16: all.append(size)
      case 16:
        guard let last = all.last else { throw ExecFault("nothing to repeat") }
        all += [Int](repeating: last, count: 3 + (try take(2)))
      case 17: all += [Int](repeating: 0, count: 3 + (try take(3)))
      default: all += [Int](repeating: 0, count: 11 + (try take(7)))
      }
    }
    guard all.count == literals + distances else { throw ExecFault("too many code lengths") }
    return (PrefixCode([Int](all[..<literals])), PrefixCode([Int](all[literals...])))
  }

  private mutating func decode(_ code: PrefixCode) throws(ExecFault) -> Int {
    var (word, length) = (0, 0)
    while length < PrefixCode.longest {
      word = word << 1 | (try take(1))
      length += 1
      if let symbol = code.symbol(word, length) { return symbol }
    }
    throw ExecFault("no symbol")
  }

  private mutating func take(_ count: Int) throws(ExecFault) -> Int {
    while bitCount < count {
      guard place < input.count else { throw ExecFault("a block that is cut off") }
      bits |= UInt32(input[place]) << UInt32(bitCount)
      place += 1
      bitCount += 8
    }
    defer {
      bits >>= UInt32(count)
      bitCount -= count
    }
    return Int(bits & (1 << UInt32(count) - 1))
  }
}

/// A canonical prefix code: symbols by the bits that stand for them (RFC 1951, section 3.2.2).
private struct PrefixCode: Sendable {
  static let longest = 15

  // For each length: the first word of that length, and the symbols in the order of their words.
  private var first = [Int](repeating: 0, count: longest + 1)
  private var symbols = [[Int]](repeating: [], count: longest + 1)

  /// The code in which each symbol has that many bits; 0 for a symbol that is not used.
  init(_ sizes: [Int]) {
    for (symbol, size) in sizes.enumerated() where size > 0 { symbols[size].append(symbol) }
    var word = 0
    for length in 1...Self.longest {
      word = (word + symbols[length - 1].count) << 1
      first[length] = word
    }
  }

  func symbol(_ word: Int, _ length: Int) -> Int? {
    let place = word - first[length]
    return symbols[length].indices.contains(place) ? symbols[length][place] : nil
  }
}
