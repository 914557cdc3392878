/// A count, or a share of the replicas: the type of maxSurge and maxUnavailable.
enum IntOrPercent: Equatable {
  case count(Int)
  case percent(Int)

  /// Reads a field; nil for what is neither, and for what is negative.
  init?(_ field: JSON) {
    if let count = field.int, count >= 0 {
      self = .count(count)
    } else if let text = field.string, text.hasSuffix("%"), text.dropLast().allSatisfy(\.isNumber),
      let percent = Int(text.dropLast())
    {
      self = .percent(percent)
    } else {
      return nil
    }
  }

  /// Whether it is none at all, whatever the number of replicas.
  var isZero: Bool { self == .count(0) || self == .percent(0) }

  /// The count for a number of replicas, a fraction rounded up or down.
  func of(_ total: Int, roundUp: Bool) -> Int {
    switch self {
    case .count(let count): count
    case .percent(let percent): (percent * total + (roundUp ? 99 : 0)) / 100
    }
  }
}
