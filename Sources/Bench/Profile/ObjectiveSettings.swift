/// Reading of the objectives, and of what belongs to them.
extension SettingsReader {
  /// Every objective with the place where it was asked for.
  mutating func objectives(duringRollout: Bool) -> [(objective: Objective, place: String)] {
    let given = all(.slo)
    if given.isEmpty { return Objective.defaults(duringRollout: duringRollout).map { ($0, "default objectives") } }
    if given.count > 1, let none = given.first(where: { $0.text == "none" }) {
      report(none.place, "'none' stands alone: leave it out, or the others")
    }
    var objectives: [(objective: Objective, place: String)] = []
    for setting in given where setting.text != "none" {
      if setting.text == "default" {
        objectives += Objective.defaults(duringRollout: duringRollout).map { ($0, setting.place) }
        continue
      }
      do throws(ObjectiveError) {
        objectives.append((try Objective(setting.text), setting.place))
      } catch {
        report(setting.place, error.description)
      }
    }
    // The same twice says nothing more.
    return objectives.indices.filter { place in
      !objectives[..<place].contains { $0.objective.expression == objectives[place].objective.expression }
    }.map { objectives[$0] }
  }

  /// Reports objectives that contradict one another, and those that no phase of the run can answer.
  mutating func check(_ objectives: [(objective: Objective, place: String)], _ outlook: Objective.Outlook) {
    for (number, (objective, place)) in objectives.enumerated() {
      if let reason = objective.unanswerable(outlook) { report(place, "'\(objective.expression)': \(reason)") }
      if let other = objectives[..<number].first(where: { $0.objective.contradicts(objective) }) {
        report(place, "'\(objective.expression)' and '\(other.objective.expression)' cannot both hold")
      }
    }
  }

  mutating func detection() -> Detection {
    value(
      .detect, default: .standard,
      expected: "an outage such as w=100ms,share=1/3: 1ms to 1h long, and 0.1% to 100% of the votes hit"
    ) { Detection(spelled: $0) }
  }

  mutating func errorBudget() -> BudgetPlan {
    value(
      .errorBudget, default: .standard,
      expected:
        "the share of good votes and the time that it is for, such as 99.9%/30d (1h or more: hours, days or weeks)"
    ) { BudgetPlan(spelled: $0) }
  }

  /// Whether the run ends at the first sure violation.
  ///
  /// Not beside a control target: which failures are the way's is only known at the end.
  mutating func abortsOnFail(duringRollout: Bool) -> Bool {
    let aborts = flag(.abortOnFail, default: false)
    if aborts, !duringRollout { refuse([.abortOnFail], "needs --during-rollout: there is nothing to undo") }
    if aborts, has(.control) {
      refuse([.abortOnFail], "stands against --control: which failures are the network's is known at the end only")
    }
    return aborts
  }
}

/// How many failures a service may have, in which time.
package struct BudgetPlan: Sendable, Hashable {
  /// The share of votes that is to be good, 0...1.
  package var objective: Double
  /// The time that it is for.
  package var window: Duration

  /// What many services promise: three nines in thirty days.
  package static let standard = BudgetPlan(objective: 0.999, window: .seconds(30 * 86_400))

  /// A plan; see the members.
  package init(objective: Double, window: Duration) {
    self.objective = objective
    self.window = window
  }

  /// Reads `99.9%/30d`.
  package init?(spelled text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].hasSuffix("%"),
      let unit = ["h": 3600, "d": 86_400, "w": 604_800][parts[1].suffix(1)]
    else { return nil }
    let numbers = [parts[0].dropLast(), parts[1].dropLast()]
    guard numbers.allSatisfy({ $0.allSatisfy { ("0"..."9").contains($0) || $0 == "." } }),
      let percent = Double(numbers[0]), (0.0..<100).contains(percent), percent > 0,
      let length = Double(numbers[1]), (3600...4e8).contains(length * Double(unit))
    else { return nil }
    let objective = (percent * 1e6).rounded() / 1e8
    guard objective < 1 else { return nil }
    self.init(objective: objective, window: .milliseconds(Int64(length * Double(unit) * 1000)))
  }

  /// As it is written.
  package var description: String {
    let days = window.seconds / 86_400
    let share = "\((objective * 1e7).rounded() / 1e5)"
    return "\(share.hasSuffix(".0") ? String(share.dropLast(2)) : share)%/"
      + (days == days.rounded() ? "\(Int(days))d" : "\(decimal(window.seconds / 3600, 1))h")
  }
}
