/// What the generator says of itself, in summary.json.
struct SummaryGenerator: Encodable, Sendable {
  private struct Stalls: Encodable {
    var count: Int
    var longestMs: Double
  }
  private struct Control: Encodable {
    var probes: Int
    var failed: Int
    var failedS: [Double]
    var slowestMs: Double?
    var votesFailedBeside: Int
  }

  private let keepsSchedule: Bool
  private let startLagUs: Distribution.Summary?
  private let slotWaitMaxMs: Double
  private let backlogMax: Int
  private let droppedByGenerator: Int
  private let cpuUsPerVote: Double
  private let peakMemoryMb: Double
  private let stalls: Stalls?
  private let threads: Int?
  private let lane: String?
  private let http: String?
  private let libcurl: String
  private let control: Control?

  /// The entry of `report`; what is not known of a generator that ended without a word is left out or 0.
  init(_ report: RunReport) {
    let figures = report.material.generator
    let sent = report.phases.reduce(0) { $0 + $1.figures.votes.sent }
    keepsSchedule = report.keepsSchedule
    startLagUs = report.total.startLag.microseconds
    slotWaitMaxMs = Double(report.total.slotWaitMaximum) / 1e6
    backlogMax = figures?.backlogMaximum ?? 0
    droppedByGenerator = report.total.droppedByGenerator
    cpuUsPerVote = Double(figures?.processorTime.nanoseconds ?? 0) / 1000 / Double(max(1, sent))
    peakMemoryMb = report.material.peakMemoryMegabytes
    stalls = figures.map { Stalls(count: $0.stalls.count, longestMs: $0.stalls.longest.milliseconds) }
    threads = figures?.threads
    lane = figures?.lane
    http = figures?.http
    libcurl = figures?.libcurl ?? ""
    control = figures?.control.map { control in
      Control(
        probes: control.probes, failed: control.failures.count,
        failedS: control.failures.prefix(1000).map { ($0 - report.material.origin).seconds },
        slowestMs: control.slowest?.milliseconds, votesFailedBeside: report.total.failedWithControl)
    }
  }
}

/// What one pod, or all pods of one version, answered from baseline to recovered, in summary.json.
struct SummaryResponder: Encodable, Sendable {
  private struct Failure: Encodable {
    var kind: String
    var count: Int
  }

  private let name: String?
  private let version: String?
  private let votes: Int
  private let failed: Int
  private let failures: [Failure]
  private let responseTimeMs: Distribution.Summary?

  private init(name: String?, version: String?, _ figures: ResponderFigures) {
    self.name = name
    self.version = version
    votes = figures.votes
    failed = figures.failed
    failures = figures.failures.map { Failure(kind: $0.key.name, count: $0.value) }
      .sorted { ($1.count, $0.kind) < ($0.count, $1.kind) }
    responseTimeMs = figures.responseTime.milliseconds
  }

  /// An entry a pod, in the order in which they first answered; those that named none come first, as `unknown`.
  static func pods(_ report: RunReport) -> [Self] {
    report.answered.map { responder, figures in
      Self(
        name: responder.pod.isEmpty ? "unknown" : responder.pod,
        version: responder.version.isEmpty ? nil : responder.version, figures)
    }
  }

  /// An entry a version, by name; empty when no answer named one.
  static func versions(_ report: RunReport) -> [Self] {
    var byVersion: [String: ResponderFigures] = [:]
    for (responder, figures) in report.answered where !responder.version.isEmpty {
      byVersion[responder.version, default: ResponderFigures()].add(figures)
    }
    return byVersion.sorted { $0.key < $1.key }.map { Self(name: nil, version: $0.key, $0.value) }
  }
}
