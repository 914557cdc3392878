import Bench
import Testing

/// Histories in the notation of the consistency model: votes with interval and outcome, polls with interval and counts.
///
/// Vote k is due at k milliseconds; all times are in milliseconds.
struct History {
  var votes: [(choice: String, from: Int64, to: Int64, outcome: Outcome)] = []
  var base: [String: Int] = ["a": 0, "b": 0]
  var polls: [(from: Int64, to: Int64, counts: [String: Int])] = []
  var rows: [(vote: Int, choice: String)]?
  var kind = VoteAudit.Rows.voters
  var drain = Drain.State.converged
  /// Nil: all polls count as taken while votes were sent.
  var votesEnded: Int64?

  /// A ballot whose choices are those of the votes: the seed is searched for.
  func ballot() -> Ballot {
    var seed: UInt64 = 0
    while true {
      let ballot = Ballot(run: "history0", seed: seed, choices: ["a", "b"])
      if votes.indices.allSatisfy({ ballot.choice(of: $0) == votes[$0].choice }) { return ballot }
      seed += 1
    }
  }

  func ledger() -> Ledger {
    let origin = MonotonicTime(nanoseconds: 0)
    // A schedule so dense that every vote is due at (nearly) 0, so that any start can be stated.
    var ledger = Ledger(schedule: Schedule(rate: ArrivalRate(votesPerSecond: 1_000_000)), origin: origin)
    for (index, vote) in votes.enumerated() {
      ledger.record(
        Observation(
          index: index, intended: ledger.intendedStart(of: index), actual: Self.at(vote.from, index),
          completed: Self.at(vote.to, index), startLag: 0, outcome: vote.outcome, cause: .none))
    }
    return ledger
  }

  /// Milliseconds after the origin; votes are due a microsecond apart, so their starts are kept at or after that.
  static func at(_ milliseconds: Int64, _ index: Int = 0) -> MonotonicTime {
    MonotonicTime(nanoseconds: milliseconds * 1_000_000 + Int64(index) * 1000)
  }

  func samples() -> [TallySample] {
    polls.map { TallySample(sent: Self.at($0.from), received: Self.at($0.to, 900), counts: $0.counts) }
  }

  func report() -> ConsistencyReport {
    let ledger = ledger()
    let ballot = ballot()
    var audit: VoteAudit?
    if let rows {
      var counting = VoteAudit(ledger: ledger, ballot: ballot, rows: kind)
      for row in rows { counting.add(voter: ballot.voter(of: row.vote), choice: row.choice) }
      counting.finish()
      audit = counting
    }
    let before = TallySample(sent: Self.at(-10), received: Self.at(-9), counts: base)
    return ConsistencyReport(
      ConsistencyReport.Evidence(
        ledger: ledger, ballot: ballot, baseline: [before, before, before], samples: samples(),
        votesEnded: votesEnded.map { Self.at($0) },
        drain: drain,
        audit: audit, exportError: nil, rows: kind))
  }
}

@Suite("Tally bounds")
struct TallyBoundsTests {
  private func codes(_ history: History) -> Set<Finding.Code> {
    Set(
      TallyBounds(base: history.base, ledger: history.ledger(), ballot: history.ballot())
        .judge(history.samples()).map(\.code))
  }

  @Test("a vote may be visible before its answer, while touching, and late")
  func allows() {
    var history = History(votes: [("a", 10, 30, .accepted)])
    for poll in [(15, 20, 1), (0, 10, 1), (20, 25, 0), (900, 905, 1)] as [(Int64, Int64, Int)] {
      history.polls = [(poll.0, poll.1, ["a": poll.2, "b": 0])]
      #expect(codes(history).isEmpty, "poll \(poll)")
    }
  }

  @Test("a vote that is counted before it was sent is found")
  func upper() {
    #expect(codes(History(votes: [("a", 10, 30, .accepted)], polls: [(0, 5, ["a": 1, "b": 0])])) == [.upper])
  }

  @Test("a refused vote that is counted is found, an indeterminate one is not")
  func refusedCounts() {
    for (outcome, expected) in [(Outcome.refused, true), (.dropped, true), (.indeterminate, false)] {
      let history = History(votes: [("a", 0, 10, outcome)], polls: [(900, 905, ["a": 1, "b": 0])])
      #expect(codes(history).contains(.upper) == expected, "\(outcome)")
    }
  }

  @Test("a vote for a is no excuse for one for b, and a choice that nobody voted for is found")
  func choicesApart() {
    let votes: [(String, Int64, Int64, Outcome)] = [("a", 0, 10, .accepted), ("b", 0, 10, .accepted)]
    #expect(codes(History(votes: votes, polls: [(900, 905, ["a": 2, "b": 0])])) == [.upper])
    #expect(codes(History(votes: votes, polls: [(900, 905, ["a": 1, "b": 0, "c": 1])])) == [.upper])
  }

  @Test("a tally that goes back is found, two overlapping polls have no order")
  func regression() {
    let votes = [(String, Int64, Int64, Outcome)](repeating: ("a", 0, 10, .accepted), count: 3)
    let back = History(votes: votes, polls: [(20, 25, ["a": 3, "b": 0]), (30, 35, ["a": 2, "b": 0])])
    #expect(codes(back) == [.regression])
    let overlapping = History(votes: votes, polls: [(20, 40, ["a": 3, "b": 0]), (30, 35, ["a": 2, "b": 0])])
    #expect(codes(overlapping).isEmpty)
    let reset = History(votes: votes, polls: [(20, 25, ["a": 3, "b": 0]), (60, 65, ["a": 0, "b": 0])])
    #expect(codes(reset) == [.regression, .reset])
  }

  @Test("a tally that starts below its base was reset, although no poll of the run saw it fall")
  func resetAtOnce() {
    let history = History(
      votes: [("a", 0, 10, .accepted)], base: ["a": 5, "b": 0], polls: [(20, 25, ["a": 1, "b": 0])])
    #expect(codes(history) == [.reset])
  }
}

@Suite("Consistency report")
struct ConsistencyReportTests {
  private func final(_ a: Int, _ b: Int) -> [(from: Int64, to: Int64, counts: [String: Int])] {
    [(900, 905, ["a": a, "b": b]), (1000, 1005, ["a": a, "b": b]), (1100, 1105, ["a": a, "b": b])]
  }

  @Test("each accepted vote with its row is a pass")
  func passes() {
    let report = History(votes: [("a", 0, 10, .accepted)], polls: final(1, 0), rows: [(0, "a")]).report()
    #expect(report.verdict == .pass)
    #expect(report.findings.isEmpty)
    #expect(report.duplicated == nil, "one row a voter: duplicates are not observable, which is not 0")
  }

  @Test("an accepted vote without a row is lost, and its voter is named")
  func lost() {
    let history = History(
      votes: [("a", 0, 10, .accepted), ("a", 0, 10, .accepted), ("a", 0, 10, .indeterminate)], polls: final(2, 0),
      rows: [(0, "a"), (2, "a")])
    let report = history.report()
    #expect(report.verdict == .fail)
    #expect(report.findings.map(\.code) == [.lost])
    #expect(report.lostVoters == [history.ballot().voter(of: 1)])
    #expect(report.recovered == 1)
  }

  @Test("an indeterminate vote without a row is nobody's loss")
  func unresolved() {
    let report = History(
      votes: [("a", 0, 10, .accepted), ("b", 0, 10, .indeterminate)], polls: final(1, 0), rows: [(0, "a")]
    ).report()
    #expect(report.verdict == .pass)
    #expect(report.recovered == 0)
  }

  @Test("a vote stored for another choice is altered")
  func altered() {
    let report = History(
      votes: [("a", 0, 10, .accepted), ("b", 0, 10, .accepted)], polls: final(1, 1), rows: [(0, "b"), (1, "a")]
    ).report()
    #expect(report.altered == 2)
    #expect(report.findings.map(\.code) == [.wrongChoice])
  }

  @Test("a refused vote with a row is a ghost, a row of no voter a phantom")
  func ghostAndPhantom() {
    var history = History(
      votes: [("a", 0, 10, .accepted), ("a", 0, 10, .refused)], polls: final(1, 0), rows: [(0, "a"), (1, "a")])
    #expect(history.report().findings.map(\.code) == [.ghostFail])
    history.rows = [(0, "a"), (9, "a")]
    #expect(history.report().findings.map(\.code) == [.phantom])
  }

  @Test("two rows of one voter: a fault of the store, or a duplicate where each counted vote has a row")
  func duplicates() {
    var history = History(votes: [("a", 0, 10, .accepted)], polls: final(1, 0), rows: [(0, "a"), (0, "a")])
    #expect(history.report().findings.map(\.code) == [.duplicateRow])
    #expect(history.report().duplicated == 1, "what was seen is not unobservable")
    history.kind = .countedVotes
    let report = history.report()
    #expect(report.findings.map(\.code) == [.duplicate])
    #expect(report.duplicated == 1)
  }

  @Test("without an export, indeterminate votes can mask losses: no verdict")
  func masked() {
    let report = History(
      votes: [("a", 0, 10, .accepted), ("a", 0, 10, .accepted), ("a", 0, 10, .indeterminate)], polls: final(2, 0)
    ).report()
    #expect(report.verdict == .inconclusive)
    #expect((report.lostMinimum, report.lostMaximum) == (0, 1))
    #expect(report.findings.map(\.code) == [.masked])
  }

  @Test("nothing seen is no pass: no votes, no polls, no end of the drain")
  func vacuous() {
    #expect(History(polls: final(0, 0), rows: []).report().findings.map(\.code) == [.noEvidence])
    #expect(History(votes: [("a", 0, 10, .accepted)], rows: [(0, "a")]).report().verdict == .inconclusive)
    var late = History(votes: [("a", 0, 10, .accepted)], polls: final(1, 0), rows: [(0, "a")])
    late.votesEnded = 1050
    #expect(late.report().findings.map(\.code) == [.noEvidence], "polls of the drain alone bound nothing")
    let unfinished = History(
      votes: [("a", 0, 10, .accepted)], polls: final(1, 0), rows: [(0, "a")], drain: .waiting(deficit: 1))
    #expect(unfinished.report().verdict == .inconclusive)
  }

  @Test("a tally that stands still below the accepted votes fails, one that still grows is inconclusive")
  func drains() {
    let votes: [(String, Int64, Int64, Outcome)] = [("a", 0, 10, .accepted), ("a", 0, 10, .accepted)]
    let stalled = History(votes: votes, polls: final(1, 0), drain: .stalled(deficit: 1)).report()
    #expect(stalled.findings.map(\.code) == [.lostOrStuck])
    let growing = History(votes: votes, polls: final(1, 0), rows: [(0, "a"), (1, "a")], drain: .timedOut(deficit: 1))
    #expect(growing.report().findings.map(\.code) == [.drainTimeout])
    let slow = History(votes: votes, polls: final(2, 0), drain: .stalled(deficit: 0)).report()
    #expect(slow.verdict == .pass, "nothing is missing")
  }

  @Test("votes that are still queued when the time for draining is up are not lost", arguments: [true, false])
  func queued(exported: Bool) {
    let votes: [(String, Int64, Int64, Outcome)] = [("a", 0, 10, .accepted), ("a", 0, 10, .accepted)]
    let report = History(
      votes: votes, polls: final(1, 0), rows: exported ? [(0, "a")] : nil, drain: .timedOut(deficit: 1)
    ).report()
    #expect(report.verdict == .inconclusive)
    #expect(report.findings.map(\.code) == [.drainTimeout])
    #expect((report.lostMinimum, report.lostMaximum) == (0, 1))
    #expect(report.lostVoters.isEmpty)
  }

  @Test("on a base that moved, an excess is no proof of anything")
  func foreign() {
    let history = History(votes: [("a", 0, 10, .accepted)], polls: final(9, 0))
    func sample(_ a: Int) -> TallySample {
      TallySample(sent: History.at(-10), received: History.at(-9), counts: ["a": a, "b": 0])
    }
    let report = ConsistencyReport(
      ConsistencyReport.Evidence(
        ledger: history.ledger(), ballot: history.ballot(), baseline: [sample(0), sample(1), sample(2)],
        samples: history.samples(), votesEnded: nil, drain: .converged, audit: nil, exportError: nil, rows: .voters))
    #expect(report.findings.map(\.code) == [.baselineUnstable])
    #expect(report.verdict == .inconclusive)
  }

  @Test("every code is the finding of some history above, save those of the base and the export")
  func baseAndExport() {
    let history = History(votes: [("a", 0, 10, .accepted)], polls: final(1, 0))
    func sample(_ a: Int) -> TallySample {
      TallySample(sent: History.at(-10), received: History.at(-9), counts: ["a": a, "b": 0])
    }
    let report = ConsistencyReport(
      ConsistencyReport.Evidence(
        ledger: history.ledger(), ballot: history.ballot(), baseline: [sample(0), sample(1), sample(0)],
        samples: history.samples(), votesEnded: nil, drain: .converged, audit: nil, exportError: "psql: no such host",
        rows: .voters))
    #expect(Set(report.findings.map(\.code)) == [.baselineUnstable, .exportFailed])
    #expect(report.verdict == .inconclusive)
  }
}

@Suite("Drain")
struct DrainTests {
  private func sample(_ second: Double, _ a: Int) -> TallySample {
    let time = MonotonicTime(nanoseconds: Int64(second * 1e9))
    return TallySample(sent: time, received: time, counts: ["a": a])
  }

  @Test("converged when every accepted vote shows and the tally stands still for 3 s and 3 polls")
  func converges() {
    var drain = Drain(need: ["a": 10], begin: MonotonicTime(nanoseconds: 0), limit: .seconds(600))
    #expect(drain.add(sample(0.5, 9)) == .waiting(deficit: 1))
    #expect(drain.add(sample(1, 10)) == .waiting(deficit: 0))
    #expect(drain.add(sample(3.9, 10)) == .waiting(deficit: 0))
    #expect(drain.add(sample(4, 10)) == .converged)
  }

  @Test("a tally that stands still below is stalled after 30 s, not before")
  func stalls() {
    var drain = Drain(need: ["a": 10], begin: MonotonicTime(nanoseconds: 0), limit: .seconds(600))
    for second in 1..<30 { #expect(drain.add(sample(Double(second), 9)) == .waiting(deficit: 1)) }
    #expect(drain.add(sample(30, 9)) == .stalled(deficit: 1))
  }

  @Test("polls that are far apart converge too")
  func slowPolls() {
    var drain = Drain(need: ["a": 10], begin: MonotonicTime(nanoseconds: 0), limit: .seconds(600))
    #expect(drain.add(sample(9, 10)) == .waiting(deficit: 0))
    #expect(drain.add(sample(18, 10)) == .waiting(deficit: 0))
    #expect(drain.add(sample(27, 10)) == .converged)
  }

  @Test("without any good poll for the time given there is nothing to wait for")
  func blind() {
    var drain = Drain(need: ["a": 10], begin: MonotonicTime(nanoseconds: 0), limit: .seconds(600))
    let patience = Duration.seconds(30)
    #expect(!drain.isBlind(at: MonotonicTime(nanoseconds: 29_000_000_000), patience: patience))
    #expect(drain.isBlind(at: MonotonicTime(nanoseconds: 30_000_000_000), patience: patience))
    _ = drain.add(sample(20, 9))
    #expect(!drain.isBlind(at: MonotonicTime(nanoseconds: 49_000_000_000), patience: patience))
    #expect(drain.isBlind(at: MonotonicTime(nanoseconds: 50_000_000_000), patience: patience))
  }

  @Test("a slow drain is waited for as long as its rate says, and given up at the limit")
  func followsRate() {
    var drain = Drain(need: ["a": 1000], begin: MonotonicTime(nanoseconds: 0), limit: .seconds(100))
    var second = 1
    while second < 100 {
      #expect(drain.add(sample(Double(second), second)) == .waiting(deficit: 1000 - second))
      second += 1
    }
    #expect(drain.add(sample(100, 100)) == .timedOut(deficit: 900))
  }
}

@Suite("Baseline")
struct BaselineTests {
  private func sample(_ second: Double, _ a: Int) -> TallySample {
    let time = MonotonicTime(nanoseconds: Int64(second * 1e9))
    return TallySample(sent: time, received: time, counts: ["a": a])
  }

  @Test("it stands after 5 s and 3 polls without a change, and what was before the change is forgotten")
  func stands() {
    var baseline = Baseline()
    #expect(baseline.add(sample(0, 7)) == false)
    #expect(baseline.add(sample(2, 9)) == false)
    #expect(baseline.add(sample(6, 9)) == false)
    #expect(baseline.add(sample(7, 9)) == true)
    #expect(baseline.samples.map { $0["a"] } == [9, 9, 9])
  }

  @Test("two polls are too few, however far apart")
  func fewPolls() {
    var baseline = Baseline()
    #expect(baseline.add(sample(0, 0)) == false)
    #expect(baseline.add(sample(20, 0)) == false)
    #expect(baseline.add(sample(25, 0)) == true)
  }

  @Test("one that moves for 30 s is taken as it is, with every poll")
  func moves() {
    var baseline = Baseline()
    for second in 0..<30 { #expect(baseline.add(sample(Double(second), second)) == false) }
    #expect(baseline.add(sample(30, 30)) == true)
    #expect(baseline.samples.count == 31)
  }
}
