internal import CLibcurl

/// What the names of header lines mean, and where a body names the pod.
///
/// Confined to one thread, and freed by its owner.
struct HeaderNames {
  /// What a header is to the reader of an answer.
  enum Kind: UInt8 {
    case other, length, coding, connection, pod, version
  }

  /// In lower case.
  private let pod: UnsafeMutableBufferPointer<UInt8>
  private let version: UnsafeMutableBufferPointer<UInt8>
  private let podFirst: UInt8
  private let versionFirst: UInt8
  /// What stands before and after the pod's name in a body; the header is not looked at then.
  private let before: UnsafeMutableBufferPointer<UInt8>
  private let after: UnsafeMutableBufferPointer<UInt8>

  init(_ configuration: EngineConfiguration) {
    pod = Self.bytes(configuration.podPattern == nil ? configuration.podHeader.lowercased() : "")
    version = Self.bytes(configuration.versionHeader.lowercased())
    podFirst = pod.first ?? 0
    versionFirst = version.first ?? 0
    before = Self.bytes(configuration.podPattern?.before ?? "")
    after = Self.bytes(configuration.podPattern?.after ?? "")
  }

  func free() {
    for buffer in [pod, version, before, after] { buffer.deallocate() }
  }

  private static func bytes(_ text: String) -> UnsafeMutableBufferPointer<UInt8> {
    let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.utf8.count)
    _ = bytes.initialize(from: text.utf8)
    return bytes
  }

  // MARK: Names

  /// False when a name that begins so is surely neither the pod's nor the version's.
  @inline(__always)
  func mayNameResponder(_ first: UInt8) -> Bool { first | 0x20 == podFirst || first | 0x20 == versionFirst }

  /// What a name means; the case of its letters does not matter.
  func kind(of name: UnsafeBufferPointer<UInt8>) -> Kind {
    if name.equals(lowercased: "content-length") { return .length }
    if name.equals(lowercased: "transfer-encoding") { return .coding }
    if name.equals(lowercased: "connection") { return .connection }
    if name.equals(lowercased: UnsafeBufferPointer(pod)) { return .pod }
    return name.equals(lowercased: UnsafeBufferPointer(version)) ? .version : .other
  }

  /// How many bytes from `start` on may be part of a name.
  static func tokenCount(_ start: UnsafePointer<UInt8>, _ limit: Int) -> Int {
    // The bytes of a token, below 64 and from 64 to 127, as bits: letters, digits and !#$%&'*+-.^_`|~
    let (low, high): (UInt64, UInt64) = (0x03FF_6CFA_0000_0000, 0x57FF_FFFF_C7FF_FFFE)
    var place = 0
    while place < limit {
      let byte = start[place]
      let bits = byte & 0x40 == 0 ? low : high
      guard byte < 0x80, (bits &>> UInt64(byte & 0x3F)) & 1 == 1 else { break }
      place &+= 1
    }
    return place
  }

  // MARK: Body

  /// The pod's name as the pattern finds it in a body; nil without a pattern, or without a find.
  func pod(in body: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8>? {
    guard before.count + after.count > 0, let found = body.find(UnsafeBufferPointer(before), from: 0) else {
      return nil
    }
    let name = found + before.count
    guard after.count > 0 else { return UnsafeBufferPointer(rebasing: body[name...]) }
    return body.find(UnsafeBufferPointer(after), from: name).map { UnsafeBufferPointer(rebasing: body[name..<$0]) }
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// The first place, not before `start`, at which `text` stands; nil when it does not.
  func find(_ text: Self, from start: Int) -> Int? {
    guard let mine = baseAddress, let others = text.baseAddress, let first = text.first else { return start }
    var place = start
    while place + text.count <= count,
      let found = memchr(mine + place, Int32(first), count - text.count - place + 1)
    {
      place = UnsafeRawPointer(found) - UnsafeRawPointer(mine)
      if memcmp(mine + place, others, text.count) == 0 { return place }
      place += 1
    }
    return nil
  }

  /// True for `text` in any case; `text` itself is in lower case.
  func equals(lowercased text: StaticString) -> Bool {
    equals(lowercased: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// True for `other` in any case; `other` itself is in lower case.
  func equals(lowercased other: UnsafeBufferPointer<UInt8>) -> Bool {
    guard count == other.count, let mine = baseAddress, let others = other.baseAddress else { return false }
    // The locale is never set, so these are the letters of ASCII.
    return strncasecmp(
      UnsafeRawPointer(mine).assumingMemoryBound(to: CChar.self),
      UnsafeRawPointer(others).assumingMemoryBound(to: CChar.self), count) == 0
  }
}
