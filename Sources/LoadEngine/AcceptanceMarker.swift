/// What in an answer proves that a vote was taken: `var vote = "<choice>"` (the page) or JSON with `"vote":"<choice>"`.
package enum AcceptanceMarker {
  private static let page = Array("var vote = ".utf8)
  private static let json = Array("\"vote\"".utf8)

  /// True when `body` proves that a vote for `choice` was taken.
  ///
  /// White space around the JSON colon does not matter.
  package static func isSeen(in body: UnsafeBufferPointer<UInt8>, choice: String) -> Bool {
    let mark = UInt8(ascii: "\"")
    var start = 0
    while let quote = body[start...].firstIndex(of: mark) {
      let end = quote + 1 + choice.utf8.count
      if end < body.count, body[end] == mark, matches(body, at: quote + 1, choice.utf8), follows(body, before: quote) {
        return true
      }
      start = quote + 1
    }
    return false
  }

  /// True when what stands before the quoted choice at `quote` names it as the vote.
  private static func follows(_ body: UnsafeBufferPointer<UInt8>, before quote: Int) -> Bool {
    if quote >= page.count, matches(body, at: quote - page.count, page) { return true }
    var place = quote - 1
    while place >= 0, isSpace(body[place]) { place -= 1 }
    guard place >= 0, body[place] == UInt8(ascii: ":") else { return false }
    place -= 1
    while place >= 0, isSpace(body[place]) { place -= 1 }
    return place + 1 >= json.count && matches(body, at: place + 1 - json.count, json)
  }

  private static func matches(
    _ body: UnsafeBufferPointer<UInt8>, at place: Int, _ text: some Collection<UInt8>
  ) -> Bool {
    body[place...].starts(with: text)
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
  }
}
