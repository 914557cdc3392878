/// How long connections took to open, and how long their first answers took.
package struct ConnectionFigures: Sendable {
  /// Connections whose opening began, whatever became of them.
  package private(set) var opened = 0
  /// Look-ups of the host's address.
  package private(set) var nameLookup = Distribution()
  /// TCP handshakes.
  package private(set) var connect = Distribution()
  /// TLS handshakes.
  package private(set) var tls = Distribution()
  /// From the end of the handshakes to the first byte of the first answer.
  package private(set) var firstByte = Distribution()

  /// No connection yet.
  package init() {}

  /// Adds one connection; a part that was not reached is in no distribution.
  package mutating func record(_ times: ConnectionTimes) {
    opened += 1
    if let part = times.nameLookup { nameLookup.record(nanoseconds: part.nanoseconds) }
    if let part = times.connect { connect.record(nanoseconds: part.nanoseconds) }
    if let part = times.tls { tls.record(nanoseconds: part.nanoseconds) }
    if let part = times.firstByte { firstByte.record(nanoseconds: part.nanoseconds) }
  }

  /// Adds all connections of `other`.
  package mutating func add(_ other: ConnectionFigures) {
    opened += other.opened
    nameLookup.add(other.nameLookup)
    connect.add(other.connect)
    tls.add(other.tls)
    firstByte.add(other.firstByte)
  }
}
