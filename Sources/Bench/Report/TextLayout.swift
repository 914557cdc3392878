/// Text for a terminal: lines that are broken at spaces.
enum TextLayout {
  private static let width = 100

  /// Lines of at most a hundred columns, all but the first behind `indent`; a longer word is not broken.
  static func wrapped(_ text: String, indent: Int) -> [String] {
    var lines: [String] = []
    var line: String?
    // The gaps within a line are kept: they are columns.
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
      guard let begun = line else {
        line = String(word)
        continue
      }
      if begun.count + 1 + word.count > width, !word.isEmpty, begun.contains(where: { $0 != " " }) {
        lines.append(String(begun.reversed().drop { $0 == " " }.reversed()))
        line = String(repeating: " ", count: indent) + word
      } else {
        line = begun + " " + word
      }
    }
    return lines + [line ?? ""]
  }
}
