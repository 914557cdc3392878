internal import CLibcurl

/// What the names of header lines mean, and where a body names the pod.
///
/// Servers send the same names in the same order, so what stood in each place the last time is compared first.
/// Confined to one thread, and freed by its owner.
struct HeaderNames {
  /// What a header is to the reader of an answer.
  enum Kind: UInt8 {
    case other, length, coding, connection, pod, version
  }

  /// A header's name: what it means, and its bytes up to the colon.
  struct Name {
    var kind: Kind
    var count: Int
  }

  /// In lower case.
  private let pod: UnsafeMutableBufferPointer<UInt8>
  private let version: UnsafeMutableBufferPointer<UInt8>
  /// What stands before and after the pod's name in a body; the header is not looked at then.
  private let before: UnsafeMutableBufferPointer<UInt8>
  private let after: UnsafeMutableBufferPointer<UInt8>
  /// The names that were last read, with their colons, by their place.
  private let known: UnsafeMutablePointer<UInt8>
  private let knownNames: UnsafeMutablePointer<Name>
  private static let places = 32
  private static let width = 32

  init(_ configuration: EngineConfiguration) {
    pod = Self.bytes(configuration.podPattern == nil ? configuration.podHeader.lowercased() : "")
    version = Self.bytes(configuration.versionHeader.lowercased())
    before = Self.bytes(configuration.podPattern?.before ?? "")
    after = Self.bytes(configuration.podPattern?.after ?? "")
    known = .allocate(capacity: Self.places * Self.width)
    knownNames = .allocate(capacity: Self.places)
    knownNames.initialize(repeating: Name(kind: .other, count: 0), count: Self.places)
  }

  func free() {
    for buffer in [pod, version, before, after] { buffer.deallocate() }
    known.deallocate()
    knownNames.deallocate()
  }

  private static func bytes(_ text: String) -> UnsafeMutableBufferPointer<UInt8> {
    let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.utf8.count)
    _ = bytes.initialize(from: text.utf8)
    return bytes
  }

  // MARK: Names

  /// The name of the header line in this place; nil when it has none.
  func read(_ line: UnsafePointer<UInt8>, _ count: Int, number: Int) -> Name? {
    let place = number & (Self.places - 1)
    let last = knownNames[place]
    if last.count > 0, last.count < count, memcmp(line, known + place * Self.width, last.count &+ 1) == 0 {
      return last
    }
    let width = Self.tokenCount(line, count)
    guard width > 0, width < count, line[width] == 0x3A else { return nil }
    let name = Name(kind: kind(of: UnsafeBufferPointer(start: line, count: width)), count: width)
    if width < Self.width {
      memcpy(known + place * Self.width, line, width + 1)
      knownNames[place] = name
    }
    return name
  }

  /// What a name means; the case of its letters does not matter.
  func kind(of name: UnsafeBufferPointer<UInt8>) -> Kind {
    if name.equals(lowercased: "content-length") { return .length }
    if name.equals(lowercased: "transfer-encoding") { return .coding }
    if name.equals(lowercased: "connection") { return .connection }
    if name.equals(lowercased: UnsafeBufferPointer(pod)) { return .pod }
    return name.equals(lowercased: UnsafeBufferPointer(version)) ? .version : .other
  }

  /// How many bytes from `start` on may be part of a name.
  private static func tokenCount(_ start: UnsafePointer<UInt8>, _ limit: Int) -> Int {
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
    guard before.count + after.count > 0, let start = body.baseAddress else { return nil }
    guard let found = Self.find(before, in: start, body.count) else { return nil }
    let name = found + before.count
    let rest = body.count - (name - start)
    guard after.count > 0 else { return UnsafeBufferPointer(start: name, count: rest) }
    return Self.find(after, in: name, rest).map { UnsafeBufferPointer(start: name, count: $0 - name) }
  }

  private static func find(
    _ text: UnsafeMutableBufferPointer<UInt8>, in start: UnsafePointer<UInt8>, _ count: Int
  ) -> UnsafePointer<UInt8>? {
    guard let first = text.baseAddress, text.count > 0 else { return start }
    guard count >= text.count else { return nil }
    for place in 0...(count - text.count) where memcmp(start + place, first, text.count) == 0 { return start + place }
    return nil
  }
}

extension UnsafeBufferPointer<UInt8> {
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
