import Glibc

/// What keeps the sandbox from doing what was asked: it did not start, or it ended by itself.
///
/// A failed vote, a pod that crashes or a rollout that does not complete are none: those are what
/// the sandbox is there to show.
package struct SandboxError: Error, Sendable, CustomStringConvertible {
  /// What kind of trouble it is.
  package enum Code: String, Sendable, CaseIterable {
    /// Programs that the sandbox runs are not installed.
    case programMissing
    /// The ports that it may listen on are taken.
    case portTaken
    /// The disk is full or nearly so.
    case noSpace
    /// The place for its folder belongs to somebody else, or its path is too long.
    case folderUnsafe
    /// No loopback range is free.
    case rangeTaken
    /// The manifests of the voting system cannot be read.
    case manifestInvalid
    /// A process could not be started, or ended at once.
    case startFailed
    /// A part did not become ready within its limit.
    case notReady
    /// The sandbox's process ended without having been told to.
    case ended
  }

  /// What kind of trouble it is.
  package var code: Code
  /// What was being done, such as "starting PostgreSQL".
  package var attempted: String
  /// What happened instead.
  package var cause: String
  /// A sentence that says what the user can do about it.
  package var remedy: String

  /// An error with all of its parts.
  package init(_ code: Code, attempted: String, cause: String, remedy: String) {
    self.code = code
    self.attempted = attempted
    self.cause = cause
    self.remedy = remedy
  }

  /// All of it in one sentence or two.
  package var description: String {
    // A cause can be another error's text, which ends with a full stop.
    "\(attempted): \(cause.hasSuffix(".") ? String(cause.dropLast()) : cause). \(remedy)"
  }
}

extension SandboxError {
  /// The error for a failed system call: a full disk is told apart, since it has a remedy of its own.
  static func system(_ errno: Int32, attempted: String, code: Code = .startFailed) -> SandboxError {
    if errno == ENOSPC || errno == EDQUOT { return .noSpace(attempted: attempted, cause: String(systemError: errno)) }
    return SandboxError(
      code, attempted: attempted, cause: String(systemError: errno),
      remedy: "Try again; if it stays so, look at the message above for the file or limit that it names.")
  }

  static func noSpace(attempted: String, cause: String) -> SandboxError {
    SandboxError(
      .noSpace, attempted: attempted, cause: cause,
      remedy: "Free some space there (the sandbox needs 300 MB), or set TMPDIR to a folder on another disk.")
  }
}

extension String {
  /// The system's own words for an error number.
  init(systemError number: Int32) {
    self = String(cString: strerror(number))
  }
}
