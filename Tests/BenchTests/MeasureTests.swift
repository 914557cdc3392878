import Bench
import Testing

@Suite("Measure")
struct MeasureTests {
  private static let rate = ArrivalRate(votesPerSecond: 100)

  private func votes(_ pattern: String) -> [Observation] {
    pattern.enumerated().map { index, mark in
      let due = MonotonicTime(nanoseconds: Int64(index) * 10_000_000)
      return Observation(
        index: index, intended: due, actual: due, completed: due + .milliseconds(3), startLag: 5000,
        outcome: Self.outcomes[mark] ?? .indeterminate, cause: Self.causes[mark] ?? .status(502))
    }
  }

  private static let outcomes: [Character: Outcome] = [".": .accepted, "d": .dropped, "g": .dropped]
  private static let causes: [Character: Cause] = [".": .none, "d": .noConnectionFree, "g": .generatorLate]

  private func find(_ pattern: String) -> [Outage] {
    Outage.find(in: votes(pattern)) { _ in 100 }
  }

  @Test("failed votes closer than max(3/rate, 50 ms) are one outage, with bounds from the votes around it")
  func outages() throws {
    let found = find("..xx..x.........x......")
    #expect(found.count == 2)
    let first = try #require(found.first)
    #expect(first.lower == .milliseconds(40))
    #expect(first.upper == .milliseconds(60))
    #expect(first.failed == 3)
    #expect(first.votes == 5)
    #expect(found[1].lower == .zero)
    #expect(found[1].share == 1)
  }

  @Test("an outage at the end of the votes has no upper bound")
  func openOutage() throws {
    let outage = try #require(find("....xx").first)
    #expect(outage.upper == nil)
    #expect(outage.failed == 2)
  }

  @Test("no failed vote, no outage; nothing but failed votes, one total outage")
  func extremes() throws {
    #expect(find("......").isEmpty)
    let all = find("xxxxxx")
    #expect(all.map(\.failed) == [6])
    #expect(all.first?.share == 1)
  }

  @Test("what the generator itself did not send is no outage, and no success between failed votes either")
  func unknownVotes() {
    #expect(find("..gggggggg...").isEmpty)
    let found = find("..xggggggggx........")
    #expect(found.map(\.failed) == [2])
    #expect(found.map(\.votes) == [2])
    #expect(found.map(\.upper) == [.milliseconds(110)])
  }

  @Test("the success that ends an outage is measured by the rate of that moment")
  func momentaryRate() {
    // 10 ms apart: at 100/s 50 ms of success suffice, at 20/s it takes 150 ms.
    #expect(find("x......x").count == 2)
    #expect(Outage.find(in: votes("x......x")) { _ in 20 }.count == 1)
    let falling = { (due: MonotonicTime) in due.nanoseconds < 100_000_000 ? 100.0 : 20.0 }
    #expect(Outage.find(in: votes("x......x......x"), votesPerSecond: falling).map(\.failed) == [1, 2])
  }

  @Test("figures count every outcome once, and a dropped vote has no times")
  func figures() {
    let figures = PhaseFigures(of: votes("..x.d."), outages: [])
    #expect(figures.votes.due == 6)
    #expect(figures.votes.sent == 5)
    #expect(figures.votes.accepted == 4)
    #expect(figures.votes.indeterminate == 1)
    #expect(figures.votes.dropped == 1)
    #expect(figures.votes.failed == 2)
    #expect(figures.responseTime.count == 5)
    #expect(figures.responseTime.milliseconds?.p50 == 3)
    #expect(Set(figures.failures.map(\.cause.name)) == ["http-502", "no-connection-free"])
  }

  @Test("the ledger keeps intervals to the microsecond, rounded outwards")
  func ledgerRounds() throws {
    var ledger = Ledger(schedule: Schedule(rate: Self.rate), origin: MonotonicTime(nanoseconds: 500))
    let due = ledger.intendedStart(of: 3)
    ledger.record(
      Observation(
        index: 3, intended: due, actual: MonotonicTime(nanoseconds: due.nanoseconds + 1999),
        completed: MonotonicTime(nanoseconds: due.nanoseconds + 5001), startLag: 1, outcome: .accepted, cause: .none))
    let kept = try #require(ledger[3])
    #expect(kept.actual.nanoseconds == due.nanoseconds + 1000)
    #expect(kept.completed.nanoseconds == due.nanoseconds + 6000)
    #expect(ledger[2] == nil, "a vote that has not come back has no outcome")
    #expect(Array(ledger.observations).map(\.index) == [3])
  }

  @Test("a vote belongs to the phase in which it was due")
  func phases() {
    var edges = PhaseEdges()
    let at = { MonotonicTime(nanoseconds: $0) }
    edges.begin(.warmup, at: at(10))
    edges.begin(.baseline, at: at(20))
    edges.begin(.rollout, at: at(30))
    #expect(edges.phase(at: at(9)) == nil)
    #expect(edges.phase(at: at(19)) == .warmup)
    #expect(edges.phase(at: at(20)) == .baseline)
    #expect(edges.phase(at: at(99)) == .rollout)
    #expect(edges.span(of: .baseline, end: at(99))?.end == at(30))
    #expect(edges.span(of: .settle, end: at(99)) == nil)
  }
}
