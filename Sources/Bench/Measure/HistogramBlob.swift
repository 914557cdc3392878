internal import FoundationEssentials

/// A distribution in HdrHistogram's V2 encoding: what stands in a histogram log.
///
/// All numbers are big-endian. The compressed part is a zlib stream of stored blocks, which every reader takes: lines
/// are about twice as long as deflated ones, and no compressor is needed.
package struct HistogramBlob: Sendable {
  private static let cookie: UInt32 = 0x1c84_9313
  private static let compressedCookie: UInt32 = 0x1c84_9314

  /// The encoding before compression: a head of 40 bytes and the payload.
  package let inner: [UInt8]

  /// The encoding of `distribution`.
  package init(_ distribution: Distribution) {
    let payload = Self.payload(of: distribution)
    let layout = distribution.layout
    var bytes: [UInt8] = []
    bytes.reserveCapacity(40 + payload.count)
    Self.append(Self.cookie, to: &bytes)
    Self.append(UInt32(payload.count), to: &bytes)
    Self.append(UInt32(0), to: &bytes)
    Self.append(UInt32(layout.digits), to: &bytes)
    Self.append(UInt64(layout.lowest), to: &bytes)
    Self.append(UInt64(layout.highest), to: &bytes)
    Self.append((1.0).bitPattern, to: &bytes)
    inner = bytes + payload
  }

  /// The text for a log.
  package var base64: String {
    let stream = Self.stored(inner)
    var bytes: [UInt8] = []
    Self.append(Self.compressedCookie, to: &bytes)
    Self.append(UInt32(stream.count), to: &bytes)
    return Data(bytes + stream).base64EncodedString()
  }

  /// Counts of the slots up to the last that has values; empty ones in a row are one negative number.
  private static func payload(of distribution: Distribution) -> [UInt8] {
    var bytes: [UInt8] = []
    var next = 0
    for (slot, count) in distribution.slots {
      // As Java does: a single empty slot is a 0.
      if slot - next == 1 { append(number: 0, to: &bytes) }
      if slot - next > 1 { append(number: -Int64(slot - next), to: &bytes) }
      append(number: Int64(count), to: &bytes)
      next = slot + 1
    }
    return bytes.isEmpty ? [0] : bytes
  }

  /// ZigZag, then 7 bits a byte, the least significant first, the high bit for "more"; a ninth byte has 8 bits.
  package static func append(number: Int64, to bytes: inout [UInt8]) {
    var rest = UInt64(bitPattern: (number << 1) ^ (number >> 63))
    for _ in 0..<8 {
      if rest < 0x80 { return bytes.append(UInt8(rest)) }
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// A zlib stream (RFC 1950) of stored blocks (RFC 1951, 3.2.4), which hold 65 535 bytes at most.
  private static func stored(_ bytes: [UInt8]) -> [UInt8] {
    var stream: [UInt8] = [0x78, 0x01]
    var start = 0
    repeat {
      let end = min(start + 0xFFFF, bytes.count)
      let length = UInt16(end - start)
      stream.append(end == bytes.count ? 1 : 0)
      for number in [length, ~length] { stream += [UInt8(number & 0xFF), UInt8(number >> 8)] }
      stream += bytes[start..<end]
      start = end
    } while start < bytes.count
    append(adler32(bytes), to: &stream)
    return stream
  }

  private static func adler32(_ bytes: [UInt8]) -> UInt32 {
    var (low, high): (UInt32, UInt32) = (1, 0)
    for byte in bytes {
      low = (low + UInt32(byte)) % 65521
      high = (high + low) % 65521
    }
    return high << 16 | low
  }

  private static func append(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
    for shift in stride(from: number.bitWidth - 8, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: number >> shift))
    }
  }
}
