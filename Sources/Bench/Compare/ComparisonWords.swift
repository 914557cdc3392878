/// A comparison in words: the same in every format.
extension Comparison {
  /// The answer in a word or two, for the head of a report.
  package var word: String {
    switch recommendation {
    case .best, .fastest: "RECOMMENDED"
    case .either: "EQUIVALENT"
    case .undecided, .noData: "INCONCLUSIVE"
    case .none: "NONE IS FIT"
    }
  }

  /// What is recommended and why, in a sentence or two.
  package var sentence: String {
    switch recommendation {
    case .best(let setting):
      let others = question.settings.indices.filter { $0 != setting }
      let clauses = others.map { clause($0, against: setting) }
      return "\(label(setting)): \(harm(setting)); \(clauses.joined(separator: "; "))."
    case .fastest(let setting, let among):
      let others = among.filter { $0 != setting }
      let gains = others.compactMap { other in
        by(.duration).against(other, setting).map { "\(decimal($0.estimate, 1)) s faster than \(label(other))" }
      }
      return "\(label(setting)): \(harm(setting)); equivalent to \(list(others)) (\(marginWords)), and "
        + "\(Self.joined(gains))." + rest(among)
    case .either(let settings):
      return
        "\(Self.joined(settings.map(label), "or")): \(harm(settings[0])); they are equivalent (\(marginWords)), and "
        + "none is surely faster." + rest(settings)
    case .undecided(let settings):
      let repetitions = neededRepetitions(settings)
      return "Nobody can say yet which of \(list(settings)) is better by \(primary.metric.title)."
        + (repetitions.map { " About \($0) repetitions would tell." }
          ?? " No reasonable number of repetitions would tell, if they go on as these.") + rest(settings)
    case .none:
      return "No setting can be recommended: " + question.settings.indices.map(fault).joined(separator: "; ") + "."
    case .noData: return "Nobody can say: no repetition is whole, \(rollouts.count) rollouts were made."
    }
  }

  /// How sure the sentence is.
  package var confidence: String {
    let (count, pairs) = (primary.rows.count, primary.pairs.count)
    let level = "\(decimal((1 - question.alpha) * 100, 1).replacing(".0", with: "")) % confidence"
    let over = pairs > 1 ? " over all \(pairs) pairs together" : ""
    return "\(level)\(over), from \(Self.repetitions(count)) of "
      + "\(question.settings.count) settings, by \(primary.metric.title)"
      + (isComplete ? "" : "; \(rollouts.count) of \(question.plan.rollouts.count) rollouts were made")
  }

  /// About how many repetitions would decide between these settings; nil where no reasonable number would.
  package func neededRepetitions(_ settings: [Int]) -> Int? {
    let open = primary.pairs.filter {
      settings.contains($0.first) && settings.contains($0.second) && $0.answer == .inconclusive
    }
    let needed = open.map(\.repetitions)
    return needed.contains(nil) ? nil : needed.compactMap(\.self).max()
  }

  /// What is worth knowing beside the figures, a sentence each.
  package var notes: [String] {
    func numbers(_ isMeant: (RolloutFigures) -> Bool) -> String? {
      let found = rollouts.filter(isMeant).map { "\($0.number)" }
      return found.isEmpty ? nil : found.joined(separator: ", ")
    }
    let late = numbers { !$0.keepsSchedule }
    let unknown = numbers { !$0.knowsLost }
    let pulled = numbers(\.pulledImages)
    let moved = numbers { !$0.isSettled }
    return [
      late.map { "votebench itself was late in rollouts \($0): their response times do not count" },
      unknown.map { "in rollouts \($0) nobody knows whether votes were lost" },
      pulled.map { "images were pulled during rollouts \($0): that time is not the strategy's" },
      moved.map {
        "after rollouts \($0) the system did not answer at once as before them: the next ones began when it did"
      },
    ].compactMap(\.self)
  }

  /// `1 repetition`, `8 repetitions`.
  static func repetitions(_ count: Int) -> String { "\(count) \(count == 1 ? "repetition" : "repetitions")" }

  /// What a setting is called where there is little room: A, B, ...
  package static func letter(_ setting: Int) -> String {
    Unicode.Scalar(UInt8(ascii: "A") + UInt8(clamping: setting)).description
  }

  /// What a setting is called.
  package func label(_ setting: Int) -> String { question.settings[setting].label }

  /// `no failed vote in 8 rollouts`, or how many.
  private func harm(_ setting: Int) -> String {
    let own = rollouts.filter { $0.setting == setting }
    let summary = primary.summaries[setting]
    let count = "\(own.count) \(own.count == 1 ? "rollout" : "rollouts")"
    if primary.metric == .failedVotes, own.allSatisfy({ $0.failedVotes == 0 }) { return "no failed vote in \(count)" }
    let middle = primary.metric.spelled(summary.middle?.estimate ?? 0)
    return primary.metric.unit.isEmpty
      ? "\(middle) \(primary.metric.title) a rollout" : "\(primary.metric.title) \(middle)"
  }

  private func clause(_ other: Int, against setting: Int) -> String {
    if unfit.contains(other) { return fault(other) }
    var text = label(other)
    if let speed = by(.duration).against(other, setting), speed.answer == .better || speed.answer == .worse {
      text += " is \(decimal(abs(speed.estimate), 1)) s \(speed.answer == .better ? "faster" : "slower") and"
    }
    guard let difference = primary.against(other, setting) else { return text }
    let amount = primary.metric.spelled(difference.estimate)
    return primary.metric == .failedVotes
      ? "\(text) fails \(amount) votes a rollout more" : "\(text) has \(amount) more \(primary.metric.title)"
  }

  /// Why a setting is not fit.
  private func fault(_ setting: Int) -> String {
    let own = rollouts.filter { $0.setting == setting }
    let (broken, lost) = (own.count { $0.outcome != .complete }, own.reduce(0) { $0 + $1.lostVotes })
    let parts = [
      broken > 0 ? "did not complete \(broken) of \(own.count) rollouts" : nil,
      lost > 0 ? "lost \(lost) accepted \(lost == 1 ? "vote" : "votes")" : nil,
    ]
    return "\(label(setting)) \(parts.compactMap(\.self).joined(separator: " and "))"
  }

  /// What is to be said of the settings that are not among these.
  private func rest(_ among: [Int]) -> String {
    let others = question.settings.indices.filter { !among.contains($0) }
    guard !others.isEmpty else { return "" }
    let clauses = others.map { unfit.contains($0) ? fault($0) : clause($0, against: among[0]) }
    return " " + clauses.joined(separator: "; ") + "."
  }

  private var marginWords: String {
    "\(primary.metric.title) differ by less than \(primary.metric.spelled(primary.margin))"
  }

  private func list(_ settings: [Int]) -> String { Self.joined(settings.map(label)) }

  private static func joined(_ words: [String], _ last: String = "and") -> String {
    words.count < 2
      ? words.joined() : words.dropLast().joined(separator: ", ") + " \(last) " + (words.last ?? "")
  }
}

extension SettingPair.Answer {
  /// For tables.
  package var words: String {
    switch self {
    case .better: "better"
    case .worse: "worse"
    case .equivalent: "equivalent"
    case .inconclusive: "cannot say"
    }
  }
}
