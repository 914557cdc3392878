internal import Bench
internal import CLibcurl
internal import Synchronization

/// Where an answer names the pod and the version that gave it.
struct ResponderNames {
  /// Header names in lower case.
  private let pod: UnsafeMutableBufferPointer<UInt8>
  private let version: UnsafeMutableBufferPointer<UInt8>
  /// What stands before and after the pod's name in a body; the header is not looked at then.
  private let before: UnsafeMutableBufferPointer<UInt8>
  private let after: UnsafeMutableBufferPointer<UInt8>

  init(_ configuration: EngineConfiguration) {
    pod = Self.bytes(configuration.podPattern == nil ? configuration.podHeader.lowercased() : "")
    version = Self.bytes(configuration.versionHeader.lowercased())
    before = Self.bytes(configuration.podPattern?.before ?? "")
    after = Self.bytes(configuration.podPattern?.after ?? "")
  }

  func free() {
    pod.deallocate()
    version.deallocate()
    before.deallocate()
    after.deallocate()
  }

  private static func bytes(_ text: String) -> UnsafeMutableBufferPointer<UInt8> {
    let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.utf8.count)
    _ = bytes.initialize(from: text.utf8)
    return bytes
  }

  fileprivate func isPod(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
    name.count == pod.count && name.equals(lowercased: UnsafeBufferPointer(pod))
  }

  fileprivate func isVersion(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
    name.count == version.count && name.equals(lowercased: UnsafeBufferPointer(version))
  }

  /// The pod's name as the pattern finds it in a body; nil without a pattern, or without a find.
  fileprivate func pod(in body: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8>? {
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

/// The names in one answer: at most 64 bytes each, the rest is cut.
struct ResponderText {
  private static let width = 64
  private let bytes: UnsafeMutablePointer<UInt8>
  fileprivate private(set) var podCount = 0
  fileprivate private(set) var versionCount = 0

  init() {
    bytes = .allocate(capacity: Self.width * 2)
  }

  func free() { bytes.deallocate() }

  var pod: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: bytes, count: podCount) }
  var version: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: bytes + Self.width, count: versionCount) }

  mutating func forget() {
    podCount = 0
    versionCount = 0
  }

  /// Keeps the value of a header that names who answers.
  mutating func take(
    _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>, _ names: ResponderNames
  ) {
    if names.isPod(name) {
      podCount = Self.copy(value, to: bytes)
    } else if names.isVersion(name) {
      versionCount = Self.copy(value, to: bytes + Self.width)
    }
  }

  /// Keeps what the pattern finds in a body.
  mutating func take(body: UnsafeBufferPointer<UInt8>, _ names: ResponderNames) {
    if let name = names.pod(in: body) { podCount = Self.copy(name, to: bytes) }
  }

  private static func copy(_ value: UnsafeBufferPointer<UInt8>, to place: UnsafeMutablePointer<UInt8>) -> Int {
    let count = min(value.count, width)
    if count > 0, let start = value.baseAddress { memcpy(place, start, count) }
    return count
  }
}

/// The responders that one thread has seen, with their numbers.
struct Responders {
  private let registry: ResponderRegistry
  private var known: [(pod: [UInt8], version: [UInt8], number: UInt8)] = []
  private var last = 0

  init(_ registry: ResponderRegistry) {
    self.registry = registry
  }

  /// The number of who answered; 0 when the answer does not say.
  mutating func number(of text: ResponderText) -> UInt8 {
    guard text.podCount + text.versionCount > 0 else { return 0 }
    if last < known.count, matches(text, last) { return known[last].number }
    for place in known.indices where matches(text, place) {
      last = place
      return known[place].number
    }
    let number = registry.number(
      of: GeneratorFigures.Responder(
        pod: String(decoding: text.pod, as: UTF8.self), version: String(decoding: text.version, as: UTF8.self)))
    if known.count < 255 { known.append((Array(text.pod), Array(text.version), number)) }
    return number
  }

  private func matches(_ text: ResponderText, _ place: Int) -> Bool {
    known[place].pod.elementsEqual(text.pod) && known[place].version.elementsEqual(text.version)
  }
}

/// All responders of a run, numbered from 1 in the order of their first answer; beyond 254 they share 255.
final class ResponderRegistry: Sendable {
  private let known = Mutex<[GeneratorFigures.Responder]>([])

  /// By number - 1.
  var responders: [GeneratorFigures.Responder] { known.withLock { $0 } }

  func number(of responder: GeneratorFigures.Responder) -> UInt8 {
    known.withLock { known in
      if let place = known.firstIndex(of: responder) { return UInt8(place + 1) }
      guard known.count < 254 else { return 255 }
      known.append(responder)
      return UInt8(known.count)
    }
  }
}
