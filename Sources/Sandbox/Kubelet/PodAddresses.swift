/// The addresses of a sandbox's pods: the one given back first is taken first, so that an address rests as long
/// as possible before another pod has it.
struct PodAddresses: Sendable {
  private var free: [String]

  init(_ addresses: [String]) {
    free = addresses
  }

  /// An address for a pod; nil if all are in use.
  mutating func take() -> String? {
    free.isEmpty ? nil : free.removeFirst()
  }

  /// Gives an address back.
  mutating func giveBack(_ address: String) {
    free.append(address)
  }
}
