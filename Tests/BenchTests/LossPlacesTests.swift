import Bench
import Testing

@Suite("Where lost votes were")
struct LossPlacesTests {
  private static let origin = MonotonicTime(nanoseconds: 9_000_000_000)

  /// A hundred votes, one in 10 ms, by three pods in turn, of which these have no row; vote 25 was refused.
  private func places(lost: Set<Int>) -> LossPlaces? {
    let ballot = Ballot(run: "places00", seed: 1, choices: ["a", "b"])
    var ledger = Ledger(schedule: Schedule(rate: ArrivalRate(votesPerSecond: 100)), origin: Self.origin)
    for index in 0..<100 {
      let due = Self.origin + .milliseconds(index * 10)
      ledger.record(
        Observation(
          index: index, intended: due, actual: due, completed: due + .milliseconds(1), startLag: 0,
          outcome: index == 25 ? .refused : .accepted, cause: .none, pod: UInt8(index % 3)))
    }
    let history = VoteHistory(ledger, ballot)
    var audit = VoteAudit(history, rules: ConsistencyRules())
    for index in 0..<100 where index != 25 && !lost.contains(index) {
      audit.add(voter: ballot.voter(of: index), choice: ballot.choice(of: index))
    }
    audit.finish()
    var phases = PhaseEdges()
    phases.begin(.baseline, at: Self.origin)
    phases.begin(.rollout, at: Self.origin + .milliseconds(500))
    let counts = ["a": 0, "b": 0]
    let quiet = TallySample(sent: Self.origin, received: Self.origin, counts: counts)
    return ConsistencyReport(
      ConsistencyReport.Evidence(
        history: history, baseline: [quiet, quiet, quiet], samples: [quiet], votesEnded: nil, drain: .converged,
        audit: audit, exportError: nil, rules: ConsistencyRules(),
        course: RunCourse(origin: Self.origin, phases: phases, pods: ["app-x"]) { [ledger] body in
          for vote in ledger.observations { body(vote) }
        })
    ).lostPlaces
  }

  @Test("votes in a row are a block, also across one that was refused; others are scattered")
  func blocks() throws {
    let places = try #require(self.places(lost: [20, 21, 22, 23, 24, 26, 50, 70]))
    #expect(places.blockCount == 1 && places.scattered == 2)
    #expect(places.blocks.map(\.votes) == [6])
    #expect((places.blocks[0].firstS, places.blocks[0].lastS) == (0.2, 0.26))
    #expect(
      places.blocks[0].firstVoter.hasPrefix("vbplaces00-") && places.blocks[0].lastVoter > places.blocks[0].firstVoter)
    #expect((places.firstS, places.lastS) == (0.2, 0.7))
    #expect(places.phases.map { "\($0.name) \($0.votes)" } == ["baseline 6", "rollout 2"])
    // 20, 23, 26, 50 by pod 2; 21, 24 by nobody; 22, 70 by the first.
    #expect(places.pods.map { "\($0.name) \($0.votes)" } == [" 4", " 2", "app-x 2"])
    #expect(
      places.lines.first
        == "lost       1 block (as a crash leaves), 2 scattered (as a leak leaves), sent from 0.20 s to 0.70 s; baseline 6, rollout 2"
    )
  }

  @Test("of many blocks the largest twenty are told, all are counted")
  func many() throws {
    let pairs = Set((0..<25).flatMap { [$0 * 4, $0 * 4 + 1] }).subtracting([25])
    let places = try #require(self.places(lost: pairs))
    #expect(places.blockCount == 24 && places.blocks.count == 20 && places.scattered == 1)
  }

  @Test("where nothing was lost there is no place")
  func none() {
    #expect(places(lost: []) == nil)
  }
}
