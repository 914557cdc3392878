/// Where the tally is read and what of an answer is the tally, as a flag or a profile spells it.
///
///     json:/result                        the answer is {"a":N,"b":N}, with "total":N if it likes
///     json:/result#/votes                 that stands at a JSON pointer (RFC 6901)
///     json:/api#a=/0/count,b=/1/count     a pointer for each choice
///     html:/result#<b id="{choice}">*</b>            the text around each number
///     html:/result#{choice} * %#of * votes           rounded percents, and the text around the number of all
///     sse:/stream#/votes                  Server-Sent Events whose data is JSON
///     socket.io:/socket.io/#scores        Socket.IO over polling: JSON as the first argument of the event
///     command:psql -At -c 'select ...'    a command of /bin/sh that prints a choice and its count a line, or JSON
///
/// A path may be a whole URL. What stands after `#` may be left out, save for a page; the event is `scores` then.
package struct TallySource: Sendable, Hashable {
  /// How the counts are had.
  package enum Kind: String, Sendable, Hashable, CaseIterable {
    /// A JSON answer to each request.
    case json
    /// A page for people, asked for each time.
    case html
    /// Server-Sent Events: the server sends when it likes.
    case events = "sse"
    /// Socket.IO over polling: likewise.
    case socket = "socket.io"
    /// A command, run each time.
    case command
  }

  /// How the counts are had.
  package let kind: Kind
  /// A path on the target, a whole URL, or the command.
  package let place: String
  /// What of an answer is the tally.
  package let picking: TallyPicking
  /// The name of the event of a socket; empty for others.
  package let event: String

  /// Reads a source as it is spelled, for votes for `choices`; nil for anything else.
  package init?(_ text: String, choices: [String]) {
    guard let colon = text.firstIndex(of: ":"), let kind = Kind(rawValue: String(text[..<colon])) else { return nil }
    let rest = text[text.index(after: colon)...]
    self.kind = kind
    guard kind != .command else {
      guard !rest.allSatisfy(\.isWhitespace) else { return nil }
      (place, picking, event) = (String(rest), .lines, "")
      return
    }
    let halves = rest.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
    guard Self.isPlace(halves[0]) else { return nil }
    place = String(halves[0])
    let detail = halves.count > 1 ? halves[1] : ""
    switch kind {
    case .socket:
      (picking, event) = (.json(TallyPicking.Pointer()), detail.isEmpty ? "scores" : String(detail))
    case .html:
      guard let pattern = TallyPicking.Pattern(detail) else { return nil }
      (picking, event) = (.page(pattern), "")
    case .json, .events, .command:
      guard let picking = TallyPicking(pointers: detail, choices: choices) else { return nil }
      (self.picking, event) = (picking, "")
    }
  }

  /// The source that `--result-path` names.
  package init(jsonAt path: String) {
    (kind, place, picking, event) = (.json, path, .json(TallyPicking.Pointer()), "")
  }

  /// For reports: kind and place, without what may be secret: a command's arguments, the user and password of a URL.
  package var name: String {
    guard kind != .command else {
      return "\(kind.rawValue):\(place.split(whereSeparator: \.isWhitespace).first ?? "")"
    }
    guard let scheme = place.firstRange(of: "://") else { return "\(kind.rawValue):\(place)" }
    let rest = place[scheme.upperBound...]
    let host = rest.prefix { $0 != "/" }.lastIndex(of: "@").map { rest[rest.index(after: $0)...] } ?? rest
    return "\(kind.rawValue):\(place[..<scheme.upperBound])\(host)"
  }

  /// True when the server sends by itself.
  package var isPushed: Bool { kind == .events || kind == .socket }

  private static func isPlace(_ text: Substring) -> Bool {
    let isURL = text.hasPrefix("https://") || text.hasPrefix("http://")
    return (text.hasPrefix("/") || isURL) && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
  }
}
