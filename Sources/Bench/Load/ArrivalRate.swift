/// How many votes are due per unit of time, as an exact fraction.
///
/// The fraction is kept as typed (`0.5` is 5 votes in 10 s, `30/m` is 30 in 60 s), so that the due moment of
/// vote k is one integer division and never drifts: an interval cut to whole nanoseconds and multiplied would.
package struct ArrivalRate: Sendable, Hashable, CustomStringConvertible {
  /// Votes in one `period`; at least 1, save in `zero`.
  package let votes: Int64
  /// The span in which `votes` are due, in nanoseconds; at least 1.
  package let periodNanoseconds: Int64

  /// No vote at all: a pause between stages.
  package static let zero = Self(votes: 0, periodNanoseconds: 1_000_000_000)

  private init(votes: Int64, periodNanoseconds: Int64) {
    self.votes = votes
    self.periodNanoseconds = periodNanoseconds
  }

  /// A rate of whole votes per second.
  ///
  /// `votesPerSecond` is at least 1.
  package init(votesPerSecond: Int) {
    precondition(votesPerSecond > 0, "an arrival rate is above 0")
    self.votes = Int64(votesPerSecond)
    self.periodNanoseconds = 1_000_000_000
  }

  /// Reads `500`, `0.5`, `500/s`, `30/m` or `10/h`; nil when the text is no rate above 0 and at most 1 000 000/s.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    let unitNanoseconds: [Substring: Int64] = ["s": 1_000_000_000, "m": 60_000_000_000, "h": 3_600_000_000_000]
    guard parts.count <= 2, let unit = parts.count == 2 ? unitNanoseconds[parts[1]] : 1_000_000_000 else { return nil }
    let digits = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    guard digits.count <= 2, digits.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.isASCII && $0.isNumber } }) else {
      return nil
    }
    let decimals = digits.count == 2 ? digits[1].count : 0
    guard decimals <= 6, let votes = Int64(digits.joined()), votes > 0 else { return nil }
    let scale = (0..<decimals).reduce(Int64(1)) { product, _ in product * 10 }
    self.votes = votes
    self.periodNanoseconds = unit * scale
    guard perSecond <= 1_000_000 else { return nil }
  }

  /// Votes per second as a number, for people and for estimates; schedules use the fraction.
  package var perSecond: Double {
    Double(votes) * 1e9 / Double(periodNanoseconds)
  }

  /// For people: `500/s`.
  package var description: String {
    let value = perSecond
    return value == value.rounded() ? "\(Int64(value))/s" : "\(value)/s"
  }
}
