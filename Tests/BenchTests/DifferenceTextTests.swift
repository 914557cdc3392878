import Bench
import FoundationEssentials
import Testing

/// What `votebench diff` prints and writes is a promise, as the reports are.
@Suite("The difference of two runs, written")
struct DifferenceTextTests {
  /// Half a minute before a change and a quarter of a minute of it; the second run is slower then, and loses votes.
  private static func report(_ name: String, isWorse: Bool) throws -> RunReport {
    var run = StagedRun(100, [(.baseline, 24), (.rollout, 12), (.settle, 2)])
    run.fate = { due in
      var random = SeededGenerator(seed: UInt64(due.index) << 1 | (isWorse ? 1 : 0))
      let isHit = isWorse && due.phase == .rollout
      if isHit, random.unit() < 0.05 { return .failed(.status(502)) }
      return .accepted((isHit ? 3 : 2) + 2 * random.unit())
    }
    if isWorse {
      run.consistency =
        ConsistencyHistory(votes: votes(3), polls: final(2, 0), rows: [("u1", "a"), ("u2", "a")]).report
    }
    return try run.report("votes.lost == 0", "change: error-rate == 0", "rollout: p99 < 1s", run: name)
  }

  private static func difference() throws -> RunDifference {
    try RunDifference(report("aaaaaaaa", isWorse: false), report("bbbbbbbb", isWorse: true))
  }

  @Test("diff.txt, diff.md, diff.html and diff.json are as the samples")
  func samples() throws {
    let difference = try Self.difference()
    try ReportTests.compare(DifferenceText(difference, color: false).text, with: "diff.txt")
    try ReportTests.compare(DifferenceMarkdown(difference).text, with: "diff.md")
    try ReportTests.compare(DifferencePage(difference).text, with: "diff.html")
    try ReportTests.compare(DifferenceDocument(difference).json(), with: "diff.json")
  }

  @Test("no line is longer than 100 columns, and colours are there only where they are wanted")
  func layout() throws {
    let difference = try Self.difference()
    let plain = DifferenceText(difference, color: false).text
    for line in plain.split(separator: "\n") { #expect(line.count <= 100 && !line.hasSuffix(" "), "\(line)") }
    #expect(!plain.contains("\u{1B}") && !plain.contains("\n\n\n"))
    let painted = DifferenceText(difference, color: true).text
    #expect(painted.hasPrefix("\u{1B}[1;31mFAIL\u{1B}[0m  B is worse"))
    var bare = painted
    for code in ["1;31", "1;32", "1;33", "36", "35", "1", "0"] { bare = bare.replacing("\u{1B}[\(code)m", with: "") }
    #expect(bare == plain)
  }

  @Test("each phase that both runs have is plotted, and the runs differ in colour")
  func plots() throws {
    let difference = try Self.difference()
    let painted = DifferenceText(difference, color: true).text
    let plots = painted.components(separatedBy: "response times of ").dropFirst()
    #expect(plots.map { $0.prefix { $0 != " " } } == ["baseline", "rollout", "settle", "total"])
    let rollout = try #require(plots.dropFirst().first)
    #expect(rollout.contains("\u{1B}[36mA") && rollout.contains("\u{1B}[35mB") && !rollout.contains("\u{1B}[36mB"))
    #expect(painted.components(separatedBy: "\u{1B}[1m#").count > 1)
  }

  @Test("diff.html draws each phase of both runs as two lines, and lets no name be taken for markup")
  func page() throws {
    let base = try Self.report("aaaaaaaa", isWorse: false)
    var heading = base.heading
    heading.target = "<img src=x onerror='a'>"
    let other = RunReport(heading: heading, material: base.material, demands: base.demands)
    let difference = try RunDifference(other, try Self.report("bbbbbbbb", isWorse: true))
    let text = DifferencePage(difference).text
    for curve in difference.curves { #expect(text.contains("response times of \(curve.phase) in both runs")) }
    for style in ["a", "b"] {
      #expect(text.components(separatedBy: "<path class=\"line \(style)\"").count == difference.curves.count + 1)
    }
    #expect(!text.contains("<img") && text.contains("&lt;img") && !text.contains("<script"))
    #expect(text.contains("default-src 'none'") && text.contains("<code>votes.lost == 0</code>"))
  }

  @Test("diff.md has every objective of both runs, side by side")
  func objectives() throws {
    let difference = try Self.difference()
    let text = DifferenceMarkdown(difference).text
    #expect(text.contains("| objective | A | B | B against A |"))
    #expect(text.contains("| votes.lost == 0 | pass (0) | fail (1) | WORSE |"))
    #expect(text.contains("| rollout: p99 &lt; 1s | pass (3.98 ms) | fail (never) | WORSE |"))
  }

  @Test("the curves are those of the reports at the same percentiles, up to what both have votes for")
  func curves() throws {
    let difference = try Self.difference()
    #expect(difference.curves.map(\.phase) == ["baseline", "rollout", "settle", "total"])
    let total = try #require(difference.curves.last)
    for (report, time) in [(difference.reference, \PercentileCurve.Point.aMs), (difference.candidate, \.bMs)] {
      let times = try #require(report.total.responseTime.milliseconds)
      #expect(total.points.last?[keyPath: time] == times.max && total.points.last?.percentile == 100)
      let median = try #require(total.points.first { $0.percentile == 50 })
      #expect(median[keyPath: time] == times.p50)
      #expect(zip(total.points, total.points.dropFirst()).allSatisfy { $0[keyPath: time] <= $1[keyPath: time] })
    }
    #expect(zip(total.points, total.points.dropFirst()).allSatisfy { $0.percentile < $1.percentile })
    let beyond = try #require(total.points.dropLast().last?.percentile)
    let votes = Double(difference.candidate.total.responseTime.count)
    #expect((100 - beyond) / 100 * votes >= 1 && (100 - beyond) / 100 * votes < 1.3)
  }

  @Test("what a run meets outside cannot break out of the Markdown")
  func escaping() throws {
    let base = try Self.report("aaaaaaaa", isWorse: false)
    var heading = base.heading
    heading.target = "x](y) <b>|`*_"
    let other = RunReport(heading: heading, material: base.material, demands: base.demands)
    let text = DifferenceMarkdown(try RunDifference(base, other)).text
    #expect(!text.contains("<b>") && !text.contains("x](y)") && text.contains("x\\](y) &lt;b>\\|\\`\\*\\_"))
  }

  @Test("the document says what the difference says")
  func document() throws {
    struct Document: Decodable {
      struct Comparison: Decodable {
        var phase: String
        var metric: String
        var answer: String
        var estimate: Double?
        var low: Double?
        var high: Double?
        var wouldDecide: String?
      }
      var schema: String
      var verdict: String
      var exitCode: Int
      var comparisons: [Comparison]
    }
    let difference = try Self.difference()
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let document = try decoder.decode(Document.self, from: Data(DifferenceDocument(difference).json().utf8))
    #expect(document.schema == "votebench.diff/1.0" && document.verdict == "fail" && document.exitCode == 1)
    #expect(document.comparisons.count == difference.comparisons.count)
    for (entry, comparison) in zip(document.comparisons, difference.comparisons) {
      #expect(entry.phase == comparison.phase.rawValue && entry.metric == comparison.metric.name)
      #expect(entry.answer == comparison.answer.rawValue && entry.estimate == comparison.estimate?.value)
      #expect(entry.low == comparison.estimate?.low && entry.high == comparison.estimate?.high)
      #expect((entry.wouldDecide != nil) == (comparison.answer == .inconclusive))
    }
  }
}
