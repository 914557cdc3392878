import Bench
import Testing

/// What the histories of the model leave open.
@Suite("Consistency report")
struct ConsistencyReportTests {
  typealias History = ConsistencyHistory

  @Test("each accepted vote with its row is a pass, and duplicates that nobody could see are not zero")
  func passes() {
    let report = History(votes: votes(1), polls: final(1, 0), rows: [("u1", "a")]).report
    #expect(report.verdict == .pass && report.findings.isEmpty)
    #expect(report.duplicated == nil)
  }

  @Test(
    "what was never counted may not show, what nobody knows may",
    arguments: [Outcome.refused, .dropped, .indeterminate])
  func refusedCounts(outcome: Outcome) {
    let history = History(votes: [vote(1, "a", 0, 10, outcome), vote(2, "b")], polls: final(1, 1))
    #expect(history.codes.contains(.upper) == (outcome != .indeterminate))
  }

  @Test("a choice that nobody voted for is found")
  func strangers() {
    #expect(History(votes: votes(1), polls: [poll(900, 905, 1, 0, c: 1)]).codes.contains(.upper))
    let poll = TallySample(sent: History.at(900), received: History.at(905), counts: ["a": 1, "z": 1])
    #expect(History(votes: votes(1), polls: [poll]).codes.contains(.upper))
  }

  @Test("a tally that starts below its base was reset, although no poll of the run saw it fall")
  func resetAtOnce() {
    let history = History(votes: votes(1), base: ["a": 5, "b": 0], polls: [poll(20, 25, 1, 0)])
    #expect(history.codes == [.reset, .lost])
  }

  @Test("a second row is a fault of the store, or a duplicate where each counted vote has a row; each counts")
  func duplicates() {
    var history = History(votes: votes(1), polls: final(1, 0), rows: [("u1", "a"), ("u1", "a"), ("u1", "a")])
    #expect(history.codes == [.duplicateRow])
    #expect(history.report.duplicated == 2, "what was seen is not unobservable")
    history.rules.semantics = .count
    #expect(history.codes == [.duplicate])
    #expect(history.report.duplicated == 2)
  }

  @Test("the rows of a refused vote are judged alike in any order")
  func order() {
    let rows = [("u1", "a"), ("u1", "b"), ("u2", "a")]
    let reports = [rows, rows.reversed(), [rows[1], rows[0], rows[2]]].map { rows in
      History(votes: [vote(1, "a", 0, 10, .refused), vote(2, "a")], polls: final(1, 0), rows: rows).report.findings
    }
    #expect(Set(reports).count == 1)
    #expect(Set(reports[0].map(\.code)) == [.ghostFail, .wrongChoice, .duplicateRow])
  }

  @Test("nothing seen is no pass: no polls while votes were sent, no end of the drain")
  func vacuous() {
    #expect(History(votes: votes(1), rows: [("u1", "a")]).report.verdict == .inconclusive)
    let late = History(votes: votes(1), polls: final(1, 0), rows: [("u1", "a")], votesEnded: 1050)
    #expect(late.codes == [.noEvidence], "polls of the drain alone bound nothing")
    let unfinished = History(votes: votes(1), polls: final(1, 0), rows: [("u1", "a")], drain: .waiting(deficit: 1))
    #expect(unfinished.report.verdict == .inconclusive)
  }

  @Test("votes that are still queued when the time for draining is up are not lost", arguments: [true, false])
  func queued(exported: Bool) {
    let report = History(
      votes: votes(2), polls: final(1, 0), rows: exported ? [("u1", "a")] : nil, drain: .timedOut(deficit: 1)
    ).report
    #expect(report.verdict == .inconclusive)
    #expect(report.findings.map(\.code) == [.drainTimeout])
    #expect((report.lostMinimum, report.lostMaximum) == (0, 1))
    #expect(report.lostVoters.isEmpty)
  }

  @Test("a drain that stands still with nothing missing is a pass")
  func slow() {
    #expect(History(votes: votes(2), polls: final(2, 0), drain: .stalled(deficit: 0)).report.verdict == .pass)
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

  @Test("a tally whose last step was a small one is stalled as soon as any other")
  func stallsAfterSmallStep() {
    var drain = Drain(need: ["a": 1000], begin: MonotonicTime(nanoseconds: 0), limit: .seconds(600))
    for second in 1...5 { _ = drain.add(sample(Double(second), 200 * min(second, 4) + 88)) }
    for second in 6..<30 { #expect(drain.add(sample(Double(second), 889)) == .waiting(deficit: 111)) }
    #expect(drain.add(sample(30, 889)) == .stalled(deficit: 111))
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
    #expect(drain.add(sample(100, 100)) == .timedOut(deficit: 900, rest: .seconds(900)))
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
    var baseline = Baseline(choices: ["a", "b"])
    #expect(baseline.add(sample(0, 7)) == false)
    #expect(baseline.add(sample(2, 9)) == false)
    #expect(baseline.add(sample(6, 9)) == false)
    #expect(baseline.add(sample(7, 9)) == true)
    #expect(baseline.samples.map { $0["a"] } == [9, 9, 9])
  }

  @Test("two polls are too few, however far apart")
  func fewPolls() {
    var baseline = Baseline(choices: ["a", "b"])
    #expect(baseline.add(sample(0, 0)) == false)
    #expect(baseline.add(sample(20, 0)) == false)
    #expect(baseline.add(sample(25, 0)) == true)
  }

  @Test("one that moves for 30 s is taken as it is, with every poll")
  func moves() {
    var baseline = Baseline(choices: ["a", "b"])
    for second in 0..<30 { #expect(baseline.add(sample(Double(second), second)) == false) }
    #expect(baseline.add(sample(30, 30)) == true)
    #expect(baseline.samples.count == 31)
  }
}
