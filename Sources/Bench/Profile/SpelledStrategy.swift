extension StrategyChange {
  /// Reads `maxSurge=1,maxUnavailable=25%,minReadySeconds=5`: at least one of them, each at most once.
  ///
  /// Nil for anything else, more than 100% unavailable too. Whether Kubernetes takes the amounts together is not looked
  /// at.
  package init?(spelled text: String) {
    self.init()
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2, set(sides[0], to: sides[1]) else { return nil }
    }
  }

  private mutating func set(_ key: Substring, to text: Substring) -> Bool {
    switch key {
    case "maxSurge" where maxSurge == nil:
      maxSurge = Amount(spelled: text)
      return maxSurge != nil
    case "maxUnavailable" where maxUnavailable == nil:
      maxUnavailable = Amount(spelled: text)
      if case .percent(101...) = maxUnavailable { return false }
      return maxUnavailable != nil
    case "minReadySeconds" where minReadySeconds == nil:
      minReadySeconds = Amount.number(text)
      return minReadySeconds != nil
    default: return false
    }
  }
}

extension StrategyChange.Amount {
  /// True for `0` and `0%`.
  var isZero: Bool { self == .pods(0) || self == .percent(0) }

  fileprivate init?(spelled text: Substring) {
    guard let number = Self.number(text.hasSuffix("%") ? text.dropLast() : text) else { return nil }
    self = text.hasSuffix("%") ? .percent(number) : .pods(number)
  }

  /// Digits alone, as far as Kubernetes counts.
  fileprivate static func number(_ text: Substring) -> Int? {
    text.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains) ? Int32(text).map(Int.init) : nil
  }
}
