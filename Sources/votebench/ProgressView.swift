import Bench

/// What a person sees while a run goes on: a line a phase, and on a terminal a line that is written over.
final class ProgressView {
  /// How much is shown.
  enum Style: String {
    /// A moving line on a terminal, plain lines elsewhere.
    case auto
    /// A line for each thing that happens.
    case plain
    /// Nothing.
    case none
  }

  private let style: Style
  private let moves: Bool
  private var liveWidth = 0

  init(style: Style) {
    self.style = style
    moves = style == .auto && Console.errorIsTerminal
  }

  /// Something happened, `elapsed` after the first vote (nil before it).
  func note(_ text: String, at elapsed: Duration? = nil) {
    guard style != .none else { return }
    clear()
    let time = elapsed.map { decimal($0.seconds, 1) + "s" } ?? ""
    Console.error(String(repeating: " ", count: max(0, 8 - time.count)) + time + "  " + text)
  }

  /// How the run stands now; shown on a terminal only.
  func live(_ text: String) {
    guard moves else { return }
    let padding = String(repeating: " ", count: max(0, liveWidth - text.count))
    liveWidth = text.count
    Console.progress("\r\(text)\(padding)")
  }

  private func clear() {
    guard moves, liveWidth > 0 else { return }
    Console.progress("\r" + String(repeating: " ", count: liveWidth) + "\r")
    liveWidth = 0
  }
}
