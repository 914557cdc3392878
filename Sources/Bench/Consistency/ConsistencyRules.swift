/// What is promised of the voting system, and how strictly its tally is judged.
///
/// Every failing verdict is a proof under these assumptions, so they are printed beside it.
package struct ConsistencyRules: Sendable, Hashable, Codable {
  /// What one accepted vote does to the tally, and what a row of an export stands for.
  package enum Semantics: String, Sendable, Hashable, Codable {
    /// One row a voter, the last vote wins: duplicates cannot be seen, and a second row is a fault of the store.
    case upsert
    /// Each accepted vote adds one; one row a counted vote.
    case count
  }

  /// Which of two votes of one voter wins, the second of which was sent after the first was answered.
  package enum Order: String, Sendable, Hashable, Codable {
    /// The second: one worker, one queue.
    case realtime
    /// Either: several workers, and no promise.
    case any
  }

  /// What is known of one tally source.
  package struct Source: Sendable, Hashable, Codable {
    /// Its name in reports.
    package var name: String
    /// How old its counts may be when they are asked for: the period of a cache or of a push.
    package var refresh: Duration
    /// For a source that sends by itself: the time from one message to the next; nil for one that is asked.
    package var period: Duration?
    /// True when the counts of one poll are of one moment.
    package var isAtomic: Bool
    /// True when one server answers: else going back may be another server's age.
    package var isOneServer: Bool

    /// A source; the defaults are those of a page that is computed when asked for.
    package init(
      name: String, refresh: Duration = .zero, period: Duration? = nil, isAtomic: Bool = true,
      isOneServer: Bool = true
    ) {
      self.name = name
      self.refresh = refresh
      self.period = period
      self.isAtomic = isAtomic
      self.isOneServer = isOneServer
    }
  }

  /// What a vote does to the tally.
  package var semantics: Semantics
  /// Which vote of a voter wins.
  package var order: Order
  /// Votes that are not of this run.
  package var foreign: ForeignTraffic
  /// How long after its answer a vote must be visible; nil where nobody asks.
  package var freshnessLimit: Duration?
  /// How far one source, or server, may be behind another.
  package var staleness: Duration
  /// True when a re-send must not count twice: an excess by re-sends is then a duplicate.
  package var isExactlyOnce: Bool
  /// Lost votes that are put up with.
  package var lossBudget: Int
  /// How far the clocks of several generators may differ.
  package var clockOffset: Duration
  /// The tally sources by number; one that is not listed is as the default says.
  package var sources: [Source]

  /// Rules for a system that keeps what it promises; see the members.
  package init(
    semantics: Semantics = .upsert, order: Order = .realtime, foreign: ForeignTraffic = .exclusive,
    freshnessLimit: Duration? = nil, staleness: Duration = .seconds(2), isExactlyOnce: Bool = false,
    lossBudget: Int = 0, clockOffset: Duration = .zero, sources: [Source] = []
  ) {
    self.semantics = semantics
    self.order = order
    self.foreign = foreign
    self.freshnessLimit = freshnessLimit
    self.staleness = staleness
    self.isExactlyOnce = isExactlyOnce
    self.lossBudget = lossBudget
    self.clockOffset = clockOffset
    self.sources = sources
  }

  /// The rules of a run by `profile`, as `semantics` says what a row of the export stands for.
  ///
  /// As many losses are put up with as the strictest objective on `votes.lost` allows: none without one.
  package init(_ profile: RunProfile, semantics: Semantics, sources: [Source]) {
    self.init(
      semantics: semantics, foreign: profile.hasPrivateLabels ? .privateLabel : .exclusive,
      lossBudget: profile.objectives.compactMap(\.lossesAllowed).min() ?? 0, sources: sources)
  }

  /// What is known of source `number`.
  package func traits(of number: Int) -> Source {
    number < sources.count ? sources[number] : Source(name: "source \(number)")
  }

  /// The assumptions in words, a line each.
  package var assumptions: [String] {
    var lines = [
      semantics == .upsert ? "one row a voter, the last vote wins" : "each accepted vote adds one",
      foreign.sentence,
    ]
    if order == .any { lines.append("votes of one voter may be stored in any order") }
    if sources.count > 1 || sources.contains(where: { !$0.isOneServer }) {
      lines.append("one source may be \(staleness) behind another")
    }
    if clockOffset > .zero { lines.append("clocks differ by up to \(clockOffset)") }
    if lossBudget > 0 { lines.append("up to \(lossBudget) lost votes are put up with") }
    return lines
  }

  /// How much one vote may add to the tally.
  func weight(of vote: CastVote) -> Int {
    semantics == .count && !isExactlyOnce ? vote.sends : 1
  }
}
