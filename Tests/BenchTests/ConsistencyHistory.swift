import Bench

/// A history in the notation of the consistency model.
///
/// Votes with interval and outcome, polls with interval and counts, rows of an export. All times are in milliseconds;
/// the choices are a, b and c.
struct ConsistencyHistory: Sendable {
  /// One vote; voters are counted from 1, as the model names them.
  struct Vote: Sendable {
    var voter: Int
    var choice: String
    var from: Int64
    var to: Int64
    var outcome: Outcome
    var sends = 1
  }

  static let choices = ["a", "b", "c"]

  var votes: [Vote] = []
  var base: [String: Int] = ["a": 0, "b": 0]
  /// Where the base moves: the polls before the first vote.
  var before: [TallySample]?
  var polls: [TallySample] = []
  /// Nil without an export.
  var rows: [(voter: String, choice: String)]?
  var exportError: String?
  var rules = ConsistencyRules()
  var drain: Drain.State? = .converged
  /// Later than any poll: all of them count as taken while votes were sent.
  var votesEnded: Int64? = 10_000_000

  static func at(_ milliseconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: milliseconds * 1_000_000) }

  /// The votes by voters of their own, unless one of them voted twice.
  var cast: VoteHistory {
    let votes = votes
    let voters = Set(votes.map(\.voter)).count == votes.count ? votes.count : votes.count - 1
    return VoteHistory(
      choices: Self.choices, count: votes.count, voters: voters,
      names: VoteHistory.Names(
        number: { text in text.first == "u" ? Int(text.dropFirst()).map { $0 - 1 } : nil },
        voter: { "u\($0 + 1)" }, choice: { Self.choices.firstIndex(of: votes[$0].choice) ?? 0 })
    ) { body in
      for (index, vote) in votes.enumerated() {
        body(
          CastVote(
            index: index, voter: vote.voter - 1, choice: Self.choices.firstIndex(of: vote.choice) ?? 0,
            sent: Self.at(vote.from), ended: Self.at(vote.to), outcome: vote.outcome, sends: vote.sends))
      }
    }
  }

  var evidence: ConsistencyReport.Evidence {
    var audit: VoteAudit?
    if let rows {
      var counting = VoteAudit(cast, rules: rules)
      for row in rows { counting.add(voter: row.voter, choice: row.choice) }
      counting.finish()
      audit = counting
    }
    let quiet = TallySample(sent: Self.at(-100), received: Self.at(-99), counts: base)
    // A verdict needs three polls; the model's histories have fewer, so the first is there as often as needed.
    let padding = polls.first.map { [TallySample](repeating: $0, count: max(0, 3 - polls.count)) } ?? []
    return ConsistencyReport.Evidence(
      history: cast, baseline: before ?? [quiet, quiet, quiet], samples: padding + polls,
      votesEnded: votesEnded.map(Self.at), drain: drain, audit: audit, exportError: exportError, rules: rules)
  }

  var report: ConsistencyReport { ConsistencyReport(evidence) }

  /// The codes of everything found.
  var codes: Set<Finding.Code> { Set(report.findings.map(\.code)) }
}

/// A vote of a voter of its own: `n` is both.
func vote(
  _ voter: Int, _ choice: String, _ from: Int64 = 0, _ to: Int64 = 10, _ outcome: Outcome = .accepted, sends: Int = 1
) -> ConsistencyHistory.Vote {
  ConsistencyHistory.Vote(voter: voter, choice: choice, from: from, to: to, outcome: outcome, sends: sends)
}

/// `count` accepted votes for a.
func votes(_ count: Int, _ choice: String = "a") -> [ConsistencyHistory.Vote] {
  (1...count).map { vote($0, choice) }
}

/// A poll that shows `a` and `b`, and `c` if asked for.
func poll(_ from: Int64, _ to: Int64, _ a: Int, _ b: Int, c: Int? = nil, source: Int = 0) -> TallySample {
  var counts = ["a": a, "b": b]
  counts["c"] = c
  return TallySample(
    sent: ConsistencyHistory.at(from), received: ConsistencyHistory.at(to), counts: counts, source: source)
}

/// Three polls at rest.
func final(_ a: Int, _ b: Int) -> [TallySample] {
  [poll(900, 905, a, b), poll(1000, 1005, a, b), poll(1100, 1105, a, b)]
}

extension Drain {
  /// For votes that each count by themselves: `need` is what each choice must show.
  init(need: [String: Int], begin: MonotonicTime, limit: Duration, hasIndeterminate: Bool = false) {
    self.init(begin: begin, limit: limit, hasIndeterminate: hasIndeterminate) { sample in
      need.reduce(0) { $0 + max(0, $1.value - sample[$1.key]) }
    }
  }
}
