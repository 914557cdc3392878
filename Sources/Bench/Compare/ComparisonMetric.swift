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

  /// Differences below this are none, unless another margin is asked for; in the metric's unit.
  ///
  /// 100 ms of the longest outage and of freshness, 10 ms of response times, 1 s of the duration, 1 pod-second, 1 pod and
  /// 1 lost vote. Nil of failed votes: theirs is a thousandth of a rollout's votes.
  package var margin: Double? {
    switch self {
    case .failedVotes: nil
    case .longestOutage, .freshness: 100
    case .responseExcess: 10
    case .duration, .unavailablePodSeconds, .surgePodSeconds, .peakPods, .lostVotes: 1
    }
  }

  /// For the heads of tables.
  package var titleWithUnit: String { title + (unit.isEmpty ? "" : ", \(unit)") }

  /// A value with its unit: whole numbers for what is counted, a tenth else.
  package func spelled(_ value: Double) -> String {
    let places = value.rounded() == value || abs(value) >= 1000 ? 0 : 1
    return decimal(value, places) + (unit.isEmpty ? "" : " \(unit)")
  }

  /// True for what probes may miss: nothing of it follows from their having seen nothing.
  package var isSeenByVotes: Bool { self == .failedVotes || self == .longestOutage }

  /// The value of a rollout; nil where it has none, as the duration of one that did not complete, failures where
  /// votebench itself did not send all votes, and lost votes where nobody knows of all.
  package func value(of rollout: RolloutFigures) -> Double? {
    switch self {
    case .failedVotes: rollout.unsentVotes == nil ? Double(rollout.failedVotes) : nil
    case .longestOutage: rollout.unsentVotes == nil ? rollout.longestOutageMs : nil
    case .responseExcess: rollout.responseExcessMs
    case .duration: rollout.durationS
    case .unavailablePodSeconds: rollout.unavailablePodSeconds
    case .surgePodSeconds: rollout.surgePodSeconds
    case .peakPods: rollout.peakPods.map(Double.init)
    case .lostVotes: rollout.knowsLost ? Double(rollout.lostVotes) : nil
    case .freshness: rollout.freshnessMs
    }
  }
}
