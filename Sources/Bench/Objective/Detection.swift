/// The outage that a run must be able to see before it may say that there was none.
package struct Detection: Sendable, Hashable {
  /// How long it lasts.
  package var window: Duration
  /// The share of votes that it hits, above 0 and up to 1.
  package var share: Double

  /// An outage of a tenth of a second that hits one of three pods.
  package static let standard = Detection(window: .milliseconds(100), share: 1.0 / 3)

  /// An outage so long that hits this share.
  package init(window: Duration, share: Double) {
    self.window = window
    self.share = share
  }

  /// Reads `w=100ms,share=1/3`, the share also as `0.3` or `30%`; what is left out is as in `standard`.
  ///
  /// From a millisecond to an hour, and from a thousandth of the votes on.
  package init?(spelled text: String) {
    self = .standard
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
      guard pair.count == 2 else { return nil }
      switch pair[0] {
      case "w":
        guard let duration = Duration(spelled: pair[1]), (.milliseconds(1) ... .seconds(3600)).contains(duration) else {
          return nil
        }
        window = duration
      case "share":
        guard let read = Self.share(pair[1]) else { return nil }
        share = read
      default: return nil
      }
    }
  }

  private static func share(_ text: String) -> Double? {
    func number(_ text: some StringProtocol) -> Double? {
      text.allSatisfy { ("0"..."9").contains($0) || $0 == "." } ? Double(text) : nil
    }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    let value: Double? =
      switch parts.count {
      case 2: number(parts[0]).flatMap { top in number(parts[1]).map { top / $0 } }
      case 1 where text.hasSuffix("%"): number(text.dropLast()).map { $0 / 100 }
      case 1: number(text)
      default: nil
      }
    return value.flatMap { (0.001...1).contains($0) ? $0 : nil }
  }

  /// The outage in words: `100 ms or more that hits 33.3% of the votes`.
  package var description: String {
    "\(decimal(window.milliseconds, window.milliseconds < 10 ? 1 : 0)) ms or more that hits "
      + (share >= 1
        ? "all votes" : share == 1.0 / 3 ? "a third of the votes" : "\(decimal(share * 100, 1))% of the votes")
  }

  /// The most that may be missed: one outage in twenty.
  package static let missable = 0.05
}

/// How votes of a stream come, as far as it decides what they could have missed.
///
/// Source: SLO statistics, section 1.
package enum Arrivals: Sendable, Hashable {
  /// Evenly spaced, and each of them in the stream by chance: `part` of them, 1 for all.
  case even(perSecond: Double, part: Double = 1)
  /// Independently of one another (Poisson).
  case random(perSecond: Double)
  /// When a user was free (closed loop): a system that hangs is asked nothing.
  case whenFree

  /// The probability that all votes miss an outage.
  package func missProbability(_ outage: Detection) -> Double {
    switch self {
    case .even(let rate, let part):
      DetectionPower.missed(outage: outage.window, share: outage.share * part, perSecond: rate)
    case .random(let rate):
      DetectionPower.missed(outage: outage.window, share: outage.share, perSecond: rate, spacing: .poisson)
    case .whenFree: 1
    }
  }

  /// Votes per second at which the outage would be seen with 95 %; nil where no rate does.
  package func rateNeeded(_ outage: Detection) -> Double? {
    switch self {
    case .even(_, let part): DetectionPower.rateDetecting(outage: outage.window, share: outage.share * part)
    case .random:
      DetectionPower.rateDetecting(outage: outage.window, share: outage.share, spacing: .poisson)
    case .whenFree: nil
    }
  }

  /// The shortest outage of a share of the votes that would be seen with 95 %; nil where none would.
  package func shortestSeen(share: Double) -> Duration? {
    // As long as it takes at this rate, where a second takes so many a second.
    let needed = rateNeeded(Detection(window: .seconds(1), share: share))
    // Of an outage of days nobody says that it would have been seen.
    guard let perSecond, perSecond > 0, let needed, needed / perSecond < 1e6 else { return nil }
    return .nanoseconds(Int64((needed / perSecond * 1e9).rounded(.up)))
  }

  /// The same for a stream that has `part` of these votes.
  package func thinned(to part: Double) -> Arrivals {
    switch self {
    case .even(let rate, let before): .even(perSecond: rate, part: before * part)
    case .random(let rate): .random(perSecond: rate * part)
    case .whenFree: .whenFree
    }
  }

  /// Votes per second; nil in a closed loop.
  var perSecond: Double? {
    switch self {
    case .even(let rate, _), .random(let rate): rate
    case .whenFree: nil
    }
  }

  /// Votes of the stream per second; nil in a closed loop.
  var streamPerSecond: Double? {
    if case .even(let rate, let part) = self { rate * part } else { perSecond }
  }

  /// How many votes an outage must meet to be seen with 95 %, each of them hit with this probability.
  package static func votesNeeded(_ share: Double) -> Int {
    Int(DetectionPower.rateDetecting(outage: .seconds(1), share: share))
  }
}
