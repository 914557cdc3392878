import Bench
import Testing

/// What a person sees while a run goes on.
@Suite("The live view")
struct LiveTests {
  private static let origin = StagedRun.origin

  private static func figures(_ staged: StagedRun, until second: Double? = nil) -> LiveFigures {
    var figures = LiveFigures(origin: origin, schedule: staged.schedule)
    let votes = staged.observations.sorted { ($0.completed, $0.index) < ($1.completed, $1.index) }
    for start in stride(from: 0, to: votes.count, by: 7) {
      figures.add(Array(votes[start..<min(votes.count, start + 7)]))
    }
    if let second { figures.pass(at(second)) }
    return figures
  }

  private static func at(_ second: Double) -> MonotonicTime { origin + .nanoseconds(Int64(second * 1e9)) }

  @Test("counts are those of all votes, times those of the seconds in which they ended")
  func counts() {
    var staged = StagedRun(100, [(.baseline, 4)], isDuringRollout: false)
    staged.fate = { $0.index % 50 == 0 ? .failed(.status(502)) : $0.second < 1 ? .accepted(2500) : .accepted(3) }
    let figures = Self.figures(staged, until: 6)
    #expect(figures.counts.due == 400 && figures.counts.failed == 8 && figures.counts.accepted == 392)
    // The first second's votes ended in the third and the fourth one.
    #expect(figures.seconds.map(\.ended) == [2, 100, 149, 149, 0, 0])
    #expect(figures.seconds.map(\.accepted).reduce(0, +) == 392)
    #expect(figures.seconds[1].response?.max == 3 && figures.seconds[3].response?.max == 2500)
    #expect(abs((figures.seconds[1].response?.p50 ?? 0) - 3) < 0.05)
    #expect(figures.seconds[5].response == nil && figures.all.count == 400)
  }

  @Test("rough times are within a sixtieth, the largest is exact", arguments: UInt64(1)...5)
  func roughTimes(seed: UInt64) throws {
    var random = SplitMix(seed: seed)
    var (figures, exact) = (LiveFigures(origin: Self.origin, schedule: Schedule(.closed(users: 1))), Distribution())
    for index in 0..<3000 {
      let time = Int64.random(in: 0...(Int64(1) << Int64.random(in: 1...35, using: &random)), using: &random)
      exact.record(nanoseconds: time)
      figures.add([
        Observation(
          index: index, intended: Self.origin + .nanoseconds(-time), actual: Self.origin, completed: Self.origin,
          startLag: 0, outcome: .accepted, cause: .none)
      ])
    }
    figures.pass(Self.at(1))
    let (rough, truth) = (try #require(figures.all.summary), try #require(exact.milliseconds))
    #expect(rough.max == truth.max, "seed \(seed)")
    for (one, other) in [(rough.p50, truth.p50), (rough.p99, truth.p99)] {
      #expect(abs(one - other) <= other / 60 + 1e-6, "seed \(seed): \(one), not \(other)")
    }
  }

  @Test("a long run keeps a minute of seconds, and all of its times")
  func remembered() {
    let staged = StagedRun(10, [(.baseline, 200)], isDuringRollout: false)
    let figures = Self.figures(staged, until: 200)
    #expect(figures.seconds.count == LiveFigures.remembered && figures.all.count == 2000)
  }

  @Test("votes on their way, votes behind in the tally, pods by revision")
  func states() {
    var figures = Self.figures(StagedRun(100, [(.baseline, 2)], isDuringRollout: false))
    #expect(figures.behind == nil)
    figures.see(visible: 190)
    #expect(figures.behind == 10)
    figures.begin(.baseline, at: Self.at(0), until: Self.at(10), place: 1, of: 2)
    #expect(figures.waiting(Self.at(3)) == 100 && figures.duePerSecond(Self.at(3)) == 100)
    var record = RolloutRecord(trigger: "x", workload: Workload(.deployment, "w"), start: Self.at(1))
    record.pods = [
      .init(name: "a", uid: "a", isOld: true, image: "v1"), .init(name: "b", uid: "b", isOld: false, image: "v2"),
    ]
    record.pods[0].times = [.marked: Moment(Self.at(2))]
    record.pods[1].times = [.created: Moment(Self.at(1.5)), .ready: Moment(Self.at(2.5))]
    figures.see(record)
    #expect(figures.pods(Self.at(2.2)).map(\.revision) == ["v1", "v2"])
    #expect(figures.pods(Self.at(2.2)).map(\.pods) == [.init(terminating: 1), .init(starting: 1)])
    record.pods[0].times[.gone] = Moment(Self.at(2.8))
    figures.see(record)
    #expect(figures.pods(Self.at(3)).map(\.pods) == [.init(ready: 1)])
  }

  private static var busy: LiveFigures {
    var staged = StagedRun(500, [(.warmup, 2), (.baseline, 8)])
    staged.fate = { $0.index % 100 == 0 ? .failed(.status(504)) : .accepted(Double($0.index % 40) + 0.5) }
    var figures = LiveFigures(origin: origin, schedule: staged.schedule)
    figures.begin(.baseline, at: at(0), until: at(9), place: 2, of: 7)
    let votes = staged.observations.sorted { ($0.completed, $0.index) < ($1.completed, $1.index) }
    figures.add(votes.filter { $0.completed < at(10) })
    figures.add([], sent: 400)
    figures.add(votes.filter { $0.completed >= at(10) })
    figures.pass(at(10))
    figures.begin(.rollout, at: at(9), until: nil, place: 3, of: 7)
    figures.see(visible: 12)
    var record = RolloutRecord(trigger: "x", workload: Workload(.deployment, "w"), start: at(9))
    record.pods = (0..<9).map {
      .init(name: "p\($0)", uid: "\($0)", isOld: true, image: "registry.example/voting-app:v\($0)")
    }
    figures.see(record)
    return figures
  }

  @Test("no line is wider than the terminal, whatever its width", arguments: Array(1...140))
  func widths(width: Int) {
    for hasColor in [true, false] {
      let lines = LiveText(Self.busy, now: Self.at(10)).lines(.init(width: width, hasColor: hasColor, hasUnicode: true))
      let shown = lines.map { $0.replacing("\u{1B}[31m", with: "").replacing("\u{1B}[0m", with: "") }
      #expect(shown.allSatisfy { $0.count <= width && !$0.contains("\u{1B}") && !$0.contains("\n") })
      #expect(lines.count == (width < 30 ? 1 : width < 76 ? 7 : 6))
      #expect(lines.contains { $0.contains("\u{1B}") } == (hasColor && width >= 30), "failed votes are red")
    }
  }

  @Test("the lines of a wide terminal, of a narrow one, and the plain line")
  func text() {
    let text = LiveText(Self.busy, now: Self.at(10))
    let wide = text.lines(.init(width: 100, hasColor: false, hasUnicode: false))
    #expect(wide[0] == "phase      rollout 1.0 s          (3 of 7)")
    #expect(wide[1] == "rate          500/s due    400/s sent    488/s accepted      0 on their way")
    #expect(wide[2].hasPrefix("response   p50/p99/max   19.7   39.3   39.5 ms   all   19.7   39.3   39.5 ms"))
    #expect(wide[3] == "votes           4950 accepted     0 refused    50 indeterminate     0 dropped")
    #expect(wide[4] == "pods       " + (0..<6).map { "v\($0): 1 ready" }.joined(separator: "   "))
    #expect(wide[5].hasPrefix("tally           4938 votes behind   p99 @@@@"))
    let narrow = text.lines(.init(width: 40, hasColor: false, hasUnicode: true))
    #expect(narrow[1] == "rate          500/s due    400/s sent")
    #expect(narrow[2] == "response   p50/p99   19.7   39.3 ms" && narrow[3] == "overall    p50/p99   19.7   39.3 ms")
    #expect(narrow[4] == "votes          50 failed   4950 accepted")
    #expect(narrow[6] == "tally        4938 votes behind")
    #expect(text.lines(.init(width: 13, hasColor: false, hasUnicode: true)) == ["rollout 1.0 s"])
    #expect(text.lines(.init(width: 12, hasColor: false, hasUnicode: true)) == ["rollout"])
    let (times, head) = ("p50 19.7 ms, p99 39.3 ms, max 39.5 ms", "rollout: 5000 votes, 50 failed; last second")
    #expect(
      text.plain.hasPrefix(
        "\(head) 500/s due, 400/s sent, 488/s accepted; \(times); overall \(times); tally 4938 behind; pods registry"))
  }

  @Test("every number that is shown is whole, whatever the width", arguments: Array(20...80))
  func wholeNumbers(width: Int) {
    var staged = StagedRun(500, [(.baseline, 4)])
    staged.fate = { $0.index % 90 == 0 ? .failed(.status(504)) : .accepted($0.index % 70 == 1 ? 10_000 : 1234) }
    var figures = LiveFigures(origin: Self.origin, schedule: staged.schedule)
    figures.begin(.baseline, at: Self.at(0), until: Self.at(3), place: 2, of: 7)
    figures.add(staged.observations.sorted { ($0.completed, $0.index) < ($1.completed, $1.index) })
    figures.pass(Self.at(14))
    figures.begin(.rollout, at: Self.at(3), until: Self.at(123), place: 3, of: 7)
    figures.see(visible: 12)
    var record = RolloutRecord(trigger: "x", workload: Workload(.deployment, "w"), start: Self.at(3))
    record.pods = (0..<24).map {
      .init(name: "p\($0)", uid: "\($0)", isOld: $0 < 12, image: "registry.example:5000/voting-app:v\($0 / 12)")
    }
    figures.see(record)
    func numbers(_ width: Int) -> Set<Substring> {
      let lines = LiveText(figures, now: Self.at(14.5)).lines(.init(width: width, hasColor: false, hasUnicode: true))
      return Set(
        lines.joined(separator: "\n").split { !($0.isNumber || $0 == ".") }.filter { $0.contains(where: \.isNumber) })
    }
    let whole = numbers(300)
    #expect(whole.isSuperset(of: ["10000", "23", "1977", "1965", "12", "120"]), "\(whole)")
    #expect(numbers(width).isSubset(of: whole) && !numbers(width).isEmpty, "\(numbers(width))")
  }

  @Test("what is of the whole run is without the warmup, also where that ends in the middle of a second")
  func warmup() {
    var staged = StagedRun(100, [(.warmup, 1.5), (.baseline, 2)], isDuringRollout: false)
    staged.fate = { due in
      due.phase == .baseline
        ? .accepted(4) : due.index == 149 ? .accepted(1800) : due.index % 2 == 0 ? .accepted(700) : .dropped
    }
    var figures = LiveFigures(origin: Self.origin, schedule: staged.schedule)
    figures.begin(.warmup, at: Self.at(0), until: Self.at(1.5), place: 1, of: 3)
    let votes = staged.observations.sorted { ($0.completed, $0.index) < ($1.completed, $1.index) }
    figures.add(votes.filter { $0.completed < Self.at(1.5) })
    #expect(figures.overall == figures.counts && figures.overall.due > 0, "nothing else is known in the warmup")
    figures.begin(.baseline, at: Self.at(1.5), until: nil, place: 2, of: 3)
    figures.add(votes.filter { $0.completed >= Self.at(1.5) })
    figures.pass(Self.at(5))
    #expect(figures.counts.due == 350 && figures.overall.due == 200 && figures.overall.accepted == 200)
    #expect(figures.overall.dropped == 0 && figures.all.count == 200 && figures.all.summary?.max == 4)
    // The view of the moment leaves nothing out.
    #expect(figures.seconds[3].response?.max == 1800)
  }

  @Test("votes count as sent in the second in which they are told to be, answered or not")
  func sent() {
    var figures = LiveFigures(origin: Self.origin, schedule: Schedule(rate: ArrivalRate(votesPerSecond: 10)))
    figures.add([], sent: 4)
    figures.pass(Self.at(1))
    figures.add([], sent: 3)
    figures.add([], sent: 2)
    figures.pass(Self.at(3))
    #expect(figures.seconds.map(\.sent) == [4, 5, 0] && figures.counts.due == 0)
  }

  @Test("old and new pods of one image are apart: by ReplicaSet, and of a StatefulSet by who made them")
  func revisions() {
    func record(_ kind: Workload.Kind, _ pods: [(name: String, isOld: Bool)], isRollback: Bool = false) -> RolloutRecord
    {
      var record = RolloutRecord(
        trigger: "x", workload: Workload(kind, "w"), isRollback: isRollback, start: Self.at(isRollback ? 2 : 1))
      record.pods = pods.map {
        .init(name: $0.name, uid: "\(kind)\($0.name)\($0.isOld)\(isRollback)", isOld: $0.isOld, image: "v1")
      }
      for place in record.pods.indices where !pods[place].isOld {
        record.pods[place].times = [.created: Moment(Self.at(1)), .ready: Moment(Self.at(1))]
      }
      return record
    }
    func names(_ records: RolloutRecord...) -> [String] {
      var figures = LiveFigures(origin: Self.origin, schedule: Schedule(rate: ArrivalRate(votesPerSecond: 10)))
      for record in records { figures.see(record) }
      return figures.pods(Self.at(3)).map { "\($0.revision) \($0.pods.ready)" }
    }
    let restart = record(.deployment, [("w-5d9c-aaaaa", true), ("w-5d9c-bbbbb", true), ("w-77f4-ccccc", false)])
    #expect(names(restart) == ["v1 old 2", "v1 new 1"])
    #expect(
      names(restart, record(.deployment, [("w-5d9c-ddddd", false)], isRollback: true)) == ["v1 old 3", "v1 new 1"])
    #expect(names(record(.deployment, [("w-5d9c-aaaaa", true), ("w-5d9c-bbbbb", false)])) == ["v1 2"], "scaled")
    let restarted = record(.statefulSet, [("w-0", true), ("w-1", false)])
    #expect(names(restarted) == ["v1 old 1", "v1 new 1"])
    #expect(names(restarted, record(.statefulSet, [("w-1", false)], isRollback: true)) == ["v1 old 2", "v1 new 1"])
  }

  @Test("where voters vote again and the tally counts voters, it is behind by voters: by none when all are visible")
  func revotes() {
    let ballot = Ballot(run: "revote00", seed: 1, choices: ["a", "b"], electorate: Electorate(turns: 3, gap: 10))
    var staged = StagedRun(100, [(.baseline, 3)], isDuringRollout: false)
    staged.fate = { $0.index == 7 ? .failed(.status(502)) : .accepted(1) }
    var figures = LiveFigures(origin: Self.origin, schedule: staged.schedule, revoters: ballot)
    figures.add(staged.observations)
    // 300 votes of 100 voters: one of them failed at the first of three.
    figures.see(visible: 100)
    #expect(figures.behind == 0 && figures.counts.accepted == 299)
    figures.see(visible: 96)
    #expect(figures.behind == 4)
  }

  @Test("a phase whose end is known shows how far it is")
  func progress() {
    var figures = Self.busy
    figures.begin(.settle, at: Self.at(10), until: Self.at(20), place: 4, of: 7)
    let line = LiveText(figures, now: Self.at(15)).lines(.init(width: 80, hasColor: false, hasUnicode: false))[0]
    #expect(line == "phase      settle 5.0 s of 10         (4 of 7)  [############............]")
  }

  @Test("the sparkline goes from the least mark to the largest, with a blank where no vote ended")
  func sparkline() {
    var staged = StagedRun(10, [(.baseline, 8)], isDuringRollout: false)
    staged.fate = { $0.second < 4 ? .accepted(1 + $0.second.rounded(.down)) : .dropped }
    var figures = Self.figures(staged, until: 8)
    figures.see(visible: 0)
    let line = LiveText(figures, now: Self.at(8)).lines(.init(width: 80, hasColor: false, hasUnicode: true))[4]
    #expect(line.hasSuffix("p99 ▃▅▆█    "), "\(line)")
  }
}
