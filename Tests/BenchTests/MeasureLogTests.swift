import Bench
import FoundationEssentials
import TestSupport
import Testing

/// The histogram log, decoded by somebody else's reader, against the figures that reports are made from.
@Suite("Histogram log")
struct MeasureLogTests {
  private static let isReadable: ConditionTrait = .enabled(
    if: HistogramLog.reader != nil, "VOTEBENCH_HDRHISTOGRAM names no reader of histogram logs")

  private func slots(_ distribution: Distribution) -> [Int64: Int64] {
    Dictionary(
      uniqueKeysWithValues: distribution.slots.map {
        (distribution.layout.highestValue(of: $0.slot), Int64(clamping: $0.count))
      })
  }

  private func decoded(_ lines: [String], on stage: Stage) async throws -> HistogramLog {
    let path = stage.folder + "/latency.hlog"
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: path))
    return try await HistogramLog(path, on: stage)
  }

  @Test("lines add up to the figures in every slot: untagged to total, tagged to each phase", isReadable)
  func sums() async throws {
    try await withStage { stage in
      let (recorder, lines) = MadeUpRun(seed: 21).record()
      let log = try await decoded(LatencyLog.header(version: "0", start: 1_700_000_000) + lines, on: stage)
      var total = PhaseFigures()
      for (place, edge) in recorder.edges.edges.enumerated() {
        let figures = recorder.figures(ofPhaseAt: place)
        let name = edge.phase.rawValue
        #expect(log.slots(tag: name + ".response") == slots(figures.responseTime), "\(name)")
        #expect(log.slots(tag: name + ".service") == slots(figures.serviceTime), "\(name)")
        #expect(log.slots(tag: name + ".lag") == slots(figures.startLag), "\(name)")
        #expect(log.slots(tag: name + ".fresh") == slots(figures.fresh.times.response), "\(name)")
        if edge.phase.isCounted { total.add(figures) }
      }
      #expect(log.slots(tag: nil) == slots(total.responseTime))
      #expect(total.responseTime.count > 1000)
    }
  }

  @Test(
    "each line is a second of the schedule, counted from the first vote, and none is skipped by the reader", isReadable)
  func times() async throws {
    try await withStage { stage in
      let lines = MadeUpRun(seed: 22).record().lines
      let log = try await decoded(LatencyLog.header(version: "0", start: 1_700_000_000.25) + lines, on: stage)
      #expect(log.lines.count == lines.count)
      #expect(log.lines.allSatisfy { $0.end - $0.begin == 1000 })
      let seconds = log.lines.filter { $0.tag == nil }.map { ($0.begin - 1_700_000_000_250) / 1000 }
      #expect(seconds == (2...14).map(Double.init))
    }
  }

  @Test("values at both ends of the range, and counts beyond 32 bits, are read as they were written", isReadable)
  func extremes() async throws {
    try await withStage { stage in
      var distribution = Distribution()
      let values: [(Int64, Int)] = [(0, 1), (1, 2), (3_600_000_000_000, 3), (5_000_000, 1 << 40), (1 << 40, 1 << 30)]
      for (value, count) in values { distribution.record(value, count: count) }
      let lines = [LatencyLog.line(second: 0, distribution), LatencyLog.line(second: 1, Distribution())]
      let log = try await decoded(LatencyLog.header(version: "0", start: 0) + lines, on: stage)
      #expect(log.lines.count == 2)
      #expect(log.slots(tag: nil) == slots(distribution))
    }
  }
}
