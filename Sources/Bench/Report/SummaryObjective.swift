/// What an objective came to, in summary.json.
struct SummaryObjective: Encodable, Sendable {
  private struct Basis: Encodable {
    var bad: Int
    var designEffect: Double
    var blocks: Int?
    var blockS: Int?
    var alpha: Double?
    var probability: Double?
  }

  private let expression: String
  private let phase: String?
  private let observed: String?
  private let low: String?
  private let high: String?
  private let sample: Int
  private let verdict: Verdict
  private let reason: String
  private let wouldDecide: String?
  private let evidence: Objective.Result.Evidence
  private let basis: Basis?

  /// The entry of `result`.
  init(_ result: Objective.Result) {
    expression = result.expression
    phase = result.phase
    observed = result.observed
    low = result.low
    high = result.high
    sample = result.sample
    verdict = result.verdict
    reason = result.reason
    wouldDecide = result.remedy
    evidence = result.evidence
    basis = result.basis.map {
      Basis(
        bad: $0.bad, designEffect: $0.designEffect, blocks: $0.blocks, blockS: $0.blockSeconds, alpha: $0.alpha,
        // JSON has no number for what is none.
        probability: $0.probability.flatMap { $0.isFinite ? $0 : nil })
    }
  }
}

/// The smallest outage that the run could have seen, in summary.json.
struct SummaryVisibility: Encodable, Sendable {
  private let phase: String
  private let votesPerS: Double?
  private let ofAllMs: Double?
  private let share: Double
  private let ofShareMs: Double?

  /// The entry of `visibility`.
  init(_ visibility: Visibility) {
    phase = visibility.part.rawValue
    votesPerS = visibility.perSecond
    ofAllMs = visibility.ofAll?.milliseconds
    share = visibility.share
    ofShareMs = visibility.ofShare?.milliseconds
  }
}

/// What was spent of the error budget, in summary.json.
struct SummaryBudget: Encodable, Sendable {
  private let objective: Double
  private let windowS: Double
  private let phase: String
  private let budget: Double
  private let failed: Int
  private let spentShare: Double?
  private let burnRate: Double?

  /// The entry of `budget`.
  init(_ budget: SpentBudget) {
    objective = budget.plan.objective
    windowS = budget.plan.window.seconds
    phase = budget.part.rawValue
    self.budget = budget.budget.failures
    failed = budget.failed
    spentShare = budget.spentShare
    burnRate = budget.burnRate
  }
}
