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
    #expect(figures.pods(Self.at(2.2)).map(\.image) == ["v1", "v2"])
    #expect(figures.pods(Self.at(2.2)).map(\.pods) == [.init(terminating: 1), .init(starting: 1)])
    record.pods[0].times[.gone] = Moment(Self.at(2.8))
    figures.see(record)
    #expect(figures.pods(Self.at(3)).map(\.pods) == [.init(ready: 1)])
  }

  private static var busy: LiveFigures {
    var staged = StagedRun(500, [(.warmup, 2), (.baseline, 8)])
    staged.fate = { $0.index % 100 == 0 ? .failed(.status(504)) : .accepted(Double($0.index % 40) + 0.5) }
    var figures = figures(staged, until: 10)
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
      #expect(lines.count == (width < 30 ? 1 : 6))
      #expect(lines.contains { $0.contains("\u{1B}") } == (hasColor && width >= 30), "failed votes are red")
    }
  }

  @Test("the lines of a wide terminal, of a narrow one, and the plain line")
  func text() {
    let text = LiveText(Self.busy, now: Self.at(10))
    let wide = text.lines(.init(width: 100, hasColor: false, hasUnicode: false))
    #expect(wide[0] == "phase      rollout 1.0 s          (3 of 7)")
    #expect(wide[1] == "rate          500/s due    493/s ended    488/s accepted      0 on their way")
    #expect(wide[2].hasPrefix("response   p50/p99/max   19.7   39.3   39.5 ms   all   19.7   39.3   39.5 ms"))
    #expect(wide[3] == "votes           4950 accepted     0 refused    50 indeterminate     0 dropped")
    #expect(wide[4].hasPrefix("pods       registry.example/voting-app:v0: 1 ready   registry"))
    #expect(wide[5].hasPrefix("tally           4938 votes behind   p99 @@@@"))
    let narrow = text.lines(.init(width: 40, hasColor: false, hasUnicode: true))
    #expect(narrow[1] == "rate          500/s due    493/s ended")
    #expect(narrow[3] == "votes           4950 accepted    50 fail")
    #expect(text.lines(.init(width: 12, hasColor: false, hasUnicode: true)) == ["rollout 1.0 "])
    #expect(
      text.plain.hasPrefix("rollout: 5000 votes, 50 failed; last second 493/s; p50 19.7 ms, p99 39.3 ms; tally 4938"))
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
