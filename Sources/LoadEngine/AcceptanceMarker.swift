internal import CLibcurl

/// What in an answer proves that a vote was taken: `var vote = "<choice>"` (the page) or JSON with `"vote":"<choice>"`;
/// or a text of the user's.
///
/// White space around the JSON colon does not matter. Works on every answer, so it allocates nothing.
package struct AcceptanceMarker: ~Copyable {
  /// One for each choice.
  private let marks: UnsafeMutableBufferPointer<Mark>
  /// The marks are whole texts; else the choices in quotes, named as votes by what stands before.
  private let isWhole: Bool

  private struct Mark {
    var text: UnsafeMutableBufferPointer<UInt8>
    /// Where it began in the last answer that proved a vote for it: mostly it does so again.
    var last = 0
  }

  /// The markers of `choices`: `accepted` with `{choice}` replaced, nil for those of the reference wire.
  package init(choices: [String], accepted: String? = nil) {
    isWhole = accepted != nil
    marks = .allocate(capacity: choices.count)
    for (number, choice) in choices.enumerated() {
      let bytes = Array((accepted?.replacing("{choice}", with: choice) ?? "\"\(choice)\"").utf8)
      let text = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
      _ = text.initialize(from: bytes)
      marks.initializeElement(at: number, to: Mark(text: text))
    }
  }

  deinit {
    for mark in marks { mark.text.deallocate() }
    marks.deallocate()
  }

  /// True when `body` proves that a vote for the choice of this number was taken.
  package func isSeen(in body: UnsafeBufferPointer<UInt8>, choice number: Int) -> Bool {
    let mark = marks[number]
    guard let start = body.baseAddress else { return false }
    if isProof(start, body.count, at: mark.last, mark) { return true }
    var place = 0
    while let begin = body.find(UnsafeBufferPointer(mark.text), from: place) {
      if isProof(start, body.count, at: begin, mark) {
        marks[number].last = begin
        return true
      }
      place = begin + 1
    }
    return false
  }

  private func isProof(_ start: UnsafePointer<UInt8>, _ count: Int, at place: Int, _ mark: Mark) -> Bool {
    guard let text = mark.text.baseAddress, place + mark.text.count <= count else { return false }
    return memcmp(start + place, text, mark.text.count) == 0 && (isWhole || Self.isVote(start, before: place))
  }

  /// True when what stands before the quoted choice at `quote` names it as the vote.
  private static func isVote(_ start: UnsafePointer<UInt8>, before quote: Int) -> Bool {
    if ends(start, at: quote, with: "var vote = ") { return true }
    var place = quote
    while place > 0, isSpace(start[place - 1]) { place -= 1 }
    guard place > 0, start[place - 1] == 0x3A else { return false }
    place -= 1
    while place > 0, isSpace(start[place - 1]) { place -= 1 }
    return ends(start, at: place, with: "\"vote\"")
  }

  private static func ends(_ start: UnsafePointer<UInt8>, at place: Int, with text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    return place >= count && memcmp(start + place - count, text.utf8Start, count) == 0
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
  }
}
