/// The response times of a phase of two runs at the same percentiles, to be laid over one another.
///
/// The percentiles are those of HdrHistogram's plotters: five for each halving of what is above them.
package struct PercentileCurve: Sendable, Hashable {
  /// Both runs at one percentile.
  package struct Point: Sendable, Hashable, Codable {
    /// The percentile, 0...100.
    package var percentile: Double
    /// The reference's response time, in milliseconds.
    package var aMs: Double
    /// The candidate's, likewise.
    package var bMs: Double
  }

  /// A phase, or `total`.
  package let phase: String
  /// Votes of the run that has fewer.
  let votes: Int
  /// By ascending percentile, up to the last that both have a vote above, and 100 %.
  package let points: [Point]

  /// The curve; nil where one of the two has no votes.
  init?(_ phase: String, _ reference: Distribution, _ candidate: Distribution) {
    let least = min(reference.count, candidate.count)
    guard least > 0 else { return nil }
    let levels = PercentileText.levels(upTo: least)
    self.phase = phase
    votes = least
    points = zip(levels, zip(reference.milliseconds(at: levels), candidate.milliseconds(at: levels))).map {
      Point(percentile: $0, aMs: $1.0, bMs: $1.1)
    }
  }
}
