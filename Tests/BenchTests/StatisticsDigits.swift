extension Double {
  /// Whether this is `text` to all the digits that `text` has.
  func prints(_ text: String) -> Bool {
    let parts = text.split(separator: "e")
    guard let expected = Double(text), let mantissa = parts.first else { return false }
    let decimals = mantissa.split(separator: ".").dropFirst().first?.count ?? 0
    let exponent = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) - decimals
    guard let unit = Double("1e\(exponent)") else { return false }
    return abs(self - expected) <= 0.500001 * unit
  }
}
