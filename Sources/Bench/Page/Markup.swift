/// HTML and SVG as text: whatever comes from outside is escaped here, and nowhere else.
enum Markup {
  /// Text that means nothing to HTML, in an element or in a quoted attribute.
  static func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      // What XML has no place for, and no browser shows.
      case "\0"..<"\t", "\u{0B}"..."\u{0C}", "\u{0E}"..<" ", "\u{7F}": escaped += "\u{FFFD}"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  /// An element around `content`, which is markup; attributes are escaped.
  static func element(
    _ name: String, _ attributes: [(String, String)] = [], _ content: String = ""
  ) -> String {
    let spelled = attributes.map { " \($0)=\"\(escaped($1))\"" }.joined()
    return "<\(name)\(spelled)>\(content)</\(name)>"
  }

  /// An element around text.
  static func text(_ name: String, _ text: String, class style: String? = nil) -> String {
    element(name, style.map { [("class", $0)] } ?? [], escaped(text))
  }

  /// Names and what they stand for.
  static func facts(_ pairs: [(name: String, value: String)]) -> String {
    let list = pairs.map { element("div", [], text("dt", $0.name) + text("dd", $0.value)) }.joined()
    return element("dl", [("class", "facts")], list)
  }

  /// A table that scrolls within itself where it is too wide; the cells are markup, `numeric` columns stand right.
  static func table(
    _ caption: String, head: [String], _ rows: [[String]], numeric: Set<Int> = []
  ) -> String {
    func row(_ cells: [String], _ tag: String) -> String {
      let spelled = cells.enumerated().map { place, cell in
        let isHead = tag == "th" || place == 0
        let attributes =
          (isHead ? [("scope", tag == "th" ? "col" : "row")] : []) + (numeric.contains(place) ? [("class", "n")] : [])
        return element(isHead ? "th" : "td", attributes, cell)
      }
      return element("tr", [], spelled.joined())
    }
    let body = rows.map { row($0, "td") }.joined(separator: "\n")
    let table =
      text("caption", caption) + element("thead", [], row(head.map(escaped), "th"))
      + element("tbody", [], "\n\(body)\n")
    return element(
      "div", [("class", "scroll"), ("tabindex", "0"), ("role", "region"), ("aria-label", caption)],
      element("table", [], table))
  }

  /// A whole page around `body`, which loads nothing from anywhere, whatever a name in it might ask for.
  ///
  /// Only where there is a `script` may one run.
  static func page(title: String, style: String = "", script: String? = nil, _ body: String) -> String {
    let scripts = script == nil ? "" : " script-src 'unsafe-inline';"
    let policy = "default-src 'none'; style-src 'unsafe-inline';\(scripts) img-src data:"
    return """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta http-equiv="Content-Security-Policy" content="\(policy)">
      <meta name="color-scheme" content="light dark">
      <link rel="icon" href="data:,">
      \(text("title", title))
      <style>\(PageStyle.text)\(style)</style>
      </head>
      <body>
      \(body)\(script.map { "\n<script>\($0)</script>" } ?? "")
      </body>
      </html>

      """
  }

  /// A part of a page.
  static func section(_ id: String, _ title: String, _ content: String) -> String {
    "<section id=\"\(id)\"><h2>\(title)</h2>\n\(content)\n</section>"
  }

  /// JSON within a script element: the end of the element cannot stand in it.
  static func json(id: String, _ text: String) -> String {
    "<script type=\"application/json\" id=\"\(id)\">"
      + text.replacing("<", with: "\\u003c").replacing("\u{2028}", with: "\\u2028").replacing(
        "\u{2029}", with: "\\u2029")
      + "</script>"
  }
}

/// The numbers of a drawing: a tenth of a unit is finer than anybody sees.
func drawn(_ value: Double) -> String {
  let tenths = Int((value * 10).rounded())
  return tenths % 10 == 0 ? "\(tenths / 10)" : "\(decimal(Double(tenths) / 10, 1))"
}
