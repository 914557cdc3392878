import Bench
import Testing

@Suite("The ledger as a file")
struct LedgerRecordTests {
  /// A run of 200 votes with every outcome, polls and an export, as it happened and as its ledger has it.
  private struct Run {
    var heading: LedgerHeading
    var votes: [Observation] = []
    var polls: [TallySample] = []
    var rows: [LedgerRecord] = []
    var records: [LedgerRecord]

    init(seed: UInt64, damage: Bool = false) {
      var random = SplitMix(seed: seed)
      let origin = MonotonicTime(nanoseconds: 1_000_000_000_000)
      let ballot = Ballot(run: "ledger00", seed: seed, choices: ["a", "b"])
      heading = LedgerHeading(version: "1", startedAt: "", origin: origin, ballot: ballot, rules: ConsistencyRules())
      func poll(_ offset: Duration, _ counts: [String: Int]) -> TallySample {
        TallySample(sent: origin + offset, received: origin + offset + .milliseconds(2), counts: counts)
      }
      let zero = ["a": 0, "b": 0]
      var counts = zero
      records = [.note(.begin(heading))]
      for second in [-7, -4, -1] {
        records.append(.note(.poll(sample: poll(.seconds(second), zero), isBaseline: true)))
      }
      records.append(.note(.phase(name: .baseline, at: origin)))
      records.append(.connection(connection(origin + .seconds(-1), vote: nil)))
      records.append(.connection(connection(origin, vote: 5 << 32 | 77)))
      for index in 0..<200 {
        let due = origin + .milliseconds(index * 5)
        let outcome = Outcome.allCases[Int.random(in: 0..<40, using: &random) % 37 % 4 * (index % 9 == 0 ? 1 : 0)]
        let vote = Observation(
          index: index, intended: due, actual: due + .nanoseconds(Int64.random(in: 0..<900_000, using: &random)),
          completed: due + .nanoseconds(Int64.random(in: 1_000_000..<9_000_000, using: &random)),
          startLag: 1000 * Int64.random(in: 0..<100, using: &random), outcome: outcome,
          cause: outcome == .accepted ? .none : .status(502), isFresh: index % 10 == 0, pod: UInt8(index % 3))
        votes.append(vote)
        records.append(.vote(vote))
        if outcome == .accepted, !(damage && index == 77) {
          counts[ballot.choice(of: index), default: 0] += 1
          rows.append(
            LedgerRecord(
              voter: Substring(ballot.voter(of: index)), choice: Substring(ballot.choice(of: index)), of: ballot))
        }
        if index % 50 == 49 { polls.append(poll(.milliseconds(index * 5 + 20), counts)) }
      }
      if damage { rows.append(LedgerRecord(voter: "vbledger00-strange", choice: "a\tb", of: ballot)) }
      for second in 2...5 { polls.append(poll(.seconds(second), counts)) }
      records += polls.map { .note(.poll(sample: $0, isBaseline: false)) }
      records.append(.note(.votesEnded(at: origin + .milliseconds(1100))))
      records += rows + [.note(.exported(problem: nil)), .note(.drained(state: .converged))]
    }

    private func connection(_ began: MonotonicTime, vote: Int?) -> ConnectionTimes {
      ConnectionTimes(
        began: began, vote: vote, nameLookup: vote.map { _ in .microseconds(7) }, connect: .microseconds(0),
        tls: vote == nil ? .seconds(3) : nil, firstByte: .microseconds(UInt32.max))
    }

    var bytes: [UInt8] {
      var bytes = LedgerRecord.magic
      for record in records { record.append(to: &bytes, of: heading) }
      return bytes
    }

    /// What the run itself comes to.
    var report: ConsistencyReport {
      var ledger = Ledger(schedule: Schedule(rate: ArrivalRate(votesPerSecond: 200)), origin: heading.origin)
      for vote in votes { ledger.record(vote) }
      let history = VoteHistory(ledger, heading.ballot)
      var audit = VoteAudit(history, rules: heading.rules)
      for row in rows { audit.add(row) }
      audit.finish()
      let baseline = records.compactMap { record in
        if case .note(.poll(let sample, true)) = record { sample } else { nil }
      }
      return ConsistencyReport(
        ConsistencyReport.Evidence(
          history: history, baseline: baseline, samples: polls, votesEnded: heading.origin + .milliseconds(1100),
          drain: .converged, audit: audit, exportError: nil, rules: heading.rules))
    }
  }

  /// Reads bytes in pieces of this size.
  private static func read(_ bytes: [UInt8], pieces: Int, readsNotes: Bool = true) throws -> ([LedgerRecord], torn: Int)
  {
    var (scanner, records) = (LedgerScanner(readsNotes: readsNotes), [LedgerRecord]())
    for start in stride(from: 0, to: bytes.count, by: pieces) {
      try scanner.read(Array(bytes[start..<min(bytes.count, start + pieces)])) { records.append($0) }
    }
    return (records, scanner.torn)
  }

  private static func judged(_ bytes: [UInt8]) throws -> ConsistencyReport? {
    var evidence = LedgerEvidence { body in
      for record in (try? read(bytes, pieces: 4096, readsNotes: false))?.0 ?? [] { body(record) }
    }
    for record in try read(bytes, pieces: 4096).0 { evidence.add(record) }
    return evidence.judged()
  }

  /// A vote as the ledger keeps it: to the microsecond, and no shorter.
  private func rounded(_ record: LedgerRecord) -> LedgerRecord {
    guard case .vote(var vote) = record else { return record }
    let due = vote.intended.nanoseconds
    vote.actual = MonotonicTime(nanoseconds: due + (vote.actual.nanoseconds - due) / 1000 * 1000)
    vote.completed = MonotonicTime(nanoseconds: due + (vote.completed.nanoseconds - due + 999) / 1000 * 1000)
    return .vote(vote)
  }

  @Test("what was written is read again, in pieces of any size", arguments: [1, 7, 33, 4096, 1 << 20])
  func roundTrip(pieces: Int) throws {
    let run = Run(seed: 1, damage: true)
    let (records, torn) = try Self.read(run.bytes, pieces: pieces)
    #expect(records == run.records.map(rounded))
    #expect(torn == 0)
    let (votes, _) = try Self.read(run.bytes, pieces: pieces, readsNotes: false)
    #expect(votes.count { if case .vote = $0 { true } else { false } } == 200)
  }

  @Test("it is judged as the run was, with its losses and strange rows", arguments: [false, true])
  func judgedAgain(damage: Bool) throws {
    for seed in UInt64(0)..<20 {
      let run = Run(seed: seed, damage: damage)
      let (report, again) = (run.report, try #require(try Self.judged(run.bytes)))
      #expect(again.findings == report.findings, "seed \(seed)")
      #expect(again.verdict == report.verdict && again.verdict == (damage ? .fail : .pass), "seed \(seed)")
      #expect(
        (again.accepted, again.indeterminate, again.recovered) == (
          report.accepted, report.indeterminate, report.recovered
        ))
      #expect(again.lostVoters == report.lostVoters && again.lostVoters.count == (damage ? 1 : 0))
      #expect(again.freshness == report.freshness)
    }
  }

  @Test("cut off anywhere, what is whole counts, and no pass comes of it")
  func cut() throws {
    let bytes = Run(seed: 3).bytes
    for count in Set(stride(from: 0, to: bytes.count, by: 97)).union(bytes.count - 60..<bytes.count).sorted() {
      let (records, torn) = try Self.read(Array(bytes[..<count]), pieces: 4096)
      #expect(count < 8 || records.count < Run(seed: 3).records.count)
      #expect(torn < 1024)
      #expect(try Self.judged(Array(bytes[..<count]))?.verdict != .pass, "\(count) of \(bytes.count) bytes")
    }
  }

  @Test(
    "the tally of a run that was killed may show votes whose answers were not written yet: no finding but no evidence")
  func killed() throws {
    for seed in UInt64(0)..<20 {
      let run = Run(seed: seed)
      // The last vote that was written, and after it a poll that shows all.
      let last = try #require(run.records.lastIndex { if case .vote = $0 { true } else { false } })
      let polls = run.polls.suffix(3).map { LedgerRecord.note(.poll(sample: $0, isBaseline: false)) }
      var bytes = LedgerRecord.magic
      for record in run.records[..<(last - 40)] + polls { record.append(to: &bytes, of: run.heading) }
      let report = try #require(try Self.judged(bytes))
      #expect(Set(report.findings.map(\.code)) == [.noEvidence], "seed \(seed)")
      #expect(report.phantom == 0)
    }
  }

  @Test(
    "what is no ledger is refused with its place",
    arguments: [
      (0, 0x58, "does not begin with VBLEDGR1"), (8, 0x09, "at byte 8 there is a record of unknown kind 9"),
      (15, 0xFF, "at byte 8 there is a note of"), (16, 0x58, "at byte 8 there is a note that"),
    ] as [(Int, UInt8, String)])
  func damage(place: Int, byte: UInt8, says: String) {
    var bytes = Run(seed: 4).bytes
    bytes[place] = byte
    let error = #expect(throws: LedgerScanner.Damage.self) { try Self.read(bytes, pieces: 1 << 20) }
    #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
  }

  @Test(
    "a note with a number that no run has is damage: a moment, a source, a count, a length",
    arguments: [
      .poll(
        sample: TallySample(sent: .init(nanoseconds: .min), received: .init(nanoseconds: 0), counts: [:]),
        isBaseline: false),
      .poll(
        sample: TallySample(sent: .init(nanoseconds: 0), received: .init(nanoseconds: .max), counts: ["z": 1]),
        isBaseline: false),
      .poll(
        sample: TallySample(sent: .init(nanoseconds: 0), received: .init(nanoseconds: 0), counts: ["z": .max]),
        isBaseline: true),
      .poll(
        sample: TallySample(sent: .init(nanoseconds: 0), received: .init(nanoseconds: 0), counts: ["z": -1]),
        isBaseline: true),
      .poll(
        sample: TallySample(sent: .init(nanoseconds: 0), received: .init(nanoseconds: 0), counts: ["z": 1], source: -1),
        isBaseline: false),
      .begin(
        LedgerHeading(
          version: "1", startedAt: "", origin: .init(nanoseconds: 0),
          ballot: Ballot(run: "ledger00", seed: 1, choices: ["a"]), rules: ConsistencyRules(), startS: 1e300)),
      .ended(
        ending: RunEnding(
          at: .init(nanoseconds: .max), tallySources: [], peakMemoryMegabytes: 0, isInterrupted: false, aborted: nil,
          failure: nil, exitCode: 0)),
      .rollout(
        record: RolloutRecord(
          trigger: "", workload: Workload(.deployment, "w"), start: .init(nanoseconds: .min))),
      .votesEnded(at: .init(nanoseconds: .max)), .phase(name: .baseline, at: .init(nanoseconds: .min)),
      .drained(state: .timedOut(deficit: 1, rest: .seconds(1e12))), .drained(state: .stalled(deficit: -1)),
      .source(traits: ConsistencyRules.Source(name: "x", refresh: .seconds(1e12))),
    ] as [LedgerNote])
  func unsoundNotes(note: LedgerNote) {
    let run = Run(seed: 6)
    var bytes = run.bytes
    LedgerRecord.note(note).append(to: &bytes, of: run.heading)
    let error = #expect(throws: LedgerScanner.Damage.self) { try Self.read(bytes, pieces: 1 << 20) }
    #expect(error?.description.contains("that no run has") == true, "\(error?.description ?? "")")
  }

  @Test("a number that no run has is damage, and takes no memory: of a vote, of a row's voter")
  func hugeNumbers() throws {
    let run = Run(seed: 5)
    for (kind, width, high) in [(UInt8(1), 32, 7), (2, 16, 15)] {
      var bytes = run.bytes
      let other = kind == 1 ? "a vote of number" : "a row of voter number"
      var place = LedgerRecord.magic.count
      while bytes[place] != kind {
        let length = bytes[place + 4..<place + 8].reversed().reduce(0) { $0 << 8 | Int($1) }
        place += [1: 32, 2: 16, 3: 8 + length, 4: 24 + 16, 5: 32][Int(bytes[place])] ?? width
      }
      bytes[place + high] = 0xFF
      let error = #expect(throws: LedgerScanner.Damage.self) { try Self.read(bytes, pieces: 1 << 20) }
      #expect(error?.description.contains(other) == true, "\(error?.description ?? "")")
    }
  }

  @Test("votes as CSV: times in seconds, their phase, quotes where a choice needs them")
  func rows() {
    let ballot = Ballot(run: "ledger00", seed: 1, choices: ["a,\"b\""])
    let origin = MonotonicTime(nanoseconds: 5_000_000_000)
    var rows = VoteRows(
      LedgerHeading(version: "", startedAt: "", origin: origin, ballot: ballot, rules: ConsistencyRules()))
    rows.begin(.warmup, at: origin)
    rows.begin(.baseline, at: origin + .seconds(1))
    let due = origin + .seconds(1)
    let line = rows.line(
      of: Observation(
        index: 9, intended: due, actual: due + .microseconds(20), completed: due + .milliseconds(3), startLag: 0,
        outcome: .indeterminate, cause: .status(502), pod: 2))
    #expect(
      line
        == "9,\(ballot.voter(of: 9)),\"a,\"\"b\"\"\",baseline,1.000000,1.000020,1.003000,indeterminate,http-502,0,2,0\n"
    )
    #expect(VoteRows.header.split(separator: ",").count == 12)
  }
}
