internal import CLibcurl

/// What in an answer proves that a vote was taken: `var vote = "<choice>"` (the page) or JSON with `"vote":"<choice>"`.
///
/// White space around the JSON colon does not matter. Works on every answer, so it allocates nothing.
package struct AcceptanceMarker: ~Copyable {
  /// The choices one after another, all of one width.
  private let choices: UnsafeMutablePointer<UInt8>
  private let width: Int
  /// Where each choice stood in the last answer that proved a vote for it: mostly it does so again.
  private let lastQuotes: UnsafeMutablePointer<Int>

  /// The markers of `choices`, which are all of one length in bytes.
  package init(choices texts: [String]) {
    width = texts.first?.utf8.count ?? 0
    choices = .allocate(capacity: max(1, width * texts.count))
    lastQuotes = .allocate(capacity: texts.count)
    lastQuotes.initialize(repeating: 0, count: texts.count)
    for (number, text) in texts.enumerated() {
      var place = choices + number * width
      for byte in text.utf8.prefix(width) {
        place.initialize(to: byte)
        place += 1
      }
    }
  }

  deinit {
    choices.deallocate()
    lastQuotes.deallocate()
  }

  /// True when `body` proves that a vote for the choice of this number was taken.
  package func isSeen(in body: UnsafeBufferPointer<UInt8>, choice number: Int) -> Bool {
    guard let start = body.baseAddress else { return false }
    let choice = choices + number * width
    if isProof(start, body.count, quote: lastQuotes[number], choice) { return true }
    var place = 0
    while place < body.count, let found = memchr(start + place, 0x22, body.count - place) {
      let quote = UnsafeRawPointer(found) - UnsafeRawPointer(start)
      if isProof(start, body.count, quote: quote, choice) {
        lastQuotes[number] = quote
        return true
      }
      place = quote + 1
    }
    return false
  }

  private func isProof(
    _ start: UnsafePointer<UInt8>, _ count: Int, quote: Int, _ choice: UnsafePointer<UInt8>
  ) -> Bool {
    let end = quote + 1 + width
    return end < count && start[quote] == 0x22 && start[end] == 0x22 && memcmp(start + quote + 1, choice, width) == 0
      && Self.isVote(start, before: quote)
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
