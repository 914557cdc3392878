import Bench
import Testing

/// What a recorder keeps while votes come back in any order, against figures worked out from all votes at once.
@Suite("Recorder")
struct MeasureRecorderTests {
  private func slots(_ distribution: Distribution) -> [Int: UInt64] {
    Dictionary(uniqueKeysWithValues: distribution.slots.map { ($0.slot, $0.count) })
  }

  @Test("each phase has the votes that were due in it, whenever they came back", arguments: UInt64(1)...5)
  func phases(seed: UInt64) {
    let run = MadeUpRun(seed: seed)
    let recorder = run.record().recorder
    for (place, edge) in recorder.edges.edges.enumerated() {
      let expected = PhaseFigures(of: run.votes(dueIn: edge.phase), outages: [])
      let figures = recorder.figures(ofPhaseAt: place)
      #expect(figures.votes == expected.votes, "\(edge.phase)")
      #expect(figures.kept.votes == expected.kept.votes)
      #expect(figures.fresh.votes == expected.fresh.votes)
      #expect(figures.failures == expected.failures)
      #expect(figures.slotWaitMaximum == expected.slotWaitMaximum)
      for time in [\VoteTimes.response, \.service, \.startLag] as [KeyPath<VoteTimes, Distribution>] {
        #expect(slots(figures.kept.times[keyPath: time]) == slots(expected.kept.times[keyPath: time]))
        #expect(slots(figures.fresh.times[keyPath: time]) == slots(expected.fresh.times[keyPath: time]))
      }
    }
    #expect(recorder.ledger.observations.reduce(0) { count, _ in count + 1 } == run.votes.count)
  }

  @Test("phases add up: counts, times, failures, outages and the longest wait")
  func sums() {
    let run = MadeUpRun(seed: 7)
    let recorder = run.record().recorder
    var sum = PhaseFigures()
    for place in recorder.edges.edges.indices { sum.add(recorder.figures(ofPhaseAt: place)) }
    let all = PhaseFigures(of: run.votes, outages: [])
    #expect(sum.votes == all.votes)
    #expect(sum.failures == all.failures)
    #expect(sum.responseTime.milliseconds == all.responseTime.milliseconds)
    #expect(sum.startLag.microseconds == all.startLag.microseconds)
    #expect(sum.slotWaitMaximum == all.slotWaitMaximum)
  }

  /// The second of a line and its tag.
  private func place(_ line: String) -> (second: Int, tag: String)? {
    var fields = line.split(separator: ",")
    let tag = fields[0].hasPrefix("Tag=") ? String(fields.removeFirst().dropFirst(4)) : ""
    return Int(fields[0].prefix { $0 != "." }).map { ($0, tag) }
  }

  @Test("lines ascend, one a second and tag; untagged from the first counted vote on, through a pause too")
  func lines() throws {
    let lines = MadeUpRun(seed: 3).record().lines
    let places = try lines.map { try #require(place($0)) }
    #expect(places.map(\.second) == places.map(\.second).sorted())
    #expect(Set(places.map { "\($0.second) \($0.tag)" }).count == places.count, "none twice")
    #expect(places.filter { $0.tag.isEmpty }.map(\.second) == Array(2...14))
    let early = Set(places.filter { $0.second < 2 }.map(\.tag))
    #expect(early == ["warmup.response", "warmup.service", "warmup.lag", "warmup.fresh"])
    let shared = Set(places.filter { $0.second == 6 }.map { String($0.tag.prefix { $0 != "." }) })
    #expect(shared == ["", "baseline", "rollout", "settle"], "a second may have several phases")
  }

  @Test("a second is closed when its last vote has ended, and not before")
  func closesInOrder() {
    let second = Duration.seconds(1)
    func vote(_ index: Int) -> Observation {
      let due = MonotonicTime(nanoseconds: Int64(index) * 500_000_000)
      return Observation(
        index: index, intended: due, actual: due, completed: due + second, startLag: 0, outcome: .accepted, cause: .none
      )
    }
    let origin = MonotonicTime(nanoseconds: 0)
    var recorder = Recorder(
      ledger: Ledger(schedule: Schedule(rate: ArrivalRate(votesPerSecond: 2)), origin: origin),
      closing: .inDueOrder(atMost: .seconds(20)))
    recorder.begin(.baseline, at: origin)
    func closed(_ index: Int, now: Int64 = 3_000_000_000) -> [Int] {
      recorder.record(vote(index))
      return Set(recorder.closedLines(now: MonotonicTime(nanoseconds: now)).compactMap { place($0)?.second }).sorted()
    }
    #expect(closed(0).isEmpty)
    #expect(closed(2).isEmpty, "vote 1 is still on its way")
    #expect(closed(3).isEmpty)
    #expect(closed(4).isEmpty)
    #expect(closed(1) == [0, 1], "vote 4 shows that no vote of the second before is missing")
    #expect(closed(7, now: 23_000_000_000) == [2], "a vote that never comes holds nothing up for ever")
    #expect(closed(5, now: 23_000_000_000).isEmpty)
    #expect(recorder.finish().compactMap { place($0)?.second }.last == 3)
    #expect(recorder.figures(ofPhaseAt: 0).responseTime.count == 7, "a late vote is not lost")
  }

  @Test("where votes have no order, a second is closed by time, and no vote is lost")
  func closesByTime() {
    let run = MadeUpRun(seed: 11)
    for limit in [Duration.milliseconds(10), .seconds(8)] {
      let recorded = run.record(closing: .after(limit))
      let seconds = recorded.lines.compactMap { place($0)?.second }
      #expect(seconds == seconds.sorted())
      var sum = PhaseFigures()
      for place in recorded.recorder.edges.edges.indices { sum.add(recorded.recorder.figures(ofPhaseAt: place)) }
      let all = PhaseFigures(of: run.votes, outages: [])
      #expect(sum.responseTime.milliseconds == all.responseTime.milliseconds)
    }
  }

  @Test("what pods answered is counted from baseline to recovered, by reason of failure")
  func responders() {
    let run = MadeUpRun(seed: 2)
    let recorder = run.record().recorder
    let counted = run.votes.filter { vote in
      vote.outcome != .dropped && recorder.edges.phase(at: vote.intended)?.isCounted == true
    }
    #expect(recorder.responders.count == 4)
    for (number, figures) in recorder.responders.enumerated() {
      let answered = counted.filter { $0.pod == UInt8(number) }
      #expect(figures.votes == answered.count)
      #expect(figures.failed == answered.filter { $0.outcome != .accepted }.count)
      #expect(figures.responseTime.count == answered.count)
      for (cause, count) in figures.failures { #expect(answered.filter { $0.cause == cause }.count == count) }
    }
  }

  @Test("connections count in the phase in which they were opened; those before the first vote apart")
  func connections() {
    let origin = MonotonicTime(nanoseconds: 0)
    var recorder = Recorder(
      ledger: Ledger(schedule: Schedule(rate: MadeUpRun.rate), origin: origin), closing: .inDueOrder(atMost: .zero))
    func opened(_ began: Int64, vote: Int?, tls: Duration?) {
      recorder.record(
        ConnectionTimes(
          began: MonotonicTime(nanoseconds: began), vote: vote, nameLookup: .milliseconds(1), connect: .milliseconds(2),
          tls: tls, firstByte: nil))
    }
    opened(-5, vote: nil, tls: .milliseconds(9))
    recorder.begin(.baseline, at: origin)
    opened(5, vote: 0, tls: .milliseconds(3))
    recorder.begin(.rollout, at: MonotonicTime(nanoseconds: 10))
    opened(9, vote: 1, tls: nil)
    opened(11, vote: 2, tls: .milliseconds(4))
    #expect(recorder.connectionsBefore.opened == 1)
    let figures = recorder.figures(ofPhaseAt: 0).connections
    #expect(figures.opened == 2)
    #expect(figures.tls.count == 1, "a part that was not reached has no time")
    #expect(figures.connect.milliseconds?.max == 2)
    #expect(figures.firstByte.milliseconds == nil)
    #expect(recorder.figures(ofPhaseAt: 1).connections.tls.milliseconds?.max == 4)
  }
}
