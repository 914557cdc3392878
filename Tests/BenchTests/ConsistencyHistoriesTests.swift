import Bench
import Testing

/// The histories of the consistency model, section 16, each with its verdict.
@Suite("Histories of the consistency model")
struct ConsistencyHistoriesTests {
  typealias History = ConsistencyHistory

  /// A history and what it must come to.
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var history: History
    var verdict: Verdict
    var codes: Set<Finding.Code>
    var check: @Sendable (ConsistencyReport) -> Bool

    init(
      _ name: String, _ history: History, _ verdict: Verdict, _ codes: Set<Finding.Code> = [],
      check: @escaping @Sendable (ConsistencyReport) -> Bool = { _ in true }
    ) {
      self.name = name
      self.history = history
      self.verdict = verdict
      self.codes = codes
      self.check = check
    }

    var testDescription: String { name }
  }

  @Test("each has its verdict and its codes", arguments: uniqueVoters + totals + sources + revotes + foreign + drains)
  func verdicts(of history: Case) {
    let report = history.history.report
    let found = report.findings.map { "\($0.code.rawValue): \($0.detail)" }.joined(separator: "; ")
    #expect(report.verdict == history.verdict, "\(history.name): \(found)")
    #expect(Set(report.findings.map(\.code)) == history.codes, "\(history.name): \(found)")
    #expect(
      history.check(report), "\(history.name): lost \(report.lostMinimum)...\(report.lostMaximum), \(report.notes)")
  }

  @Test("every code is that of a history")
  func everyCode() {
    let all = Self.uniqueVoters + Self.totals + Self.sources + Self.revotes + Self.foreign + Self.drains
    #expect(all.reduce(into: Set()) { $0.formUnion($1.codes) } == Set(Finding.Code.allCases))
  }

  fileprivate static func rules(_ change: (inout ConsistencyRules) -> Void) -> ConsistencyRules {
    var rules = ConsistencyRules()
    change(&rules)
    return rules
  }

  private static let count = rules { $0.semantics = .count }

  static let uniqueVoters: [Case] = [
    Case("H01", History(polls: [poll(0, 5, 0, 0)]), .inconclusive, [.noEvidence]),
    Case("H02", History(votes: votes(1), polls: [poll(20, 25, 1, 0)]), .pass),
    Case("H03", History(votes: votes(1), polls: [poll(20, 25, 0, 0), poll(900, 905, 1, 0)]), .pass),
    Case("H04", History(votes: [vote(1, "a", 10, 30)], polls: [poll(15, 20, 1, 0)]), .pass),
    Case("H05", History(votes: [vote(1, "a", 10, 30)], polls: [poll(0, 5, 1, 0)]), .fail, [.upper]),
    Case("H06", History(votes: [vote(1, "a", 10, 30)], polls: [poll(0, 10, 1, 0)]), .pass),
    Case("H07", History(votes: votes(1), polls: [poll(900, 905, 0, 0)]), .fail, [.lost]) {
      ($0.lostMinimum, $0.lostMaximum) == (1, 1)
    },
    Case(
      "H08", History(votes: [vote(1, "a", 0, 0, .indeterminate)], polls: [poll(900, 905, 0, 0)], rows: []),
      .inconclusive, [.noEvidence]
    ) { $0.unresolved == 1 && $0.recovered == 0 },
    Case(
      "H08 beside another",
      History(
        votes: [vote(1, "a", 0, 0, .indeterminate), vote(2, "a")], polls: [poll(900, 905, 1, 0)],
        rows: [("u2", "a")]), .pass
    ) { $0.unresolved == 1 && $0.recovered == 0 },
    Case(
      "H09",
      History(
        votes: [vote(1, "a", 0, 0, .indeterminate)], polls: [poll(900, 905, 1, 0)], rows: [("u1", "a")]),
      .inconclusive, [.noEvidence]
    ) { $0.unresolved == 0 && $0.recovered == 1 },
    Case(
      "H10",
      History(
        votes: [vote(1, "a", 0, 0, .indeterminate)],
        polls: [poll(100, 105, 0, 0), poll(5000, 5005, 1, 0)]), .inconclusive, [.noEvidence]),
    Case(
      "H11",
      History(votes: [vote(1, "a", 0, 10, .refused)], polls: [poll(900, 905, 1, 0)], rows: [("u1", "a")]),
      .fail,
      [.noEvidence, .upper, .ghostFail]),
    Case(
      "H32", History(votes: votes(1), polls: [poll(900, 905, 1, 0)], rows: [("u1", "a"), ("u9", "a")]), .fail,
      [.phantom]),
    Case(
      "H33", History(votes: votes(1), polls: [poll(900, 905, 1, 0)], rows: [("u1", "a"), ("u1", "a")]), .fail,
      [.duplicateRow]),
    Case(
      "H34", History(votes: votes(1), polls: [poll(900, 905, 0, 0, c: 1)], rows: [("u1", "c")]), .fail,
      [.upper, .wrongChoice]
    ) { $0.altered == 1 },
    Case(
      "H34 by totals", History(votes: votes(1), polls: [poll(900, 905, 0, 0, c: 1)]), .fail, [.upper, .lost, .phantom]),
    Case(
      "H37", History(votes: [vote(1, "a", 5, 50, .refused), vote(2, "b")], polls: [poll(8, 12, 1, 1)]), .fail,
      [.upper, .phantom]),
    // The failed poll of H38 is no sample.
    Case("H38", History(votes: votes(1), polls: [poll(900, 905, 1, 0)]), .pass),
    Case(
      "H41", History(votes: [vote(1, "a", 0, 0, .indeterminate)], polls: [poll(900, 905, 0, 0)], rows: []),
      .inconclusive, [.noEvidence]
    ) { $0.unresolved == 1 && $0.lostMinimum == 0 },
    Case(
      "H43",
      History(
        votes: [vote(1, "a"), vote(2, "b")], polls: [poll(900, 905, 1, 1)], rows: [("u1", "b"), ("u2", "a")]),
      .fail, [.wrongChoice]
    ) { $0.altered == 2 },
    Case("H43 by totals", History(votes: [vote(1, "a"), vote(2, "b")], polls: [poll(900, 905, 1, 1)]), .pass),
    Case(
      "H44",
      History(
        votes: votes(1), polls: [poll(-15, -12, 1, 0)], rules: rules { $0.clockOffset = .milliseconds(20) }),
      .pass),
    Case("H44 with one clock", History(votes: votes(1), polls: [poll(-15, -12, 1, 0)]), .fail, [.upper]),
    Case(
      "an export that failed",
      History(votes: votes(1), polls: [poll(900, 905, 1, 0)], exportError: "psql: no such host"), .inconclusive,
      [.exportFailed]),
  ]

  static let totals: [Case] = [
    Case(
      "H12 count", History(votes: votes(1), polls: [poll(900, 905, 2, 0)], rules: count), .fail,
      [.upper, .duplicate]),
    Case("H12 upsert", History(votes: votes(1), polls: [poll(900, 905, 2, 0)]), .fail, [.upper, .phantom]),
    Case(
      "H13 count", History(votes: [vote(1, "a", sends: 2)], polls: [poll(900, 905, 2, 0)], rules: count), .pass
    ) { $0.notes.resent == 1 },
    Case(
      "H13 exactly once",
      History(
        votes: [vote(1, "a", sends: 2)], polls: [poll(900, 905, 2, 0)],
        rules: rules {
          $0.semantics = .count
          $0.isExactlyOnce = true
        }), .fail, [.duplicate]),
    Case(
      "H13 upsert", History(votes: [vote(1, "a", sends: 2)], polls: [poll(900, 905, 2, 0)]), .fail,
      [.upper, .phantom]),
    Case(
      "H14",
      History(
        votes: [vote(1, "a"), vote(2, "a"), vote(3, "a", 0, 0, .indeterminate)], polls: [poll(900, 905, 2, 0)]),
      .inconclusive, [.masked]
    ) { ($0.lostMinimum, $0.lostMaximum) == (0, 1) },
    Case(
      "H14 with an export",
      History(
        votes: [vote(1, "a"), vote(2, "a"), vote(3, "a", 0, 0, .indeterminate)], polls: [poll(900, 905, 2, 0)],
        rows: [("u1", "a"), ("u3", "a")]), .fail, [.lost]
    ) { $0.lostVoters == ["u2"] && $0.recovered == 1 },
    Case(
      "H15", History(votes: [vote(1, "a"), vote(2, "b")], polls: [poll(900, 905, 2, 0)]), .fail,
      [.upper, .lost, .phantom]
    ) { $0.lostMinimum == 1 },
    Case(
      "H15 with an export",
      History(
        votes: [vote(1, "a"), vote(2, "b")], polls: [poll(900, 905, 2, 0)], rows: [("u1", "a"), ("u2", "a")]),
      .fail, [.upper, .wrongChoice]),
    Case(
      "H42",
      History(
        votes: [vote(1, "a", 0, 0, .indeterminate, sends: 2)], polls: [poll(900, 905, 2, 0)], rules: count),
      .inconclusive, [.noEvidence]
    ) { $0.notes.resent == 1 },
    Case("H39, two thirds", rounded(a: 67, b: 33), .pass),
    Case("H39, one third", rounded(a: 33, b: 67), .fail, [.upper, .lost, .phantom]),
  ]

  private static func rounded(a: Double, b: Double) -> History {
    let sample = TallySample(
      sent: History.at(900), received: History.at(905), total: 3, percent: ["a": a, "b": b], step: 1)
    return History(votes: [vote(1, "a"), vote(2, "a"), vote(3, "b")], polls: [sample])
  }

  private static let two = rules {
    $0.staleness = .seconds(1)
    $0.sources = [ConsistencyRules.Source(name: "A"), ConsistencyRules.Source(name: "B")]
  }

  static let sources: [Case] = [
    Case(
      "H16",
      History(
        votes: votes(3), polls: [poll(20, 25, 3, 0), poll(30, 35, 2, 0), poll(90, 95, 3, 0)]),
      .fail, [.regression]),
    Case(
      "H17",
      History(votes: votes(3), polls: [poll(95, 100, 3, 0), poll(101, 105, 2, 0, source: 1)], rules: two), .pass
    ) { $0.notes.crossStale == 1 },
    Case(
      "H18",
      History(votes: votes(3), polls: [poll(95, 100, 3, 0), poll(1200, 1205, 2, 0, source: 1)], rules: two), .fail,
      [.staleRead]),
    Case(
      "H19",
      History(
        votes: votes(3), polls: [poll(20, 40, 3, 0), poll(30, 35, 2, 0), poll(90, 95, 3, 0)]),
      .pass),
    Case(
      "H20", History(votes: votes(5), polls: [poll(20, 25, 5, 0), poll(60, 65, 0, 0)]), .fail,
      [.regression, .reset, .lost]),
    Case(
      "H27",
      History(
        votes: votes(1), polls: [poll(1010, 1015, 0, 0), poll(5000, 5005, 1, 0)],
        rules: rules { $0.freshnessLimit = .milliseconds(500) }), .fail, [.freshness]),
    Case(
      "H27 with a wide limit",
      History(
        votes: votes(1), polls: [poll(1010, 1015, 0, 0), poll(5000, 5005, 1, 0)],
        rules: rules { $0.freshnessLimit = .milliseconds(2000) }), .pass),
    Case(
      "H40",
      History(
        votes: votes(200),
        polls: (0...30).flatMap { second in
          let time = Int64(second) * 1000 + 20
          return [poll(time, time + 5, 50, 0), poll(time, time + 5, min(200, 50 + second * 5), 0, source: 1)]
        }, rules: two), .pass
    ) { $0.notes.frozen == ["A"] },
    Case(
      "too uncertain for a limit of freshness",
      History(
        votes: [vote(1, "a"), vote(2, "a", 3000, 3010)] + (3...4).map { vote($0, "a", 0, 0, .indeterminate) },
        polls: [poll(1000, 1005, 2, 0), poll(5000, 5005, 4, 0)],
        rules: rules { $0.freshnessLimit = .milliseconds(500) }), .inconclusive, [.notIdentifiable]),
  ]
}

extension ConsistencyHistoriesTests {
  private static let swapped = [vote(1, "a", 0, 10), vote(1, "b", 20, 30)]
  private static let any = rules { $0.order = .any }

  static let revotes: [Case] = [
    Case(
      "H21",
      History(votes: swapped, polls: [poll(11, 12, 1, 0), poll(900, 905, 0, 1)], rows: [("u1", "b")]),
      .pass),
    Case(
      "H22", History(votes: swapped, polls: [poll(900, 905, 1, 0)], rows: [("u1", "a")]), .fail, [.staleChoice]),
    Case("H22 by totals", History(votes: swapped, polls: [poll(900, 905, 1, 0)]), .fail, [.staleChoice]),
    Case(
      "H22 in any order",
      History(votes: swapped, polls: [poll(900, 905, 1, 0)], rows: [("u1", "a")], rules: any), .pass
    ) { $0.notes.staleChoices == 1 },
    Case(
      "H23, the one",
      History(votes: [vote(1, "a", 0, 30), vote(1, "b", 10, 40)], polls: [poll(900, 905, 1, 0)]), .pass),
    Case(
      "H23, the other",
      History(votes: [vote(1, "a", 0, 30), vote(1, "b", 10, 40)], polls: [poll(900, 905, 0, 1)]), .pass),
    Case(
      "H24, the first",
      History(
        votes: [vote(1, "a"), vote(1, "b", 20, 0, .indeterminate)], polls: [poll(900, 905, 1, 0)],
        rows: [("u1", "a")]), .pass
    ) { $0.recovered == 0 },
    Case(
      "H24, the second",
      History(
        votes: [vote(1, "a"), vote(1, "b", 20, 0, .indeterminate)], polls: [poll(900, 905, 0, 1)],
        rows: [("u1", "b")]), .pass
    ) { $0.recovered == 1 },
    Case(
      "H25",
      History(
        votes: [vote(1, "a", 0, 0, .indeterminate), vote(1, "b", 20, 30)], polls: [poll(900, 905, 1, 0)],
        rows: [("u1", "a")]), .pass
    ) { $0.recovered == 1 },
    Case("H26, 1 and 1", three(1, 1), .pass),
    Case("H26, 2 and 0", three(2, 0), .pass),
    Case("H26, 0 and 2", three(0, 2), .fail, [.upper, .phantom, .lost]),
    Case("H26, 2 and 1", three(2, 1), .fail, [.upper, .phantom]),
  ]

  private static func three(_ a: Int, _ b: Int) -> History {
    History(
      votes: [vote(1, "a", 0, 30), vote(2, "a", 0, 30), vote(2, "b", 5, 35)], polls: [poll(50, 55, a, b)])
  }

  private static let allowance = rules { $0.foreign = .allowance(.atMost(2)) }

  static let foreign: [Case] = [
    Case(
      "H28", History(votes: votes(1), base: ["a": 5, "b": 0], polls: [poll(900, 905, 7, 0)]), .fail,
      [.upper, .phantom]),
    Case(
      "H28 with foreign votes",
      History(votes: votes(1), base: ["a": 5, "b": 0], polls: [poll(900, 905, 7, 0)], rules: allowance),
      .inconclusive, [.foreign]
    ) { $0.lostMaximum == 1 },
    Case(
      "H29", History(votes: votes(2), polls: [poll(900, 905, 2, 0)], rules: allowance), .inconclusive,
      [.foreign]
    ) { $0.lostMaximum == 2 },
    Case(
      "a base that moves",
      History(
        votes: votes(1),
        before: [poll(-30, -29, 0, 0), poll(-20, -19, 1, 0), poll(-10, -9, 2, 0)],
        polls: [poll(900, 905, 9, 0)]), .inconclusive, [.baselineUnstable]),
    Case(
      "labels of its own beside others'",
      History(
        votes: votes(1),
        polls: [TallySample(sent: History.at(900), received: History.at(905), counts: ["a": 1, "z": 7])],
        rules: rules { $0.foreign = .privateLabel }), .pass),
  ]

  private static func stalled(_ queue: Drain.Queue) -> History {
    History(votes: votes(10), polls: [poll(60_000, 60_005, 7, 0)], drain: .stalled(deficit: 3, queue: queue))
  }

  static let drains: [Case] = [
    Case("H30, unknown queue", stalled(.unknown), .fail, [.lostOrStuck]),
    Case("H30, empty queue", stalled(.empty), .fail, [.lost]) { $0.lostMinimum == 3 },
    Case("H30, three in the queue", stalled(.holding(3)), .inconclusive, [.stuck]),
    Case(
      "H31",
      History(
        votes: votes(100), polls: [poll(6000, 6005, 60, 0)],
        drain: .timedOut(deficit: 40, rest: .seconds(4))), .inconclusive, [.drainTimeout]
    ) { $0.findings.first?.detail.contains("4.0 s more") == true },
    Case(
      "a drain that never ran", History(votes: votes(1), polls: [poll(900, 905, 1, 0)], drain: nil),
      .inconclusive, [.noEvidence]),
  ]

  @Test("H35, H36: the age of what is not visible lies within bounds, wider by what is uncertain")
  func ages() {
    var curves = FreshnessCurves(origin: History.at(0))
    for vote in 0..<4 { curves.add(sent: History.at(Int64(vote) * 100), answered: History.at(Int64(vote) * 100 + 10)) }
    let ages = curves.ages()
    func age(_ visible: Int, _ uncertain: Int) -> (least: Duration, most: Duration) {
      ages.age(visible: visible, uncertain: uncertain, sent: History.at(1000), received: History.at(1000))
    }
    #expect(age(2, 0) == (.milliseconds(790), .milliseconds(800)))
    #expect(age(2, 1) == (.milliseconds(690), .milliseconds(900)))
    #expect(age(4, 0) == (.zero, .zero))
  }

  @Test("H31: a tally that grows by one in 100 ms is given up at the cap, with what the rest would take")
  func slowDrain() {
    var drain = Drain(need: ["a": 100], begin: History.at(1000), limit: .seconds(5))
    var state = Drain.State.converged
    for step in 1...10 {
      let time = 1000 + Int64(step) * 500
      state = drain.add(poll(time, time, Int(time / 100), 0))
    }
    #expect(state == .timedOut(deficit: 40, rest: .seconds(4)))
  }
}
