import FoundationEssentials

/// metrics.prom: a finished run in Prometheus' text exposition format, for a node exporter's textfile collector or a
/// Pushgateway.
///
/// Everything is a gauge, since the next run replaces it, save the distributions of times. Units are seconds, bytes and
/// ratios. What nobody could see is left out: it is not 0. The run's own name stands in `votebench_run_info` alone, so
/// that the next run goes on with the same series.
package struct MetricsText: Sendable {
  let report: RunReport

  /// The metrics of `report`.
  package init(_ report: RunReport) {
    self.report = report
  }

  /// The text, with a line break at its end.
  package var text: String {
    (runFamilies + voteFamilies + timeFamilies + outageFamilies + consistencyFamilies + rolloutFamilies
      + objectiveFamilies + generatorFamilies).map(\.text).joined()
  }

  /// Every phase that had load, and the sums of them: `change` only where something was to change.
  var parts: [(name: String, figures: PhaseFigures)] {
    report.phases.filter { $0.phase != .drain }.map { ($0.phase.rawValue, $0.figures) }
      + [("total", report.total)] + (report.phases.contains { $0.phase.isChange } ? [("change", report.change)] : [])
  }

  // MARK: The run

  private var runFamilies: [MetricFamily] {
    let heading = report.heading
    var info = MetricFamily("votebench_run_info", help: "The run that all figures belong to; always 1.")
    info.add(
      [
        ("run", heading.run), ("target", heading.target), ("version", heading.version), ("seed", "\(heading.seed)"),
      ], 1)
    var start = MetricFamily(
      "votebench_run_start_timestamp_seconds", help: "When the run was begun, as Unix time.")
    start.add([], (try? Date(heading.startedAt, strategy: .iso8601))?.timeIntervalSince1970)
    var interrupted = MetricFamily(
      "votebench_run_interrupted", help: "1 when somebody ended the run before its time, else 0.")
    interrupted.add([], report.material.isInterrupted ? 1 : 0)
    var verdict = MetricFamily("votebench_verdict", help: "The verdict over the run: 1 for the one that holds.")
    verdict.add(state: "verdict", report.verdict)
    var duration = MetricFamily("votebench_phase_duration_seconds", help: "How long each phase lasted.")
    for phase in report.phases { duration.add([("phase", phase.phase.rawValue)], phase.duration.seconds) }
    return [info, start, interrupted, verdict, duration]
  }

  // MARK: Votes

  private var voteFamilies: [MetricFamily] {
    var due = MetricFamily("votebench_votes_due", help: "Votes that were due in a phase.")
    var votes = MetricFamily(
      "votebench_votes", help: "Votes by the phase in which they were due and by what became of them.")
    var resent = MetricFamily(
      "votebench_votes_resent", help: "Requests that the client library sent again by itself; it is forbidden to.")
    var failed = MetricFamily(
      "votebench_votes_failed", help: "Votes that were not accepted, by the phase in which they were due and by reason."
    )
    for (name, figures) in parts {
      let (phase, counts) = (("phase", name), figures.votes)
      due.add([phase], count: counts.due)
      votes.add([phase, ("outcome", "accepted")], count: counts.accepted)
      votes.add([phase, ("outcome", "refused")], count: counts.refused)
      votes.add([phase, ("outcome", "indeterminate")], count: counts.indeterminate)
      votes.add([phase, ("outcome", "dropped")], count: counts.dropped)
      resent.add([phase], count: counts.resent)
      for (kind, count) in Self.kinds(figures) { failed.add([phase, ("kind", kind)], count: count) }
    }
    return [due, votes, resent, failed]
  }

  /// Failed votes by the reason's name, which several codes share: the format knows each series once.
  private static func kinds(_ figures: PhaseFigures) -> [(String, Int)] {
    Dictionary(figures.failures.map { ($0.cause.name, $0.count) }, uniquingKeysWith: +).sorted { $0.key < $1.key }
  }

  // MARK: Times

  private var timeFamilies: [MetricFamily] {
    var response = MetricFamily(
      "votebench_response_time_seconds", .summary,
      help: "From a vote's intended start to its completion, of every vote that was sent, by phase.")
    var service = MetricFamily(
      "votebench_service_time_seconds", .summary,
      help: "From a vote's actual start to its completion, of every vote that was sent, by phase.")
    var lag = MetricFamily(
      "votebench_start_lag_seconds", .summary,
      help: "How late the generator itself began votes, by the phase in which they were due.")
    var slowest = MetricFamily(
      "votebench_response_time_max_seconds", help: "The longest response time of a phase.")
    for (name, figures) in parts {
      let times = figures.responseTime
      Self.add(times, to: &response, name)
      Self.add(figures.serviceTime, to: &service, name)
      Self.add(figures.startLag, to: &lag, name)
      slowest.add([("phase", name)], times.seconds?.max)
    }
    return [response, slowest, service, lag, histogram]
  }

  private static func add(_ times: Distribution, to summary: inout MetricFamily, _ phase: String) {
    guard let figures = times.seconds else { return }
    let quantiles = [("0.5", figures.p50), ("0.9", figures.p90), ("0.99", figures.p99), ("0.999", figures.p999)]
    for (quantile, value) in quantiles { summary.add([("phase", phase), ("quantile", quantile)], value) }
    summary.add([("phase", phase)], suffix: "_sum", sum(times))
    summary.add([("phase", phase)], suffix: "_count", count: figures.count)
  }

  /// The sum of all values, each taken as the middle of its slot, in seconds.
  private static func sum(_ times: Distribution) -> Double {
    times.slots.reduce(0) { $0 + Double(times.layout.medianValue(of: $1.slot)) * Double($1.count) } / 1e9
  }

  /// Near which times a bucket ends, in microseconds.
  private static let bounds: [Int64] = [
    250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000, 30_000_000, 60_000_000,
  ]

  /// A bucket ends where a slot of the histogram does, up to 0.2 % above the round number: so its count is exact.
  private var histogram: MetricFamily {
    var family = MetricFamily(
      "votebench_total_response_time_seconds", .histogram,
      help: "Response times from baseline to recovered; a bucket ends up to 0.2 % above a round number.")
    let times = report.total.responseTime
    guard times.count > 0 else { return family }
    var slots = times.slots[...]
    var reached: UInt64 = 0
    for bound in Self.bounds {
      let last = times.layout.slot(of: bound * 1000)
      while let slot = slots.first, slot.slot <= last {
        reached += slot.count
        slots.removeFirst()
      }
      let edge = MetricFamily.number(Double(times.layout.highestValue(of: last)) / 1e9)
      family.add([("le", edge)], suffix: "_bucket", count: Int(reached))
    }
    family.add([("le", "+Inf")], suffix: "_bucket", count: times.count)
    family.add([], suffix: "_sum", Self.sum(times))
    family.add([], suffix: "_count", count: times.count)
    return family
  }

  // MARK: Outages

  private var outageFamilies: [MetricFamily] {
    var count = MetricFamily("votebench_outages", help: "Outages that began in a phase.")
    var longest = MetricFamily(
      "votebench_outage_longest_seconds",
      help: "The longest outage that began in a phase: at least, and at most where both of its ends were seen.")
    for (name, figures) in parts {
      count.add([("phase", name)], count: figures.outages.count)
      longest.add([("phase", name), ("bound", "lower")], figures.outages.map(\.lower.seconds).max())
      let uppers = figures.outages.compactMap(\.upper?.seconds)
      // One whose end nobody saw may be the longest of all.
      guard uppers.count == figures.outages.count else { continue }
      longest.add([("phase", name), ("bound", "upper")], uppers.max())
    }
    return [count, longest]
  }
}
