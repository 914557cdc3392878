/// What a comparison holds settings against each other by: of each rollout one number, the less the better.
package enum ComparisonMetric: String, Sendable, Hashable, Codable, CaseIterable {
  /// Votes due from the rollout's beginning to the end of `settle` that were not accepted.
  case failedVotes = "failed-votes"
  /// The upper bound of the longest outage among them, in ms; 0 without one.
  case longestOutage = "longest-outage"
  /// The p99 of response times in the rollout less that of its own baseline, in ms.
  case responseExcess = "response-excess"
  /// From the command to the last old pod's being gone, in s.
  case duration
  /// Ready pods below the wanted number, times seconds.
  case unavailablePodSeconds = "unavailable-pod-seconds"
  /// Pods above the wanted number, times seconds: what it costs.
  case surgePodSeconds = "surge-pod-seconds"
  /// The most pods that were there at a time, those that end among them.
  case peakPods = "peak-pods"
  /// Accepted votes that were never counted.
  case lostVotes = "lost-votes"
  /// The p99 of the time until an accepted vote could be seen, in ms.
  case freshness

  /// For people.
  package var title: String {
    switch self {
    case .failedVotes: "failed votes"
    case .longestOutage: "longest outage"
    case .responseExcess: "p99 over its baseline"
    case .duration: "duration"
    case .unavailablePodSeconds: "unavailable pod-seconds"
    case .surgePodSeconds: "surge pod-seconds"
    case .peakPods: "peak pods"
    case .lostVotes: "lost votes"
    case .freshness: "freshness p99"
    }
  }

  /// The unit; empty for what is counted.
  package var unit: String {
    switch self {
    case .longestOutage, .responseExcess, .freshness: "ms"
    case .duration: "s"
    default: ""
    }
  }

  /// For the heads of tables.
  package var titleWithUnit: String { title + (unit.isEmpty ? "" : ", \(unit)") }

  /// A value with its unit: whole numbers for what is counted, a tenth else.
  package func spelled(_ value: Double) -> String {
    let places = value.rounded() == value || abs(value) >= 1000 ? 0 : 1
    return decimal(value, places) + (unit.isEmpty ? "" : " \(unit)")
  }

  /// The value of a rollout; nil where it has none, as the duration of one that did not complete.
  package func value(of rollout: RolloutFigures) -> Double? {
    switch self {
    case .failedVotes: Double(rollout.failedVotes)
    case .longestOutage: rollout.longestOutageMs
    case .responseExcess: rollout.responseExcessMs
    case .duration: rollout.durationS
    case .unavailablePodSeconds: rollout.unavailablePodSeconds
    case .surgePodSeconds: rollout.surgePodSeconds
    case .peakPods: rollout.peakPods.map(Double.init)
    case .lostVotes: Double(rollout.lostVotes)
    case .freshness: rollout.freshnessMs
    }
  }
}
