/// What one pod, or all pods of one version, answered.
package struct ResponderFigures: Sendable {
  /// Votes answered.
  package private(set) var votes = 0
  /// Votes answered that were not accepted, by reason.
  package private(set) var failures: [Cause: Int] = [:]
  /// Completion - intended start, of all of them.
  package private(set) var responseTime = Distribution()

  /// No vote yet.
  package init() {}

  /// Votes answered that were not accepted.
  package var failed: Int { failures.values.reduce(0, +) }

  /// Adds one vote, which was sent.
  package mutating func record(_ vote: Observation) {
    votes += 1
    if vote.outcome != .accepted { failures[vote.cause, default: 0] += 1 }
    responseTime.record(nanoseconds: vote.completed.nanoseconds - vote.intended.nanoseconds)
  }

  /// Adds all votes of `other`.
  package mutating func add(_ other: ResponderFigures) {
    votes += other.votes
    failures.merge(other.failures, uniquingKeysWith: +)
    responseTime.add(other.responseTime)
  }
}
