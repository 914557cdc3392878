/// Votes that are not of this run, and what is done about them.
package enum ForeignTraffic: Sendable, Hashable, Codable {
  /// There are none: any excess is a fault.
  case exclusive
  /// There are some: the export, by the prefix of this run, decides; the tally is only watched for going back.
  case tagged
  /// There are some, for other labels than those of this run, which are its alone.
  case privateLabel
  /// There are some, at most as many.
  case allowance(ForeignAllowance)

  /// At most so many foreign votes over `span`; nil where no bound is known.
  package func bound(over span: Duration) -> Int? {
    switch self {
    case .exclusive, .privateLabel: 0
    case .tagged: nil
    case .allowance(let allowance): allowance.bound(over: span)
    }
  }

  /// The assumption in words.
  var sentence: String {
    switch self {
    case .exclusive: "nobody else votes"
    case .tagged: "others vote: only the export decides"
    case .privateLabel: "others vote, for other labels"
    case .allowance: "others vote, at the rate measured before"
    }
  }
}

/// How many foreign votes there may be.
package enum ForeignAllowance: Sendable, Hashable, Codable {
  /// Somebody knows: at most so many in the whole run.
  case atMost(Int)
  /// So many were counted while this run sent nothing, in windows of so much time together.
  case measured(count: Int, over: Duration)

  /// At most so many over `span`, at 95 % where it was measured; nothing measured bounds nothing.
  package func bound(over span: Duration) -> Int {
    switch self {
    case .atMost(let count): return count
    case .measured(_, let over) where over <= .zero: return .max / 4
    case .measured(let count, let over):
      let votes = Self.upperBound(count) * max(0, span.seconds) / over.seconds
      return votes < 1e15 ? Int(votes.rounded(.down)) : .max / 4
    }
  }

  /// The mean of a Poisson distribution that shows `count` or fewer in 5 % of cases: the upper 95 % bound.
  ///
  /// Found by halving; the share of the terms up to `count` is worked out relative to the term of `count`, which no
  /// count is too large for.
  package static func upperBound(_ count: Int) -> Double {
    var (low, high) = (Double(count), 2 * Double(count) + 10)
    for _ in 0..<60 {
      let mean = (low + high) / 2
      if shareUpTo(count, mean: mean) > 0.05 { low = mean } else { high = mean }
    }
    return high
  }

  private static func shareUpTo(_ count: Int, mean: Double) -> Double {
    var (below, term, index) = (1.0, 1.0, Double(count))
    while index > 0, term > 1e-18 {
      term *= index / mean
      below += term
      index -= 1
    }
    var above = 0.0
    (term, index) = (1.0, Double(count) + 1)
    while term > 1e-18 * (below + above) {
      term *= mean / index
      above += term
      index += 1
    }
    return below / (below + above)
  }
}
