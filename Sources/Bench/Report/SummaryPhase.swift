/// One phase in summary.json, or several together.
struct SummaryPhase: Encodable, Sendable {
  private struct Cohorts: Encodable {
    var kept: Cohort
    var fresh: Cohort
  }
  private struct Cohort: Encodable {
    var votes: PhaseFigures.Votes
    var responseTimeMs: Distribution.Summary?
    var serviceTimeMs: Distribution.Summary?
    var startLagUs: Distribution.Summary?
  }
  private struct OutageEntry: Encodable {
    var startS: Double
    var lowerMs: Double
    var upperMs: Double?
    var share: Double
    var failed: Int
  }

  private let name: String
  private let startS: Double
  private let durationS: Double
  private let votes: PhaseFigures.Votes
  private let responseTimeMs: Distribution.Summary?
  private let serviceTimeMs: Distribution.Summary?
  private let startLagUs: Distribution.Summary?
  private let cohorts: Cohorts?
  private let connections: SummaryConnections?
  private let outages: [OutageEntry]

  /// The entry of `figures`; `start` is counted from the first vote's due moment, which was `origin`.
  init(_ name: String, start: Duration, duration: Duration, _ figures: PhaseFigures, origin: MonotonicTime) {
    self.name = name
    startS = start.seconds
    durationS = duration.seconds
    votes = figures.votes
    responseTimeMs = figures.responseTime.milliseconds
    serviceTimeMs = figures.serviceTime.milliseconds
    startLagUs = figures.startLag.microseconds
    cohorts =
      figures.fresh.votes.due > 0
      ? Cohorts(kept: Self.cohort(figures.kept), fresh: Self.cohort(figures.fresh)) : nil
    connections = SummaryConnections(figures.connections)
    outages = figures.outages.map {
      OutageEntry(
        startS: ($0.start - origin).seconds, lowerMs: $0.lower.milliseconds, upperMs: $0.upper?.milliseconds,
        share: $0.share, failed: $0.failed)
    }
  }

  /// The entry of the phases of `report` for which `isPart` holds, whose figures together are `figures`.
  init(_ name: String, of report: RunReport, _ figures: PhaseFigures, where isPart: (Phase) -> Bool) {
    let parts = report.phases.filter { isPart($0.phase) }
    self.init(
      name, start: parts.first?.start ?? .zero, duration: parts.reduce(.zero) { $0 + $1.duration }, figures,
      origin: report.material.origin)
  }

  private static func cohort(_ cohort: PhaseFigures.Cohort) -> Cohort {
    Cohort(
      votes: cohort.votes, responseTimeMs: cohort.times.response.milliseconds,
      serviceTimeMs: cohort.times.service.milliseconds, startLagUs: cohort.times.startLag.microseconds)
  }
}

/// How long connections took to open, in summary.json.
struct SummaryConnections: Encodable, Sendable {
  private let opened: Int
  private let nameLookupMs: Distribution.Summary?
  private let connectMs: Distribution.Summary?
  private let tlsMs: Distribution.Summary?
  private let firstByteMs: Distribution.Summary?

  /// The entry of `figures`; nil when no connection was opened.
  init?(_ figures: ConnectionFigures) {
    guard figures.opened > 0 else { return nil }
    opened = figures.opened
    nameLookupMs = figures.nameLookup.milliseconds
    connectMs = figures.connect.milliseconds
    tlsMs = figures.tls.milliseconds
    firstByteMs = figures.firstByte.milliseconds
  }
}
