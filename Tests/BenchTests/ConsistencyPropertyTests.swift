import Bench
import FoundationEssentials
import Testing

/// The properties (a) to (f) of the consistency model, section 17, over seeded runs.
///
/// A failure names the seed and the mode: `SimulatedPipeline(seed:mode:)` is that run again.
@Suite("Properties of the consistency model")
struct ConsistencyPropertyTests {
  typealias Mode = SimulatedPipeline.Mode

  /// Seeds of a property, each run in all three modes: ten thousand runs when all is asked for.
  private static let seeds: Range<UInt64> =
    0..<(ProcessInfo.processInfo.environment["VOTEBENCH_FULL"] == nil ? 60 : 3400)

  private func forEachRun(
    indeterminate: Double = 0.1, refused: Double = 0.1, modes: [Mode] = Mode.allCases,
    _ body: (inout SimulatedPipeline, Comment) -> Void
  ) {
    for seed in Self.seeds {
      for mode in modes {
        var pipeline = SimulatedPipeline(seed: seed, mode: mode, indeterminate: indeterminate, refused: refused)
        body(&pipeline, "seed \(seed), \(mode)")
      }
    }
  }

  private func text(_ report: ConsistencyReport) -> String {
    report.findings.map { "\($0.code.rawValue) \($0.detail)" }.joined(separator: "; ")
  }

  @Test("(a) a system that keeps its promises never fails, with an export and without")
  func faultless() {
    forEachRun { pipeline, run in
      pipeline.run()
      let exact = pipeline.history.report
      #expect(exact.verdict != .fail, "\(run): \(text(exact))")
      let accepted = pipeline.history.votes.contains { $0.outcome == .accepted }
      #expect(exact.verdict == (accepted ? .pass : .inconclusive), "\(run): \(text(exact))")
      pipeline.history.rows = nil
      #expect(pipeline.history.report.verdict != .fail, "\(run): \(text(pipeline.history.report))")
    }
  }

  // MARK: (b) Injected faults

  /// A fault, the codes of which the audit and the totals must each show one.
  ///
  /// Totals are asked where no vote is indeterminate: else that vote could hide the fault.
  private func expect(
    _ name: String, modes: [Mode], audit: Set<Finding.Code>, totals: Set<Finding.Code>,
    _ inject: (inout SimulatedPipeline) -> Bool
  ) {
    var found = 0
    for indeterminate in [0.1, 0] {
      forEachRun(indeterminate: indeterminate, modes: modes) { pipeline, run in
        guard inject(&pipeline) else { return }
        found += 1
        let report = pipeline.history.report
        if !audit.isEmpty {
          #expect(!audit.isDisjoint(with: report.findings.map(\.code)), "\(name), \(run): \(text(report))")
        }
        guard indeterminate == 0, !totals.isEmpty else { return }
        pipeline.history.rows = nil
        let byTotals = pipeline.history.report
        #expect(!totals.isDisjoint(with: byTotals.findings.map(\.code)), "\(name), \(run) by totals: \(text(byTotals))")
      }
    }
    #expect(found > Self.seeds.count / 4, "\(name) was injected \(found) times")
  }

  /// The first accepted vote on its way.
  private func accepted(_ pipeline: SimulatedPipeline) -> Int? {
    pipeline.passing.firstIndex { pipeline.history.votes[$0.vote].outcome == .accepted }
  }

  @Test("(b) a vote that is lost")
  func lost() {
    expect("lost", modes: [.unique, .count], audit: [.lost], totals: [.lost]) { pipeline in
      let sends = pipeline.history.votes.map(\.sends)
      guard
        let place = pipeline.passing.firstIndex(where: {
          sends[$0.vote] == 1 && pipeline.history.votes[$0.vote].outcome == .accepted
        }),
        sends.allSatisfy({ $0 == 1 })
      else { return false }
      let vote = pipeline.passing.remove(at: place).vote
      pipeline.run()
      #expect(pipeline.history.report.lostVoters == ["u\(pipeline.history.votes[vote].voter)"])
      return true
    }
  }

  @Test("(b) a vote that nobody sent")
  func phantom() {
    expect("phantom", modes: Mode.allCases, audit: [.phantom], totals: [.phantom, .duplicate]) { pipeline in
      guard let place = accepted(pipeline), pipeline.history.votes.allSatisfy({ $0.sends == 1 }) else { return false }
      var extra = pipeline.passing[place]
      extra.isExtra = true
      pipeline.passing.append(extra)
      pipeline.run()
      return true
    }
  }

  @Test("(b) a vote that is counted before it was sent")
  func early() {
    expect("early", modes: Mode.allCases, audit: [.upper], totals: [.upper]) { pipeline in
      pipeline.run()
      guard let first = pipeline.history.votes.map(\.from).min(), first > 2 else { return false }
      var counts = pipeline.history.base
      counts["b", default: 0] += 1
      let sample = TallySample(
        sent: ConsistencyHistory.at(first - 2), received: ConsistencyHistory.at(first - 1), counts: counts)
      pipeline.history.polls.insert(sample, at: 0)
      return true
    }
  }

  @Test("(b) a vote that is counted twice, where each counts")
  func duplicate() {
    expect("duplicate", modes: [.count], audit: [.duplicate], totals: [.duplicate, .upper]) { pipeline in
      guard let place = accepted(pipeline), pipeline.history.votes.allSatisfy({ $0.sends == 1 }) else { return false }
      pipeline.passing.append(pipeline.passing[place])
      pipeline.run()
      return true
    }
  }

  @Test("(b) a vote that is stored for another choice")
  func wrongChoice() {
    expect("wrong choice", modes: [.unique, .count], audit: [.wrongChoice], totals: [.upper]) { pipeline in
      guard let place = accepted(pipeline), pipeline.history.votes.allSatisfy({ $0.sends == 1 }) else { return false }
      pipeline.passing[place].choice = (pipeline.passing[place].choice + 1) % 3
      pipeline.run()
      return true
    }
  }

  @Test("(b) a later vote that an earlier one of the same voter overwrites")
  func staleChoice() {
    expect("stale choice", modes: [.revote], audit: [.staleChoice], totals: []) { pipeline in
      let votes = pipeline.history.votes
      // A voter with two votes, both accepted, the second sent after the first was answered, for another choice.
      let pair = votes.indices.lazy.flatMap { first in votes.indices.map { (first, $0) } }.first { first, second in
        votes[first].voter == votes[second].voter && votes[first].to < votes[second].from
          && votes[first].choice != votes[second].choice && votes[first].outcome == .accepted
          && votes[second].outcome == .accepted && votes.count { $0.voter == votes[first].voter } == 2
      }
      guard let (first, second) = pair, let place = pipeline.passing.firstIndex(where: { $0.vote == first }),
        let other = pipeline.passing.first(where: { $0.vote == second })
      else { return false }
      pipeline.passing[place].queued = other.queued + 1
      pipeline.run()
      return true
    }
  }

  @Test("(b) a tally that goes back, and one that is emptied")
  func back() {
    expect("back", modes: Mode.allCases, audit: [.regression], totals: [.regression]) { pipeline in
      pipeline.run()
      let base = pipeline.history.base.values.reduce(0, +)
      let shown = pipeline.history.polls.last?.total ?? 0
      guard shown > base else { return false }
      pipeline.add(SimulatedPipeline.end + 500, SimulatedPipeline.end + 505, at: -1)
      return true
    }
    expect("reset", modes: Mode.allCases, audit: [.reset], totals: [.reset]) { pipeline in
      guard pipeline.history.base.values.reduce(0, +) > 0 else { return false }
      pipeline.run()
      let sample = TallySample(
        sent: ConsistencyHistory.at(SimulatedPipeline.end + 500),
        received: ConsistencyHistory.at(SimulatedPipeline.end + 505), counts: ["a": 0, "b": 0, "c": 0])
      pipeline.history.polls.append(sample)
      return true
    }
  }

  @Test("(b) a second source that shows an old tally")
  func staleReplica() {
    expect("stale replica", modes: Mode.allCases, audit: [.staleRead], totals: [.staleRead]) { pipeline in
      pipeline.history.rules.staleness = .milliseconds(1000)
      pipeline.run()
      let shown = pipeline.history.polls.last?.total ?? 0
      guard shown > pipeline.history.base.values.reduce(0, +) else { return false }
      pipeline.add(SimulatedPipeline.end + 1500, SimulatedPipeline.end + 1505, at: -1, source: 1)
      return true
    }
  }

  @Test("a source of several servers that are a little behind is no fault")
  func littleBehind() {
    forEachRun { pipeline, run in
      pipeline.history.rules.staleness = .milliseconds(1000)
      pipeline.history.rules.sources = [
        ConsistencyRules.Source(name: "A"), ConsistencyRules.Source(name: "B", isOneServer: false),
      ]
      pipeline.run()
      for _ in 0..<5 {
        let moment = Int64(pipeline.below(4000))
        pipeline.add(moment, moment + 5, at: moment - Int64(pipeline.below(990)), source: 1)
      }
      #expect(pipeline.history.report.verdict != .fail, "\(run): \(text(pipeline.history.report))")
    }
  }

  @Test("(b) a refused vote that takes effect")
  func ghost() {
    expect("ghost", modes: [.unique, .count], audit: [.ghostFail], totals: [.upper]) { pipeline in
      let votes = pipeline.history.votes
      guard let refused = votes.firstIndex(where: { $0.outcome == .refused }), votes.allSatisfy({ $0.sends == 1 })
      else { return false }
      let choice = ConsistencyHistory.choices.firstIndex(of: votes[refused].choice) ?? 0
      pipeline.passing.append(
        SimulatedPipeline.Passing(vote: refused, queued: votes[refused].to, choice: choice))
      pipeline.run()
      return true
    }
  }

  // MARK: What may not change a verdict

  /// A run that may have any fault: votes lost, doubled or swapped, polls of another time.
  private func damaged(_ pipeline: inout SimulatedPipeline) {
    for _ in 0..<pipeline.below(3) where !pipeline.passing.isEmpty {
      let place = pipeline.below(pipeline.passing.count)
      switch pipeline.below(4) {
      case 0: pipeline.passing.remove(at: place)
      case 1: pipeline.passing.append(pipeline.passing[place])
      case 2: pipeline.passing[place].choice = pipeline.below(3)
      default: pipeline.passing[place].isExtra = true
      }
    }
    pipeline.run()
    if pipeline.below(4) == 0 { pipeline.add(3000, 3005, at: Int64(pipeline.below(3000))) }
    if pipeline.below(2) == 0 { pipeline.history.rows = nil }
    if pipeline.below(4) == 0 { pipeline.history.rules.freshnessLimit = .milliseconds(pipeline.below(3000)) }
  }

  @Test("(c) a wider interval of a vote or a poll never makes a failure")
  func widening() {
    forEachRun { pipeline, run in
      damaged(&pipeline)
      guard pipeline.history.report.verdict != .fail else { return }
      var history = pipeline.history
      if pipeline.below(2) == 0 {
        let place = pipeline.below(history.votes.count)
        history.votes[place].from -= Int64(pipeline.below(200))
        history.votes[place].to += Int64(pipeline.below(200))
      } else {
        let place = pipeline.below(history.polls.count)
        history.polls[place].sent = history.polls[place].sent + .milliseconds(-pipeline.below(200))
        history.polls[place].received = history.polls[place].received + .milliseconds(pipeline.below(200))
      }
      #expect(history.report.verdict != .fail, "\(run): \(text(history.report))")
    }
  }

  @Test("(d) a refused vote that becomes indeterminate never makes a failure")
  func doubting() {
    forEachRun(refused: 0.3) { pipeline, run in
      damaged(&pipeline)
      guard pipeline.history.report.verdict != .fail else { return }
      var history = pipeline.history
      for place in history.votes.indices where history.votes[place].outcome == .refused && pipeline.below(2) == 0 {
        history.votes[place].outcome = .indeterminate
      }
      #expect(history.report.verdict != .fail, "\(run): \(text(history.report))")
    }
  }

  @Test("(e) the order of the export's rows changes nothing")
  func permuted() {
    forEachRun { pipeline, run in
      damaged(&pipeline)
      guard let rows = pipeline.history.rows else { return }
      let report = pipeline.history.report
      var random = pipeline.random
      pipeline.history.rows = rows.shuffled(using: &random)
      let again = pipeline.history.report
      #expect(again.findings == report.findings && again.lostVoters == report.lostVoters, run)
      #expect(
        (again.recovered, again.altered, again.phantom) == (report.recovered, report.altered, report.phantom), run)
    }
  }

  @Test("(f) what is judged in one pass, in whatever order the votes come, is what each poll by itself comes to")
  func batch() {
    forEachRun { pipeline, run in
      damaged(&pipeline)
      // A limit of freshness lets a visible vote supersede others, which makes the bound of a voter's choices closer.
      if pipeline.mode == .revote { pipeline.history.rules.freshnessLimit = nil }
      let history = pipeline.history
      let isAbove = history.report.findings.contains { $0.code == .upper }
      #expect(isAbove == Self.isAbove(history), run)
      guard pipeline.mode != .revote else { return }
      var shuffled = history
      var random = pipeline.random
      shuffled.votes.shuffle(using: &random)
      shuffled.rows = nil
      var plain = history
      plain.rows = nil
      #expect(shuffled.report.findings == plain.report.findings, run)
    }
  }

  /// The upper bound, poll by poll and set by set, as it is written: by the votes, or the voters, sent by its end.
  private static func isAbove(_ history: ConsistencyHistory) -> Bool {
    history.polls.contains { poll in
      (1..<8).contains { set in
        let members = ConsistencyHistory.choices.indices.filter { set & (1 << $0) != 0 }
          .map { ConsistencyHistory.choices[$0] }
        let shown = members.reduce(0) { $0 + poll[$1] - (history.base[$1] ?? 0) }
        let able = history.votes.filter { vote in
          vote.outcome != .refused && members.contains(vote.choice) && ConsistencyHistory.at(vote.from) <= poll.received
        }
        let possible =
          history.rules.semantics == .count ? able.reduce(0) { $0 + $1.sends } : Set(able.map(\.voter)).count
        return shown > possible
      }
    }
  }
}
