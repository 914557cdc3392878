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

  /// Ended by a signal: 130 for SIGINT, 143 for SIGTERM.
  static func interrupted(by signal: Int32) -> ExitCode {
    ExitCode(128 + signal)
  }
}

/// Why a run could not be begun or went blind: a sentence that says what failed, why, and what to do.
struct RunFailure: Error, Sendable {
  var message: String
  /// What votebench exits with.
  var status: ExitCode

  init(_ message: String, status: ExitCode = ExitStatus.unavailable) {
    self.message = message
    self.status = status
  }

  init(_ error: some Error & CustomStringConvertible) {
    self.init(error.description)
  }
}
