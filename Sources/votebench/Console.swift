import Bench
import Glibc

/// Standard output for reports, standard error for progress and problems; both without a buffer of ours.
enum Console {
  /// Prints to standard output.
  static func output(_ text: some StringProtocol) {
    write(text, to: STDOUT_FILENO)
  }

  /// Prints a line to standard error.
  static func error(_ line: some StringProtocol) {
    write(line + "\n", to: STDERR_FILENO)
  }

  /// Prints to standard error without ending the line.
  static func progress(_ text: some StringProtocol) {
    write(text, to: STDERR_FILENO)
  }

  /// Asks a question that is answered with y or yes; false also where nobody is there to answer.
  static func ask(_ question: String) -> Bool {
    guard errorIsTerminal, isatty(STDIN_FILENO) == 1 else { return false }
    progress(question)
    return ["y", "yes"].contains(readLine()?.lowercased() ?? "")
  }

  /// True when standard output shows colours: a terminal, and no NO_COLOR.
  static var outputHasColor: Bool {
    isatty(STDOUT_FILENO) == 1 && !isColorless
  }

  /// True where NO_COLOR says something.
  private static var isColorless: Bool { environment("NO_COLOR") != nil }

  /// A variable of the environment; nil for one that is empty, too.
  private static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// What standard error can show; nil where it is no terminal that lines can be written over on.
  ///
  /// The environment is asked once, the width each time: windows change theirs.
  static var errorTerminal: LiveText.Terminal? {
    guard var terminal = firstTerminal else { return nil }
    var size = winsize()
    if ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { terminal.width = Int(size.ws_col) }
    return terminal
  }

  private static let firstTerminal: LiveText.Terminal? = {
    guard errorIsTerminal, environment("TERM") != "dumb" else { return nil }
    let locale = environment("LC_ALL") ?? environment("LC_CTYPE") ?? environment("LANG")
    return LiveText.Terminal(
      width: 80, hasColor: !isColorless,
      hasUnicode: locale.map { $0.lowercased().hasSuffix("utf-8") || $0.lowercased().hasSuffix("utf8") } ?? false)
  }()

  /// True when standard error is a terminal.
  static var errorIsTerminal: Bool {
    isatty(STDERR_FILENO) == 1
  }

  private static func write(_ text: some StringProtocol, to descriptor: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { return }
      rest = rest.dropFirst(written)
    }
  }
}
