internal import Glibc

/// The margin of a comparison of times: a factor alone is judged by logarithms, whatever else by differences.
struct TimeMargin {
  /// So many times the earlier values are allowed.
  let factor: Double
  /// And so many nanoseconds more.
  let plus: Double

  /// On the scale of `shift`: as much worse is allowed.
  var limit: Double { plus == 0 ? log(factor) : plus }

  /// How much worse later values are than what they are held against, with one-sided bounds of `Objective.alpha` each.
  func shift(_ later: [Double], _ earlier: [Double]) -> Shift {
    Shift(later.map(scaled), minus: earlier.map(reference), alpha: 2 * Objective.alpha)
  }

  /// How likely so much worse would be if it were just as bad as allowed.
  func probability(_ later: [Double], _ earlier: [Double]) -> Double {
    RankSum.probability(later.map { scaled($0) - limit }, above: earlier.map(reference))
  }

  /// True when what came after is surely off by more than the margin, in either direction.
  func drifts(_ after: [Double], _ earlier: [Double]) -> Bool {
    var (same, allowed) = (self, abs(limit))
    if plus != 0 {
      same = TimeMargin(factor: 1, plus: plus)
      allowed = abs((factor - 1) * earlier.sorted()[earlier.count / 2] + plus)
    }
    guard let moved = same.shift(after, earlier).interval else { return false }
    return moved.lowerBound > allowed || moved.upperBound < -allowed
  }

  /// A shift for people.
  func text(_ shift: Double) -> String {
    guard shift.isFinite else { return shift < 0 ? "less by any amount" : "more by any amount" }
    if plus == 0 { return "\(decimal(exp(shift), 2)) times that" }
    return (shift < 0 ? "-" : "+") + Objective.time(abs(shift)) + " against \(decimal(factor, 2)) times that"
  }

  private func scaled(_ value: Double) -> Double { plus == 0 ? log(value) : value }
  private func reference(_ value: Double) -> Double { plus == 0 ? log(value) : factor * value }
}
