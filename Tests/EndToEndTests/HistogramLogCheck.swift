import TestSupport
import Testing

/// Holds the log of a run against its summary: the same votes, and the same times by the rank rule.
struct HistogramLogCheck {
  let log: HistogramLog

  init(of votebench: Votebench) async throws {
    log = try await HistogramLog(try #require(votebench.report) + "/latency.hlog", on: votebench.stage)
  }

  /// The untagged lines are `total`, the tagged ones each phase.
  func holds(_ summary: Votebench.Summary) throws {
    check(nil, try #require(summary.total.responseTimeMs))
    for phase in summary.phases {
      if let times = phase.responseTimeMs { check(phase.name + ".response", times) }
      if let lag = phase.startLagUs { #expect(count(phase.name + ".lag") == lag.count, "\(phase.name)") }
    }
  }

  private func count(_ tag: String?) -> Int {
    Int(log.slots(tag: tag).values.reduce(0, +))
  }

  /// A percentile is the highest value of the slot with its rank, and at most the largest value.
  private func check(_ tag: String?, _ times: Votebench.Summary.Times) {
    let slots = log.slots(tag: tag).sorted { $0.key < $1.key }
    let name = tag ?? "total"
    #expect(count(tag) == times.count, "\(name)")
    let longest = slots.last?.key ?? 0
    #expect(times.max * 1e6 <= Double(longest) && times.max * 1e6 > Double(longest) * 0.998, "\(name)")
    for (percent, value) in [(50, times.p50), (99, times.p99)] {
      let rank = Int64((times.count * percent + 99) / 100)
      var reached: Int64 = 0
      let slot = slots.first { slot in
        reached += slot.value
        return reached >= rank
      }
      #expect(abs(min(Double(slot?.key ?? 0), times.max * 1e6) - value * 1e6) < 1, "\(name) p\(percent)")
    }
  }
}
