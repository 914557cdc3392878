/// The pods that answered, numbered from 1 in the order of their first answer.
struct PodNames {
  private var names: [[UInt8]] = []

  /// Names by number - 1.
  var texts: [String] { names.map { String(decoding: $0, as: UTF8.self) } }

  /// The number of a pod; 0 without a name; beyond 254 pods they share 255.
  mutating func number(of name: UnsafeBufferPointer<UInt8>) -> UInt8 {
    guard !name.isEmpty else { return 0 }
    if let known = names.firstIndex(where: { $0.elementsEqual(name) }) { return UInt8(known + 1) }
    guard names.count < 254 else { return 255 }
    names.append(Array(name))
    return UInt8(names.count)
  }
}
