/// The three times of votes that were sent and ended, whatever their outcome.
package struct VoteTimes: Sendable {
  /// Completion - intended start: what a user waits.
  package private(set) var response = Distribution()
  /// Completion - actual start.
  package private(set) var service = Distribution()
  /// The generator's own lateness.
  package private(set) var startLag = Distribution()

  /// No vote yet.
  package init() {}

  /// Adds one vote, which was sent.
  package mutating func record(_ vote: Observation) {
    response.record(nanoseconds: vote.completed.nanoseconds - vote.intended.nanoseconds)
    service.record(nanoseconds: vote.completed.nanoseconds - vote.actual.nanoseconds)
    startLag.record(nanoseconds: vote.startLag)
  }

  /// Adds all votes of `other`.
  package mutating func add(_ other: VoteTimes) {
    response.add(other.response)
    service.add(other.service)
    startLag.add(other.startLag)
  }

  /// Forgets all votes and keeps the memory.
  package mutating func reset() {
    response.reset()
    service.reset()
    startLag.reset()
  }
}
