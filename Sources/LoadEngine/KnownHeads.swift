internal import CLibcurl

/// The heads of answers that were read lately, byte for byte, with what they mean.
///
/// A server's heads differ in little but the second of their date: the same bytes mean the same, and need not be read
/// again. Confined to one thread, and freed by its owner.
struct KnownHeads {
  let names: HeaderNames

  /// What a head says.
  struct Head {
    var part: AnswerReader.Part
    var status: Int
    var keepsConnection: Bool
    var rest: Int
    var responder: ResponderText
  }

  /// A head with its bytes.
  struct Known {
    fileprivate(set) var count = 0
    fileprivate(set) var head: Head
    fileprivate let bytes: UnsafeMutablePointer<UInt8>
  }

  private let known: UnsafeMutablePointer<Known>
  private var last = 0
  private var next = 0
  private static let places = 8
  /// Longer heads are read each time.
  private static let capacity = 1024

  /// `names` is freed with it.
  init(_ names: HeaderNames) {
    self.names = names
    known = .allocate(capacity: Self.places)
    for place in 0..<Self.places {
      let head = Head(part: .malformed, status: 0, keepsConnection: false, rest: 0, responder: ResponderText())
      (known + place).initialize(to: Known(head: head, bytes: .allocate(capacity: Self.capacity)))
    }
  }

  func free() {
    for place in 0..<Self.places {
      known[place].bytes.deallocate()
      known[place].head.responder.free()
    }
    known.deallocate()
    names.free()
  }

  /// The head with which these bytes begin, if it was read before.
  mutating func head(_ start: UnsafePointer<UInt8>, _ count: Int) -> Known? {
    if matches(last, start, count) { return known[last] }
    for place in 0..<Self.places where matches(place, start, count) {
      last = place
      return known[place]
    }
    return nil
  }

  private func matches(_ place: Int, _ start: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    let length = known[place].count
    return length > 0 && length <= count && memcmp(start, known[place].bytes, length) == 0
  }

  /// Keeps a head in place of the oldest one.
  mutating func keep(_ start: UnsafePointer<UInt8>, _ count: Int, _ head: Head) {
    guard count <= Self.capacity else { return }
    let place = known + next
    memcpy(place.pointee.bytes, start, count)
    place.pointee.count = count
    var own = place.pointee.head.responder
    own.take(head.responder)
    place.pointee.head = head
    place.pointee.head.responder = own
    last = next
    next = (next + 1) % Self.places
  }
}
