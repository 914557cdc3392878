/// One good poll of the tally: the counts that a source showed, with the moments of its request and answer.
package struct TallySample: Sendable, Hashable, Codable {
  /// What a source says that shows rounded shares and an exact total.
  package struct Rounding: Sendable, Hashable, Codable {
    /// The most that each choice may have; `counts` has the least.
    package var most: [String: Int]
    /// All votes, exactly.
    package var total: Int
  }

  /// Taken before the request was handed to libcurl.
  package var sent: MonotonicTime
  /// Taken after the answer was complete.
  package var received: MonotonicTime
  /// Which tally source it came from, counted from 0.
  package var source: Int
  /// Votes by choice; where the source rounds, the least that there may be.
  ///
  /// Labels that nobody was asked to vote for count too: they are evidence.
  package var counts: [String: Int]
  /// Nil for a source that shows numbers, as they should.
  package var rounding: Rounding?

  /// A sample; see the members.
  package init(sent: MonotonicTime, received: MonotonicTime, counts: [String: Int], source: Int = 0) {
    self.sent = sent
    self.received = received
    self.counts = counts
    self.source = source
  }

  /// A sample of a source that shows a total and shares in percent, rounded to `step` (1 for whole percents).
  package init(
    sent: MonotonicTime, received: MonotonicTime, total: Int, percent: [String: Double], step: Double = 1,
    source: Int = 0
  ) {
    func bound(_ percent: Double) -> Double { Double(total) * percent / 100 }
    let least = percent.mapValues { max(0, Int(bound($0 - step / 2).rounded(.up))) }
    self.init(sent: sent, received: received, counts: least, source: source)
    rounding = Rounding(
      most: percent.mapValues { min(total, Int(bound($0 + step / 2).rounded(.down))) }, total: total)
  }

  /// All votes.
  package var total: Int { rounding?.total ?? counts.values.reduce(0, +) }

  /// Votes for `choice`, where the source rounds the least; a choice that the tally does not show has none.
  package subscript(choice: String) -> Int { counts[choice] ?? 0 }

  /// The most that there may be for `choice`.
  package func most(_ choice: String) -> Int {
    rounding.map { $0.most[choice] ?? 0 } ?? self[choice]
  }
}
