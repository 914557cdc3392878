/// A run as its ledger has it: what it came to is worked out again, to the same figures.
///
/// Records come in the order of the file. A ledger that was cut off is that of a run which did not reach its end: what it
/// has is reported all the same.
package struct RecordedRun: Sendable {
  /// Why there is nothing to report.
  package struct Unreportable: Error, CustomStringConvertible {
    /// In a sentence.
    package let description: String
  }

  private var evidence: LedgerEvidence
  private var heading: LedgerHeading?
  private var profile: RunProfile?
  private var connections: [ConnectionTimes] = []
  private var recorder: Recorder?
  private var rollouts: [RolloutRecord] = []
  private var generator: GeneratorFigures?
  private var ending: RunEnding?
  private var polled: [Int: Int] = [:]
  private var sources: [String] = []
  private var last = MonotonicTime(nanoseconds: .min)
  private var votes = 0
  /// What no run has; nil in a sound ledger.
  private var damage: String?
  /// Lines of the histogram log, its header too.
  package private(set) var log: [String] = []

  /// A run of which nothing has been read; `reading` goes through its votes and rows when they are judged.
  package init(_ reading: @escaping LedgerEvidence.Reading) {
    evidence = LedgerEvidence(reading)
  }

  /// Takes the next record into account.
  package mutating func add(_ record: LedgerRecord) {
    evidence.add(record)
    switch record {
    case .vote(let vote): add(vote)
    case .connection(let connection):
      recorder?.record(connection)
      connections.append(connection)
    case .note(let note): add(note)
    case .row, .strangeRow: break
    }
  }

  /// True for a moment of a run that begins at the origin: none lasts a hundred days.
  ///
  /// Figures are kept second by second, so one that lies far away would take all memory there is.
  private mutating func isPlausible(_ moment: MonotonicTime) -> Bool {
    let seconds = heading.map { (moment - $0.origin).seconds } ?? 0
    if seconds.magnitude > 8_640_000 { damage = "it has a moment \(Int(seconds)) s after the first vote" }
    return seconds.magnitude <= 8_640_000
  }

  private mutating func add(_ vote: Observation) {
    guard isPlausible(vote.intended), let recorder, recorder.ledger.outcome(of: vote.index) == nil else { return }
    self.recorder?.record(vote)
    if vote.outcome != .dropped { last = max(last, vote.completed) }
    votes += 1
    // Every now and then, so that few seconds are open at once.
    if votes % 4096 == 0 { log += self.recorder?.closedLines(now: last) ?? [] }
  }

  private mutating func add(_ note: LedgerNote) {
    switch note {
    case .begin(let heading): begin(heading)
    case .phase(let phase, let moment):
      guard isPlausible(moment), let edges = recorder?.edges.edges, edges.last.map({ $0.start <= moment }) ?? true
      else { return }
      recorder?.begin(phase, at: moment)
      last = max(last, moment)
    case .source(let traits): sources.append(traits.name)
    case .poll(let sample, _): polled[sample.source, default: 0] += 1
    case .rollout(let record):
      // A change is told again as it goes on: the last word of it holds.
      if rollouts.last?.start == record.start { rollouts.removeLast() }
      rollouts.append(record)
    case .generator(let figures): generator = figures
    case .ended(let ending): if isPlausible(ending.at) { self.ending = ending }
    case .votesEnded, .drained, .exported: break
    }
  }

  private mutating func begin(_ heading: LedgerHeading) {
    guard self.heading == nil else { return }
    self.heading = heading
    sources = heading.rules.sources.map(\.name)
    last = heading.origin
    guard let yaml = heading.profile, let settings = try? Settings.read(yaml: yaml, name: "profile").get() else {
      return
    }
    profile = try? RunProfile.validate(settings, freshSeed: heading.seed).get()
    recorder = profile.map { Recorder($0, origin: heading.origin) }
    log = LatencyLog.header(version: heading.version, start: heading.startS ?? 0)
  }

  /// What the run came to, once every record was added.
  package mutating func finished() throws(Unreportable) -> FinishedRun {
    guard let heading else { throw Unreportable(description: "it ends before it says what run it is of") }
    if let damage { throw Unreportable(description: "\(damage): it was changed, take it as the run left it") }
    guard let profile, var recorder, let yaml = heading.profile, let consistency = evidence.judged() else {
      throw Unreportable(
        description:
          "votebench \(heading.version) wrote it, and this one cannot read the profile in it: take that version")
    }
    log += recorder.finish()
    let ending = self.ending ?? cutOff
    let report = RunReport(
      heading: RunReport.Heading(heading, profile),
      material: RunReport.Material(
        recorder: recorder, rollouts: rollouts, consistency: consistency, generator: generator, ending: ending),
      demands: RunReport.Demands(profile))
    return FinishedRun(report: report, exitCode: self.ending?.exitCode ?? report.exitCode, profile: yaml)
  }

  /// The same with what a merging of runs needs besides; `name` is that of its folder.
  package mutating func shard(_ name: String) throws(Unreportable) -> Shard {
    let run = try finished()
    guard let profile, let startS = heading?.startS else {
      throw Unreportable(description: "it does not say when the run began")
    }
    return Shard(name: name, run: run, profile: profile, startS: startS, connections: connections)
  }

  /// The ending of a run whose ledger has none.
  private var cutOff: RunEnding {
    RunEnding(
      at: last,
      tallySources: sources.enumerated().map { number, name in
        var figures = TallySources.Figures(name: name)
        figures.good = polled[number] ?? 0
        return figures
      },
      peakMemoryMegabytes: 0, isInterrupted: true, aborted: nil,
      failure: "the ledger ends before the run does: it was killed, or is still under way", exitCode: 2)
  }
}

extension Recorder {
  /// A recorder of the run by `profile` whose first vote is due at `origin`.
  package init(_ profile: RunProfile, origin: MonotonicTime) {
    // No vote takes longer than its wait for a connection and its answer, a timeout each; where that is very long, seconds
    // are closed all the same, so that few are open.
    let limit = min(profile.timeout * 2 + .seconds(5), .seconds(120))
    self.init(
      ledger: Ledger(schedule: profile.schedule, origin: origin),
      closing: profile.schedule.isClosed ? .after(limit) : .inDueOrder(atMost: limit))
  }
}

extension RunProfile.Target {
  /// For reports: `sandbox`, or the URL.
  package var name: String {
    switch self {
    case .sandbox: "sandbox"
    case .url(let url): url
    }
  }
}
