/// How often something was found, with the first few by name, whatever the order in which they were found.
package struct NamedCases<Name: Comparable & Sendable & Hashable>: Sendable, Hashable {
  private static var most: Int { 100 }

  /// How many there are.
  package private(set) var count = 0
  /// The smallest hundred, ascending.
  package private(set) var first: [Name] = []

  /// Adds `count` cases of one name.
  mutating func add(_ name: Name, count: Int = 1) {
    self.count += count
    for _ in 0..<min(count, Self.most) {
      if first.count == Self.most {
        guard let last = first.last, name < last else { return }
        first.removeLast()
      }
      first.insert(name, at: first.firstIndex { name < $0 } ?? first.endIndex)
    }
  }
}
