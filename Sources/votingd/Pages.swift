/// The web pages for people, as text: whole without scripts and without styles.
///
/// Whatever comes from outside is escaped here and nowhere else.
enum Pages {
  /// The page with one button a choice; `vote` is the choice that was just taken, if one was.
  ///
  /// It needs no script: `var vote` stands in a block of data, for programs that look for it in the answer.
  static func vote(choices: [String], vote: String?, identity: Identity, resources: PageResources) -> String {
    let buttons = choices.map { choice in
      let pressed = choice == vote ? " aria-pressed=true" : ""
      return "<button name=vote value=\"\(escape(choice))\"\(pressed)>\(escape(choice))</button>"
    }
    let taken = vote.map {
      """
      <p role=status>Your vote: <strong>\(escape($0))</strong>. Choose again to change it.</p>
      <script type=text/plain>var vote = \(quoted($0));</script>
      """
    }
    let head = Head(title: vote.map { "Your vote: \($0)" } ?? "Vote", extra: "")
    // An empty action posts to the page's own address, whatever path the ingress gave it.
    let body = """
      <h1>Cast your vote</h1>
      <form method=post action="">\(buttons.joined(separator: "\n"))</form>
      \(taken ?? "")
      """
    return page(head, path: "/vote", body: body, identity: identity, resources: resources)
  }

  /// The page that shows the tally and keeps it up to date, by events, or where there are no scripts by itself.
  static func result(tally: Tally, identity: Identity, resources: PageResources) -> String {
    let rows = tally.counts.map { row($0, of: tally.total) }
    let body = """
      <h1>Result</h1>
      <ul id=choices>\(rows.joined(separator: "\n"))</ul>
      <p class=total id=total>\(votes(tally.total)) in all</p>
      <p role=status id=state>As of when this page was loaded.</p>
      <p class=spoken id=spoken aria-live=polite></p>
      """
    let extra = """
      <script defer src=\(resources.script.path)></script>
      <noscript><meta http-equiv=refresh content=3></noscript>
      """
    let head = Head(title: "Result", extra: extra)
    return page(head, path: "/result", body: body, identity: identity, resources: resources)
  }

  /// What the pages may load and do, for browsers to enforce.
  static let policyOfVote = """
    default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'
    """
  static let policyOfResult = """
    default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; form-action 'none'; \
    base-uri 'none'; frame-ancestors 'none'
    """

  /// "1 vote", "2 votes".
  private static func votes(_ count: Int) -> String {
    count == 1 ? "1 vote" : "\(count) votes"
  }

  /// The bar says what the numbers beside it say, so it is for eyes only.
  private static func row(_ count: Tally.Count, of total: Int) -> String {
    let tenths = total == 0 ? 0 : (count.count * 1000 + total / 2) / total
    let value = total == 0 ? 0 : Double(count.count) / Double(total)
    return """
      <li><span class=name>\(escape(count.label))</span> <span class=share>\(tenths / 10).\(tenths % 10) %</span>
      <progress aria-hidden=true value=\(value)></progress> <span class=count>\(votes(count.count))</span></li>
      """
  }

  private struct Head {
    var title: String
    var extra: String
  }

  private static func page(
    _ head: Head, path: String, body: String, identity: Identity, resources: PageResources
  ) -> String {
    let links = [("/vote", "Vote"), ("/result", "Result")].map { target, name in
      "<a href=\(target)\(target == path ? " aria-current=page" : "")>\(name)</a>"
    }
    return """
      <!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width">
      <title>\(escape(head.title))</title>
      <link rel=stylesheet href=\(resources.style.path)><link rel=icon href=\(resources.icon.path)>\(head.extra)
      <header><nav aria-label=Pages>\(links.joined())</nav></header>
      <main>\(body)</main>
      <footer>Pod \(escape(identity.pod)), version \(escape(identity.version))</footer>
      """
  }

  /// A text for HTML, in an element or a quoted attribute.
  static func escape(_ text: String) -> String {
    var result = ""
    for character in text.unicodeScalars {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }

  /// A text as a JSON string that may also stand in a script: `</script>` cannot appear in it.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for character in text.unicodeScalars {
      switch character {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "<", ">", "&", "\u{2028}", "\u{2029}", "\u{0}"..<" ":
        let digits = String(character.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(character)
      }
    }
    return result + "\""
  }
}
