import Bench
import Testing

/// A run is told again from its ledger alone: every file to the byte.
@Suite("A run from its ledger")
struct RecordedRunTests {
  /// The run of the samples, with its connections, as it was and as its ledger has it.
  private struct Run {
    let profile: RunProfile
    let heading: LedgerHeading
    var records: [LedgerRecord] = []
    var recorder: Recorder
    var log: [String] = []
    let ending: RunEnding
    let sample: RunReport

    init(_ settings: [Settings.Key: String] = [:]) throws {
      let given: [Settings.Key: String] = [
        .rate: "100", .duringRollout: "true", .image: "v2", .target: "https://oggy.local", .newConnections: "10%",
        .header: "Authorization: secret", .seed: "1",
      ]
      profile = try RunProfile.validate(Settings(given.merging(settings) { $1 }), freshSeed: 7).get()
      sample = ReportTests.report()
      let ballot = Ballot(run: "sample00", seed: 1, choices: ["a", "b"])
      let origin = sample.material.origin
      heading = LedgerHeading(
        version: "0.1.0", startedAt: "2026-01-01T00:00:00Z", origin: origin, ballot: ballot, rules: ConsistencyRules(),
        startS: 1_767_225_600.25, profile: ProfileText(profile, hidesSecrets: true).text)
      recorder = Recorder(profile, origin: origin)
      ending = RunEnding(
        at: origin + .seconds(14), tallySources: sample.material.tallySources, peakMemoryMegabytes: 25.5,
        isInterrupted: false, aborted: Abortion(expression: "p99 < 1s", reason: "no", at: .seconds(3)),
        failure: "the sandbox ended", exitCode: 69)
      records = [.note(.begin(heading))]
      fill()
    }

    private mutating func fill() {
      let origin = heading.origin
      log = LatencyLog.header(version: "0.1.0", start: 1_767_225_600.25)
      open(
        ConnectionTimes(
          began: origin + .seconds(-1), vote: nil, nameLookup: nil, connect: .nanoseconds(120_345),
          tls: .nanoseconds(1_400_001), firstByte: nil))
      for edge in sample.material.recorder.edges.edges {
        recorder.begin(edge.phase, at: edge.start)
        records.append(.note(.phase(name: edge.phase, at: edge.start)))
      }
      // Votes come back in another order than they are due in, and at odd nanoseconds.
      var votes = Array(sample.material.recorder.ledger.observations)
      for index in votes.indices {
        votes[index].completed = votes[index].completed + .nanoseconds(index * 7 % 1000)
        votes[index].startLag += Int64(index % 999)
      }
      for start in stride(from: 0, to: votes.count, by: 10) { votes[start..<start + 10].reverse() }
      for vote in votes {
        if vote.isFresh {
          open(
            ConnectionTimes(
              began: vote.intended, vote: vote.index, nameLookup: .nanoseconds(80_001), connect: nil,
              tls: nil, firstByte: .nanoseconds(vote.index * 1001)))
        }
        recorder.record(vote)
        records.append(.vote(vote))
        if vote.index % 50 == 0 { log += recorder.closedLines(now: vote.completed) }
      }
      log += recorder.finish()
      for rollout in sample.material.rollouts {
        // As it stood before its end, and as it ended.
        var unfinished = rollout
        (unfinished.end, unfinished.outcome, unfinished.pods) = (nil, nil, [])
        records += [.note(.rollout(record: unfinished)), .note(.rollout(record: rollout))]
      }
      if let figures = sample.material.generator { records.append(.note(.generator(figures: figures))) }
      records.append(.note(.ended(ending: ending)))
    }

    private mutating func open(_ connection: ConnectionTimes) {
      recorder.record(connection)
      records.append(.connection(connection))
    }

    /// What the run itself wrote.
    func finished() throws -> FinishedRun {
      var evidence = LedgerEvidence { [records] body in for record in records { body(record) } }
      for record in records { evidence.add(record) }
      let report = RunReport(
        heading: RunReport.Heading(heading, profile),
        material: RunReport.Material(
          recorder: recorder, rollouts: sample.material.rollouts, consistency: try #require(evidence.judged()),
          generator: sample.material.generator, ending: ending),
        demands: RunReport.Demands(profile))
      return FinishedRun(report: report, exitCode: 69, profile: heading.profile ?? "")
    }

    /// What is read again from the records' bytes.
    static func read(_ records: [LedgerRecord], _ heading: LedgerHeading) throws -> RecordedRun {
      var bytes = LedgerRecord.magic
      for record in records { record.append(to: &bytes, of: heading) }
      let (file, kept) = (bytes, try scanned(bytes))
      var run = RecordedRun { body in for record in (try? scanned(file)) ?? [] { body(record) } }
      for record in kept { run.add(record) }
      return run
    }

    private static func scanned(_ bytes: [UInt8]) throws -> [LedgerRecord] {
      var (scanner, records) = (LedgerScanner(), [LedgerRecord]())
      try scanner.read(bytes) { records.append($0) }
      return records
    }
  }

  @Test("every file is made again to the byte: votes, connections, rollouts, generator and ending")
  func again() throws {
    let run = try Run()
    var recorded = try Run.read(run.records, run.heading)
    let (was, again) = (try run.finished(), try recorded.finished())
    let (files, filesAgain) = (try was.files(), try again.files())
    #expect(files.map(\.name) == filesAgain.map(\.name) && Set(files.map(\.name)).count == files.count)
    for (file, fileAgain) in zip(files, filesAgain) { #expect(file.text == fileAgain.text, "\(file.name)") }
    #expect(recorded.log == run.log && run.log.count > 20)
    #expect(again.exitCode == 69 && again.profile == run.heading.profile)
    #expect(again.report.total.connections.opened > 50 && again.report.material.recorder.connectionsBefore.opened == 1)
    #expect(again.checks.all.contains { $0.reason == "the sandbox ended" })
  }

  @Test("a ledger that was cut off is reported as a run that did not reach its end", arguments: [3, 300, 900, 1_100])
  func cutOff(kept: Int) throws {
    let run = try Run()
    var recorded = try Run.read(Array(run.records.prefix(kept)), run.heading)
    let again = try recorded.finished()
    let (report, verdict) = (again.report, again.report.verdict)
    #expect(verdict != .pass && again.exitCode == (verdict == .fail ? 1 : 2) && report.material.isInterrupted)
    let votes = run.records.prefix(kept).count { if case .vote = $0 { true } else { false } }
    #expect(again.report.phases.reduce(0) { $0 + $1.figures.votes.due } == votes)
    #expect(try again.text(.md).contains("killed, or is still under way"))
  }

  @Test("a vote, a heading or a phase that comes twice changes no figure and ends nothing")
  func repeated() throws {
    let run = try Run()
    var records = run.records
    records.insert(contentsOf: records[20...60].filter { if case .vote = $0 { true } else { false } }, at: 70)
    records.insert(.note(.begin(run.heading)), at: 500)
    records.insert(.note(.phase(name: .baseline, at: run.heading.origin + .seconds(-5))), at: 600)
    var (recorded, again) = (try Run.read(run.records, run.heading), try Run.read(records, run.heading))
    let (report, other) = (try recorded.finished().report, try again.finished().report)
    #expect(report.total.votes == other.total.votes && report.phases.map(\.start) == other.phases.map(\.start))
    #expect(report.total.responseTime.milliseconds == other.total.responseTime.milliseconds)
  }

  @Test("a ledger without a profile, or without a heading, says what to do")
  func unreportable() throws {
    let run = try Run()
    var heading = run.heading
    heading.profile = nil
    heading.version = "0.0.9"
    var old = try Run.read([.note(.begin(heading))] + run.records.dropFirst(), heading)
    let error = #expect(throws: RecordedRun.Unreportable.self) { try old.finished() }
    #expect(error?.description.contains("votebench 0.0.9 wrote it") == true)
    var empty = RecordedRun { _ in }
    #expect(throws: RecordedRun.Unreportable.self) { try empty.finished() }
  }

  @Test("a moment that no run has is damage, and takes no memory")
  func farAway() throws {
    let run = try Run()
    let far = run.heading.origin + .seconds(86_400 * 365 * 20)
    var vote = try #require(run.sample.material.recorder.ledger[3])
    vote.intended = far
    for record in [LedgerRecord.vote(vote), .note(.phase(name: .drain, at: far))] {
      var recorded = try Run.read(run.records + [record], run.heading)
      let error = #expect(throws: RecordedRun.Unreportable.self) { try recorded.finished() }
      #expect(error?.description.contains("after the first vote") == true)
    }
  }

  // MARK: profile.yaml

  @Test(
    "profile.yaml repeats the run: read again it is the same profile",
    arguments: [
      [:], [.rate: "250", .arrival: "poisson"], [.closed: "7", .timeout: "1500ms"], [.stages: "30s@100,1m@100..500"],
      [.duringRollout: "true"], [.duringRollout: "true", .restart: "true", .settle: "1h", .rollback: "false"],
      [.target: "https://a.example", .export: "psql -c \"select 'x'\"\t\\n", .choices: "cats,dogs: and # more"],
      [.http: "2", .streams: "8", .warmup: "0s"], [.slo: "none", .detect: "w=1s,share=20%"],
      [.target: "http://a.example", .duringRollout: "true", .trigger: "helm upgrade x\n--set a='b'\u{1}"],
      [.slo: "rollout: p99 <= 1.5 * baseline: p99", .duringRollout: "true", .errorBudget: "99.99%/1w"],
      [.header: "X-A: \"quoted\"", .podPattern: "pod: *<", .insecure: "true", .noLedger: "true", .revote: "5%"],
    ] as [[Settings.Key: String]])
  func profile(given: [Settings.Key: String]) throws {
    var profile = try RunProfile.validate(Settings(given), freshSeed: 12_345).get()
    let text = ProfileText(profile, hidesSecrets: false).text
    var again = try RunProfile.validate(Settings.read(yaml: text, name: "p").get(), freshSeed: 6).get()
    #expect(ProfileText(again, hidesSecrets: false).text == text)
    (profile.settings, again.settings) = (Settings(), Settings())
    #expect(again == profile, "\(text)")
  }

  @Test("several changes, headers and objectives are listed, and read again")
  func listedProfile() throws {
    let yaml = """
      during-rollout: true
      rate: 20
      rollouts:
        - deployment: voting-app
          image: voting-app:v2
        - statefulset: db
          set-env: [A=1, B-]
          container: db
      header: ["X-A: 1", "X-B: 2"]
      slo: [default, "p99 < 1s"]
      """
    var profile = try RunProfile.validate(Settings.read(yaml: yaml, name: "p").get(), freshSeed: 1).get()
    let text = ProfileText(profile, hidesSecrets: false).text
    var again = try RunProfile.validate(Settings.read(yaml: text, name: "p").get(), freshSeed: 2).get()
    (profile.settings, again.settings) = (Settings(), Settings())
    #expect(again == profile, "\(text)")
    #expect(again.rollout?.changes.count == 2 && again.headers.count == 2)
  }

  @Test("what may be secret is not in what others read, and the rest can still be judged")
  func secrets() throws {
    let given: [Settings.Key: String] = [
      .target: "https://a.example", .header: "Authorization: Bearer s3cret", .export: "postgresql://u:s3cret@db/votes",
      .tally: "command:psql s3cret", .duringRollout: "true", .restart: "true",
      .control: "https://u:s3cret@other.example/health",
    ]
    let profile = try RunProfile.validate(Settings(given), freshSeed: 1).get()
    #expect(ProfileText(profile, hidesSecrets: false).text.contains("s3cret"))
    let text = ProfileText(profile, hidesSecrets: true).text
    #expect(!text.contains("s3cret") && text.contains("Authorization:not-kept"))
    #expect(text.contains("https://not-kept@other.example/health"))
    let again = try RunProfile.validate(Settings.read(yaml: text, name: "p").get(), freshSeed: 2).get()
    #expect(again.objectives == profile.objectives && again.schedule == profile.schedule)
  }
}

extension Settings {
  /// Settings as typed at flags.
  fileprivate init(_ given: [Key: String]) {
    self.init()
    for (key, text) in given { add(key, Setting(text, place: "--\(key.rawValue)")) }
  }
}
