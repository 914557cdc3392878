import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// What the log of a run is good for when nothing else is left of it.
@Suite("The log of a killed run", .serialized)
struct HistogramLogTests {
  @Test(
    "a run that is killed leaves the seconds until then, readable, and is reported from its folder",
    .enabled(if: HistogramLog.reader != nil, "VOTEBENCH_HDRHISTOGRAM names no reader of histogram logs"))
  func killed() async throws {
    try await withStage { stage in
      let votebench = try Votebench(on: stage)
      let process = try votebench.start(["--rate", "100", "--duration", "60s", "--warmup", "1s"])
      try await waitUntil("the log has some seconds", within: .seconds(60)) {
        guard let report = votebench.report else { return false }
        let log = (try? String(contentsOfFile: report + "/latency.hlog", encoding: .utf8)) ?? ""
        return log.split(separator: "\n").filter { $0.first?.isNumber == true }.count >= 2
      }
      process.signal(SIGKILL)
      _ = try await process.wait()
      let log = try await HistogramLog(try #require(votebench.report) + "/latency.hlog", on: stage)
      let seconds = log.lines.filter { $0.tag == nil }
      #expect(seconds.count >= 2)
      #expect(
        Set(log.lines.compactMap(\.tag)).isSuperset(of: ["warmup.response", "baseline.response", "baseline.lag"]))
      // The first of them is shared with the warmup; every later one has all its votes.
      #expect(seconds.dropFirst().allSatisfy { $0.slots.map { $0[1] }.reduce(0, +) == 100 })
      let told = try await votebench.run(["report", try #require(votebench.report)])
      let summary = try #require(told.summary, "\(told.output)")
      #expect(told.status == 0 && summary.verdict == "inconclusive" && summary.interrupted, "\(told.output)")
      #expect(summary.total.votes.due >= 100 && summary.rollouts.isEmpty)
      try await votebench.validateSummary()
      try await waitUntil("the sandbox has ended by itself", within: .seconds(30)) { votebench.processes().isEmpty }
    }
  }
}
