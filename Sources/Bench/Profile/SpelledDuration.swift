extension Duration {
  /// Reads `250ms`, `30s`, `1.5m` or `1h`; nil for anything else, negative ones too.
  package init?(spelled text: String) {
    let units: [(suffix: String, nanoseconds: Double)] = [("ms", 1e6), ("s", 1e9), ("m", 6e10), ("h", 3.6e12)]
    guard let unit = units.first(where: { text.hasSuffix($0.suffix) }) else { return nil }
    let number = text.dropLast(unit.suffix.count)
    guard !number.isEmpty, number.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }),
      let value = Double(number), value * unit.nanoseconds < 1e18
    else { return nil }
    self = .nanoseconds(Int64((value * unit.nanoseconds).rounded()))
  }
}
