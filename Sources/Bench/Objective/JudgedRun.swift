/// Objectives on what is known of the whole run: the tally, outages, freshness and the rollouts.
extension Objective {
  var limit: Double {
    if case .value(let value) = bound { value } else { 0 }
  }

  // MARK: Consistency

  /// Why the check could say less than it should; nil where nothing kept it.
  func unknown(_ consistency: ConsistencyReport) -> String? {
    consistency.findings.first { $0.code.verdict == .inconclusive }?.detail
  }

  /// What would let the check say more; where nothing kept it, `other`.
  func remedy(_ consistency: ConsistencyReport, else other: String? = nil) -> String? {
    let code = consistency.findings.first { $0.code.verdict == .inconclusive }?.code
    switch code {
    case .noEvidence where consistency.accepted == 0: return Self.acceptingRemedy
    case .noEvidence: return "run again to its end, with polls of the tally before, while and after votes are sent"
    case .masked where consistency.isExact: return "voters who vote once: leave out --revote"
    case .masked, .notIdentifiable: return Self.exportRemedy
    case .drainTimeout: return "a longer --drain-max"
    case .stuck: return "run again when the worker takes what is queued"
    case .baselineUnstable: return "run again when nobody else votes and nothing is queued, or with --private-label"
    case .foreign: return "run again when nobody else votes, or with --private-label"
    case .exportFailed: return "an export of voter ids that can be read (--export)"
    default: return other
    }
  }

  static let exportRemedy = "an export of voter ids (--export)"
  private static let acceptingRemedy = "run again with a target that accepts votes: what failed says why it does not"

  func judgeLost(_ consistency: ConsistencyReport) -> Result {
    let (least, most) = (consistency.lostMinimum, consistency.lostMaximum)
    // Missing from the tally at its rest, whatever the export or the totals say.
    let missing = consistency.findings.first { $0.code == .lostOrStuck }
    let verdict: Verdict =
      !isMet(Double(least), limit: limit) || missing != nil && bound == .value(0)
      ? .fail : isMet(Double(most), limit: limit) && unknown(consistency) == nil ? .pass : .inconclusive
    let reason =
      switch verdict {
      case .fail:
        least > 0
          ? "\(least) of \(consistency.accepted) accepted votes never reached the tally" : missing?.detail ?? ""
      case .pass:
        most == 0
          ? "each of \(consistency.accepted) accepted votes is in the tally"
          : "at most \(most) of \(consistency.accepted) accepted votes are missing from the tally"
      case .inconclusive: unknown(consistency) ?? "up to \(most) losses cannot be excluded"
      }
    return result(
      verdict, reason, observed: least == most ? "\(least)" : "\(least)...\(most)", low: "\(least)", high: "\(most)",
      sample: consistency.accepted, remedy: remedy(consistency, else: Self.exportRemedy))
  }

  func judgeAltered(_ consistency: ConsistencyReport) -> Result {
    guard let altered = consistency.altered else {
      guard consistency.choicesMatch, consistency.accepted > 0 else {
        return result(
          .inconclusive, "no export of voter ids, and the totals do not show each vote's choice",
          remedy: consistency.accepted == 0 ? Self.acceptingRemedy : Self.exportRemedy)
      }
      if let unknown = unknown(consistency) {
        return result(
          .inconclusive, unknown, observed: "0", sample: consistency.accepted, remedy: remedy(consistency))
      }
      return result(
        isMet(0, limit: limit) ? .pass : .fail, "by totals: each choice shows exactly its accepted votes",
        observed: "0",
        sample: consistency.accepted)
    }
    guard consistency.accepted > 0 else {
      return result(
        .inconclusive, "no vote was accepted", observed: "\(altered)", remedy: Self.acceptingRemedy)
    }
    if let unknown = unknown(consistency), isMet(Double(altered), limit: limit) {
      return result(
        .inconclusive, unknown, observed: "\(altered)", sample: consistency.accepted, remedy: remedy(consistency))
    }
    return result(
      isMet(Double(altered), limit: limit) ? .pass : .fail,
      altered == 0 ? "each vote was counted for its own choice" : "\(altered) votes were counted for another choice",
      observed: "\(altered)", sample: consistency.accepted)
  }

  func judgeCount(_ count: VoteCount, _ evidence: Evidence) -> Result {
    let consistency = evidence.consistency
    switch count {
    case .duplicated, .phantom:
      guard let found = count == .phantom ? consistency.phantom : consistency.duplicated else {
        return result(
          .inconclusive, "not observable: each voter has one row",
          remedy: "a system that writes a row for each counted vote (--semantics count), and its export")
      }
      let unknown = unknown(consistency)
      let isMet = isMet(Double(found), limit: limit)
      return result(
        !isMet ? .fail : unknown == nil && consistency.accepted > 0 ? .pass : .inconclusive,
        !isMet || unknown == nil
          ? "\(found) \(count.rawValue) of \(consistency.accepted) accepted votes" : unknown ?? "",
        observed: "\(found)", sample: consistency.accepted, remedy: remedy(consistency, else: Self.acceptingRemedy))
    default: return judgeSent(count, evidence)
    }
  }

  private func judgeSent(_ count: VoteCount, _ evidence: Evidence) -> Result {
    guard evidence.span(scope.part) != nil else {
      return result(.inconclusive, "the run did not reach \(scope.part.rawValue)", remedy: "run again to its end")
    }
    let figures = evidence.phases.filter { scope.part.contains($0.phase) }.map(\.figures)
    let streams = streams(evidence)
    let votes = figures.reduce(PhaseFigures.Votes()) { sum, phase in
      sum
        + (scope.cohorts.isEmpty
          ? phase.votes
          : scope.cohorts.reduce(PhaseFigures.Votes()) { $0 + ($1 == .kept ? phase.kept : phase.fresh).votes })
    }
    let unsent = streams.reduce(0) { $0 + $1.slice.unsent }
    let found =
      switch count {
      case .accepted: votes.accepted
      case .refused: votes.refused
      case .indeterminate: votes.indeterminate
      case .dropped: votes.dropped - unsent
      default: votes.resent
      }
    func verdict(_ verdict: Verdict, _ reason: String, _ remedy: String? = nil) -> Result {
      result(verdict, reason, observed: "\(found)", sample: votes.due, remedy: remedy)
    }
    guard votes.due > 0 else { return verdict(.inconclusive, "no vote was due", "a longer phase") }
    let text = "\(found) of \(votes.due) votes"
    let isMetNow = isMet(Double(found), limit: limit)
    // What the generator did not send may have been any of them.
    if unsent > 0, isMetNow != isMet(Double(found + unsent), limit: limit) {
      return verdict(
        .inconclusive, "\(unsent) votes were not sent in time by the generator itself", Self.ownRemedy)
    }
    guard isMetNow else {
      let beside = streams.reduce(0) { $0 + $1.slice.besideControl }
      return beside > 0 && count != .accepted && isMet(Double(max(0, found - beside)), limit: limit)
        ? verdict(
          .inconclusive, "\(beside) votes failed while the control target did", "run again when the way there is sound")
        : verdict(.fail, text)
    }
    if let unknown = unknown(evidence.consistency) {
      return verdict(.inconclusive, unknown, remedy(evidence.consistency))
    }
    if count != .accepted, let blind = streams.compactMap({ blindness($0, evidence.detection) }).first {
      return verdict(.inconclusive, blind.why, blind.remedy)
    }
    return verdict(.pass, text)
  }

  // MARK: Outages

  func judgeOutages(_ evidence: Evidence) -> Result {
    guard let span = evidence.span(scope.part) else {
      return result(.inconclusive, "the run did not reach \(scope.part.rawValue)", remedy: "run again to its end")
    }
    let results = streams(evidence).map { stream in
      let sure =
        stream.slice.besideControl == 0 ? nil : outages(stream, evidence, within: span, withoutBeside: true)
      return (
        stream.name, judgeOutages(stream, outages(stream, evidence, within: span), sure: sure, evidence.detection)
      )
    }
    if results.count == 1, results[0].0.isEmpty { return results[0].1 }
    return merged(results) ?? result(.inconclusive, "no vote was due", remedy: "a longer phase, or a higher rate")
  }

  /// Those of a stream that touch the span, cut to it: an outage that began before it goes on in it.
  ///
  /// With `withoutBeside` votes that failed while the control target did are taken as if they had not been sent.
  private func outages(
    _ stream: Stream, _ evidence: Evidence, within span: Range<Int64>, withoutBeside: Bool = false
  ) -> [Outage] {
    let origin = evidence.ledger.origin
    var all = evidence.phases.flatMap(\.figures.outages)
    let cohort = Cohort(rawValue: stream.name)
    if cohort != nil || withoutBeside {
      let part =
        cohort == nil
        ? 1 : Double(stream.slice.votes) / Double(max(1, VoteSlice(evidence, scope.part).votes))
      let votes = evidence.ledger.observations.lazy.filter { vote in
        cohort.map { vote.isFresh == ($0 == .fresh) } ?? true
          && !(withoutBeside && evidence.besideControl.contains(vote.index))
      }
      all = Outage.find(in: votes) {
        (evidence.ledger.schedule.ratePerSecond(at: ($0 - origin).nanoseconds) ?? .infinity) * part
      }
    }
    return all.compactMap { outage in
      let (start, last) = ((outage.start - origin).nanoseconds, (outage.lastFailed - origin).nanoseconds)
      guard start < span.upperBound, last >= span.lowerBound else { return nil }
      var cut = outage
      if start < span.lowerBound || last >= span.upperBound {
        let within = min(last, span.upperBound - 1) - max(start, span.lowerBound)
        cut.lower = min(outage.lower, .nanoseconds(within))
        cut.upper = outage.upper.map { min($0, .nanoseconds(Int64(span.count))) }
      }
      return cut
    }
  }

  /// Between the last vote that was well and the next: the limit has to lie beyond both bounds, and an outage as long as
  /// the limit must have been visible.
  ///
  /// `sure` are those that remain where some of the votes failed while the control target did.
  private func judgeOutages(
    _ stream: Stream, _ outages: [Outage], sure: [Outage]?, _ detection: Detection
  ) -> Result {
    let slice = stream.slice
    let least = outages.map(\.lower.nanoseconds).max().map(Double.init) ?? 0
    let most = outages.map { $0.upper.map { Double($0.nanoseconds) } ?? .infinity }.max() ?? 0
    let isCount = metric == .outageCount
    func verdict(_ verdict: Verdict, _ reason: String, _ remedy: String? = nil) -> Result {
      isCount
        ? result(
          verdict, reason, observed: "\(outages.count)", sample: slice.votes, remedy: remedy,
          figure: Double(outages.count))
        : result(
          verdict, reason, observed: outages.isEmpty ? "none" : Self.time(least), low: Self.time(least),
          high: most.isFinite ? Self.time(most) : nil, sample: slice.votes, remedy: remedy, figure: least)
    }
    let bounds = most.isFinite ? "\(Self.time(least)) to \(Self.time(most))" : "\(Self.time(least)) or more"
    let text =
      isCount ? "\(outages.count) outages among \(slice.votes) votes" : "the longest outage lasted \(bounds)"
    let isViolated = !isMet(isCount ? Double(outages.count) : least, limit: limit)
    if let sure, isViolated || !outages.isEmpty {
      let remaining = judgeOutages(stream, sure, sure: nil, detection)
      if remaining.verdict == .fail { return remaining }
      return verdict(
        .inconclusive, "\(slice.besideControl) votes failed while the control target did",
        "run again when the way there is sound")
    }
    if isViolated { return verdict(.fail, text) }
    if slice.unsent > 0 {
      return verdict(
        .inconclusive, "\(slice.unsent) votes were not sent in time by the generator itself", Self.ownRemedy)
    }
    if !isCount, !isMet(most, limit: limit) {
      return verdict(
        .inconclusive, text + ": the limit lies between",
        most.isFinite ? "a higher rate bounds it closer" : "a longer phase: votes must be accepted before and after it")
    }
    // A count speaks of outages as long as that of --detect.
    let wanted =
      isCount ? detection : Detection(window: .nanoseconds(Int64(max(1, limit))), share: detection.share)
    if let blind = blindness(stream, wanted) { return verdict(.inconclusive, blind.why, blind.remedy) }
    guard outages.isEmpty else { return verdict(.pass, text) }
    return verdict(.pass, "no outage of \(wanted.description) (95 %)")
  }

  // MARK: Rollouts

  /// The first that did not end as wanted decides; a rollback that did not complete has left the cluster changed, and
  /// goes before all.
  func judgeOutcome(_ rollouts: [RolloutRecord]) -> Result {
    guard case .outcome(let wanted) = bound else { return result(.inconclusive, "the bound is no outcome") }
    func isAsWanted(_ record: RolloutRecord) -> Bool {
      record.outcome == (record.isRollback ? .complete : wanted)
    }
    let others = rollouts.filter { !isAsWanted($0) }
    let ended = others.first { ![.interrupted, nil].contains($0.outcome) }
    guard let decisive = others.first(where: \.isRollback) ?? ended ?? others.first ?? rollouts.first else {
      return result(.inconclusive, "no rollout was begun", remedy: "run again to its end")
    }
    let outcome = decisive.outcome ?? .interrupted
    let which = rollouts.count(where: { !$0.isRollback }) > 1 && !others.isEmpty ? "\(decisive.workload): " : ""
    guard !decisive.isRollback || outcome == .complete else {
      return result(.fail, decisive.ending, observed: outcome.rawValue, sample: rollouts.count)
    }
    return result(
      others.isEmpty ? .pass : outcome == .interrupted ? .inconclusive : .fail, which + outcome.sentence,
      observed: outcome.rawValue, sample: rollouts.count, remedy: "run again to its end")
  }

  func judgeRollout(_ figure: Rollout, _ evidence: Evidence) -> Result {
    let places = evidence.rollouts.indices.filter { figure != .duration || !evidence.rollouts[$0].isRollback }
    let values = places.compactMap { place -> Double? in
      let record = evidence.rollouts[place]
      let seconds = evidence.podSeconds.indices.contains(place) ? evidence.podSeconds[place] : nil
      switch figure {
      case .duration: return record.end.map { Double(($0 - record.start).nanoseconds) }
      case .unavailable: return seconds.map { Double($0.unavailable.nanoseconds) }
      case .surge: return seconds.map { Double($0.surge.nanoseconds) }
      case .outcome: return nil
      }
    }
    guard let most = values.max() else {
      return result(.inconclusive, "no rollout was seen to its end", remedy: "run again to its end")
    }
    // What ended otherwise has not shown how long it takes.
    let isWhole = values.count == places.count && places.allSatisfy { evidence.rollouts[$0].outcome == .complete }
    let isMet = isMet(most, limit: limit)
    let seen = "of \(values.count) \(values.count == 1 ? "rollout" : "rollouts"), each complete"
    return result(
      !isMet ? .fail : isWhole ? .pass : .inconclusive,
      isWhole || !isMet ? seen : "not every rollout was complete",
      observed: text(most), sample: values.count, remedy: "run again to its end, with changes that complete")
  }
}
