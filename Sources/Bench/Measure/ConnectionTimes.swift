/// How long the parts of opening one connection took, and the wait for its first answer.
///
/// Each part is counted from the end of the part before it, and is nil where it was not reached.
package struct ConnectionTimes: Sendable, Hashable {
  /// When the opening began.
  package var began: MonotonicTime
  /// Which vote it was opened for; nil when it was opened before the first vote.
  package var vote: Int?
  /// Look-up of the host's address.
  package var nameLookup: Duration?
  /// TCP handshake.
  package var connect: Duration?
  /// TLS handshake; nil without TLS.
  package var tls: Duration?
  /// From the end of the handshakes to the first byte of the first answer; nil without an answer.
  package var firstByte: Duration?

  /// Times of one connection; see the members.
  package init(
    began: MonotonicTime, vote: Int?, nameLookup: Duration?, connect: Duration?, tls: Duration?, firstByte: Duration?
  ) {
    self.began = began
    self.vote = vote
    self.nameLookup = nameLookup
    self.connect = connect
    self.tls = tls
    self.firstByte = firstByte
  }

  /// The times as a ledger keeps them: each part in microseconds, rounded up.
  package var kept: Self {
    func microseconds(_ part: Duration?) -> Duration? {
      part.map { .microseconds(UInt32(clamping: ($0.nanoseconds + 999) / 1000)) }
    }
    return Self(
      began: began, vote: vote, nameLookup: microseconds(nameLookup), connect: microseconds(connect),
      tls: microseconds(tls), firstByte: microseconds(firstByte))
  }
}
