/// report.html: a run on one page that needs nothing else, neither network nor scripts.
///
/// Charts are drawn here; the script only ties a moment across them. What it needs stands in the page as JSON, the very
/// numbers of timeline.csv.
package struct HTMLReport: Sendable {
  /// Outages that the page's data have: the longest ones; summary.json has all.
  private static let outagesAtMost = 100

  private let run: FinishedRun
  private let timeline: Timeline
  private var report: RunReport { run.report }

  /// The page of a run, whose `timeline` is worked out where it is not known.
  package init(_ run: FinishedRun, _ timeline: Timeline? = nil) {
    self.run = run
    self.timeline = timeline ?? Timeline(run.report)
  }

  /// The page, with a line break at its end.
  package var text: String {
    let title = "votebench: \(report.verdict.rawValue), \(report.heading.target), \(report.heading.startedAt)"
    return Markup.page(
      title: title, script: PageScript.text,
      """
      \(header)
      <main>
      \(sections)
      </main>
      \(Markup.json(id: "timeline", timelineData))
      \(Markup.json(id: "summary", summaryData))
      """)
  }

  private var sections: String {
    let percentiles = PercentileChart(report)
    let tables = PageTables(run)
    return [
      Markup.section("objectives", "Objectives", tables.objectives),
      Markup.section(
        "timeline-charts", "Timeline",
        "<output id=\"moment\" aria-live=\"polite\">Point at a chart, or focus it and use the arrow keys, to read a moment."
          + "</output>\n<div class=\"scroll panels\" tabindex=\"0\" role=\"region\" aria-label=\"Charts on one time axis\">"
          + "<div class=\"wide\">\n\(TimeCharts(report, timeline).markup)</div></div>"),
      Markup.section(
        "percentiles", "Percentiles",
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
          + "aria-label=\"Percentile curves\"><div class=\"wide\">\(percentiles.markup)</div></div>"),
      Markup.section("phases", "Phases", tables.phases), Markup.section("errors", "Failed votes", tables.failures),
      Markup.section("changes", "Changes", tables.changes),
      Markup.section("votes", "Votes and the tally", tables.consistency),
      Markup.section("seen", "What could be seen, and what was spent", tables.view),
      Markup.section("environment", "Environment", tables.environment),
      Markup.section("profile", "To repeat it", tables.profile),
    ].joined(separator: "\n")
  }

  // MARK: Head

  private var header: String {
    let verdict = report.verdict.rawValue
    let aborted = report.material.aborted.map {
      "Ended at \(decimal($0.at.seconds, 1)) s for \($0.expression): \($0.reason)."
    }
    let notes = [aborted, report.material.failure, report.material.isInterrupted ? "Interrupted before its end." : nil]
    let facts = [
      ("target", report.heading.target), ("begun", report.heading.startedAt),
      (
        "votes",
        "\(report.total.votes.due) due, \(report.total.votes.accepted) accepted, \(report.total.votes.failed) failed"
      ),
      ("p99", report.total.responseTime.milliseconds.map { "\(decimal($0.p99, 2)) ms" } ?? "none"),
      ("lost", report.material.consistency.lostRange),
      (
        "worst outage",
        report.total.outages.max { $0.lower < $1.lower }.map { "\(decimal($0.lower.seconds, 2)) s" } ?? "none"
      ),
    ]
    return "<header class=\"\(verdict)\"><p class=\"brand\">votebench "
      + "<button type=\"button\" id=\"theme\" hidden>dark or light</button></p>\n"
      + "<h1><span class=\"verdict\">\(verdict.uppercased())</span> \(Markup.escaped(report.sentence))</h1>\n"
      + notes.compactMap(\.self).map { Markup.text("p", $0) }.joined() + Markup.facts(facts) + "</header>"
  }

  // MARK: Data

  private var timelineData: String {
    let phases = timeline.rows.map { $0.phase.map { "\"\($0.rawValue)\"" } ?? "null" }
    let columns = timeline.columns.map { column in
      "\"\(column.name)\":[" + column.values.map { $0.map(Timeline.spelled) ?? "null" }.joined(separator: ",") + "]"
    }
    return "{\"interval_s\":\(timeline.interval),\"columns\":{\"phase\":[\(phases.joined(separator: ","))],"
      + columns.joined(separator: ",") + "}}"
  }

  private var summaryData: String {
    func number(_ value: Double?) -> String { value.map { decimal($0, 6) } ?? "null" }
    let phases = report.phases.map { phase in
      "{\"name\":\"\(phase.phase.rawValue)\",\"start_s\":\(number(phase.start.seconds)),"
        + "\"due\":\(phase.figures.votes.due),\"accepted\":\(phase.figures.votes.accepted)}"
    }
    let all = report.phases.flatMap(\.figures.outages)
    let longest = all.indices.sorted { (all[$1].lower, $0) < (all[$0].lower, $1) }.prefix(Self.outagesAtMost)
    let outages = longest.sorted().map { all[$0] }.map { outage in
      "{\"start_s\":\(number((outage.start - report.material.origin).seconds)),"
        + "\"lower_ms\":\(number(outage.lower.milliseconds)),\"failed\":\(outage.failed)}"
    }
    let curves = PercentileChart(report).curves.map { curve in
      "{\"phase\":\"\(curve.phase)\",\"time\":\"\(curve.time)\","
        + "\"percentile\":[\(curve.percentiles.map { decimal($0, 6) }.joined(separator: ","))],"
        + "\"ms\":[\(curve.milliseconds.map { decimal($0, 6) }.joined(separator: ","))]}"
    }
    return "{\"phases\":[\(phases.joined(separator: ","))],\"outages\":[\(outages.joined(separator: ","))],"
      + "\"outages_more\":\(all.count - outages.count),\"curves\":[\(curves.joined(separator: ","))]}"
  }
}

extension ConsistencyReport {
  /// Lost votes as far as they are known: one number, or from the least to the most.
  var lostRange: String { lostMinimum == lostMaximum ? "\(lostMinimum)" : "\(lostMinimum) to \(lostMaximum)" }
}
