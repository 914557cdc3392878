internal import Bench
internal import CLibcurl
internal import Synchronization

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

  /// Keeps the value of the header that names the pod.
  mutating func take(pod value: UnsafeBufferPointer<UInt8>) { podCount = Self.copy(value, to: bytes) }

  /// Keeps the value of the header that names the version.
  mutating func take(version value: UnsafeBufferPointer<UInt8>) {
    versionCount = Self.copy(value, to: bytes + Self.width)
  }

  /// Keeps the names of another answer.
  mutating func take(_ other: ResponderText) {
    podCount = other.podCount
    versionCount = other.versionCount
    if podCount > 0 { memcpy(bytes, other.bytes, podCount) }
    if versionCount > 0 { memcpy(bytes + Self.width, other.bytes + Self.width, versionCount) }
  }

  /// Keeps what the pattern finds in a body.
  mutating func take(body: UnsafeBufferPointer<UInt8>, _ names: HeaderNames) {
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
