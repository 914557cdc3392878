import Bench
import Testing

@Suite("Who votes more than once")
struct ElectorateTests {
  private func ballot(_ electorate: Electorate, seed: UInt64 = 5) -> Ballot {
    Ballot(run: "voters00", seed: seed, choices: ["a", "b"], electorate: electorate)
  }

  /// Accepted votes, and the last choice of each voter by its number.
  private static func ledger(of count: Int, _ ballot: Ballot) -> (Ledger, rows: [Int: Int]) {
    let origin = MonotonicTime(nanoseconds: 0)
    var ledger = Ledger(schedule: Schedule(rate: ArrivalRate(votesPerSecond: 100)), origin: origin)
    var rows: [Int: Int] = [:]
    for index in 0..<count {
      let due = origin + .milliseconds(index * 10)
      ledger.record(
        Observation(
          index: index, intended: due, actual: due, completed: due + .milliseconds(3), startLag: 0, outcome: .accepted,
          cause: .none))
      rows[ballot.voterNumber(of: index)] = ballot.choiceIndex(of: index)
    }
    return (ledger, rows)
  }

  @Test("by default each voter votes once, with the same ids as ever")
  func unique() {
    let ballot = Ballot(run: "voters00", seed: 5, choices: ["a", "b"])
    #expect((0..<1000).allSatisfy { ballot.voterNumber(of: $0) == $0 })
    #expect(ballot.voter(of: 35) == "vbvoters00-000000z\(ballot.voter(of: 35).last ?? "?")")
  }

  @Test(
    "the votes of a voter are the gap apart, and the voter has the number of the first", arguments: [0.05, 0.2, 0.9])
  func revotes(share: Double) {
    for seed in UInt64(0)..<5 {
      let ballot = ballot(Electorate(revoteShare: share, gap: 40), seed: seed)
      var last: [Int: Int] = [:]
      var (again, wrong) = (0, [Int]())
      for index in 0..<20_000 {
        let voter = ballot.voterNumber(of: index)
        if voter != index { again += 1 }
        let isApart = voter == index ? last[voter] == nil : last[voter] == index - 40
        if !isApart || ballot.index(of: ballot.voter(of: index)) != voter { wrong.append(index) }
        last[voter] = index
      }
      #expect(wrong.isEmpty, "seed \(seed)")
      #expect(abs(Double(again) / 20_000 - share) < 0.02, "\(again) of 20000, seed \(seed)")
    }
  }

  @Test("each voter has as many turns as asked for, the gap apart", arguments: [2, 3, 7])
  func turns(count: Int) {
    let ballot = ballot(Electorate(turns: count, gap: 10))
    let votes = Dictionary(grouping: 0..<(10 * count * 50)) { ballot.voterNumber(of: $0) }
    #expect(votes.count == 500)
    for (voter, indices) in votes { #expect(indices == (0..<count).map { voter + $0 * 10 }) }
  }

  @Test("the gap is what comes in two seconds at the highest rate")
  func gap() {
    #expect(Electorate.gap(for: Schedule(rate: ArrivalRate(votesPerSecond: 500))) == 1000)
    let stages = Schedule.Stage.list("10s@50,10s@50..300") ?? []
    #expect(Electorate.gap(for: Schedule(.stages(stages))) == 600)
    #expect(Electorate.gap(for: Schedule(.closed(users: 8))) == 800)
  }

  /// A store that shows the first of two votes of one voter has lost an update: totals may hide it, the audit does not.
  @Test("a ledger with revotes is audited by voter: the last choice is right, the one before is stale")
  func audit() {
    let ballot = ballot(Electorate(turns: 2, gap: 50))
    let (ledger, counted) = Self.ledger(of: 400, ballot)
    var rows = counted
    let changed = rows.keys.sorted().first { ballot.choiceIndex(of: $0) != ballot.choiceIndex(of: $0 + 50) } ?? 0
    let history = VoteHistory(ledger, ballot)
    for (stored, codes) in [(rows[changed], []), (ballot.choiceIndex(of: changed), [Finding.Code.staleChoice])] {
      rows[changed] = stored
      var audit = VoteAudit(history, rules: ConsistencyRules())
      for (voter, choice) in rows { audit.add(voter: ballot.id(ofVoter: voter), choice: ballot.choices[choice]) }
      audit.finish()
      #expect(audit.findings.map(\.code) == codes)
      #expect(audit.lostCount == 0)
    }
    rows[changed] = nil
    var audit = VoteAudit(history, rules: ConsistencyRules())
    for (voter, choice) in rows { audit.add(voter: ballot.id(ofVoter: voter), choice: ballot.choices[choice]) }
    audit.add(voter: ballot.id(ofVoter: changed + 50), choice: "a")
    audit.finish()
    #expect(audit.lostVoters == [ballot.id(ofVoter: changed)])
    #expect(audit.phantoms.count == 1, "the number of a later vote is nobody's")
  }

  @Test("where each counted vote has a row, one row of an accepted and an indeterminate vote may hide a loss")
  func maskedByRevote() {
    let votes = [vote(1, "a"), vote(1, "a", 20, 30, .indeterminate), vote(2, "b")]
    var history = ConsistencyHistory(votes: votes, polls: final(1, 1), rows: [("u1", "a"), ("u2", "b")])
    history.rules.semantics = .count
    #expect(history.codes == [.masked], "\(history.report.findings)")
    #expect(history.report.lostMinimum == 0 && history.report.lostMaximum == 1)
    history.rows = [("u2", "b")]
    #expect(history.report.lostVoters == ["u1"])
  }

  @Test("a voter of whose votes one was lost is named")
  func partlyLost() {
    var history = ConsistencyHistory(
      votes: [vote(1, "a"), vote(1, "a", 20, 30), vote(2, "b")], polls: final(1, 1), rows: [("u1", "a"), ("u2", "b")])
    history.rules.semantics = .count
    #expect(history.report.lostVoters == ["u1"] && history.report.lostMinimum == 1)
  }

  @Test("a drain with revotes waits for voters, not for votes")
  func drain() {
    let ballot = ballot(Electorate(turns: 2, gap: 5))
    let origin = MonotonicTime(nanoseconds: 0)
    let (ledger, rows) = Self.ledger(of: 20, ballot)
    let counts = Dictionary(grouping: rows.values) { ballot.choices[$0] }.mapValues(\.count)
    let zero = TallySample(sent: origin, received: origin, counts: ["a": 0, "b": 0])
    var drain = Drain(
      of: VoteHistory(ledger, ballot), rules: ConsistencyRules(), base: zero, begin: origin, limit: .seconds(600))
    func poll(_ second: Int, _ counts: [String: Int]) -> Drain.State {
      let moment = origin + .seconds(second)
      return drain.add(TallySample(sent: moment, received: moment, counts: counts))
    }
    #expect(poll(1, ["a": 0, "b": 0]) == .waiting(deficit: 10))
    for second in 2...4 { _ = poll(second, counts) }
    #expect(poll(5, counts) == .converged)
  }
}
