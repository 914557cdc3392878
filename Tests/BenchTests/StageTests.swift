import Bench
import Testing

@Suite("Stages")
struct StageTests {
  private func schedule(_ text: String) throws -> Schedule {
    Schedule(.stages(try #require(Schedule.Stage.list(text))))
  }

  @Test(
    "vote k is due when the votes so far have come to k",
    arguments: [
      // A pause holds no vote: the next one opens the stage after it.
      ("10s@100,10s@0,10s@100", 0, 0), ("10s@100,10s@0,10s@100", 999, 9_990_000_000),
      ("10s@100,10s@0,10s@100", 1000, 20_000_000_000), ("10s@0,1s@10", 0, 10_000_000_000),
      // 5 t^2 votes in t seconds; then 100/s.
      ("10s@0..100,10s@100", 0, 0), ("10s@0..100,10s@100", 20, 2_000_000_000),
      ("10s@0..100,10s@100", 125, 5_000_000_000), ("10s@0..100,10s@100", 500, 10_000_000_000),
      ("10s@0..100", 1, 447_213_595), ("10s@0..100,10s@100", 501, 10_010_000_000),
      // Downwards: 100 t - 5 t^2.
      ("10s@100..0,10s@50", 495, 9_000_000_000), ("10s@100..0,10s@50", 500, 10_000_000_000),
      ("10s@100..0,10s@50", 499, 9_552_786_404), ("10s@100..0,10s@50", 501, 10_020_000_000),
      // The last rate holds.
      ("10s@100,10s@200", 3000, 20_000_000_000), ("10s@100,10s@200", 5000, 30_000_000_000),
      // Fractions of a vote are carried over: half of one, then 1/s.
      ("1s@0.5,10s@1", 0, 0), ("1s@0.5,10s@1", 1, 1_500_000_000), ("1s@30/m,10s@1", 2, 2_500_000_000),
      ("60s@..500,60s@..500", 15_000, 60_000_000_000),
    ] as [(String, Int, Int64)])
  func isDue(text: String, index: Int, offset: Int64) throws {
    #expect(try schedule(text).intendedStart(of: index) == offset)
  }

  @Test("after stages that end at 0 no vote is due any more")
  func ends() throws {
    let schedule = try schedule("10s@100,5s@0")
    #expect(schedule.intendedStart(of: 999) == 9_990_000_000 as Int64)
    #expect(schedule.intendedStart(of: 1000) == nil)
    #expect(schedule.votesDue(before: 1_000_000_000_000_000) == 1000)
    #expect(schedule.duration == .seconds(15))
    var cursor = schedule.cursor(at: 999)
    cursor.advance()
    #expect(cursor.offset == Schedule.Cursor.never)
  }

  @Test(
    "what is no list of stages is refused",
    arguments: [
      "", "30s", "30s@", "@5", "0s@5", "30s@0", "30s@0..0", "30s@-1", "30s@5..", "5@30s", "30s@1000001", ",", "30s@5,",
      "30s@5@6", "30s@1...5", "30s@1..2..3", "100h@0.000001..1000000", "200000000h@5,200000000h@5",
    ])
  func refuses(text: String) {
    #expect(Schedule.Stage.list(text) == nil)
  }

  @Test("stages are read with spaces, and print as they are")
  func reads() throws {
    let stages = try #require(Schedule.Stage.list("30s@100, 1m@..500 ,250ms@30/m..1.5"))
    #expect(stages.map(\.description) == ["30s@100/s", "60s@100/s..500/s", "250ms@0.5/s..1.5/s"])
  }

  @Test("no drift: hours of stages at odd rates end with exactly their votes")
  func doesNotDrift() throws {
    let schedule = try schedule("3h@30011,1h@30011..60013,2h@60013..7,1h@0.5")
    let hour: Int64 = 3_600_000_000_000
    let before = 3 * 3600 * 30_011
    let ramps = 1800 * (30_011 + 60_013) + 3600 * (60_013 + 7)
    #expect(schedule.votesDue(before: 3 * hour) == before)
    #expect(schedule.votesDue(before: 6 * hour) == before + ramps)
    #expect(schedule.votesDue(before: 7 * hour) == before + ramps + 1800)
    #expect(schedule.intendedStart(of: before + ramps + 1) == 6 * hour + 2_000_000_000)
  }

  @Test(
    "in any stages each vote is due at the last nanosecond at which no more than k votes had come", arguments: 0..<40)
  func isExact(seed: UInt64) throws {
    var random = SplitMix(seed: seed)
    let stages = Self.stages(&random)
    let schedule = Schedule(.stages(stages))
    let reference = Reference(stages)
    for _ in 0..<200 {
      let index = Int(random.next() % UInt64(reference.votes + 10))
      guard let due = schedule.intendedStart(of: index) else { continue }
      #expect(!reference.hasMore(than: index, after: due), "\(stages) vote \(index)")
      #expect(reference.hasMore(than: index, after: due + 1), "\(stages) vote \(index)")
    }
  }

  @Test("counting and planning agree in any stages, and moments never decrease", arguments: 0..<40)
  func countsAgree(seed: UInt64) throws {
    var random = SplitMix(seed: seed)
    let stages = Self.stages(&random)
    let schedule = Schedule(.stages(stages))
    let total = Reference(stages).votes
    for _ in 0..<200 {
      let index = Int(random.next() % UInt64(total))
      let due = try #require(schedule.intendedStart(of: index))
      let next = schedule.intendedStart(of: index + 1) ?? .max
      let before = index == 0 ? -1 : try #require(schedule.intendedStart(of: index - 1))
      #expect(before <= due && due <= next)
      #expect(try #require(schedule.votesDue(before: due + 1)) > index)
      if before < due { #expect(schedule.votesDue(before: due) == index, "\(stages) vote \(index)") }
    }
  }

  @Test("a walk meets the moments of the formula, wherever it begins and however far it steps", arguments: 0..<40)
  func walks(seed: UInt64) throws {
    var random = SplitMix(seed: seed)
    let stages = Self.stages(&random)
    let schedule = Schedule(.stages(stages))
    let total = UInt64(Reference(stages).votes)
    for _ in 0..<5 {
      var cursor = schedule.cursor(at: Int(random.next() % total))
      for _ in 0..<200 {
        let moment = schedule.intendedStart(of: cursor.index) ?? Schedule.Cursor.never
        #expect(cursor.offset == moment, "\(stages) vote \(cursor.index)")
        cursor.advance(by: Int(1 + random.next() % (random.next() % 8 == 0 ? max(1, total / 20) : 20)))
      }
    }
  }

  @Test("the momentary rate follows the stages, and the lowest one of a span is found inside of it")
  func momentaryRate() throws {
    let schedule = try schedule("10s@100,10s@100..300,10s@50")
    let second: Int64 = 1_000_000_000
    #expect(schedule.ratePerSecond(at: 5 * second) == 100)
    #expect(schedule.ratePerSecond(at: 15 * second) == 200)
    #expect(schedule.ratePerSecond(at: 20 * second) == 50)
    #expect(schedule.ratePerSecond(at: 99 * second) == 50)
    #expect(schedule.lowestRatePerSecond(from: 11 * second, to: 15 * second) == 120)
    #expect(schedule.lowestRatePerSecond(from: 11 * second, to: 25 * second) == 50)
    #expect(try self.schedule("1s@9,1s@0,1s@9").lowestRatePerSecond(from: 0, to: 3 * second) == 0)
    #expect(Schedule(.closed(users: 3)).ratePerSecond(at: 0) == nil)
    #expect(Schedule(.closed(users: 3)).lowestRatePerSecond(from: 0, to: second) == nil)
  }

  /// 1 to 6 stages of whole rates, pauses and jumps among them.
  private static func stages(_ random: inout SplitMix) -> [Schedule.Stage] {
    var stages: [Schedule.Stage] = []
    for _ in 0...(random.next() % 6) {
      let duration = Duration.nanoseconds(Int64(1 + random.next() % 20_000_000_000))
      let (from, to) = (rate(&random), rate(&random))
      let isStep = random.next() % 2 == 0
      stages.append(.init(duration: duration, from: from, to: isStep ? from : to))
    }
    stages.append(.init(duration: .seconds(2), from: rate(&random), to: ArrivalRate(votesPerSecond: 7)))
    return stages
  }

  private static func rate(_ random: inout SplitMix) -> ArrivalRate {
    random.next() % 4 == 0 ? .zero : ArrivalRate(votesPerSecond: Int(1 + random.next() % 5000))
  }
}

/// Votes due until a moment, summed up stage by stage in fractions: slow, and nothing like the code it judges.
private struct Reference {
  private let stages: [Schedule.Stage]

  init(_ stages: [Schedule.Stage]) { self.stages = stages }

  /// Whole votes until the end of the last stage.
  var votes: Int {
    var halves = Int128(0)
    for stage in stages { halves += Int128(stage.from.votes + stage.rate.votes) * Int128(stage.duration.nanoseconds) }
    return Int(halves / 2_000_000_000)
  }

  /// True when more than `count` votes have come within `offset` nanoseconds.
  func hasMore(than count: Int, after offset: Int64) -> Bool {
    var halves = Int128(0)
    var begin: Int64 = 0
    for stage in stages {
      let length = stage.duration.nanoseconds
      if offset < begin + length {
        let (time, rise) = (Int128(offset - begin), Int128(stage.rate.votes - stage.from.votes))
        let wanted = 2_000_000_000 * Int128(count) - halves
        return (2 * Int128(stage.from.votes) * Int128(length) + rise * time) * time > wanted * Int128(length)
      }
      halves += Int128(stage.from.votes + stage.rate.votes) * Int128(length)
      begin += length
    }
    halves += 2 * Int128(stages.last?.rate.votes ?? 0) * Int128(offset - begin)
    return halves > 2_000_000_000 * Int128(count)
  }
}
