import ArgumentParser
import Bench

/// Exit statuses beyond the verdict's 0, 1 and 2.
enum ExitStatus {
  /// The command line or the profile is wrong.
  static let usage = ExitCode(64)
  /// The run could not be begun, or went blind.
  static let unavailable = ExitCode(69)
  /// A fault of votebench itself.
  static let fault = ExitCode(70)
}

/// Why a run could not be begun or went blind: a sentence that says what failed, why, and what to do.
struct RunFailure: Error, Sendable {
  var message: String

  init(_ message: String) {
    self.message = message
  }

  init(_ error: some Error & CustomStringConvertible) {
    message = error.description
  }
}
