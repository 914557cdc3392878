/// A run that is over, with all that its folder's files are made of.
package struct FinishedRun: Sendable {
  /// What it came to.
  package var report: RunReport
  /// The exit status.
  package var exitCode: Int32
  /// The resolved profile as YAML, without what may be secret.
  package var profile: String

  /// A run; see the members.
  package init(report: RunReport, exitCode: Int32, profile: String) {
    self.report = report
    self.exitCode = exitCode
    self.profile = profile
  }

  /// Everything that its verdict rests on.
  package var checks: ReportChecks { ReportChecks(report, exitCode: exitCode) }

  /// The forms in which a run is told, spelled as `votebench report --format` takes them.
  package enum Format: String, Sendable, CaseIterable {
    /// report.html.
    case html
    /// summary.json.
    case json
    /// report.md.
    case md
    /// junit.xml.
    case junit
    /// timeline.csv.
    case csv
    /// events.ndjson.
    case events
    /// latency.hgrm, of `total`.
    case hgrm
    /// metrics.prom.
    case prom
  }

  /// The text in one form.
  package func text(_ format: Format) throws -> String {
    try text(format, Timeline(report))
  }

  private func text(_ format: Format, _ timeline: @autoclosure () -> Timeline) throws -> String {
    switch format {
    case .html: HTMLReport(self, timeline()).text
    case .json: try SummaryDocument(report, exitCode: exitCode).json()
    case .md: MarkdownReport(report, checks).text
    case .junit: JUnitDocument(report, checks).text
    case .csv: timeline().csv
    case .events: try EventLog(report.material).text()
    case .hgrm: PercentileText(report.total.responseTime).text
    case .prom: MetricsText(report).text
    }
  }

  /// Every file of the run's folder that is made at its end, by name.
  package func files() throws -> [(name: String, text: String)] {
    let timeline = Timeline(report)
    let forms = try Format.allCases.map { (name: $0.file, text: try text($0, timeline)) }
    let phases = report.phases.filter { $0.phase.isCounted }
    return forms
      + phases.map { ("latency.\($0.phase.rawValue).hgrm", PercentileText($0.figures.responseTime).text) }
  }
}

extension FinishedRun.Format {
  /// The name of its file.
  package var file: String {
    switch self {
    case .html: "report.html"
    case .json: "summary.json"
    case .md: "report.md"
    case .junit: "junit.xml"
    case .csv: "timeline.csv"
    case .events: "events.ndjson"
    case .hgrm: "latency.hgrm"
    case .prom: "metrics.prom"
    }
  }
}
