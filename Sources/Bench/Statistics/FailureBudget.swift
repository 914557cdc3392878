/// How many failures an objective allows over its window, and how fast a phase spends them.
///
/// Source: SLO statistics, section 9.
package struct FailureBudget: Sendable, Hashable {
  /// The share of requests that has to be good, such as 0.999.
  package var objective: Double
  /// The window over which it holds.
  package var window: Duration
  /// Requests in a second.
  package var perSecond: Double

  /// The budget of an `objective` over a `window` of so many requests `perSecond`.
  package init(objective: Double, window: Duration = .seconds(30 * 86_400), perSecond: Double) {
    self.objective = objective
    self.window = window
    self.perSecond = perSecond
  }

  /// How many failures the window allows.
  package var failures: Double { (1 - objective) * perSecond * (window / .seconds(1)) }

  /// The share of the budget that so many failures spend; infinite where nothing is allowed.
  package func share(spentBy failures: Double) -> Double { failures > 0 ? failures / self.failures : 0 }

  /// How many times as fast as allowed so many `failures` of `attempts` spend the budget.
  package func burnRate(failures: Double, attempts: Double) -> Double {
    failures > 0 ? failures / attempts / (1 - objective) : 0
  }

  /// The burn rate that spends a `share` of the budget within `time`: what an alert over that time has to look for.
  package func burnRate(spending share: Double, within time: Duration) -> Double { share * (window / time) }
}
