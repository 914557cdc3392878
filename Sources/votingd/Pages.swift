/// The web pages for people, as text.
///
/// Whatever comes from outside is escaped here and nowhere else.
enum Pages {
  /// The page with one button a choice; `vote` is the choice that was just taken, if one was.
  static func vote(choices: [String], vote: String?, identity: Identity) -> String {
    let buttons = choices.map { choice in
      let pressed = choice == vote ? " aria-pressed=true" : ""
      return "<button name=vote value=\"\(escape(choice))\"\(pressed)>\(escape(choice))</button>"
    }
    // An empty action posts to the page's own address, whatever path the ingress gave it.
    let form = "<form method=post action=\"\">\(buttons.joined(separator: "\n"))</form>"
    let taken = vote.map { "<p role=status>Your vote: \(escape($0))</p><script>var vote = \(quoted($0));</script>" }
    return page(title: "Vote", body: "\(form)\n\(taken ?? "")", identity: identity)
  }

  /// The page that shows the tally and keeps it up to date, with or without scripts.
  static func result(tally: Tally, identity: Identity) -> String {
    let rows = tally.counts.map { "<tr><th scope=row>\(escape($0.label))<td>\($0.count)" }
    let table = """
      <table><caption>Votes counted</caption><tbody id=t>\(rows.joined())<tr><th scope=row>total<td>\(tally.total)\
      </table><noscript><meta http-equiv=refresh content=2></noscript>
      """
    let script = """
      <script>setInterval(async()=>{try{const r=await fetch("",{headers:{accept:"application/json"}});if(!r.ok)return;
      t.replaceChildren(...Object.entries(await r.json()).map(([k,v])=>{const w=document.createElement("tr"),
      h=document.createElement("th");h.scope="row";h.textContent=k;w.append(h);w.insertCell().textContent=v;return w}))
      }catch{}},1000)</script>
      """
    return page(title: "Result", body: table + script, identity: identity)
  }

  private static func page(title: String, body: String, identity: Identity) -> String {
    """
    <!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width">
    <title>\(title)</title>
    <style>body{font:1.5em sans-serif;margin:2em}button{font:inherit;padding:1em 2em}td{text-align:right}</style>
    <h1>\(title)</h1>
    \(body)
    <p><small>Pod \(escape(identity.pod)), version \(escape(identity.version))</small>
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
