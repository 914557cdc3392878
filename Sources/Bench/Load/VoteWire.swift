/// How a vote is put to the vote frontend, and how its answer says that the vote was taken.
///
/// A vote is a form, `FIELD=<choice>`, with the cookie `COOKIE=<voter>`.
package struct VoteWire: Sendable, Hashable {
  /// The field of the form that has the choice.
  package var field = "vote"
  /// The cookie that has the voter.
  package var cookie = "voter_id"
  /// What stands in the answer to a vote that was taken, `{choice}` for the choice; nil for `var vote = "{choice}"` and
  /// for JSON with `"vote":"{choice}"`.
  package var accepted: String?

  /// The reference wire.
  package init() {}

  /// The forms of votes for `choices`, all of one length: an incomplete request can only be told by its length.
  ///
  /// Where the choices' lengths differ, a field `_` makes up for it.
  package func forms(of choices: [String]) -> [[UInt8]] {
    let forms = choices.map { Array("\(Self.encoded(field))=\(Self.encoded($0))".utf8) }
    let width = forms.map(\.count).max() ?? 0
    guard forms.contains(where: { $0.count < width }) else { return forms }
    return forms.map { form in
      form + Array("&_=".utf8) + [UInt8](repeating: UInt8(ascii: "0"), count: width - form.count)
    }
  }

  /// As `application/x-www-form-urlencoded` has it.
  private static func encoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "*"):
        bytes.append(byte)
      case 0x20: bytes.append(UInt8(ascii: "+"))
      default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 0xF)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
