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
    isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == nil
  }

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
