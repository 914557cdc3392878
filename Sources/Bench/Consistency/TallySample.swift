import FoundationEssentials

/// One good poll of the tally: the counts that the result frontend showed, with the moments of its request and answer.
package struct TallySample: Sendable, Hashable {
  /// Taken before the request was handed to libcurl.
  package var sent: MonotonicTime
  /// Taken after the answer was complete.
  package var received: MonotonicTime
  /// Votes by choice.
  ///
  /// Labels that nobody was asked to vote for count too: they are evidence.
  package var counts: [String: Int]

  /// A sample; see the members.
  package init(sent: MonotonicTime, received: MonotonicTime, counts: [String: Int]) {
    self.sent = sent
    self.received = received
    self.counts = counts
  }

  /// All votes.
  package var total: Int { counts.values.reduce(0, +) }

  /// Votes for `choice`; a choice that the tally does not show has none.
  package subscript(choice: String) -> Int { counts[choice] ?? 0 }

  /// Reads `{"a":N,"b":N,"total":N}`.
  ///
  /// Nil when it is something else: counts that are no whole numbers above or equal to 0, or a `total` that is not the
  /// sum of the rest.
  package static func counts(fromJSON body: [UInt8]) -> [String: Int]? {
    guard var counts = try? JSONDecoder().decode([String: Int].self, from: Data(body)) else { return nil }
    let total = counts.removeValue(forKey: "total")
    guard counts.values.allSatisfy({ $0 >= 0 }) else { return nil }
    let sum = counts.values.reduce(0, +)
    return total ?? sum == sum ? counts : nil
  }
}
