extension Objective {
  /// Why nothing can be an answer to the objective, as the rest of a sentence; nil where something can.
  var contradiction: String? {
    isInferred ? inferenceRefused ?? ruleOfMetric : ruleOfMetric
  }

  private var ruleOfMetric: String? {
    switch (metric, comparison) {
    case (.time, .equal), (.time, .atLeast), (.time, .above):
      return "a time is bounded from above: use < or <="
    case (.errorRate, .atLeast), (.errorRate, .above):
      return "the share of failed votes is bounded from above: use <= (availability from below: >=)"
    case (.errorRate, .equal) where bound != .value(0):
      return "no share is met to the last vote: use <=, or == 0"
    case (.errorRate, _) where isMetByAll: return "any run meets that: give less than 100%, such as 1%"
    case (.outageMaximum, _) where bound == .value(0): return "an outage has some length: use outage.count == 0"
    case (.outageMaximum, .atLeast), (.outageMaximum, .above), (.freshness, .atLeast), (.freshness, .above),
      (.rollout(.duration), .atLeast), (.rollout(.duration), .above), (.rollout(.unavailable), .atLeast),
      (.rollout(.unavailable), .above), (.rollout(.surge), .atLeast), (.rollout(.surge), .above):
      return "it is bounded from above: use < or <="
    case (.outageMaximum, .equal), (.freshness, .equal), (.rollout(.duration), .equal):
      return "no time is met to the nanosecond: use < or <="
    case (.votes(let count), .atLeast) where count != .accepted, (.votes(let count), .above) where count != .accepted:
      return "only votes.accepted is bounded from below"
    case (.rollout(.outcome), .equal): break
    case (.rollout(.outcome), _): return "how a rollout ends is compared with =="
    default: break
    }
    if case .below = comparison, bound == .value(0) { return "nothing is below 0" }
    return ruleOfScope
  }

  private var isMetByAll: Bool {
    if case .value(let share) = bound { share >= 1 } else { false }
  }

  private var ruleOfScope: String? {
    if scope.answering != nil, !scope.cohorts.isEmpty { return "name a cohort, or pods and versions, not both" }
    if case .relative = bound, let reason = relativeRefused { return reason }
    if scope.every != nil {
      switch metric {
      case .errorRate, .errors, .time: break
      default: return "windows (every) are for error-rate, errors and times"
      }
      if case .relative = bound { return "windows (every) are not compared with another phase" }
    }
    switch metric {
    case .votes(.lost), .votes(.altered), .votes(.duplicated), .votes(.phantom), .freshness, .rollout:
      if scope != Scope() { return "it is known of the whole run only: leave out what stands before ':'" }
    case .votes, .outageMaximum, .outageCount:
      if scope.answering != nil { return "it is not known of one pod or version: error-rate, errors and times are" }
    case .errorRate, .errors, .time: break
    }
    return nil
  }

  private var relativeRefused: String? {
    switch (metric, comparison) {
    case (.errorRate(.any), .below), (.errorRate(.any), .atMost), (.time, .below), (.time, .atMost): break
    default: return "only error-rate and times are compared with another phase, by < or <="
    }
    if case .time(.startLag, _) = metric { return "start-lag is the generator's own: give it a limit" }
    return scope.answering == nil ? nil : "pods and versions are not compared with another phase"
  }

  private var inferenceRefused: String? {
    switch metric {
    case .errorRate, .time(_, .percentile), .time(_, .mean): break
    default: return "(inferred) is for error-rate, percentiles and means"
    }
    if case .relative = bound { return "a comparison is one of samples already: leave out (inferred)" }
    if bound == .value(0) { return "no sample shows that a share is 0: leave out (inferred), or give it a limit" }
    if scope.every != nil { return "windows (every) are judged as they were: leave out (inferred)" }
    return nil
  }

  /// What a run must have for the objective to be answered, as far as it is known before.
  package struct Outlook: Sendable, Hashable {
    /// The phases that the run will have.
    package var phases: [Phase]
    /// True when something changes in the cluster.
    package var isDuringRollout: Bool
    /// True when some votes take a connection of their own.
    package var hasFresh: Bool
    /// True when some votes do not.
    package var hasKept: Bool

    /// An outlook; see the members.
    package init(phases: [Phase], isDuringRollout: Bool, hasFresh: Bool, hasKept: Bool) {
      self.phases = phases
      self.isDuringRollout = isDuringRollout
      self.hasFresh = hasFresh
      self.hasKept = hasKept
    }
  }

  /// Why no phase of such a run can answer the objective, as the rest of a sentence; nil where one can.
  package func unanswerable(_ outlook: Outlook) -> String? {
    if case .rollout = metric, !outlook.isDuringRollout { return "nothing is rolled out: add --during-rollout" }
    var parts = [scope.part]
    if case .relative(_, let part, _) = bound { parts.append(part) }
    for part in parts where !outlook.phases.contains(where: part.contains) {
      return "this run has no phase '\(part.rawValue)'"
        + (outlook.isDuringRollout
          ? ": it has \(outlook.phases.filter(\.isCounted).map(\.rawValue).joined(separator: ", "))"
          : " without --during-rollout")
    }
    if scope.cohorts.contains(.fresh), !outlook.hasFresh {
      return "no vote takes a connection of its own: add --new-connections"
    }
    if scope.cohorts.contains(.kept), !outlook.hasKept {
      return "every vote takes a connection of its own: lower --new-connections"
    }
    if case .relative(_, let part, _) = bound, part.overlaps(scope.part) {
      return "\(scope.part.rawValue) and \(part.rawValue) share votes: compare phases that do not"
    }
    return nil
  }

  /// The most lost votes with which the objective is met; nil where it speaks of something else.
  var lossesAllowed: Int? {
    guard metric == .votes(.lost), let allowed, allowed.high.isFinite else { return nil }
    return Int(min(max(allowed.high, 0), 1e9))
  }

  /// True when no figure can meet both.
  package func contradicts(_ other: Objective) -> Bool {
    guard scope.isSame(as: other.scope), metric == other.metric else { return false }
    if case .outcome(let one) = bound, case .outcome(let another) = other.bound { return one != another }
    guard let one = allowed, let another = other.allowed else { return false }
    let (low, high) = (max(one.low, another.low), min(one.high, another.high))
    if low != high { return low > high }
    return one.excludes(low) || another.excludes(low)
  }

  /// The figures that meet the objective, from `low` to `high`.
  private var allowed: Allowed? {
    guard case .value(let value) = bound else { return nil }
    switch comparison {
    // A count below 1.5 is at most 1, and one below 1 is 0.
    case .below where metric.isCount: return Allowed(low: -.infinity, high: value.rounded(.up) - 1, isStrict: false)
    case .above where metric.isCount: return Allowed(low: value.rounded(.down) + 1, high: .infinity, isStrict: false)
    case .atMost where metric.isCount: return Allowed(low: -.infinity, high: value.rounded(.down), isStrict: false)
    case .atLeast where metric.isCount: return Allowed(low: value.rounded(.up), high: .infinity, isStrict: false)
    case .below, .atMost: return Allowed(low: -.infinity, high: value, isStrict: comparison == .below)
    case .equal: return Allowed(low: value, high: value, isStrict: false)
    case .atLeast, .above: return Allowed(low: value, high: .infinity, isStrict: comparison == .above)
    }
  }

  private struct Allowed {
    var low: Double
    var high: Double
    var isStrict: Bool

    func excludes(_ value: Double) -> Bool { isStrict && (value == low || value == high) }
  }

  /// True when a figure meets the bound's `limit`.
  func isMet(_ value: Double, limit: Double) -> Bool {
    switch comparison {
    case .below: value < limit
    case .atMost: value <= limit
    case .equal: value == limit
    case .atLeast: value >= limit
    case .above: value > limit
    }
  }
}

extension Objective.Metric {
  /// True of what is counted, and never comes in parts.
  fileprivate var isCount: Bool {
    switch self {
    case .errors, .outageCount, .votes: true
    case .errorRate, .time, .outageMaximum, .freshness, .rollout: false
    }
  }
}

extension Objective.Scope {
  /// True when both mean the same votes, in whatever order they name the cohorts.
  fileprivate func isSame(as other: Self) -> Bool {
    var (one, another) = (self, other)
    (one.cohorts, another.cohorts) = ([], [])
    return one == another && Set(cohorts) == Set(other.cohorts)
  }
}

extension Objective.Part {
  /// True when some votes belong to both.
  func overlaps(_ other: Self) -> Bool {
    Phase.allCases.contains { contains($0) && other.contains($0) }
  }
}
