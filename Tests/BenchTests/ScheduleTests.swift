import Bench
import Testing

@Suite("Schedule")
struct ScheduleTests {
  @Test(
    "rates are read as exact fractions",
    arguments: [
      ("500", 500, 1_000_000_000), ("0.5", 5, 10_000_000_000), ("30/m", 30, 60_000_000_000),
      ("7200/h", 7200, 3_600_000_000_000), ("500/s", 500, 1_000_000_000), ("1000000", 1_000_000, 1_000_000_000),
    ] as [(String, Int64, Int64)])
  func reads(text: String, votes: Int64, period: Int64) throws {
    let rate = try #require(ArrivalRate(text))
    #expect(rate.votes == votes)
    #expect(rate.periodNanoseconds == period)
  }

  @Test(
    "what is no rate is refused",
    arguments: [
      "0", "-1", "", "x", "1e3", "5/d", "1000001", "0.0000001", "1/2/3", ".", "1.", "0/m", "99999999999999999999",
    ])
  func refuses(text: String) {
    #expect(ArrivalRate(text) == nil)
  }

  @Test("a schedule does not drift: after 10 hours at 30011/s vote k is due at floor(k / rate)")
  func doesNotDrift() {
    let schedule = Schedule(rate: ArrivalRate(votesPerSecond: 30_011))
    let tenHours = 30_011 * 36_000
    #expect(schedule.intendedStart(of: tenHours) == 36_000_000_000_000 as Int64)
    #expect(schedule.intendedStart(of: tenHours + 1) == 36_000_000_033_321 as Int64)
  }

  @Test(
    "counting and planning agree: vote k is due before t exactly when k < votesDue(before: t)",
    arguments: ["500", "0.5", "30/m", "30011", "3", "7/h"])
  func countsAgree(text: String) throws {
    let schedule = Schedule(rate: try #require(ArrivalRate(text)))
    var random = SplitMix(seed: 7)
    for _ in 0..<2000 {
      let index = Int(random.next() % 10_000_000)
      let due = try #require(schedule.intendedStart(of: index))
      #expect(try #require(schedule.votesDue(before: due + 1)) > index)
      #expect(try #require(schedule.votesDue(before: due)) <= index)
    }
  }
}

@Suite("Ballot")
struct BallotTests {
  private let ballot = Ballot(run: "k3x9a2b7", seed: 42, choices: ["a", "b"])

  @Test("a voter id decodes to its vote, and all are equally long")
  func decodes() {
    var random = SplitMix(seed: 1)
    for _ in 0..<2000 {
      let index = Int(random.next() % 70_000_000_000)
      let voter = ballot.voter(of: index)
      #expect(ballot.index(of: voter) == index)
      #expect(voter.utf8.count == ballot.voter(of: 0).utf8.count)
    }
  }

  @Test("a voter id with one wrong character, or two exchanged ones, is not of this run")
  func checks() {
    var random = SplitMix(seed: 2)
    for _ in 0..<500 {
      let voter = Array(ballot.voter(of: Int(random.next() % 1_000_000)))
      let place = voter.count - 8 + Int(random.next() % 7)
      for digit in "0123456789abcdefghijklmnopqrstuvwxyz" where digit != voter[place] {
        var wrong = voter
        wrong[place] = digit
        #expect(ballot.index(of: String(wrong)) == nil)
      }
      if voter[place] != voter[place + 1], place + 2 < voter.count {
        var swapped = voter
        swapped.swapAt(place, place + 1)
        #expect(ballot.index(of: String(swapped)) == nil)
      }
    }
    #expect(ballot.index(of: "vbotherrun-00000000") == nil)
  }

  @Test("what is written in place is what the texts say, and nothing else is touched")
  func writes() {
    var bytes = [UInt8](repeating: 0x2A, count: 64)
    var field = bytes.mutableSpan
    ballot.writeVoter(of: 123_456, to: &field)
    #expect(String(decoding: bytes, as: UTF8.self).hasPrefix(ballot.voter(of: 123_456) + "*"))
    field = bytes.mutableSpan
    ballot.writeRequestID(of: 123_456, to: &field)
    #expect(String(decoding: bytes.prefix(ballot.requestIDWidth), as: UTF8.self) == "vb-k3x9a2b7-0002n9c")
    field = bytes.mutableSpan
    ballot.writeEnding(of: 5_000_000, at: 40, to: &field)
    let ending = String(decoding: bytes[40..<40 + Ballot.endingWidth], as: UTF8.self)
    #expect(ballot.voter(of: 5_000_000) == ballot.voterPrefix + ending)
    #expect(ballot.requestID(of: 5_000_000).hasSuffix(ending.dropLast()))
    #expect(ballot.voter(of: 5_000_000).utf8.count == ballot.voterWidth)
    #expect(ballot.requestID(of: 5_000_000).utf8.count == ballot.requestIDWidth)
    #expect(bytes[40 + Ballot.endingWidth] == 0x2A && bytes[39] == 0x2A)
  }

  @Test("choices are from the seed alone, and nearly even")
  func choices() {
    let again = Ballot(run: "other", seed: 42, choices: ["a", "b"])
    let forA = (0..<10_000).filter { ballot.choice(of: $0) == "a" }.count
    #expect((4700...5300).contains(forA))
    #expect((0..<1000).allSatisfy { ballot.choice(of: $0) == again.choice(of: $0) })
  }
}

/// A seeded generator, so that a property that fails can be run again.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
