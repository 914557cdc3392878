import Bench
import FoundationEssentials
import Testing

@Suite("The page of a comparison")
struct ComparisonPageTests {
  @Test("the page, the document, the table and the text of the worked example are as the samples")
  func samples() throws {
    let question = try ComparedRollouts.question(repetitions: 8)
    let comparison = Comparison(
      question,
      try ComparedRollouts.all(
        question, failed: { ComparisonTests.example[$0][$1] },
        duration: { [30, 14, 17][$0] + Double(($1 * 5 + $0 * 3) % 8) / 4 }))
    let (startedAt, version) = ("2026-01-01T00:00:00Z", "0.1.0")
    let page = ComparisonPage(comparison, startedAt: startedAt, version: version)
    let document = ComparisonDocument(comparison, startedAt: startedAt, version: version)
    try ReportTests.compare(page.text, with: "comparison.html")
    try ReportTests.compare(document.json(), with: "comparison.json")
    try ReportTests.compare(ComparisonRows.csv(comparison), with: "comparison.csv")
    try ReportTests.compare(ComparisonMarkdown(comparison).text, with: "comparison.md")
    let text = ComparisonText(comparison, color: false).text
    try ReportTests.compare(text, with: "comparison.txt")
    for line in text.split(separator: "\n") { #expect(line.count <= 100 && !line.hasSuffix(" "), "\(line)") }
    #expect(ComparisonText(comparison, color: true).text.hasPrefix("\u{1B}[1;32mRECOMMENDED\u{1B}[0m  "))
  }

  private static func page(_ question: Comparison.Question, _ rollouts: [RolloutFigures]) -> String {
    ComparisonPage(Comparison(question, rollouts), startedAt: "2026-01-01T00:00:00Z", version: "0.1.0").text
  }

  private static func links(_ page: String) -> [String] {
    page.split(separator: "href=\"").dropFirst().map { String($0.prefix { $0 != "\"" }) }.filter {
      $0.hasPrefix("runs/")
    }
  }

  @Test("every rollout leads to its report: from the picture, from each strip and from the table")
  func links() throws {
    let question = try ComparedRollouts.question(repetitions: 8)
    let rollouts = try ComparedRollouts.all(
      question, failed: { $0 * 5 + $1 }, duration: { 20 - Double($0) + Double($1) / 10 })
    let page = Self.page(question, rollouts)
    let parts = page.split(separator: "<section id=\"pareto\">")
    let picture = try #require(parts.last?.split(separator: "</section>").first)
    #expect(Self.links(String(picture)).sorted() == rollouts.map { "\($0.folder)/report.html" }.sorted())
    // In the picture, in a strip for failed votes and one for the duration, and in the table.
    #expect(Self.links(page).count == 4 * rollouts.count)
  }

  @Test("the answer stands first, with its confidence")
  func answer() throws {
    let question = try ComparedRollouts.question(repetitions: 8)
    let rollouts = try ComparedRollouts.all(question) { setting, repetition in setting * 9 + repetition % 3 }
    let comparison = Comparison(question, rollouts)
    let page = Self.page(question, rollouts)
    let header = try #require(page.split(separator: "<main>").first)
    #expect(header.contains("RECOMMENDED</span> \(comparison.sentence)") && header.contains(comparison.confidence))
    #expect(header.contains("header class=\"pass\""))
  }

  @Test("labels of the user's own mean nothing to the page, and nothing is loaded or run")
  func escaped() throws {
    let hostile = "patch={\"a\":\"</title><script>alert(1)</script>\"}"
    let settings = [hostile, "replicas=2"].compactMap { ComparedSetting(variant: $0) }
    let question = Comparison.Question(
      settings: settings, plan: ComparisonPlan(settings: 2, repetitions: 2, seed: 1))
    let rollouts = try ComparedRollouts.all(question) { setting, _ in setting }
    let page = Self.page(question, rollouts)
    #expect(!page.contains("<script") && page.contains("&lt;script&gt;"))
    #expect(page.contains("default-src 'none'"))
    let markdown = ComparisonMarkdown(Comparison(question, rollouts)).text
    #expect(!markdown.contains("<script"))
    #expect(ComparisonRows.csv(Comparison(question, rollouts)).contains("\"patch={\"\"a\"\":"))
  }

  @Test("a page is there for no rollout, for one, for all that failed nothing, and for eight settings")
  func edges() throws {
    let two = try ComparedRollouts.question(Array(ComparedRollouts.strategies.prefix(2)), repetitions: 8)
    #expect(Self.page(two, []).contains("No rollout has completed."))
    #expect(Self.page(two, []).contains("INCONCLUSIVE"))
    let same = try ComparedRollouts.all(two) { _, _ in 0 }
    #expect(Self.page(two, Array(same.prefix(1))).contains("1 of 16"))
    #expect(Self.page(two, same).contains("EQUIVALENT"))
    var broken = same
    for place in broken.indices { (broken[place].outcome, broken[place].durationS) = (.crashLoop, nil) }
    #expect(Self.page(two, broken).contains("NONE IS FIT"))
    let settings = (1...8).compactMap { ComparedSetting(variant: "replicas=\($0)") }
    let eight = Comparison.Question(settings: settings, plan: ComparisonPlan(settings: 8, repetitions: 2, seed: 1))
    let page = Self.page(eight, try ComparedRollouts.all(eight) { $0 * $1 * 1_000_000 })
    #expect(!page.contains("nan") && !page.contains("inf\""))
    #expect((0..<8).allSatisfy { page.contains("\(Comparison.letter($0)): replicas=\($0 + 1)") })
  }

  @Test("the document has every pair of every metric and every rollout, with the figures of the comparison")
  func document() throws {
    let question = try ComparedRollouts.question(repetitions: 8)
    let rollouts = try ComparedRollouts.all(question) { setting, repetition in setting * 9 + repetition % 3 }
    let comparison = Comparison(question, rollouts)
    struct Read: Decodable {
      struct Metric: Decodable {
        struct Pair: Decodable {
          var differences: [Double]
          var adjustedP: Double
          var verdict: String
        }
        var name: String
        var pairs: [Pair]
      }
      struct Rollout: Decodable {
        var label: String
        var failedVotes: Int
      }
      struct Clean: Decodable {
        struct Pair: Decodable {
          var adjustedP: Double
        }
        var cochranQ: Double?
        var p: Double?
        var pairs: [Pair]
      }
      var exitCode: Int
      var metrics: [Metric]
      var cleanRollouts: Clean
      var rollouts: [Rollout]
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let text = try ComparisonDocument(comparison, startedAt: "2026-01-01T00:00:00Z", version: "0.1.0").json()
    let read = try decoder.decode(Read.self, from: Data(text.utf8))
    #expect(read.exitCode == 0 && read.metrics.map(\.name) == comparison.metrics.map(\.metric.rawValue))
    #expect(read.metrics[0].pairs.map(\.differences) == comparison.primary.pairs.map(\.differences))
    #expect(read.metrics[0].pairs.map(\.adjustedP) == comparison.primary.pairs.map(\.adjusted))
    #expect(read.metrics[0].pairs.map(\.verdict) == comparison.primary.pairs.map(\.answer.rawValue))
    // A failed nothing in 3 of 8, where B and C always did.
    #expect(read.cleanRollouts.cochranQ == 6 && decimal(read.cleanRollouts.p ?? 0, 4) == "0.0498")
    #expect(read.cleanRollouts.pairs.map { decimal($0.adjustedP, 6) } == ["0.750000", "0.750000", "1.000000"])
    #expect(read.rollouts.map(\.failedVotes) == rollouts.map(\.failedVotes))
    #expect(read.rollouts.map(\.label) == rollouts.map { comparison.label($0.setting) })
  }
}
