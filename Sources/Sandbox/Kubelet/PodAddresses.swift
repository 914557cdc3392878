/// The addresses of a sandbox's pods: the one given back first is taken first, so that an address rests as long
/// as possible before another pod has it.
///
/// A pod whose name outlives it can have the address that it had before.
struct PodAddresses: Sendable {
  private var free: [String]
  private var kept: [String: String] = [:]

  init(_ addresses: [String]) {
    free = addresses
  }

  /// The address that the pod of that name had, if it is to have it again.
  func kept(for name: String) -> String? { kept[name] }

  /// An address for a pod; nil if all are in use.
  ///
  /// With a name to keep it for, the same as the last time unless somebody else has it; others get such an address only
  /// when no other is left.
  mutating func take(keptFor name: String? = nil) -> String? {
    let known = Set(kept.values)
    let own = name.flatMap { kept[$0] }.flatMap { free.firstIndex(of: $0) }
    guard let index = own ?? free.firstIndex(where: { !known.contains($0) }) ?? free.indices.first else { return nil }
    let address = free.remove(at: index)
    if let name { kept[name] = address }
    return address
  }

  /// Gives an address back.
  mutating func giveBack(_ address: String) {
    free.append(address)
  }
}
