/// Objectives on failed votes and on times: which votes, and by which rule.
extension Objective {
  /// Votes that are judged by themselves.
  struct Stream {
    /// For people; empty for all of them.
    var name: String
    var slice: VoteSlice
    /// How they came; nil where that says nothing, since who answers is not chosen by us.
    var arrivals: Arrivals?
  }

  func judgeVotes(_ evidence: Evidence) -> Result {
    guard evidence.span(scope.part) != nil else {
      return result(.inconclusive, "the run did not reach \(scope.part.rawValue)", remedy: "run again to its end")
    }
    let streams = streams(evidence)
    guard !streams.isEmpty else {
      return result(
        .inconclusive, "no vote was answered by \(Self.wanted(scope.answering))",
        remedy: "check the name, and --pod-header or --version-header")
    }
    if scope.answering != nil, let unanswered = unanswered(evidence, streams) { return unanswered }
    return merged(streams.map { ($0.name.isEmpty ? "all" : $0.name, judge($0, evidence)) })
      .map { streams.count == 1 && streams[0].name.isEmpty ? unnamed($0) : $0 }
      ?? result(.inconclusive, "no vote was due", remedy: "a longer phase, or a higher rate")
  }

  /// What failed without an answer may belong to any pod or version: then none of them passes.
  private func unanswered(_ evidence: Evidence, _ streams: [Stream]) -> Result? {
    let nobodys = slice(evidence, pods: [0]).ofKind
    guard nobodys > 0, merged(streams.map { ($0.name, judge($0, evidence)) })?.verdict == .pass else { return nil }
    return result(
      .inconclusive, "\(nobodys) failed votes were answered by nobody, so they may be anyone's",
      sample: streams.reduce(0) { $0 + $1.slice.votes }, remedy: "an objective without pods or versions")
  }

  private func unnamed(_ result: Result) -> Result {
    var result = result
    if result.reason.hasPrefix("all: ") { result.reason.removeFirst(5) }
    return result
  }

  private static func wanted(_ answering: Answering?) -> String {
    switch answering {
    case .pod(let name): "pod \(name)"
    case .version(let name): "version \(name)"
    case .eachVersion: "a version that is known"
    case .eachPod, nil: "a pod that is known"
    }
  }

  func streams(_ evidence: Evidence) -> [Stream] {
    let arrivals = evidence.arrivals(scope.part)
    if let answering = scope.answering {
      let streams = Self.pods(answering, evidence.responders).map { name, pods in
        Stream(name: name, slice: slice(evidence, pods: pods), arrivals: nil)
      }
      // A pod that was gone before, or came later, has nothing to answer for.
      return streams.filter { $0.slice.votes > 0 }
    }
    guard !scope.cohorts.isEmpty else { return [Stream(name: "", slice: slice(evidence), arrivals: arrivals)] }
    let all = VoteSlice(evidence, scope.part).votes
    return scope.cohorts.map { cohort in
      let slice = slice(evidence, cohort: cohort)
      return Stream(
        name: cohort.rawValue, slice: slice, arrivals: arrivals.thinned(to: Double(slice.votes) / Double(max(1, all))))
    }
  }

  /// The votes of the same cohort in the part that this objective speaks of.
  func streamAgain(_ evidence: Evidence, like name: String) -> VoteSlice {
    slice(evidence, cohort: Cohort(rawValue: name))
  }

  private func slice(_ evidence: Evidence, cohort: Cohort? = nil, pods: Set<UInt8>? = nil) -> VoteSlice {
    let kind: ErrorKind =
      switch metric {
      case .errorRate(let kind), .errors(let kind): kind
      default: .any
      }
    var time: Time?
    if case .time(let wanted, _) = metric { time = wanted }
    return VoteSlice(evidence, scope.part, cohort: cohort, pods: pods, kind: kind, time: time)
  }

  private static func pods(
    _ answering: Answering, _ responders: [GeneratorFigures.Responder]
  ) -> [(name: String, pods: Set<UInt8>)] {
    let numbered = responders.enumerated().map { (number: UInt8(clamping: $0.offset + 1), responder: $0.element) }
    func group(_ name: String, _ isPart: (GeneratorFigures.Responder) -> Bool) -> (String, Set<UInt8>)? {
      let pods = numbered.filter { isPart($0.responder) }.map(\.number)
      return pods.isEmpty ? nil : (name, Set(pods))
    }
    switch answering {
    case .pod(let name): return [group("pod \(name)") { $0.pod == name }].compactMap(\.self)
    case .version(let name): return [group("version \(name)") { $0.version == name }].compactMap(\.self)
    case .eachPod:
      return Set(responders.map(\.pod)).subtracting([""]).sorted().compactMap { name in
        group("pod \(name)") { $0.pod == name }
      }
    case .eachVersion:
      return Set(responders.map(\.version)).subtracting([""]).sorted().compactMap { name in
        group("version \(name)") { $0.version == name }
      }
    }
  }

  /// By the kind of statement: a comparison, a census, or from a sample.
  private func judge(_ stream: Stream, _ evidence: Evidence) -> Result {
    if case .relative(let factor, let part, let plus) = bound {
      return judge(stream, against: part, times: factor, plus: plus, evidence)
    }
    guard case .value(let limit) = bound else { return result(.inconclusive, "the bound is no number") }
    if case .time(let time, _) = metric, let late = late(stream.slice, time, evidence) {
      return result(
        .inconclusive, late.why, sample: stream.slice.votes, remedy: late.remedy,
        evidence: isCensus(duringRollout: evidence.isDuringRollout) ? .census : .sample)
    }
    if let every = scope.every {
      // A single window has to answer as well as the whole would.
      let windows = stream.slice.windows(of: every).map { start, slice in
        (
          "the \(every) s from \(start) s on",
          census(Stream(name: "", slice: slice, arrivals: stream.arrivals), limit, evidence)
        )
      }
      return merged(windows) ?? result(.inconclusive, "no vote was due", remedy: "a longer phase, or a higher rate")
    }
    guard isCensus(duringRollout: evidence.isDuringRollout) else { return sample(stream, limit, evidence.detection) }
    return census(stream, limit, evidence)
  }

  // MARK: Census

  private func census(_ stream: Stream, _ limit: Double, _ evidence: Evidence) -> Result {
    switch metric {
    case .time(_, let statistic): censusOfTimes(stream, statistic, limit)
    default: censusOfFailures(stream, limit, evidence.detection)
    }
  }

  /// So many failed of so many: a fact of this run, and a pass only where an outage would have been seen.
  ///
  /// What the generator did not send says nothing of the system, nor does what failed while the control target did.
  /// Source: SLO statistics, section 1.
  private func censusOfFailures(_ stream: Stream, _ limit: Double, _ detection: Detection) -> Result {
    let slice = stream.slice
    let (votes, failed, beside, unsent) = (slice.votes, slice.ofKind, slice.besideControl, slice.unsent)
    var isRate = false
    if case .errorRate = metric { isRate = true }
    func figure(_ failed: Int, of votes: Int) -> Double {
      isRate ? Double(failed) / Double(max(1, votes)) : Double(failed)
    }
    let (least, most) = (figure(failed - beside, of: votes), figure(failed + unsent, of: votes + unsent))
    let interval = failed > 0 && isRate ? ClusteredRate(slice.seconds.map(\.block)).effective : nil
    func verdict(_ verdict: Verdict, _ reason: String, _ remedy: String? = nil) -> Result {
      result(
        verdict, reason, observed: votes == 0 ? nil : isRate ? Self.percent(figure(failed, of: votes)) : "\(failed)",
        low: interval.map { Self.percent($0.lower(alpha: Self.alpha)) },
        high: interval.map { Self.percent($0.upper(alpha: Self.alpha)) }, sample: votes, remedy: remedy,
        figure: figure(failed, of: votes), basis: Result.Basis(bad: failed))
    }
    let count = "\(failed) of \(votes) votes failed\(kindText)"
    if votes == 0 { return verdict(.inconclusive, "no vote was due", "\(longerSpan), or a higher rate") }
    if [.atLeast, .above].contains(comparison) {
      return verdict(isMet(least, limit: limit) ? .pass : .fail, count)
    }
    if !isMet(least, limit: limit) {
      return verdict(.fail, count + (beside > 0 ? ", \(beside) of them while the control target did" : ""))
    }
    if beside > 0, !isMet(figure(failed, of: votes), limit: limit) {
      return verdict(
        .inconclusive,
        "all \(beside) votes that failed did so while the control target failed too: trouble on the way there",
        "run again when the way there is sound")
    }
    if !isMet(most, limit: limit) {
      return verdict(
        .inconclusive, "\(unsent) votes were not sent in time by the generator itself",
        Self.ownRemedy)
    }
    if let reason = blindness(stream, detection) { return verdict(.inconclusive, reason.why, reason.remedy) }
    return verdict(
      .pass,
      slice.failed > 0
        ? count
        : stream.arrivals == nil
          ? "each of \(votes) votes was accepted"
          : "no outage of \(detection.description) (95 %)")
  }

  private var kindText: String {
    switch metric {
    case .errorRate(.named(let name)), .errors(.named(let name)): " as \(name)"
    case .errorRate(.statuses(let hundreds)), .errors(.statuses(let hundreds)): " as http-\(hundreds)xx"
    default: ""
    }
  }

  /// Why so few votes could have missed the outage to be seen, and what would do; nil where they could not.
  func blindness(_ stream: Stream, _ detection: Detection) -> (why: String, remedy: String?)? {
    let needed = Arrivals.votesNeeded(detection.share)
    let votes = stream.slice.votes
    if votes < needed {
      return (
        "no more failed, but \(votes) votes are too few to see an outage",
        "at least \(needed) votes: \(longerSpan), or a higher rate"
      )
    }
    // Of one pod or version nothing is said of outages: in one of them others answer.
    guard let arrivals = stream.arrivals else { return nil }
    guard arrivals.missProbability(detection) > Detection.missable else {
      return standstill(stream.slice, arrivals, detection)
    }
    guard let rate = arrivals.rateNeeded(detection) else {
      return (
        "no more failed, but users of a closed loop ask nothing while they wait: use --rate or --stages",
        "--rate or --stages in place of --closed"
      )
    }
    var kind = "this rate"
    if case .random = arrivals { kind = "this mean rate" }
    let least = decimal(rate.rounded(.up), 0)
    return (
      "no more failed, but \(kind) is too low to see an outage of \(detection.description): at least \(least)/s",
      "--rate \(least)" + (stream.name.isEmpty ? "" : " in all, or a larger share of \(stream.name) votes")
    )
  }

  /// Why an outage could have hidden in a standstill of the generator itself; nil where none could.
  ///
  /// What was due meanwhile was sent at its end, so an outage that ended just before met only the votes of the rest of its
  /// time. A lateness of up to 10 ms, or a tenth of a shorter outage, is no standstill: it moves the votes, and hides
  /// none. Source: SLO statistics, sections 0 and 1.
  private func standstill(
    _ slice: VoteSlice, _ arrivals: Arrivals, _ detection: Detection
  ) -> (why: String, remedy: String?)? {
    guard slice.lagMaximum > min(10_000_000, detection.window.nanoseconds / 10) else { return nil }
    var rest = detection
    rest.window = max(.zero, detection.window - .nanoseconds(slice.lagMaximum))
    guard arrivals.missProbability(rest) > Detection.missable else { return nil }
    return (
      "GENERATOR_LATE: votebench itself stood still for \(Self.time(Double(slice.lagMaximum))), in which an outage of "
        + "\(detection.description) could have hidden", Self.ownRemedy
    )
  }

  /// The figure of this run against the limit, votes that failed ranked above all.
  ///
  /// Source: SLO statistics, sections 0 and 3: seconds in which the generator stalled are left out, save their failures.
  private func censusOfTimes(_ stream: Stream, _ statistic: Statistic, _ limit: Double) -> Result {
    let figures = TimeFigures(stream.slice, statistic)
    func verdict(_ verdict: Verdict, _ reason: String, _ remedy: String? = nil) -> Result {
      result(
        verdict, reason, observed: figures.value.map(Self.time), low: figures.bounds?.low, high: figures.bounds?.high,
        sample: figures.attempts, remedy: remedy,
        figure: figures.value, basis: Result.Basis(bad: figures.beyond(limit, comparison)))
    }
    guard let value = figures.value else {
      return verdict(.inconclusive, "no vote was due", "\(longerSpan), or a higher rate")
    }
    let shown = value.isFinite ? Self.time(value) : "a vote that failed, and has no time"
    if stream.slice.lateShare > 0.5, metric != .time(.startLag, statistic) {
      return verdict(.inconclusive, "GENERATOR_LATE: votebench itself was late in most of it", Self.ownRemedy)
    }
    guard isMet(value, limit: limit) else {
      let others = TimeFigures(stream.slice, statistic, pardoned: stream.slice.besideControl)
      if stream.slice.besideControl > 0, others.value.map({ isMet($0, limit: limit) }) ?? true {
        return verdict(
          .inconclusive, "met but for \(stream.slice.besideControl) votes that failed while the control target did",
          "run again when the way there is sound")
      }
      return verdict(.fail, "\(shown), of \(figures.attempts) votes")
    }
    if let missing = missing(statistic, figures, stream.slice) {
      return verdict(.inconclusive, missing.why, missing.remedy)
    }
    return verdict(.pass, "\(shown), of \(figures.attempts) votes")
  }

  /// What helps against the generator's own faults.
  static let ownRemedy = "a machine with nothing else to do, or a lower rate"

  /// Why the generator's own lateness voids a time; nil where it does not.
  func late(_ slice: VoteSlice, _ time: Time, _ evidence: Evidence) -> (why: String, remedy: String)? {
    time == .startLag ? nil : slice.lateness(keepsSchedule: evidence.keepsSchedule)
  }

  /// Why so few votes have no such percentile; nil where they have.
  func missing(
    _ statistic: Statistic, _ figures: TimeFigures, _ slice: VoteSlice
  ) -> (why: String, remedy: String)? {
    guard case .percentile(let percentile) = statistic else { return nil }
    let needed = FailureRate.attemptsWithoutFailure(atMost: TimeFigures.rest(percentile), alpha: Self.alpha)
    guard figures.attempts < needed else { return nil }
    return (
      "\(figures.attempts) votes are too few to bound this percentile: \(needed) are needed",
      longer(Double(needed) / Double(max(1, figures.attempts)), slice)
    )
  }

  private var longerSpan: String { scope.every == nil ? "a longer phase" : "longer windows in a phase as long" }

  /// How much longer, or at which rate, so many times the votes would come.
  func longer(_ factor: Double, _ slice: VoteSlice) -> String {
    guard scope.every != nil else { return Self.longer(factor, slice) }
    let seconds = decimal((slice.length * factor).rounded(.up), 0)
    let rate = Double(slice.votes) / max(slice.length, 0.001) * factor
    return "windows of \(seconds) s (every \(seconds)s) in a phase as long, or \(decimal(rate.rounded(.up), 0))/s"
  }

  /// The same of a whole phase.
  static func longer(_ factor: Double, _ slice: VoteSlice) -> String {
    let seconds = (slice.length * factor).rounded(.up)
    let rate = Double(slice.votes) / max(slice.length, 0.001) * factor
    return
      "a phase of \(decimal(seconds, 0)) s at this rate, or \(decimal(rate.rounded(.up), 0))/s for as long, or "
      + "\(decimal(factor.rounded(.up), 0)) such runs together"
  }
}

extension VoteSlice {
  /// Why the generator's own lateness voids times; nil where it does not.
  ///
  /// Source: SLO statistics, section 0.
  func lateness(keepsSchedule: Bool) -> (why: String, remedy: String)? {
    guard lateShare > 0.05 || !keepsSchedule else { return nil }
    return (
      "GENERATOR_LATE: votebench itself was late in \(seconds.count(where: \.isLate)) of \(seconds.count) seconds"
        + (keepsSchedule ? "" : ", and did not keep its schedule"),
      Objective.ownRemedy
    )
  }
}

extension VoteSlice.Second {
  /// Failures of the kind asked for, for the rate.
  var block: ClusteredRate.Block { .init(failures: Double(ofKind), attempts: Double(votes)) }
}
