/// The few lines that a person watches while a run goes on, or one plain line.
///
/// Numbers stand in fields of a fixed width, so that nothing jumps about. Every line fits the width; where there is little
/// room there are fewer lines.
package struct LiveText: Sendable {
  /// What the terminal can show.
  package struct Terminal: Sendable, Hashable {
    /// Columns.
    package var width: Int
    /// True where colours are wanted.
    package var hasColor: Bool
    /// True where more than ASCII can be shown.
    package var hasUnicode: Bool

    /// A terminal; see the members.
    package init(width: Int, hasColor: Bool, hasUnicode: Bool) {
      self.width = width
      self.hasColor = hasColor
      self.hasUnicode = hasUnicode
    }
  }

  private let figures: LiveFigures
  private let now: MonotonicTime

  /// How a run stands at `now`.
  package init(_ figures: LiveFigures, now: MonotonicTime) {
    self.figures = figures
    self.now = now
  }

  // MARK: Lines for a terminal

  /// The lines, without line breaks; none of them is wider than the terminal.
  ///
  /// What does not fit is left out as a whole: a number is never cut.
  package func lines(_ terminal: Terminal) -> [String] {
    let width = max(1, terminal.width)
    guard width >= 30 else { return [Self.fitted(phaseFields(width), width)] }
    let (room, isWide) = (width - 11, width >= 60)
    let all =
      [("phase", phaseFields(room)), ("rate", rateFields)] + responseLines(room) + [
        ("votes", votesFields(isWide)), ("pods", podsFields(room)), ("tally", tallyFields(terminal, room)),
      ]
    return all.compactMap { name, fields in
      guard !fields.isEmpty else { return nil }
      let line = Self.padded(name, 11) + Self.fitted(fields, room)
      return name == "votes" && terminal.hasColor && figures.overall.failed > 0 ? "\u{1B}[31m\(line)\u{1B}[0m" : line
    }
  }

  private func phaseFields(_ width: Int) -> [String] {
    guard let phase = figures.phase else { return [""] }
    let elapsed = max(0, (now - figures.span.start).seconds)
    let place = " (\(phase.place) of \(phase.of))"
    let fields = [phase.name.rawValue, " \(decimal(elapsed, 1)) s"]
    guard let end = figures.span.end else { return Self.aligned(fields, 22) + [place] }
    let length = (end - figures.span.start).seconds
    let share = length > 0 ? min(1, elapsed / length) : 1
    let head = Self.aligned(fields + [" of \(decimal(length, 0))"], 26) + [place]
    let room = min(24, width - head.joined().count - 4)
    guard room > 5 else { return head }
    let done = Int((Double(room) * share).rounded(.down))
    return head + ["  [" + String(repeating: "#", count: done) + String(repeating: ".", count: room - done) + "]"]
  }

  private var lastSecond: LiveFigures.Second { figures.seconds.last ?? LiveFigures.Second() }

  private var due: Double? { figures.phase?.name == .drain ? 0 : figures.duePerSecond(now) }

  private var rateFields: [String] {
    [
      due.map { Self.left(decimal($0, 0), 6) + "/s due" }, Self.left("\(lastSecond.sent)", 7) + "/s sent",
      Self.left("\(lastSecond.accepted)", 7) + "/s accepted",
      figures.waiting(now).map { Self.left("\($0)", 7) + " on their way" },
    ].compactMap(\.self)
  }

  /// The last second and all of the run in a line where there is room, else in two.
  private func responseLines(_ room: Int) -> [(String, [String])] {
    let (last, all) = (lastSecond.response, figures.all.summary)
    let line = Self.times(last, room) + "   all" + Self.values(all, 3)
    if line.count <= room { return [("response", [line])] }
    return [("response", [Self.times(last, room)]), ("overall", [Self.times(all, room)])]
  }

  /// As many of median, 99th percentile and maximum as there is room for.
  private static func times(_ summary: RoughTimes.Summary?, _ room: Int) -> String {
    let names = ["p50", "p99", "max"]
    let texts = (1...3).map { names.prefix($0).joined(separator: "/") + values(summary, $0) }
    return texts.last { $0.count <= room } ?? ""
  }

  private static func values(_ summary: RoughTimes.Summary?, _ count: Int) -> String {
    guard let summary else { return [String](repeating: "      -", count: count).joined() + "   " }
    let values = [summary.p50, summary.p99, summary.max].prefix(count)
    return values.map { left(decimal($0, $0 < 100 ? 1 : 0), 7) }.joined() + " ms"
  }

  private func votesFields(_ isWide: Bool) -> [String] {
    let votes = figures.overall
    guard isWide else {
      return [Self.left("\(votes.failed)", 6) + " failed", Self.left("\(votes.accepted)", 7) + " accepted"]
    }
    return [
      Self.left("\(votes.accepted)", 9) + " accepted", Self.left("\(votes.refused)", 6) + " refused",
      Self.left("\(votes.indeterminate)", 6) + " indeterminate", Self.left("\(votes.dropped)", 6) + " dropped",
    ]
  }

  /// Images by their whole names where all fit, else without the registry, else by their tags.
  private func podsFields(_ room: Int) -> [String] {
    let revisions = figures.pods(now)
    func fields(_ name: (String) -> Substring) -> [String] {
      revisions.enumerated().map { place, entry in
        (place > 0 ? "   " : "") + "\(name(entry.revision)): \(Self.spelled(entry.pods))"
      }
    }
    let forms = [
      fields { $0[...] }, fields { $0[($0.lastIndex(of: "/").map($0.index(after:)) ?? $0.startIndex)...] },
      fields { $0[($0.lastIndex(of: ":").map($0.index(after:)) ?? $0.startIndex)...] },
    ]
    return forms.first { $0.joined().count <= room } ?? forms[2]
  }

  private static func spelled(_ pods: Timeline.Pods) -> String {
    [
      (pods.ready, "ready"), (pods.starting, "starting"), (pods.unready, "not ready"),
      (pods.terminating, "terminating"),
    ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
  }

  private func tallyFields(_ terminal: Terminal, _ room: Int) -> [String] {
    let width = room < 49 ? 6 : 9
    let behind =
      figures.behind.map { Self.left("\($0)", width) + " votes behind" } ?? Self.left("-", width) + " not read yet"
    let rest = min(40, room - behind.count - 7)
    return rest < 8 ? [behind] : [behind, "   p99 " + sparkline(rest, terminal.hasUnicode)]
  }

  /// The p99 of the last seconds, a character each, from nothing to the largest of them.
  private func sparkline(_ room: Int, _ hasUnicode: Bool) -> String {
    let marks = Array(hasUnicode ? "▁▂▃▄▅▆▇█" : "._-=+*#@")
    let values = figures.seconds.suffix(room).map { $0.response?.p99 }
    let most = values.compactMap(\.self).max() ?? 1
    return String(
      values.map { value in
        value.map { marks[min(marks.count - 1, Int($0 / max(most, 1e-9) * Double(marks.count)))] } ?? " "
      })
  }

  // MARK: A plain line

  /// One line that says the same, for whatever is no terminal.
  package var plain: String {
    func times(_ summary: RoughTimes.Summary?) -> String? {
      summary.map { "p50 \(decimal($0.p50, 1)) ms, p99 \(decimal($0.p99, 1)) ms, max \(decimal($0.max, 1)) ms" }
    }
    let phase = figures.phase?.name.rawValue ?? "begun"
    let rates = [
      due.map { "\(decimal($0, 0))/s due" }, "\(lastSecond.sent)/s sent", "\(lastSecond.accepted)/s accepted",
    ]
    let pods = figures.pods(now).map { "\($0.revision): \(Self.spelled($0.pods))" }.joined(separator: "   ")
    let parts = [
      "\(phase): \(figures.overall.due) votes, \(figures.overall.failed) failed",
      "last second " + rates.compactMap(\.self).joined(separator: ", "), times(lastSecond.response),
      times(figures.all.summary).map { "overall \($0)" }, figures.behind.map { "tally \($0) behind" },
      pods.isEmpty ? nil : "pods \(pods)",
    ]
    return parts.compactMap(\.self).joined(separator: "; ")
  }

  // MARK: Text

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private static func left(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }

  /// The fields from the first on that there is room for.
  private static func fitted(_ fields: [String], _ width: Int) -> String {
    var text = ""
    for field in fields {
      guard text.count + field.count <= width else { break }
      text += field
    }
    return text
  }

  /// Fields whose follower begins at a column: what is missing to it stands before that.
  private static func aligned(_ fields: [String], _ width: Int) -> [String] {
    fields + [String(repeating: " ", count: max(0, width - fields.joined().count))]
  }
}
