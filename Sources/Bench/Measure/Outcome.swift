/// What became of one vote, as far as its sender can know.
package enum Outcome: UInt8, Sendable, Hashable, CaseIterable {
  /// Surely counted: the application said so.
  case accepted
  /// Surely not counted: it can never take effect.
  case refused
  /// Nobody can know from outside: it may have taken effect, may later, or never.
  case indeterminate
  /// Due, but never sent: still waiting for a connection at its deadline.
  case dropped
}

/// Why a vote was not accepted, in two bytes: 0 none, 1...99 a CURLcode, 100...599 an HTTP status, above: our own.
package struct Cause: RawRepresentable, Sendable, Hashable {
  /// The code in the ledger.
  package let rawValue: UInt16

  /// The cause with this code.
  package init(rawValue: UInt16) {
    self.rawValue = rawValue
  }

  /// Nothing went wrong.
  package static let none = Cause(rawValue: 0)
  /// A 2xx whose body does not say that the vote was taken.
  package static let markerMissing = Cause(rawValue: 600)
  /// Still unsent at its deadline, since every connection was busy.
  package static let noConnectionFree = Cause(rawValue: 601)
  /// libcurl wanted to send the vote again by itself and was stopped: the kept connection closed without an answer.
  package static let resendBlocked = Cause(rawValue: 602)
  /// Still unsent at its deadline though a connection was free: the generator's own doing, and no failure of the system.
  package static let generatorLate = Cause(rawValue: 604)
  /// The run ended before an answer came.
  package static let runEnded = Cause(rawValue: 603)

  /// A result code of libcurl (CURLcode), 1...99.
  package static func curl(_ code: Int) -> Cause { Cause(rawValue: UInt16(clamping: code)) }
  /// An HTTP status.
  package static func status(_ status: Int) -> Cause { Cause(rawValue: UInt16(clamping: status)) }

  /// Every name of a cause for which votes of the system fail, save those with a number.
  package static let names = [
    "dns", "connect-refused", "timeout", "tls", "closed-without-answer", "send-failed", "connection-reset",
    "answer-cut",
    "marker-missing", "no-connection-free", "resend-blocked", "run-ended",
  ]

  /// The name in reports: `http-502`, `timeout`, `connect-refused`.
  package var name: String {
    switch rawValue {
    case 0: "none"
    case 5, 6: "dns"
    case 7: "connect-refused"
    case 28: "timeout"
    case 35, 51, 53, 54, 58, 59, 60, 64, 66, 77, 80, 82, 83, 90, 91, 98: "tls"
    case 52: "closed-without-answer"
    case 55: "send-failed"
    case 56: "connection-reset"
    case 18: "answer-cut"
    case 1...99: "curl-\(rawValue)"
    case 100...599: "http-\(rawValue)"
    case 600: "marker-missing"
    case 601: "no-connection-free"
    case 602: "resend-blocked"
    case 603: "run-ended"
    case 604: "generator-late"
    default: "unknown-\(rawValue)"
    }
  }
}
