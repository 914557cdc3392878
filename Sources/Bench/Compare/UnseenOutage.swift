/// An outage that the votes of a rollout would miss more often than once in twenty: that none was seen says nothing then.
///
/// Source: SLO statistics, section 1.
package struct UnseenOutage: Sendable, Hashable {
  /// The outage that is to be seen, as `--detect` has it.
  package var outage: Detection
  /// Votes per second.
  package var perSecond: Double
  /// Votes per second that would see it.
  package var rateNeeded: Double
  /// The shortest outage of as many votes that is seen; nil where none is.
  package var shortest: Duration?

  /// Nil where rollouts by this profile would see the outage that they are to see.
  package init?(_ profile: RunProfile) {
    let arrivals = PhasePlan(profile).arrivals(.change, of: profile.schedule)
    outage = profile.detection
    guard arrivals.missProbability(outage) > Detection.missable, let perSecond = arrivals.perSecond,
      let rateNeeded = arrivals.rateNeeded(outage)
    else { return nil }
    (self.perSecond, self.rateNeeded) = (perSecond, rateNeeded.rounded(.up))
    shortest = arrivals.shortestSeen(share: outage.share)
  }

  /// What is not seen, and what would do.
  package var sentence: String {
    "\(decimal(perSecond, perSecond < 10 ? 1 : 0)) votes a second may miss an outage of \(outage.description)"
      + (shortest.map { ", and see one of \(decimal($0.milliseconds, 0)) ms or more" } ?? "")
      + ": it takes --rate \(decimal(rateNeeded, 0)) to call settings equivalent"
  }
}
