/// In which order a comparison rolls: randomised complete blocks, drawn from a seed.
///
/// A repetition has every setting once, in an order of its own. The direction changes from one rollout to the next, so
/// that each begins where the last one ended; of two repetitions, a setting rolls forth in the one and back in the other.
/// Source: SLO statistics, section 6.1.
package struct ComparisonPlan: Sendable, Hashable {
  /// One rollout of it.
  package struct Rollout: Sendable, Hashable {
    /// From 1, in the order of the plan.
    package var number: Int
    /// From 1.
    package var repetition: Int
    /// The place of the setting in the list.
    package var setting: Int
    /// From the first image to the second; false for back.
    package var isForward: Bool
  }

  /// How many settings, at least two.
  package let settings: Int
  /// How often each rolls, at least once.
  package let repetitions: Int
  /// What the orders are drawn from.
  package let seed: UInt64
  /// All rollouts, in their order.
  package let rollouts: [Rollout]

  /// The plan of this seed: the same each time it is made.
  package init(settings: Int, repetitions: Int, seed: UInt64) {
    precondition(settings > 1 && repetitions > 0, "a comparison has two settings and a repetition")
    self.settings = settings
    self.repetitions = repetitions
    self.seed = seed
    var random = SeededGenerator(seed: seed)
    var rollouts: [Rollout] = []
    var before: [Bool] = []
    for repetition in 1...repetitions {
      let forward = (0..<settings).map { (rollouts.count + $0).isMultiple(of: 2) }
      var order = Self.shuffled(Array(0..<settings), &random)
      if repetition.isMultiple(of: 2) {
        // Those that rolled forth take the places in which it goes back, and the other way round.
        var (forth, back) = (order.filter { before[$0] }[...], order.filter { !before[$0] }[...])
        order = forward.compactMap { $0 ? back.popFirst() : forth.popFirst() }
      }
      before = (0..<settings).map { setting in order.firstIndex(of: setting).map { forward[$0] } ?? true }
      for (place, setting) in order.enumerated() {
        rollouts.append(
          Rollout(
            number: rollouts.count + 1, repetition: repetition, setting: setting, isForward: forward[place]))
      }
    }
    self.rollouts = rollouts
  }

  private static func shuffled(_ values: [Int], _ random: inout SeededGenerator) -> [Int] {
    var values = values
    for place in values.indices.dropLast() {
      values.swapAt(place, place + random.index(below: values.count - place))
    }
    return values
  }
}
