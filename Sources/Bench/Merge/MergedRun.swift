/// Several runs as one: the shards of a load that one machine could not put alone.
///
/// Their votes are laid on one time axis by the wall clock, in due order, and everything is worked out from them as from
/// those of one run: nothing is averaged, and every histogram is added slot by slot. Whether a vote was counted each shard
/// has judged by itself. The clocks of the machines are taken to agree: what they differ by, votes are displaced by.
///
/// Phases are those of the shard that drove a rollout. Without one, what is counted is the time in which all of them
/// counted.
package struct MergedRun: Sendable {
  /// Why runs are no shards of one load.
  package struct Unmergeable: Error, CustomStringConvertible {
    /// In a sentence that says what to do.
    package let description: String
  }

  private let shards: [Shard]
  /// The shard whose phases and objectives are those of all.
  private let leader: Shard
  private let startS: Double
  private let perSecond: ArrivalRate
  private let origin: MonotonicTime

  /// Runs that are shards of one load, two at least.
  package init(_ shards: [Shard]) throws(Unmergeable) {
    try Self.check(shards)
    self.shards = shards
    leader = shards.first(where: \.hasRollout) ?? shards[0]
    startS = shards.map(\.startS).min() ?? 0
    let sum = Self.leastPerSecond(shards, leader)
    guard let rate = ArrivalRate(decimal(sum, 6)) else {
      throw Unmergeable(description: "together they are \(decimal(sum, 0))/s: more than 1000000/s is not supported")
    }
    perSecond = rate
    // That of the leader, so that its rollouts stay where they are.
    origin = leader.origin + .nanoseconds(Int64(((startS - leader.startS) * 1e9).rounded()))
  }

  private static func check(_ shards: [Shard]) throws(Unmergeable) {
    guard shards.count > 1, let first = shards.first else {
      throw Unmergeable(description: "a load is merged from two runs at least: name their folders")
    }
    var names: [String: String] = [:]
    for shard in shards {
      if let other = names.updateValue(shard.name, forKey: shard.run.report.heading.run) {
        throw Unmergeable(description: "\(other) and \(shard.name) are the same run: name each shard once")
      }
      if shard.perSecond == nil {
        throw Unmergeable(
          description: "\(shard.name) ran with --stages or --closed: only shards with --rate add up to one load")
      }
      if shard.profile.target != first.profile.target || shard.profile.votePath != first.profile.votePath {
        throw Unmergeable(
          description: "\(first.name) voted at \(first.profile.target.name)\(first.profile.votePath), \(shard.name) at "
            + "\(shard.profile.target.name)\(shard.profile.votePath): shards have the same target")
      }
    }
    let drivers = shards.filter(\.hasRollout)
    guard drivers.count < 2 else {
      throw Unmergeable(
        description:
          "\(drivers.map(\.name).joined(separator: " and ")) each drove a rollout: let one shard do so, and the "
          + "others run with --duration")
    }
    try checkTimes(shards)
  }

  private static func checkTimes(_ shards: [Shard]) throws(Unmergeable) {
    var common: ClosedRange<Double>?
    for shard in shards {
      guard let counted = shard.counted else {
        throw Unmergeable(description: "\(shard.name) ended before its baseline: it has nothing to add")
      }
      let begin = max(common?.lowerBound ?? counted.lowerBound, counted.lowerBound)
      let end = min(common?.upperBound ?? counted.upperBound, counted.upperBound)
      guard begin < end else {
        throw Unmergeable(
          description:
            "\(shard.name) was over before the others began, or began when they were over: shards of one load "
            + "run at the same time, by clocks that agree")
      }
      common = begin...end
    }
  }

  /// What has to be added to a shard's moments.
  private func delay(_ shard: Shard) -> Duration {
    origin - shard.origin + .nanoseconds(Int64(((shard.startS - startS) * 1e9).rounded()))
  }

  /// The rate of all of them together when it was lowest: what the run could have seen is what it could see then.
  ///
  /// A shard may end before the rollout that another one drives does.
  private static func leastPerSecond(_ shards: [Shard], _ leader: Shard) -> Double {
    guard leader.hasRollout, let counted = leader.counted else { return shards.reduce(0) { $0 + ($1.perSecond ?? 0) } }
    let spans = shards.map { $0.counted ?? $0.startS...$0.startS }
    let changes = spans.flatMap { [$0.lowerBound, $0.upperBound] }.filter {
      counted.lowerBound <= $0 && $0 < counted.upperBound
    }
    let sums = changes.map { moment in
      zip(shards, spans).reduce(0) { sum, shard in
        sum + (shard.1.lowerBound <= moment && moment < shard.1.upperBound ? shard.0.perSecond ?? 0 : 0)
      }
    }
    return sums.min() ?? 0
  }

  // MARK: Votes

  /// One shard's vote on the common axis.
  private struct Moved {
    var vote: Observation
    var shard: Int
  }

  /// Every vote in due order, numbered anew.
  ///
  /// Warmup is never counted: what a shard was warming up with while the others counted is left out.
  private func votes(_ responders: Responders) -> [Moved] {
    var votes: [Moved] = []
    let begun = edges.first { $0.phase.isCounted }?.start
    for (number, shard) in shards.enumerated() {
      let (delay, warm) = (delay(shard), shard.run.report.material.recorder.edges.edges.first { $0.phase.isCounted })
      for vote in shard.run.report.material.recorder.ledger.observations {
        let isCold = warm.map { vote.intended < $0.start } ?? false
        if isCold, let begun, vote.intended + delay >= begun { continue }
        var vote = vote
        vote.intended = vote.intended + delay
        vote.actual = vote.actual + delay
        vote.completed = vote.completed + delay
        vote.pod = responders.number(of: vote.pod, shard: number)
        votes.append(Moved(vote: vote, shard: number))
      }
    }
    votes.sort { ($0.vote.intended, $0.shard, $0.vote.index) < ($1.vote.intended, $1.shard, $1.vote.index) }
    return votes
  }

  /// The phases of the leader; without a rollout, those in which all shards were.
  private var edges: [(phase: Phase, start: MonotonicTime)] {
    if leader.hasRollout {
      return leader.run.report.material.recorder.edges.edges.map { ($0.phase, $0.start + delay(leader)) }
    }
    let counted = shards.compactMap(\.counted)
    func moment(_ second: Double) -> MonotonicTime { origin + .nanoseconds(Int64(((second - startS) * 1e9).rounded())) }
    return [
      (.warmup, origin), (.baseline, moment(counted.map(\.lowerBound).max() ?? startS)),
      (.drain, moment(counted.map(\.upperBound).min() ?? startS)),
    ]
  }

  /// The run that they are together, and the lines of its histogram log.
  package func merged() -> (run: FinishedRun, log: [String]) {
    let responders = Responders(shards.map { $0.run.report.material.generator?.responders ?? [] })
    // Due moments are kept, since no formula gives those of several shards together.
    var recorder = Recorder(
      ledger: Ledger(schedule: Schedule(.poisson(perSecond, seed: 0)), origin: origin),
      closing: .inDueOrder(atMost: .seconds(120)))
    for edge in edges { recorder.begin(edge.phase, at: edge.start) }
    for shard in shards {
      for var connection in shard.connections {
        connection.began = connection.began + delay(shard)
        recorder.record(connection)
      }
    }
    var log = LatencyLog.header(version: leader.run.report.heading.version, start: startS)
    for (index, moved) in votes(responders).enumerated() {
      var vote = moved.vote
      vote.index = index
      recorder.record(vote)
      if index % 4096 == 0 { log += recorder.closedLines(now: vote.intended) }
    }
    log += recorder.finish()
    let report = RunReport(
      heading: heading,
      material: RunReport.Material(
        recorder: recorder, rollouts: leader.run.report.material.rollouts,
        consistency: ConsistencyReport(merging: shards.map { ($0.run.report.material.consistency, delay($0)) }),
        generator: generator(responders), ending: ending),
      demands: leader.run.report.demands)
    let profiles = shards.map { "# \($0.name)\n\($0.run.profile)" }.joined(separator: "\n")
    let cut = shards.map(\.run.exitCode).first { !(0...2).contains($0) }
    return (FinishedRun(report: report, exitCode: cut ?? report.exitCode, profile: profiles), log)
  }

  private var heading: RunReport.Heading {
    var heading = leader.run.report.heading
    // Votes are numbered anew: of those of one voter nothing tells any more.
    heading.revoters = nil
    let environments = Set(shards.map(\.run.report.heading.environment))
    if environments.count > 1 { heading.environment = nil }
    heading.run = shards.map(\.run.report.heading.run).joined(separator: "+")
    heading.startedAt = shards.map(\.run.report.heading.startedAt).min() ?? heading.startedAt
    return heading
  }

  // MARK: Figures

  private var ending: RunEnding {
    let materials = shards.map(\.run.report.material)
    var sources: [TallySources.Figures] = []
    for figures in materials.flatMap(\.tallySources) {
      if let place = sources.firstIndex(where: { $0.name == figures.name }) {
        sources[place].good += figures.good
        sources[place].failed.merge(figures.failed, uniquingKeysWith: +)
      } else {
        sources.append(figures)
      }
    }
    let failures = shards.compactMap { shard in
      shard.run.report.material.failure.map { "\(shard.name): \($0)" }
    }
    return RunEnding(
      at: zip(shards, materials).map { $1.end + delay($0) }.max() ?? origin, tallySources: sources,
      peakMemoryMegabytes: materials.map(\.peakMemoryMegabytes).max() ?? 0,
      isInterrupted: materials.contains(where: \.isInterrupted), aborted: materials.compactMap(\.aborted).first,
      failure: failures.isEmpty ? nil : failures.joined(separator: "; "), exitCode: 0)
  }

  /// Costs add up; nil where a shard ended without a word.
  private func generator(_ responders: Responders) -> GeneratorFigures? {
    let all = shards.compactMap(\.run.report.material.generator)
    guard all.count == shards.count, let first = all.first else { return nil }
    func common(_ text: KeyPath<GeneratorFigures, String>) -> String {
      Set(all.map { $0[keyPath: text] }).sorted().joined(separator: ", ")
    }
    return GeneratorFigures(
      backlogMaximum: all.map(\.backlogMaximum).max() ?? 0,
      processorTime: all.reduce(.zero) { $0 + $1.processorTime },
      stalls: GeneratorFigures.Stalls(
        count: all.reduce(0) { $0 + $1.stalls.count }, longest: all.map(\.stalls.longest).max() ?? first.stalls.longest),
      responders: responders.all, control: control(all), lane: common(\.lane), http: common(\.http),
      threads: all.reduce(0) { $0 + $1.threads }, libcurl: common(\.libcurl))
  }

  private func control(_ all: [GeneratorFigures]) -> GeneratorFigures.Control? {
    let probed = zip(shards, all).compactMap { shard, figures in figures.control.map { (shard, $0) } }
    guard !probed.isEmpty else { return nil }
    return GeneratorFigures.Control(
      probes: probed.reduce(0) { $0 + $1.1.probes },
      failures: probed.flatMap { shard, control in control.failures.map { $0 + delay(shard) } }.sorted(),
      slowest: probed.compactMap(\.1.slowest).max())
  }
}

/// Who answered the votes of any shard, under one numbering.
private struct Responders {
  let all: [GeneratorFigures.Responder]
  private var numbers: [[UInt8]] = []

  init(_ shards: [[GeneratorFigures.Responder]]) {
    var all: [GeneratorFigures.Responder] = []
    for responders in shards {
      numbers.append(
        responders.map { responder in
          if let place = all.firstIndex(of: responder) { return UInt8(clamping: place + 1) }
          all.append(responder)
          return UInt8(clamping: all.count)
        })
    }
    self.all = all
  }

  /// The common number of a shard's pod; unknown stays unknown, and the 255th stands for all others.
  func number(of pod: UInt8, shard: Int) -> UInt8 {
    guard pod > 0 else { return 0 }
    return Int(pod) <= numbers[shard].count ? numbers[shard][Int(pod) - 1] : pod == 255 ? 255 : 0
  }
}
