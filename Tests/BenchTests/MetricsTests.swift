import Bench
import FoundationEssentials
import Testing

/// metrics.prom is a promise, too: what each line says is what the run measured, and what nobody saw has no line.
@Suite("Metrics")
struct MetricsTests {
  /// A line that is no comment: name, labels as written, and value.
  private struct Sample: Hashable {
    var name: String
    var labels: String
    var value: Double

    init?(_ line: Substring) {
      guard let space = line.lastIndex(of: " "), let value = Double(line[line.index(after: space)...]) else {
        return nil
      }
      let series = line[..<space]
      let brace = series.firstIndex(of: "{") ?? series.endIndex
      name = String(series[..<brace])
      labels = String(series[brace...].dropFirst().dropLast())
      self.value = value
    }
  }

  private func samples(_ report: RunReport) throws -> [Sample] {
    try MetricsText(report).text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { try #require(Sample($0)) }
  }

  private func changed(_ change: (inout RunReport.Material) -> Void, _ objectives: [Objective]? = nil) -> RunReport {
    let report = ReportTests.report()
    var (material, demands) = (report.material, report.demands)
    change(&material)
    demands.objectives = objectives ?? demands.objectives
    return RunReport(heading: report.heading, material: material, demands: demands)
  }

  @Test("metrics.prom is as the sample")
  func sample() throws {
    try ReportTests.compare(MetricsText(ReportTests.report()).text, with: "metrics.prom")
  }

  @Test("every metric has its help and its type once, before its samples, and no series stands twice")
  func form() throws {
    let text = MetricsText(changed({ _ in }, [try Objective("p50 < 1s"), try Objective("p50 < 1s")])).text
    var (families, series): (Set<String>, Set<String>) = ([], [])
    var current = ""
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 3)
      if line.hasPrefix("# HELP") {
        current = String(words[2])
        #expect(families.insert(current).inserted && words.count == 4, "\(line)")
      } else if line.hasPrefix("# TYPE") {
        #expect(words[2] == current && ["gauge", "summary", "histogram"].contains(words[3]), "\(line)")
      } else {
        let sample = try #require(Sample(line))
        let base = sample.name.replacing("_bucket", with: "").replacing("_count", with: "").replacing("_sum", with: "")
        #expect(base == current && sample.name.hasPrefix("votebench_"), "\(line)")
        #expect(series.insert(sample.name + sample.labels).inserted, "\(line)")
      }
    }
    #expect(families.count > 30)
    #expect(text.hasSuffix("\n") && !text.contains("\n\n"))
  }

  @Test("the votes of each phase are those of the report, by outcome and by reason, and the sums are sums")
  func votes() throws {
    let report = ReportTests.report()
    let samples = try samples(report)
    func value(_ name: String, _ labels: String) -> Double? {
      samples.first { $0.name == name && $0.labels == labels }?.value
    }
    for phase in report.phases where phase.phase != .drain {
      let name = "phase=\"\(phase.phase.rawValue)\""
      let votes = phase.figures.votes
      let outcomes = ["accepted", "refused", "indeterminate", "dropped"].map {
        value("votebench_votes", "\(name),outcome=\"\($0)\"")
      }
      #expect(outcomes == [votes.accepted, votes.refused, votes.indeterminate, votes.dropped].map(Double.init))
      #expect(value("votebench_votes_due", name) == Double(votes.due))
    }
    #expect(value("votebench_votes_failed", "phase=\"rollout\",kind=\"http-502\"") == 10)
    #expect(value("votebench_votes_failed", "phase=\"change\",kind=\"timeout\"") == 10)
    #expect(value("votebench_votes_lost", "bound=\"min\"") == 1)
    #expect(value("votebench_verdict", "verdict=\"fail\"") == 1)
    #expect(value("votebench_run_start_timestamp_seconds", "") == 1_767_225_600)
  }

  @Test("reasons of one name are one series: all failures of TLS together")
  func sharedNames() throws {
    var recorder = Recorder(
      ledger: Ledger(schedule: Schedule(rate: ArrivalRate(votesPerSecond: 100)), origin: StagedRun.origin),
      closing: .after(.zero))
    recorder.begin(.baseline, at: StagedRun.origin)
    for (index, code) in [35, 60, 60].enumerated() {
      let due = StagedRun.origin + .milliseconds(10 * index)
      recorder.record(
        Observation(
          index: index, intended: due, actual: due, completed: due, startLag: 0, outcome: .refused, cause: .curl(code)))
    }
    _ = recorder.finish()
    let failed = try samples(changed { $0.recorder = recorder }).filter { $0.name == "votebench_votes_failed" }
    #expect(failed.map(\.labels) == ["phase=\"baseline\",kind=\"tls\"", "phase=\"total\",kind=\"tls\""])
    #expect(failed.map(\.value) == [3, 3])
  }

  @Test("the buckets count exactly the votes up to their bounds, worked out from the votes themselves")
  func buckets() throws {
    let report = ReportTests.report()
    let buckets = try samples(report).filter { $0.name == "votebench_total_response_time_seconds_bucket" }
    let times = report.material.recorder.ledger.observations.filter { (100..<1000).contains($0.index) }.map {
      Int(($0.completed - $0.intended).nanoseconds)
    }
    #expect(buckets.count == 18)
    for bucket in buckets {
      let edge = try #require(Double(bucket.labels.dropFirst(4).dropLast().replacing("+Inf", with: "inf")))
      // Their times are whole microseconds and the bounds are not, so that rounding can decide nothing.
      #expect(bucket.value == Double(times.count { Double($0) / 1e9 <= edge }), "\(bucket)")
    }
    let nominal = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
    for (bucket, round) in zip(buckets, nominal) {
      let edge = try #require(Double(bucket.labels.dropFirst(4).dropLast()))
      #expect(edge >= round && edge <= round * 1.0021, "\(bucket)")
    }
    #expect(buckets.last?.value == Double(report.total.responseTime.count))
    let sum = try #require(try samples(report).first { $0.name == "votebench_total_response_time_seconds_sum" }?.value)
    let exact = Double(times.reduce(0, +)) / 1e9
    #expect(abs(sum - exact) < exact * 0.0005)
  }

  @Test("what nobody could see has no line, where 0 would say that there was none")
  func unseen() throws {
    let report = changed { material in
      material.consistency = ConsistencyHistory().report
      material.generator = nil
      material.peakMemoryMegabytes = 0
      material.rollouts[0].wantedBefore = 0
      material.rollouts[0].wantedAfter = 0
      material.rollouts[1].end = nil
    }
    let names = Set(try samples(report).map(\.name))
    for name in [
      "votes_lost", "votes_duplicated", "votes_phantom", "votes_altered", "freshness_seconds", "generator_info",
      "generator_stalls", "generator_processor_seconds", "generator_peak_memory_bytes", "control_probes",
      "rollout_pod_seconds",
    ] {
      #expect(!names.contains("votebench_" + name), "\(name)")
      #expect(!MetricsText(report).text.contains("# HELP votebench_\(name) "), "\(name)")
    }
    #expect(names.contains("votebench_generator_keeps_schedule"))
    let durations = try samples(report).filter { $0.name == "votebench_rollout_duration_seconds" }
    #expect(durations.count == 1, "a rollback that did not end has no duration")
  }

  @Test("an outage whose end nobody saw has no upper bound")
  func endlessOutage() throws {
    var run = StagedRun.load(100, 10)
    run.fate = { $0.second > 8 ? .failed(.status(502)) : .accepted(2) }
    let longest = try samples(run.report()).filter { $0.name == "votebench_outage_longest_seconds" }
    #expect(longest.allSatisfy { $0.labels.contains("lower") } && longest.count == 2)
  }

  @Test("a target with quotes, backslashes and line breaks stays one label on one line")
  func escaping() throws {
    let base = ReportTests.report()
    var heading = base.heading
    heading.target = "a\\b\"c\r\nd{x=\"1\"} 5 é"
    let text = MetricsText(RunReport(heading: heading, material: base.material, demands: base.demands)).text
    let lines = text.utf8.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    let line = try #require(lines.first { $0.hasPrefix("votebench_run_info{") })
    #expect(line.contains("target=\"a\\\\b\\\"c\r\\nd{x=\\\"1\\\"} 5 é\""))
    #expect(line.hasSuffix("\"} 1"))
  }

  @Test("a budget of nothing that was spent is infinite, as the format spells it")
  func infinite() throws {
    let base = ReportTests.report()
    var demands = base.demands
    demands.errorBudget.objective = 1
    let text = MetricsText(RunReport(heading: base.heading, material: base.material, demands: demands)).text
    #expect(text.contains("votebench_error_budget_burn_rate{phase=\"change\"} +Inf\n"))
    #expect(!text.contains(" inf"))
  }
}
