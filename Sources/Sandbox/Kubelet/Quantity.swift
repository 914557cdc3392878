import FoundationEssentials

/// An amount as Kubernetes writes it: `100m`, `64Mi`, `1Gi`, `2`, `1e3`.
///
/// What is no amount reads as nil; that the API server refuses.
enum Quantity {
  private static let factors: [String: Double] = [
    "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 1_024, "Mi": 1_048_576, "Gi": 1_073_741_824, "Ti": 1_099_511_627_776, "Pi": 1_125_899_906_842_624,
    "Ei": 1_152_921_504_606_846_976,
  ]

  /// The amount in its unit: processors, bytes.
  static func value(_ json: JSON) -> Double? {
    switch json {
    case .int(let number): return Double(number)
    case .double(let number): return number
    case .string(let text):
      if let number = Double(text) { return number }
      let end = text.lastIndex { $0.isNumber || $0 == "." }.map { text.index(after: $0) } ?? text.startIndex
      guard let number = Double(text[..<end]), let factor = factors[String(text[end...])] else { return nil }
      return number * factor
    default: return nil
    }
  }

  /// In thousandths, rounded up, as the scheduler counts processors; 0 for none.
  static func milli(_ json: JSON) -> Int { rounded((value(json) ?? 0) * 1_000) }

  /// In whole units, rounded up; 0 for none.
  static func whole(_ json: JSON) -> Int { rounded(value(json) ?? 0) }

  /// The shortest text of an amount in thousandths, as Kubernetes writes it: `500m`, `2`, `64Mi`.
  static func text(milli: Int, isBinary: Bool) -> String {
    guard milli % 1_000 == 0, milli != 0 else { return milli == 0 ? "0" : "\(milli)m" }
    let whole = milli / 1_000
    let scales =
      (isBinary ? [("Ti", 1 << 40), ("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)] : []) + [
        ("T", 1_000_000_000_000), ("G", 1_000_000_000), ("M", 1_000_000), ("k", 1_000),
      ]
    guard let (suffix, scale) = scales.first(where: { whole % $0.1 == 0 }) else { return "\(whole)" }
    return "\(whole / scale)\(suffix)"
  }

  private static func rounded(_ number: Double) -> Int {
    Int(exactly: number.rounded(.up)) ?? (number < 0 ? 0 : .max)
  }
}
