/// What a comparison is going to do, before it begins: how many rollouts, how long, and what it can tell apart.
package struct ComparisonPlanText: Sendable {
  private let request: ComparisonRequest
  private let made: Int

  /// The plan of `request`, of which so many rollouts were `made` already.
  package init(_ request: ComparisonRequest, made: Int = 0) {
    self.request = request
    self.made = made
  }

  private var question: Comparison.Question { request.question }

  /// Lines for a terminal, with a line break at the end.
  package var text: String {
    let lines =
      [
        (
          "compare",
          "\(question.plan.settings) settings, \(Comparison.repetitions(question.plan.repetitions)): "
            + "\(question.plan.rollouts.count) rollouts"
            + (made > 0 ? ", \(made) of them made already" : "") + ", in an order drawn from seed \(question.plan.seed)"
        )
      ] + question.settings.enumerated().map { ($0 == 0 ? "settings" : "", "\(Comparison.letter($0))  \($1.label)") }
      + [
        ("each", each), ("in all", inAll), ("judged by", judgedBy), ("tells", tells), ("sees", sees), ("order", order),
        ("at the end", "\(workloads) as before, also after an interrupt"),
      ]
    return lines.flatMap { name, words in
      TextLayout.wrapped(name + String(repeating: " ", count: 11 - name.count) + words, indent: 11)
    }.joined(separator: "\n") + "\n"
  }

  private var workloads: String {
    (request.profile.rollout?.changes ?? []).map(\.workload.description).joined(separator: ", ")
  }

  private var each: String {
    let plan = PhasePlan(request.profile)
    let phases = plan.phases.compactMap { phase in
      plan.parts[phase].map { part in
        phase == .rollout
          ? "the rollout (at most \(Self.time(part.length.upperBound)))"
          : "\(phase.rawValue) \(Self.time(part.length.lowerBound))"
      }
    }
    let rate = request.profile.schedule.ratePerSecond(at: 0).map { " at \(decimal($0, 0)) votes a second" } ?? ""
    return phases.joined(separator: ", ") + rate
  }

  private var inAll: String {
    let (length, count) = (request.lengthOfRun, question.plan.rollouts.count - made)
    return "at least \(Self.time(length.lowerBound * count)) and what the rollouts take, at most "
      + "\(Self.time(length.upperBound * count)); what is waited for between them comes on top"
  }

  private var judgedBy: String {
    let margin = (question.margin ?? question.primary.margin).map(question.primary.spelled)
    return "\(question.primary.title), fixed before the first rollout; differences below "
      + "\(margin ?? "a thousandth of a rollout's votes") are none; of equivalent settings the "
      + "fastest, where its adjusted p is at most \(decimal(question.alpha, 2)), or \(decimal(question.alpha / 5, 2)) if "
      + "rollouts differ in \(question.primary.title) at all; the rest describes"
  }

  private var tells: String {
    let (count, pairs) = (question.plan.repetitions, question.settings.count * (question.settings.count - 1) / 2)
    let level = "\(decimal((1 - question.alpha) * 100, 1).replacing(".0", with: "")) % confidence"
    let least = PairedTests.repetitions(pairs: pairs, alpha: question.alpha)
    guard count >= least else {
      return "nothing apart at \(level): that takes \(least) repetitions (--repeat \(least)); "
        + "the smallest p of \(count) is \(decimal(PairedTests.smallestP(repetitions: count), 4))"
    }
    guard let deviations = ComparisonPower.smallest(repetitions: count, pairs: pairs, alpha: question.alpha) else {
      return "apart at \(level) only what never overlaps"
    }
    return "apart at \(level), in four of five comparisons, settings whose difference is "
      + "\(decimal(deviations, 1)) times its standard deviation from one repetition to the next"
  }

  private var sees: String {
    question.unseen?.sentence ?? "an outage of \(request.profile.detection.description), in 95 % of cases"
  }

  private var order: String {
    let blocks = (1...question.plan.repetitions).map { repetition in
      question.plan.rollouts.filter { $0.repetition == repetition }
        .map { Comparison.letter($0.setting) + ($0.isForward ? ">" : "<") }.joined(separator: " ")
    }
    return blocks.joined(separator: " | ") + "  (> forth, < back)"
  }

  /// For people: seconds below two minutes, minutes above.
  package static func time(_ duration: Duration) -> String {
    let seconds = duration.seconds
    return seconds < 120
      ? "\(decimal(seconds, seconds.rounded() == seconds ? 0 : 1)) s" : "\(decimal(seconds / 60, 0)) min"
  }
}
