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
  package func lines(_ terminal: Terminal) -> [String] {
    let width = max(1, terminal.width)
    guard width >= 30 else { return [Self.cut(phaseText(width), width)] }
    let isWide = width >= 60
    let all = [
      ("phase", phaseText(width - 11)), ("rate", rateText(isWide)), ("response", responseText(isWide)),
      ("votes", votesText(isWide)), ("pods", podsText), ("tally", tallyText(terminal, width - 11)),
    ]
    return all.compactMap { name, text in
      guard let text else { return nil }
      let line = Self.cut(Self.padded(name, 11) + text, width)
      return name == "votes" && terminal.hasColor && figures.counts.failed > 0 ? "\u{1B}[31m\(line)\u{1B}[0m" : line
    }
  }

  private func phaseText(_ width: Int) -> String {
    guard let phase = figures.phase else { return "" }
    let elapsed = max(0, (now - figures.span.start).seconds)
    let name = "\(phase.name.rawValue) \(decimal(elapsed, 1)) s"
    guard let end = figures.span.end else { return Self.padded(name, 22) + " (\(phase.place) of \(phase.of))" }
    let length = (end - figures.span.start).seconds
    let share = length > 0 ? min(1, elapsed / length) : 1
    let head = Self.padded("\(name) of \(decimal(length, 0))", 26) + " (\(phase.place) of \(phase.of))  "
    let room = min(24, width - head.count - 2)
    guard room > 5 else { return head }
    let done = Int((Double(room) * share).rounded(.down))
    return head + "[" + String(repeating: "#", count: done) + String(repeating: ".", count: room - done) + "]"
  }

  private var lastSecond: LiveFigures.Second { figures.seconds.last ?? LiveFigures.Second() }

  private func rateText(_ isWide: Bool) -> String {
    let due = figures.phase?.name == .drain ? 0 : figures.duePerSecond(now)
    let parts =
      [due.map { Self.left(decimal($0, 0), 6) + "/s due" }, Self.left("\(lastSecond.ended)", 6) + "/s ended"]
      + (isWide
        ? [
          Self.left("\(lastSecond.accepted)", 6) + "/s accepted",
          figures.waiting(now).map { Self.left("\($0)", 6) + " on their way" },
        ] : [])
    return parts.compactMap(\.self).joined(separator: " ")
  }

  private func responseText(_ isWide: Bool) -> String {
    func times(_ summary: RoughTimes.Summary?) -> String {
      guard let summary else { return "      -       -       -   " }
      return [summary.p50, summary.p99, summary.max].map { Self.left(decimal($0, $0 < 100 ? 1 : 0), 7) }.joined()
        + " ms"
    }
    let last = "p50/p99/max" + times(lastSecond.response)
    return isWide ? last + "   all" + times(figures.all.summary) : last
  }

  private func votesText(_ isWide: Bool) -> String {
    let votes = figures.counts
    guard isWide else {
      return Self.left("\(votes.accepted)", 9) + " accepted" + Self.left("\(votes.failed)", 6) + " failed"
    }
    return Self.left("\(votes.accepted)", 9) + " accepted" + Self.left("\(votes.refused)", 6) + " refused"
      + Self.left("\(votes.indeterminate)", 6) + " indeterminate" + Self.left("\(votes.dropped)", 6) + " dropped"
  }

  private var podsText: String? {
    let revisions = figures.pods(now)
    return revisions.isEmpty ? nil : revisions.map { "\($0.image): \(Self.spelled($0.pods))" }.joined(separator: "   ")
  }

  private static func spelled(_ pods: Timeline.Pods) -> String {
    [(pods.ready, "ready"), (pods.starting, "starting"), (pods.terminating, "terminating")].filter { $0.0 > 0 }
      .map { "\($0.0) \($0.1)" }.joined(separator: ", ")
  }

  private func tallyText(_ terminal: Terminal, _ width: Int) -> String {
    let behind = figures.behind.map { Self.left("\($0)", 9) + " votes behind" } ?? "        - not read yet"
    let room = min(40, width - behind.count - 7)
    guard room >= 8 else { return behind }
    return behind + "   p99 " + sparkline(room, terminal.hasUnicode)
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
    let phase = figures.phase?.name.rawValue ?? "begun"
    let response = lastSecond.response.map { "p50 \(decimal($0.p50, 1)) ms, p99 \(decimal($0.p99, 1)) ms" }
    let pods = podsText.map { "pods \($0)" }
    let parts = [
      "\(phase): \(figures.counts.due) votes, \(figures.counts.failed) failed", "last second \(lastSecond.ended)/s",
      response,
      figures.behind.map { "tally \($0) behind" }, pods,
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

  private static func cut(_ text: String, _ width: Int) -> String {
    text.count > width ? String(text.prefix(width)) : text
  }
}
