import Bench
import Testing

@Suite("Vote driver")
struct VoteDriverTests {
  private func at(_ milliseconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: milliseconds * 1_000_000) }

  private func driver(timeout: Duration = .seconds(1)) -> VoteDriver {
    VoteDriver(
      schedule: Schedule(rate: ArrivalRate(votesPerSecond: 100)), selection: .all,
      origin: MonotonicTime(nanoseconds: 0), timeout: timeout)
  }

  @Test("a vote is not started before it is due, and its lateness is the generator's when a connection was free")
  func startsWhenDue() {
    var driver = driver()
    #expect(driver.step(now: at(3), slotIsFree: true) == .start(index: 0, intended: at(0), startLag: 3_000_000))
    #expect(driver.step(now: at(3), slotIsFree: true) == .wait(until: at(10)))
    #expect(driver.step(now: at(10), slotIsFree: true) == .start(index: 1, intended: at(10), startLag: 0))
  }

  @Test("a vote that waits for a connection keeps its due moment, and the wait is no start lag")
  func waitsForSlot() {
    var driver = driver()
    _ = driver.step(now: at(0), slotIsFree: true)
    #expect(driver.step(now: at(10), slotIsFree: false) == .wait(until: at(1010)))
    driver.slotFreed(at: at(400))
    #expect(driver.step(now: at(402), slotIsFree: true) == .start(index: 1, intended: at(10), startLag: 2_000_000))
    #expect(driver.backlogMaximum == 40)
  }

  @Test("a vote is dropped only when it is still unsent at its deadline; late ones are sent late")
  func dropsAtDeadline() {
    var driver = driver()
    _ = driver.step(now: at(0), slotIsFree: true)
    #expect(driver.step(now: at(1009), slotIsFree: false) == .wait(until: at(1010)))
    #expect(driver.step(now: at(1010), slotIsFree: false) == .drop(index: 1, intended: at(10), byGenerator: false))
    #expect(driver.step(now: at(1019), slotIsFree: true) == .start(index: 2, intended: at(20), startLag: 999_000_000))
  }

  @Test("a vote that had a connection and was not sent in time was dropped by the generator, and by nobody else")
  func blamesItself() {
    var frozen = driver()
    _ = frozen.step(now: at(0), slotIsFree: true)
    #expect(frozen.step(now: at(5000), slotIsFree: true) == .drop(index: 1, intended: at(10), byGenerator: true))
    var busy = driver()
    _ = busy.step(now: at(0), slotIsFree: true)
    busy.slotFreed(at: at(1010))
    #expect(busy.step(now: at(1011), slotIsFree: true) == .drop(index: 1, intended: at(10), byGenerator: false))
  }

  @Test("after the end no vote due later is sent, and those due before are still owed")
  func ends() {
    var driver = driver()
    driver.endVotes(at: at(25))
    for index in 0..<3 {
      #expect(
        driver.step(now: at(100), slotIsFree: true)
          == .start(index: index, intended: at(Int64(index) * 10), startLag: Int64(100 - index * 10) * 1_000_000))
    }
    #expect(driver.isFinished)
    #expect(driver.step(now: at(100), slotIsFree: true) == .wait(until: nil))
  }

  @Test("an end is never moved to later: votes that were given up are not sent after all")
  func endsOnce() {
    var driver = driver()
    _ = driver.step(now: at(0), slotIsFree: true)
    driver.endVotes(at: at(5))
    #expect(driver.isFinished)
    driver.endVotes(at: at(9000))
    #expect(driver.isFinished)
    #expect(driver.step(now: at(9000), slotIsFree: true) == .wait(until: nil))
  }
}

@Suite("Vote selection")
struct VoteSelectionTests {
  @Test(
    "every vote is in exactly one selection, and the fresh ones are the share asked for", arguments: [0, 0.1, 0.5, 1])
  func divides(share: Double) {
    let selections = (0..<3).flatMap { shard in
      [VoteSelection.Cohort.kept, .fresh].map {
        VoteSelection(shard: shard, shards: 3, cohort: $0, freshShare: share, seed: 5)
      }
    }
    var fresh = 0
    for index in 0..<30_000 {
      let chosen = selections.filter { $0.contains(index) }
      #expect(chosen.count == 1)
      #expect(chosen.first?.shard == index % 3)
      if chosen.first?.cohort == .fresh { fresh += 1 }
    }
    #expect(abs(Double(fresh) / 30_000 - share) < 4 * (share * (1 - share) / 30_000).squareRoot() + 1e-9)
    #expect(selections.allSatisfy { $0.isEmpty == ($0.cohort == .fresh ? share == 0 : share == 1) })
  }

  @Test("which votes are fresh has nothing to do with what they are for")
  func isIndependent() {
    let ballot = Ballot(run: "k3x9a2b7", seed: 5, choices: ["a", "b"])
    let selection = VoteSelection(shard: 0, shards: 1, cohort: .fresh, freshShare: 0.5, seed: 5)
    let both = (0..<10_000).filter { selection.contains($0) && ballot.choiceIndex(of: $0) == 0 }.count
    #expect((2300...2700).contains(both))
  }

  static let schedules: [Schedule] = [
    Schedule(rate: ArrivalRate(votesPerSecond: 997)),
    Schedule(.poisson(ArrivalRate(votesPerSecond: 997), seed: 3)),
    Schedule(
      .stages([
        .init(duration: .seconds(1), from: .zero, to: ArrivalRate(votesPerSecond: 1500)),
        .init(duration: .milliseconds(300), rate: .zero),
        .init(duration: .seconds(1), rate: ArrivalRate(votesPerSecond: 700)),
      ])),
  ]

  @Test("drivers of all selections together send every vote once, at its moment and in order", arguments: schedules)
  func sendsAll(schedule: Schedule) {
    var seen: [Int: Int64] = [:]
    for shard in 0..<2 {
      for cohort in [VoteSelection.Cohort.kept, .fresh] {
        let selection = VoteSelection(shard: shard, shards: 2, cohort: cohort, freshShare: 0.2, seed: 8)
        for (index, intended) in sends(schedule, selection) {
          #expect(selection.contains(index))
          #expect(seen[index] == nil)
          seen[index] = intended
        }
      }
    }
    var cursor = schedule.cursor(at: 0)
    while cursor.offset < 2_000_000_000 {
      #expect(seen[cursor.index] == 1_000_000 + cursor.offset)
      cursor.advance()
    }
    #expect(seen.count == cursor.index)
  }

  private func sends(_ schedule: Schedule, _ selection: VoteSelection) -> [(index: Int, intended: Int64)] {
    var driver = VoteDriver(
      schedule: schedule, selection: selection, origin: MonotonicTime(nanoseconds: 1_000_000), timeout: .seconds(1))
    driver.endVotes(at: MonotonicTime(nanoseconds: 2_001_000_000))
    var sent: [(Int, Int64)] = []
    var now = MonotonicTime(nanoseconds: 0)
    while !driver.isFinished {
      switch driver.step(now: now, slotIsFree: true) {
      case .start(let index, let intended, let lag):
        #expect(lag == 0 && intended == now)
        sent.append((index, intended.nanoseconds))
      case .wait(let until?): now = until
      case .wait, .drop: Issue.record("a driver with connections neither drops nor waits for them")
      }
    }
    #expect(driver.backlogMaximum == 1)
    return sent
  }

  @Test(
    "the longest queue is exact: as many votes as were due and not taken at any step",
    arguments: schedules, [1, 2, 3, 4])
  func backlogIsExact(schedule: Schedule, seed: UInt64) {
    let selection = VoteSelection(shard: 1, shards: 2, cohort: .kept, freshShare: 0.3, seed: seed)
    var due: [Int64] = []
    var cursor = schedule.cursor(at: 0)
    while cursor.offset < 4_000_000_000 {
      if selection.contains(cursor.index) { due.append(cursor.offset) }
      cursor.advance()
    }
    var driver = VoteDriver(
      schedule: schedule, selection: selection, origin: MonotonicTime(nanoseconds: 0), timeout: .milliseconds(400))
    var random = SplitMix(seed: seed)
    var (now, taken, longest) = (Int64(0), 0, 0)
    while now < 2_000_000_000 {
      let ready = due.prefix { $0 <= now }.count
      longest = max(longest, ready - taken)
      let isFree = random.next() % 3 != 0
      switch driver.step(now: MonotonicTime(nanoseconds: now), slotIsFree: isFree) {
      case .start, .drop: taken += 1
      case .wait: now += Int64(random.next() % (random.next() % 20 == 0 ? 600_000_000 : 2_000_000))
      }
      #expect(driver.backlogMaximum == longest)
    }
    #expect(longest > 5)
  }
}

@Suite("The closed model")
struct ClosedModelTests {
  private func at(_ milliseconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: milliseconds * 1_000_000) }

  @Test("a vote is due when a connection is free: none is late, waits or is dropped")
  func isDueWhenFree() {
    var driver = VoteDriver(
      schedule: Schedule(.closed(users: 2)), selection: .all, origin: at(5), timeout: .milliseconds(10))
    #expect(driver.step(now: at(0), slotIsFree: true) == .wait(until: at(5)))
    #expect(driver.step(now: at(7), slotIsFree: true) == .start(index: 0, intended: at(7), startLag: 0))
    #expect(driver.step(now: at(8), slotIsFree: true) == .start(index: 1, intended: at(8), startLag: 0))
    #expect(driver.step(now: at(8), slotIsFree: false) == .wait(until: nil))
    driver.slotFreed(at: at(900))
    #expect(driver.step(now: at(901), slotIsFree: true) == .start(index: 2, intended: at(901), startLag: 0))
    #expect(driver.backlogMaximum == 1)
  }

  @Test("no vote begins at the end or later, and then the driver is finished")
  func ends() {
    var driver = VoteDriver(
      schedule: Schedule(.closed(users: 1)), selection: .all, origin: at(0), timeout: .seconds(1))
    driver.endVotes(at: at(50))
    driver.endVotes(at: at(90))
    #expect(!driver.isFinished)
    #expect(driver.step(now: at(49), slotIsFree: true) == .start(index: 0, intended: at(49), startLag: 0))
    #expect(driver.step(now: at(50), slotIsFree: false) == .wait(until: nil))
    #expect(driver.isFinished)
    #expect(driver.step(now: at(50), slotIsFree: true) == .wait(until: nil))
  }

  @Test("a shard sends its own votes alone")
  func shards() {
    let selection = VoteSelection(shard: 1, shards: 3, cohort: .kept, freshShare: 0, seed: 0)
    var driver = VoteDriver(
      schedule: Schedule(.closed(users: 4)), selection: selection, origin: at(0), timeout: .seconds(1))
    for index in [1, 4, 7] {
      #expect(driver.step(now: at(1), slotIsFree: true) == .start(index: index, intended: at(1), startLag: 0))
    }
  }
}

@Suite("Ledger of votes without a formula")
struct LedgerOrderTests {
  @Test("moments that no formula gives are kept, and votes come in due order though shards began them side by side")
  func keeps() {
    let origin = MonotonicTime(nanoseconds: 1000)
    var ledger = Ledger(schedule: Schedule(.closed(users: 2)), origin: origin)
    for (index, due) in [(0, 0), (3, 20), (1, 70), (6, 30), (2, 5)] as [(Int, Int64)] {
      let intended = MonotonicTime(nanoseconds: 1000 + due)
      ledger.record(
        Observation(
          index: index, intended: intended, actual: intended, completed: intended, startLag: 0, outcome: .accepted,
          cause: .none))
    }
    #expect(ledger.observations.map(\.index) == [0, 2, 3, 6, 1])
    #expect(ledger[6]?.intended == MonotonicTime(nanoseconds: 1030))
    #expect(ledger[4] == nil)
  }

  @Test("the moments of Poisson arrivals are kept, too")
  func keepsPoisson() {
    let schedule = Schedule(.poisson(ArrivalRate(votesPerSecond: 10), seed: 1))
    var ledger = Ledger(schedule: schedule, origin: MonotonicTime(nanoseconds: 7))
    let due = MonotonicTime(nanoseconds: 7 + schedule.cursor(at: 2).offset)
    ledger.record(
      Observation(
        index: 2, intended: due, actual: due, completed: due, startLag: 0, outcome: .accepted, cause: .none))
    #expect(ledger.intendedStart(of: 2) == due)
    #expect(ledger.observations.map(\.intended) == [due])
  }
}
