import Bench

/// What a person sees while a run goes on: a line for each thing that happens, and how the run stands.
///
/// On a terminal that is a block of lines below the others, written over four times a second; anywhere else a line every
/// five seconds.
final class ProgressView {
  /// How much is shown.
  enum Style: String {
    /// A block that is written over on a terminal, plain lines elsewhere.
    case auto
    /// Plain lines.
    case plain
    /// Nothing.
    case none
  }

  private static let redrawn: Duration = .milliseconds(250)
  private static let told: Duration = .seconds(5)

  private let style: Style
  private var figures: LiveFigures?
  private var phases: [Phase] = []
  /// Lines of the block that stand on the terminal.
  private var drawn = 0
  private var shown: MonotonicTime?

  init(style: Style) {
    self.style = style
  }

  /// Something happened, `elapsed` after the first vote (nil before it).
  func note(_ text: String, at elapsed: Duration? = nil) {
    guard style != .none else { return }
    clear()
    let time = elapsed.map { decimal($0.seconds, 1) + "s" } ?? ""
    Console.error(String(repeating: " ", count: max(0, 8 - time.count)) + time + "  " + text)
  }

  // MARK: The run

  /// The first vote has its moment; the run has these phases, as planned.
  func begin(_ figures: LiveFigures, phases: [Phase]) {
    guard style != .none else { return }
    self.figures = figures
    self.phases = phases + [.drain]
  }

  /// A phase begins, and ends at `end` where that is known.
  func begin(_ phase: Phase, at start: MonotonicTime, until end: MonotonicTime?) {
    let place = (phases.firstIndex(of: phase) ?? 0) + 1
    figures?.begin(phase, at: start, until: end, place: place, of: phases.count)
    note(phase.rawValue, at: figures.map { start - $0.origin })
  }

  /// Votes have come back, and so many were sent meanwhile.
  func add(_ votes: [Observation], sent: Int) { figures?.add(votes, sent: sent) }

  /// The tally showed so many votes of this run.
  func see(visible: Int) { figures?.see(visible: visible) }

  /// A change stands so.
  func see(_ record: RolloutRecord) { figures?.see(record) }

  /// Shows how the run stands, when it is time to.
  func show(_ now: MonotonicTime) {
    guard figures != nil else { return }
    // Asked every few milliseconds: only what is about to be drawn is worth more than a look at the clock.
    if let shown, now - shown < Self.redrawn { return }
    let terminal = style == .auto ? Console.errorTerminal : nil
    guard shown.map({ now - $0 >= (terminal == nil ? Self.told : Self.redrawn) }) ?? (terminal != nil) else {
      // Plain lines begin five seconds after the first vote.
      if shown == nil { shown = figures?.origin }
      return
    }
    shown = now
    figures?.pass(now)
    guard let figures else { return }
    let text = LiveText(figures, now: now)
    guard let terminal else { return note(text.plain, at: now - figures.origin) }
    let lines = text.lines(terminal)
    Console.progress(erasure + lines.joined(separator: "\n"))
    drawn = lines.count
  }

  /// The run is over: what was written over is taken away.
  func end() {
    clear()
    figures = nil
  }

  private func clear() {
    guard drawn > 0 else { return }
    Console.progress(erasure)
    drawn = 0
    shown = nil
  }

  /// Takes the cursor to the beginning of the block, and what is there away.
  private var erasure: String {
    drawn == 0 ? "" : "\r" + (drawn > 1 ? "\u{1B}[\(drawn - 1)A" : "") + "\u{1B}[J"
  }
}
