import Bench
import Testing

@Suite("What a comparison recommends, and what it must not")
struct ComparisonAnswerTests {
  private static let two = Array(ComparedRollouts.strategies.prefix(2))

  private static func comparison(
    failed: [[Int]], durations: [Double] = [20, 11, 5], margin: Double? = nil,
    _ change: (inout RolloutFigures) -> Void = { _ in }
  ) throws -> Comparison {
    let question = try ComparedRollouts.question(
      Array(ComparedRollouts.strategies.prefix(failed.count)), repetitions: failed[0].count, margin: margin)
    var rollouts = try ComparedRollouts.all(
      question, failed: { failed[$0][$1] }, duration: { durations[$0] + Double($1) / 10 })
    for place in rollouts.indices { change(&rollouts[place]) }
    return Comparison(question, rollouts)
  }

  private static func zeros(_ count: Int, but bad: [Int] = []) -> [Int] {
    bad + Array(repeating: 0, count: count - bad.count)
  }

  @Test(
    "a setting that fails much in few of its rollouts is not equivalent to one that fails nothing, however fast it is",
    arguments: [(10, [900]), (16, [900, 900]), (12, [40]), (10, [2_000])])
  func rareOutage(count: Int, bad: [Int]) throws {
    let comparison = try Self.comparison(failed: [Self.zeros(count), Self.zeros(count, but: bad)])
    #expect(comparison.primary.pairs.map(\.answer) == [.inconclusive])
    #expect(comparison.recommendation == .undecided([0, 1]) && comparison.exitCode == 2)
    // The other way round, too.
    let turned = try Self.comparison(failed: [Self.zeros(count, but: bad), Self.zeros(count)])
    #expect(turned.recommendation == .undecided([0, 1]))
  }

  @Test(
    "of a setting with an outage in a tenth of its rollouts no comparison says that it is equivalent, once it has seen one",
    arguments: [(10, 200), (12, 200), (16, 40)])
  func simulated(count: Int, comparisons: Int) {
    var random = SeededGenerator(seed: UInt64(count))
    var (seen, wrong) = (0, 0)
    for _ in 0..<comparisons {
      let rows = (0..<count).map { _ in [0.0, random.unit() < 0.1 ? 900 : 0] }
      let pair = MetricComparison(.failedVotes, rows: rows, settings: 2, dueVotes: 10_000).pairs[0]
      let hasOutage = rows.contains { $0[1] > 0 }
      // Without one there is nothing by which it could be told.
      if !hasOutage { #expect(pair.answer == .equivalent) }
      seen += hasOutage ? 1 : 0
      wrong += hasOutage && pair.answer == .equivalent ? 1 : 0
    }
    #expect(seen > comparisons / 2 && wrong == 0, "\(wrong) of \(seen)")
  }

  @Test("differences that scatter around zero within the margin are equivalent, as before")
  func equivalent() throws {
    let comparison = try Self.comparison(
      failed: [[3, 1, 2, 0, 4, 2, 3, 1], [2, 2, 1, 1, 3, 3, 2, 2]], durations: [20, 20])
    #expect(comparison.recommendation == .either([0, 1]))
    #expect(
      comparison.sentence.hasPrefix(
        "\(Self.two[0]): 16 failed votes in 7 of 8 rollouts; or "
          + "\(Self.two[1]): 2 failed votes a rollout on average; they are equivalent"), "\(comparison.sentence)")
  }

  @Test("of equivalent settings one that failed nothing is taken, and the sentence says what the faster one failed")
  func cleanest() throws {
    let failed = [Self.zeros(8), [0, 14, 0, 13, 0, 14, 0, 12]]
    let comparison = try Self.comparison(failed: failed, durations: [20, 11], margin: 15)
    #expect(comparison.recommendation == .cleanest(0, among: [0, 1]) && comparison.exitCode == 0)
    #expect(
      comparison.sentence
        == "\(Self.two[0]): no failed vote in 8 rollouts. \(Self.two[1]) is equivalent (failed votes differ by less than 15), "
        + "9.0 s faster, and failed 53 votes in 4 of its 8 rollouts.")
    // Between three settings a speed takes more repetitions to decide.
    let three = try Self.comparison(failed: [Self.zeros(10), Self.zeros(10), failed[1] + [0, 0]], margin: 15)
    #expect(three.recommendation == .fastest(1, among: [0, 1]))
    #expect(three.sentence.contains("9.0 s faster than \(Self.two[0])."))
    #expect(three.sentence.hasSuffix("6.0 s faster, and failed 53 votes in 4 of its 10 rollouts."), "\(three.sentence)")
    let bothFail = try Self.comparison(failed: [failed[1], failed[1]], margin: 15)
    #expect(bothFail.recommendation == .fastest(1, among: [0, 1]))
  }

  @Test(
    "the sentence never says that nothing failed where something did",
    arguments: [
      ([0, 0, 0, 0, 0, 0, 0, 0], "no failed vote in 8 rollouts"),
      ([0, 0, 0, 0, 0, 0, 0, 9], "no failed vote in 7 of 8 rollouts, 9 in the other"),
      ([0, 0, 0, 0, 2, 1, 1, 9], "no failed vote in 4 of 8 rollouts, 13 in the others together"),
      ([0, 0, 3, 5, 2, 1, 1, 9], "21 failed votes in 6 of 8 rollouts"),
      ([1, 1, 1, 1, 1, 1, 1, 900], "113.4 failed votes a rollout on average"),
    ])
  func harm(failed: [Int], words: String) throws {
    let comparison = try Self.comparison(failed: [failed, Array(repeating: 5_000, count: 8)])
    #expect(comparison.recommendation == .best(0))
    #expect(comparison.sentence.hasPrefix("\(Self.two[0]): \(words); "), "\(comparison.sentence)")
  }

  @Test("from too few repetitions nothing is recommended, not even when every other setting is unfit", arguments: 1...5)
  func tooFew(count: Int) throws {
    let comparison = try Self.comparison(failed: [Self.zeros(count), Self.zeros(count)]) { rollout in
      if rollout.setting == 1 { rollout.lostVotes = 2 }
    }
    #expect(comparison.recommendation == .undecided([0]) && comparison.exitCode == 2)
    #expect(
      comparison.sentence.hasPrefix("Nobody can say yet whether \(Self.two[0]) is fit: that takes 6 repetitions. "),
      "\(comparison.sentence)")
    #expect(comparison.neededRepetitions([0]) == 6 && !comparison.confidence.contains("confidence"))
    let none = try Self.comparison(failed: [Self.zeros(count), Self.zeros(count)]) { $0.lostVotes = 1 }
    #expect(none.recommendation == .none && none.exitCode == 1)
  }

  @Test("what is left by exclusion is said to be that, and no confidence with it")
  func exclusion() throws {
    let comparison = try Self.comparison(failed: [Self.zeros(8), Self.zeros(8)]) { rollout in
      if rollout.setting == 0 { rollout.outcome = .crashLoop }
    }
    #expect(comparison.recommendation == .best(1))
    #expect(
      comparison.sentence
        == "\(Self.two[1]): no failed vote in 8 rollouts; it is what is left: \(Self.two[0]) did not complete 8 of 8 rollouts."
    )
    #expect(comparison.confidence.hasPrefix("by exclusion") && !comparison.confidence.contains("%"))
  }

  @Test("where nobody knows whether a recommended setting lost votes, the sentence says so")
  func unknownLosses() throws {
    let said = "Whether \(Self.two[0]) lost votes is not known of 2 of its 8 rollouts."
    for failed in [[Self.zeros(8), Self.zeros(8, but: [9, 9])], [Self.zeros(8), Array(repeating: 99, count: 8)]] {
      let comparison = try Self.comparison(failed: failed, margin: 50) {
        $0.knowsLost = $0.repetition > 2 || $0.setting > 0
      }
      #expect(comparison.exitCode == 0 && comparison.sentence.hasSuffix(said), "\(comparison.sentence)")
    }
  }

  @Test("what was proven against the counting of votes makes a setting unfit, as a lost vote does")
  func inconsistent() throws {
    let comparison = try Self.comparison(failed: [Self.zeros(8), Array(repeating: 7, count: 8)]) { rollout in
      if rollout.setting == 0, rollout.repetition < 3 { rollout.inconsistencies = ["DUPLICATE"] }
    }
    #expect(comparison.recommendation == .best(1) && comparison.unfit == [0])
    #expect(
      comparison.sentence.contains("\(Self.two[0]) counted votes wrongly in 2 of 8 rollouts (DUPLICATE)"),
      "\(comparison.sentence)")
  }

  @Test("a setting that never completes does not keep others from being judged by their duration")
  func neverCompletes() throws {
    func byDuration(_ settings: Int, broken: Set<Int>) throws -> Comparison {
      var question = try ComparedRollouts.question(
        Array(ComparedRollouts.strategies.prefix(settings)), repetitions: 8)
      question.primary = .duration
      var rollouts = try ComparedRollouts.all(
        question, failed: { _, _ in 0 }, duration: { 20 - 5 * Double($0) + Double($1) / 10 })
      for place in rollouts.indices where broken.contains(rollouts[place].setting) {
        (rollouts[place].outcome, rollouts[place].durationS) = (.crashLoop, nil)
      }
      return Comparison(question, rollouts)
    }
    let one = try byDuration(2, broken: [0])
    #expect(one.recommendation == .best(1))
    #expect(one.sentence.hasSuffix("\(Self.two[0]) did not complete 8 of 8 rollouts."), "\(one.sentence)")
    #expect(try byDuration(3, broken: [2]).recommendation == .best(1))
    let none = try byDuration(2, broken: [0, 1])
    #expect(none.recommendation == .none && none.exitCode == 1)
    #expect(none.sentence.contains("\(Self.two[1]) did not complete 8 of 8 rollouts"))
  }

  @Test("lost votes have no value where nobody knows of all, and failures none where votebench did not send all votes")
  func unknown() throws {
    let comparison = try Self.comparison(failed: [Self.zeros(8), Self.zeros(8)]) { rollout in
      rollout.knowsLost = rollout.repetition != 2
      rollout.unsentVotes = rollout.number == 1 ? 12 : nil
    }
    #expect(comparison.by(.lostVotes).rows.map { $0.compactMap(\.self).count } == [2, 0, 2, 2, 2, 2, 2, 2])
    #expect(comparison.by(.lostVotes).pairs[0].differences.count == 7)
    #expect(comparison.primary.pairs[0].differences.count == 7)
    #expect(comparison.by(.longestOutage).pairs[0].differences.count == 7)
    #expect(comparison.by(.duration).pairs[0].differences.count == 8)
    #expect(comparison.notes.contains { $0.contains("did not send all votes of rollouts 1:") }, "\(comparison.notes)")
    // It may have failed some, so it is not the one that failed none.
    #expect(comparison.recommendation == .cleanest(1 - comparison.rollouts[0].setting, among: [0, 1]))
    #expect(comparison.sentence.contains("is not known to have failed none"), "\(comparison.sentence)")
  }

  @Test("settings are not equivalent by failures that the votes would have missed; the remedy is the rate")
  func unseen() throws {
    func request(_ rate: String) throws -> ComparisonRequest {
      var settings = Settings()
      settings.set(.rate, .init(rate, place: "--rate"))
      let typed = ComparisonRequest.Typed(settings: Self.two.map { .init(isVariant: false, text: $0) })
      return try ComparisonRequest.validate(typed, settings: settings, freshSeed: 9).get()
    }
    let (few, enough) = (try request("20"), try request("80"))
    let rollouts = try ComparedRollouts.all(few.question, failed: { _, _ in 0 })
    let comparison = Comparison(few.question, rollouts)
    #expect(comparison.recommendation == .undecided([0, 1]) && comparison.exitCode == 2)
    #expect(comparison.by(.longestOutage).pairs[0].answer == .inconclusive)
    #expect(comparison.by(.duration).pairs[0].answer == .equivalent)
    let said =
      "20 votes a second may miss an outage of 100 ms or more that hits a third of the votes, and see one of 400 ms or "
      + "more: it takes --rate 80 to call settings equivalent"
    #expect(comparison.sentence.hasSuffix("by failed votes. \(said)."), "\(comparison.sentence)")
    func plan(_ request: ComparisonRequest) -> String {
      ComparisonPlanText(request).text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
    #expect(plan(few).contains("sees \(said)"), "\(plan(few))")
    #expect(plan(enough).contains("sees an outage of 100 ms or more that hits a third of the votes"))
    #expect(Comparison(enough.question, rollouts).exitCode == 0)
    // What differs is told all the same.
    let different = try ComparedRollouts.all(few.question) { setting, repetition in setting * 40 + repetition }
    #expect(Comparison(few.question, different).recommendation == .best(0))
  }

  @Test("a speed that the table calls better, and that does not decide, is said not to suffice")
  func speed() throws {
    let failed = [[1, 0, 2, 0, 1, 2, 0, 1], [0, 1, 1, 2, 0, 1, 2, 0], [0, 1, 2, 0, 1, 1, 0, 2]]
    let comparison = try Self.comparison(failed: failed)
    #expect(comparison.by(.duration).pairs.allSatisfy { $0.answer == .better })
    #expect(comparison.recommendation == .either([0, 1, 2]))
    #expect(
      comparison.sentence.hasSuffix("none is surely faster: that takes an adjusted p of at most 0.01 of the duration."),
      "\(comparison.sentence)")
    let alike = try Self.comparison(failed: failed, durations: [20, 20, 20])
    #expect(alike.sentence.hasSuffix("none is surely faster."), "\(alike.sentence)")
  }

  @Test(
    "the system answers as before when its median does, and its p90 up to what that may have been by chance",
    arguments: [
      (2.4, 9.0, true), (2.6, 9, false), (2.4, 10.9, true), (2.4, 11.1, false), (nil, 9, false), (2, nil, false),
    ] as [(Double?, Double?, Bool)])
  func settled(p50: Double?, p90: Double?, expected: Bool) throws {
    let question = try ComparedRollouts.question(Self.two, repetitions: 1)
    var figures = try ComparedRollouts.figures(question.plan.rollouts[0], failed: 0)
    (figures.baselineMs, figures.baselineP90HighMs) = (2, 10.4)
    #expect(figures.answersAsBefore(p50: p50, p90: p90) == expected)
    (figures.settledMs, figures.settledP90Ms) = (p50, p90)
    #expect(figures.isSettled == expected)
    // Nothing before: nothing to wait for. So few votes that the p90 is bounded by none of them: the median alone.
    (figures.baselineMs, figures.baselineP90HighMs) = (nil, nil)
    #expect(figures.isSettled)
    figures.baselineMs = 2
    #expect(figures.isSettled == (p50.map { $0 <= 2.5 } ?? false))
  }

  @Test("notes say of which rollouts the system was waited for, and which began all the same")
  func notes() throws {
    let comparison = try Self.comparison(failed: [Self.zeros(8), Self.zeros(8)]) { rollout in
      rollout.beganSettled = [3: true, 4: true, 7: false][rollout.number]
    }
    #expect(
      comparison.notes == [
        "rollouts 3, 4 began after a load, once the system answered as before",
        "rollouts 7 began although the system still answered more slowly than before",
      ])
    // The last one has nothing after it that could have waited.
    let last = try Self.comparison(failed: [Self.zeros(8), Self.zeros(8)]) { $0.settledMs = $0.number == 16 ? 99 : 2 }
    #expect(last.notes.isEmpty)
  }

  @Test("where it matters more whether a rollout goes forth or back than how it is set, that is said")
  func direction() throws {
    let comparison = try Self.comparison(failed: [Self.zeros(8), Self.zeros(8)]) { rollout in
      rollout.failedVotes = rollout.isForward ? 60 : rollout.setting
    }
    #expect(
      comparison.notes == [
        "rollouts forth and back differ more than the settings: failed votes 60 forth and 0.5 back, on average"
      ])
  }
}
