/// Whether two runs are alike enough for their difference to mean something, and what to know beside.
///
/// Two loads are two experiments: their runs are refused. What may well have been the point of the comparison, such as
/// another target, is said and no more.
struct Comparability: Sendable {
  /// Why they cannot be compared; empty where they can.
  private(set) var refusals: [RunDifference.Refusal.Reason] = []
  /// What to know beside the figures, in sentences.
  private(set) var notes: [String] = []
  /// The phases that are compared, in order: those that both have with votes, as far as they are asked for.
  let phases: [Phase]

  init(_ reference: RunReport, _ candidate: RunReport, asked: Set<Phase>?) {
    let (own, others) = (Self.phases(reference), Self.phases(candidate))
    phases = own.filter { others.contains($0) && asked?.contains($0) ?? true }
    let (one, two) = (reference.material.recorder.ledger.schedule, candidate.material.recorder.ledger.schedule)
    if !one.isSameLoad(as: two) { refuse(.schedule, "the load: \(one.words) and \(two.words)") }
    if let one = reference.material.generator, let two = candidate.material.generator {
      if one.http != two.http { refuse(.http, "the version of HTTP: \(one.http) and \(two.http)") }
      if one.lane != two.lane { refuse(.lane, "the lane: \(one.lane) and \(two.lane)") }
    } else {
      notes.append("how votes were sent is not known of both: HTTP version and lane may differ")
    }
    if phases.isEmpty { refuse(.phases, "the phases: none that is asked for has votes in both") }
    notes += Self.missing(own, in: others, "A") + Self.missing(others, in: own, "B")
    noteSurroundings(reference, candidate)
    noteRuns(reference, "A")
    noteRuns(candidate, "B")
  }

  private mutating func refuse(_ code: RunDifference.Refusal.Code, _ text: String) {
    refusals.append(RunDifference.Refusal.Reason(code: code, text: text))
  }

  private static func phases(_ report: RunReport) -> [Phase] {
    report.phases.filter { $0.phase.isCounted && $0.figures.votes.due > 0 }.map(\.phase)
  }

  private static func missing(_ phases: [Phase], in others: [Phase], _ name: String) -> [String] {
    phases.filter { !others.contains($0) }.map { "\($0.rawValue) is in \(name) only: it is not compared" }
  }

  private mutating func noteSurroundings(_ reference: RunReport, _ candidate: RunReport) {
    let (one, two) = (reference.heading, candidate.heading)
    if one.run == two.run, one.startedAt == two.startedAt { notes.append("A and B are the same run") }
    if one.target != two.target { notes.append("the targets differ: \(one.target) and \(two.target)") }
    if one.version != two.version { notes.append("votebench itself differs: \(one.version) and \(two.version)") }
    let fresh = [reference, candidate].map { report in
      Double(report.total.fresh.votes.due) / Double(max(1, report.total.votes.due))
    }
    if abs(fresh[0] - fresh[1]) > 0.01 {
      notes.append(
        "\(decimal(fresh[0] * 100, 1))% of the votes of A, and \(decimal(fresh[1] * 100, 1))% of B's, opened connections "
          + "of their own: that alone changes times")
    }
  }

  private mutating func noteRuns(_ report: RunReport, _ name: String) {
    if report.material.isInterrupted || report.material.aborted != nil {
      notes.append("\(name) was ended before its time")
    }
    if let failure = report.material.failure { notes.append("\(name) went wrong on its way: \(failure)") }
    if !report.keepsSchedule { notes.append("the generator did not keep its schedule in \(name)") }
  }
}

extension Schedule {
  /// True where as many votes come in the same way, whatever the seed.
  fileprivate func isSameLoad(as other: Schedule) -> Bool {
    switch (arrivals, other.arrivals) {
    case (.constant(let rate), .constant(let other)): rate.perSecond == other.perSecond
    case (.poisson(let rate, _), .poisson(let other, _)): rate.perSecond == other.perSecond
    default: arrivals == other.arrivals
    }
  }

  /// For people, in a few words.
  fileprivate var words: String {
    switch arrivals {
    case .constant(let rate): "\(rate)"
    case .poisson(let rate, _): "\(rate) at random"
    case .stages(let stages): stages.map { "\($0)" }.joined(separator: ",")
    case .closed(let users): "\(users) users of a closed loop"
    }
  }
}
