/// A comparison in words: the same in every format.
extension Comparison {
  /// The answer in a word or two, for the head of a report.
  package var word: String {
    switch recommendation {
    case .best, .cleanest, .fastest: "RECOMMENDED"
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
      return "\(label(setting)): \(harm(setting)); "
        + (isByExclusion ? "it is what is left: " : "") + "\(clauses.joined(separator: "; "))."
        + unknownLosses([setting])
    case .cleanest(let setting, _):
      return "\(label(setting)): \(harm(setting))." + rest([setting], against: setting) + unknownLosses([setting])
    case .fastest(let setting, let among):
      let others = among.filter { $0 != setting }
      let gains = others.compactMap { other in
        by(.duration).against(other, setting).map { "\(decimal($0.estimate, 1)) s faster than \(label(other))" }
      }
      return "\(label(setting)): \(harm(setting)); equivalent to \(list(others)) (\(marginWords)), and "
        + "\(Self.joined(gains))." + rest(among, against: setting) + unknownLosses([setting])
    case .either(let settings):
      return settings.map { "\(label($0)): \(harm($0))" }.joined(separator: "; or ")
        + "; they are equivalent (\(marginWords)), and none is surely faster\(speedWords(settings))."
        + rest(settings, against: settings[0]) + unknownLosses(settings)
    case .undecided(let settings): return undecided(settings) + rest(settings, against: settings[0])
    case .none:
      return "No setting can be recommended: " + question.settings.indices.map(fault).joined(separator: "; ") + "."
    case .noData: return "Nobody can say: no repetition is whole, \(rollouts.count) rollouts were made."
    }
  }

  /// Why a speed that is better does not decide.
  private func speedWords(_ settings: [Int]) -> String {
    let isTold = by(.duration).pairs.contains { pair in
      settings.contains(pair.first) && settings.contains(pair.second) && [.better, .worse].contains(pair.answer)
    }
    return isTold
      ? ": that takes an adjusted p of at most \(decimal(question.speedLevel(primary), 2)) of the duration" : ""
  }

  private func undecided(_ settings: [Int]) -> String {
    guard settings.count > 1 else {
      return
        "Nobody can say yet whether \(label(settings[0])) is fit: that takes \(Self.repetitions(leastRepetitions))."
    }
    let remedy = primary.metric.isSeenByVotes ? question.unseen.map { " \($0.sentence)." } : nil
    return "Nobody can say yet which of \(list(settings)) is better by \(primary.metric.title)."
      + (neededRepetitions(settings).map { " About \($0) repetitions would tell." }
        ?? (remedy == nil ? " No reasonable number of repetitions would tell, if they go on as these." : ""))
      + (remedy ?? "")
  }

  /// True when a setting is recommended since no other is fit: nothing was compared then.
  private var isByExclusion: Bool {
    if case .best = recommendation { unfit.count == question.settings.count - 1 } else { false }
  }

  /// How sure the sentence is; facts have no confidence.
  package var confidence: String {
    let pairs = primary.pairs.count
    let level = "\(decimal((1 - question.alpha) * 100, 1).replacing(".0", with: "")) % confidence"
    let over = pairs > 1 ? " over all \(pairs) pairs together" : ""
    let grounds =
      "from \(Self.repetitions(clean.count)) of \(question.settings.count) settings, by \(primary.metric.title)"
      + (isComplete ? "" : "; \(rollouts.count) of \(question.plan.rollouts.count) rollouts were made")
    switch recommendation {
    case .none, .noData: return grounds
    case .undecided where clean.count < leastRepetitions: return grounds
    case .best where isByExclusion: return "by exclusion, since no other setting is fit; \(grounds)"
    default: return "\(level)\(over), \(grounds)"
    }
  }

  /// About how many repetitions would decide between these settings; nil where no reasonable number would.
  package func neededRepetitions(_ settings: [Int]) -> Int? {
    let open = primary.pairs.filter {
      settings.contains($0.first) && settings.contains($0.second) && $0.answer == .inconclusive
    }
    let needed = open.map(\.repetitions)
    return needed.contains(nil) ? nil : needed.compactMap(\.self).reduce(leastRepetitions, max)
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
    let unsent = numbers { $0.unsentVotes != nil }
    let waited = numbers { $0.beganSettled == true }
    let unsettled = numbers { $0.beganSettled == false }
    return [
      unsent.map { "votebench itself did not send all votes of rollouts \($0): what failed in them does not count" },
      late.map { "votebench itself was late in rollouts \($0): their response times do not count" },
      unknown.map { "in rollouts \($0) nobody knows whether votes were lost" },
      pulled.map { "images were pulled during rollouts \($0): that time is not the strategy's" },
      waited.map { "rollouts \($0) began after a load, once the system answered as before" },
      unsettled.map { "rollouts \($0) began although the system still answered more slowly than before" },
      directionNote,
    ].compactMap(\.self)
  }

  /// Said where it matters more whether a rollout goes forth or back than how the workload is set.
  private var directionNote: String? {
    func mean(_ isMeant: (RolloutFigures) -> Bool) -> Double? {
      let values = rollouts.filter(isMeant).compactMap(primary.metric.value(of:))
      return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }
    let settings = question.settings.indices.compactMap { setting in mean { $0.setting == setting } }
    guard let forth = mean(\.isForward), let back = mean({ !$0.isForward }), let most = settings.max(),
      let least = settings.min(), abs(forth - back) > max(most - least, primary.margin)
    else { return nil }
    return
      "rollouts forth and back differ more than the settings: \(primary.metric.title) \(primary.metric.spelled(forth)) "
      + "forth and \(primary.metric.spelled(back)) back, on average"
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
  ///
  /// By the sum and the mean: the middle of rollouts of which few failed anything is 0.
  private func harm(_ setting: Int) -> String {
    let metric = primary.metric
    let values = rollouts.filter { $0.setting == setting }.compactMap(metric.value(of:))
    guard let most = values.max() else { return "\(metric.title) not known" }
    let mean = metric.spelled(values.reduce(0, +) / Double(values.count))
    if metric == .failedVotes { return failures(values) ?? "\(mean) failed votes a rollout on average" }
    return "\(metric.title) \(mean)" + (values.min() == most ? "" : " on average, \(metric.spelled(most)) at most")
  }

  /// Nil where every rollout failed something.
  private func failures(_ values: [Double]) -> String? {
    let (sum, clean) = (primary.metric.spelled(values.reduce(0, +)), values.count { $0 == 0 })
    let bad = values.count - clean
    if clean == 0 { return nil }
    if bad == 0 { return "no failed vote in \(clean) \(clean == 1 ? "rollout" : "rollouts")" }
    if bad > clean { return "\(sum) failed votes in \(bad) of \(values.count) rollouts" }
    return "no failed vote in \(clean) of \(values.count) rollouts, \(sum) in the "
      + (bad == 1 ? "other" : "others together")
  }

  private func clause(_ other: Int, against setting: Int) -> String {
    if unfit.contains(other) { return fault(other) }
    if primary.against(other, setting)?.answer == .equivalent { return equivalentClause(other, to: setting) }
    var text = label(other)
    if let speed = by(.duration).against(other, setting), speed.answer == .better || speed.answer == .worse {
      text += " is \(decimal(abs(speed.estimate), 1)) s \(speed.answer == .better ? "faster" : "slower") and"
    }
    guard let difference = primary.against(other, setting) else { return text }
    let amount = primary.metric.spelled(difference.estimate)
    return primary.metric == .failedVotes
      ? "\(text) fails \(amount) votes a rollout more" : "\(text) has \(amount) more \(primary.metric.title)"
  }

  /// What an equivalent setting would have been better in, and why it is not taken.
  private func equivalentClause(_ other: Int, to setting: Int) -> String {
    let speed = by(.duration).against(other, setting).flatMap { speed in
      speed.answer == .better || speed.answer == .worse
        ? "\(decimal(abs(speed.estimate), 1)) s \(speed.answer == .better ? "faster" : "slower")" : nil
    }
    let failed = rollouts.filter { $0.setting == other }.map(\.failedVotes)
    let harm =
      failed.contains { $0 > 0 }
      ? "failed \(failed.reduce(0, +)) votes in \(failed.count { $0 > 0 }) of its \(failed.count) rollouts"
      : "is not known to have failed none"
    return "\(label(other)) is equivalent (\(marginWords))" + (speed.map { ", \($0)," } ?? "") + " and \(harm)"
  }

  /// What nobody knows of settings that are recommended.
  private func unknownLosses(_ settings: [Int]) -> String {
    settings.map { setting in
      let own = rollouts.filter { $0.setting == setting }
      let unknown = own.count { !$0.knowsLost }
      return unknown == 0
        ? "" : " Whether \(label(setting)) lost votes is not known of \(unknown) of its \(own.count) rollouts."
    }.joined()
  }

  /// Why a setting is not fit.
  private func fault(_ setting: Int) -> String {
    let own = rollouts.filter { $0.setting == setting }
    let (broken, lost) = (own.count { $0.outcome != .complete }, own.reduce(0) { $0 + $1.lostVotes })
    let proven = own.compactMap(\.inconsistencies)
    let parts = [
      broken > 0 ? "did not complete \(broken) of \(own.count) rollouts" : nil,
      lost > 0 ? "lost \(lost) accepted \(lost == 1 ? "vote" : "votes")" : nil,
      proven.isEmpty
        ? nil
        : "counted votes wrongly in \(proven.count) of \(own.count) rollouts "
          + "(\(Set(proven.joined()).sorted().joined(separator: ", ")))",
    ]
    return "\(label(setting)) \(Self.joined(parts.compactMap(\.self)))"
  }

  /// What is to be said of the settings that are not among these.
  private func rest(_ among: [Int], against setting: Int) -> String {
    let others = question.settings.indices.filter { !among.contains($0) }
    guard !others.isEmpty else { return "" }
    return " " + others.map { clause($0, against: setting) }.joined(separator: "; ") + "."
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
