import Bench
import Testing

/// Bases that move, sources that differ, and ends of the drain: what proves a fault, and what does not.
@Suite("Bases, sources and ends")
struct ConsistencySourcesTests {
  private typealias History = ConsistencyHistory

  @Test(
    "while others vote too, a tally that goes back or misses votes proves nothing: the base moved, and that is said")
  func movingBase() {
    let before = [(5, 0), (6, 0), (6, 1)].enumerated().map { poll(Int64($0) - 100, Int64($0) - 99, $1.0, $1.1) }
    let polls = [poll(20, 25, 7, 1), poll(40, 45, 7, 1), poll(900, 905, 6, 2)]
    for drain in [Drain.State.converged, .stalled(deficit: 1)] {
      let report = History(votes: votes(1), before: before, polls: polls, drain: drain).report
      #expect(report.findings.map(\.code) == [.baselineUnstable], "\(report.findings)")
      #expect(report.lostMinimum == 0 && report.verdict == .inconclusive)
    }
    let audited = History(votes: votes(1), before: before, polls: polls, rows: []).report
    #expect(audited.findings.map(\.code) == [.lost, .baselineUnstable], "the export is exact all the same")
  }

  @Test("an empty tally and one of zeros are the same base; so are a number and a share that may be it")
  func sameBase() {
    func rounded(_ from: Int64, _ total: Int, _ a: Double) -> TallySample {
      TallySample(
        sent: History.at(from), received: History.at(from + 1), total: total, percent: ["a": a, "b": 100 - a], source: 1
      )
    }
    let empty = TallySample(sent: History.at(-50), received: History.at(-49), counts: [:], source: 1)
    let zeros = History(
      votes: votes(2), before: [poll(-60, -59, 0, 0), empty, poll(-40, -39, 0, 0)], polls: final(2, 0))
    #expect(zeros.report.verdict == .pass, "\(zeros.report.findings)")

    let before = [poll(-60, -59, 500, 500), rounded(-50, 1000, 50), rounded(-40, 1000, 50)]
    let polls = [
      poll(2000, 2001, 502, 500), rounded(2010, 1002, 50), poll(6000, 6001, 502, 500), rounded(6010, 1002, 50),
      poll(9000, 9001, 502, 500),
    ]
    let mixed = History(votes: votes(2), before: before, polls: polls)
    #expect(mixed.report.verdict == .pass, "\(mixed.report.findings)")
    let lost = History(votes: votes(3), before: before, polls: polls)
    #expect(lost.codes == [.lost], "\(lost.report.findings)")
    let other = History(
      votes: votes(2), before: [poll(-60, -59, 500, 500), rounded(-50, 990, 50), rounded(-40, 990, 50)], polls: polls)
    #expect(other.codes.contains(.baselineUnstable))
  }

  @Test("a source that showed more itself is stale, however long it stands still; one that never did is frozen")
  func frozenAfterFall() {
    var history = History(
      votes: votes(3) + [vote(4, "b", 7000, 7010)],
      polls: [
        poll(20, 25, 3, 0), poll(5000, 5005, 2, 0), poll(6000, 6005, 3, 0, source: 1),
        poll(8000, 8005, 3, 1, source: 1),
        poll(16_000, 16_005, 2, 0), poll(20_000, 20_005, 3, 1),
      ])
    history.rules.sources = [
      ConsistencyRules.Source(name: "A", isOneServer: false), ConsistencyRules.Source(name: "B"),
    ]
    #expect(history.codes == [.staleRead], "\(history.report.findings)")
    history.polls[0] = poll(20, 25, 2, 0)
    #expect(history.codes.isEmpty, "\(history.report.findings)")
    #expect(history.report.notes.frozen == ["A"])
  }

  @Test("a tally at rest that does not show what the export has is stuck; lost votes within the budget are put up with")
  func ends() {
    let rows = (1...10).map { (voter: "u\($0)", choice: "a") }
    let behind = History(votes: votes(10), polls: final(7, 0), rows: rows, drain: .stalled(deficit: 3, queue: .empty))
    #expect(behind.codes == [.stuck], "\(behind.report.findings)")
    var few = History(votes: votes(10), polls: final(8, 0), drain: .stalled(deficit: 2))
    few.rules.lossBudget = 2
    #expect(few.codes.isEmpty, "\(few.report.findings)")
    few.rules.lossBudget = 1
    #expect(few.codes == [.lostOrStuck], "\(few.report.findings)")
  }

  @Test("where indeterminate votes may fill the places of queued ones, the tally has to stand still for 30 s")
  func maskedDrain() {
    func converges(_ hasIndeterminate: Bool) -> Double? {
      var drain = Drain(
        need: ["a": 2], begin: History.at(0), limit: .seconds(600), hasIndeterminate: hasIndeterminate)
      for second in Int64(1)...60 where drain.add(poll(second * 1000, second * 1000, 2, 0)) == .converged {
        return Double(second)
      }
      return nil
    }
    #expect(converges(false) == 4)
    #expect(converges(true) == 31)
  }

  @Test("a drain that would take for ever is told as one of 31 years")
  func endlessDrain() {
    var drain = Drain(need: ["a": 1 << 44], begin: History.at(0), limit: .seconds(40))
    var state = Drain.State.waiting(deficit: 0)
    for second in Int64(1)...40 { state = drain.add(poll(second * 1000, second * 1000, Int(second), 0)) }
    #expect(state == .timedOut(deficit: (1 << 44) - 40, rest: .seconds(1e9)))
    #expect(History(votes: votes(1), polls: final(1, 0), drain: state).codes == [.drainTimeout])
  }

  @Test("the upper 95 % bound of others' votes is that of the tables, and is scaled to the span")
  func allowance() {
    for (count, bound) in [(0, 3.00), (3, 7.75), (12, 19.44)] {
      #expect((ForeignAllowance.upperBound(count) * 100).rounded() / 100 == bound)
    }
    let measured = ForeignAllowance.measured(count: 3, over: .seconds(10))
    #expect(measured.bound(over: .seconds(100)) == 77)
    #expect(measured.bound(over: .seconds(-1)) == 0)
    #expect(ForeignAllowance.atMost(5).bound(over: .seconds(100)) == 5)
  }
}
