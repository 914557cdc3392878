/// A comparison as asked for, validated: the settings, the order, and the profile of every run.
///
/// On disk as plan.json, from which a comparison goes on that was stopped.
package struct ComparisonRequest: Sendable {
  /// What was typed for the comparison itself.
  package struct Typed: Sendable, Hashable, Codable {
    /// A setting as typed.
    package struct Setting: Sendable, Hashable, Codable {
      /// True for `--variant`.
      package var isVariant: Bool
      /// The text.
      package var text: String

      /// A setting; see the members.
      package init(isVariant: Bool, text: String) {
        (self.isVariant, self.text) = (isVariant, text)
      }
    }

    /// The settings, strategies first.
    package var settings: [Setting]
    /// `--repeat`; nil for the default.
    package var repetitions: String?
    /// `--primary`; nil for the default.
    package var primary: String?
    /// `--margin`; nil for the metric's own.
    package var margin: String?

    /// What was typed; see the members.
    package init(settings: [Setting], repetitions: String? = nil, primary: String? = nil, margin: String? = nil) {
      self.settings = settings
      self.repetitions = repetitions
      self.primary = primary
      self.margin = margin
    }
  }

  /// What is to be found out.
  package let question: Comparison.Question
  /// The profile of the first rollout: what they all have in common.
  package let profile: RunProfile
  /// What was typed for the comparison itself.
  package let typed: Typed
  /// What was asked of the runs, with the seed.
  let asked: Settings
  private let base: Settings

  /// What a comparison takes in place of the defaults of `run`: rollouts are many, and each has a baseline of its own.
  private static let defaults: [(Settings.Key, String)] = [(.warmup, "5s"), (.baseline, "10s"), (.settle, "10s")]

  /// Reads what was typed; all problems at once.
  ///
  /// `settings` are those of the runs; the seed is theirs, too, and `freshSeed` where none is asked for.
  package static func validate(
    _ typed: Typed, settings: Settings, freshSeed: UInt64
  ) -> Result<ComparisonRequest, ProblemList> {
    var reader = Reader(typed)
    let compared = reader.settings()
    reader.refuse(settings)
    var base = settings
    for (key, text) in defaults where base[key] == nil { base = base.with(key, text) }
    base = base.with(.duringRollout, "true").with(.rollback, "false")
    var profiles: [RunProfile] = []
    for (place, setting) in compared {
      switch RunProfile.validate(overlay(base, setting, place: place), freshSeed: freshSeed) {
      case .success(let profile): profiles.append(profile)
      case .failure(let list): reader.add(list.problems)
      }
    }
    let repetitions = reader.repetitions(settings: compared.count)
    let (primary, margin) = (reader.primary(), reader.margin())
    guard let profile = profiles.first, reader.problems.isEmpty else {
      return .failure(ProblemList(reader.problems))
    }
    let plan = ComparisonPlan(settings: compared.count, repetitions: repetitions, seed: profile.seed)
    return .success(
      ComparisonRequest(
        question: Comparison.Question(
          settings: compared.map(\.setting), plan: plan, primary: primary, margin: margin,
          unseen: UnseenOutage(profile)),
        profile: profile, typed: typed, asked: settings.with(.seed, "\(profile.seed)"), base: base))
  }

  private static func overlay(_ base: Settings, _ setting: ComparedSetting, place: String) -> Settings {
    var settings = base
    if let text = setting.strategyText { settings.set(.strategy, Settings.Setting(text, place: place)) }
    if let image = setting.image { settings.set(.image, Settings.Setting(image, place: place)) }
    return settings
  }

  /// The profile of one rollout, which ends with `image` unless that is nil.
  ///
  /// Throws what cannot be, since everything was validated: an image that the cluster has and no one could type.
  package func profile(
    of rollout: ComparisonPlan.Rollout, image: String?, out: String
  ) throws(ProblemList) -> RunProfile {
    var settings = Self.overlay(base, question.settings[rollout.setting], place: "compare")
    if let image { settings = settings.with(.image, image) }
    settings = settings.with(.out, out)
    // Each rollout has other voters' choices, and a repeated comparison the same ones.
    let seed = profile.seed &+ UInt64(rollout.number)
    return try RunProfile.validate(settings.with(.seed, "\(seed)"), freshSeed: seed).get()
  }

  /// The profile of a load without a rollout, by which is seen whether the system answers as before.
  package func probe(out: String) throws(ProblemList) -> RunProfile {
    var settings = Settings()
    for key in Settings.Key.allCases where !Self.ofRollouts.contains(key) {
      for setting in base.all(key) { settings.add(key, setting) }
    }
    let own: [(Settings.Key, String)] = [
      (.duration, "10s"), (.warmup, "0s"), (.slo, "none"), (.noLedger, "true"), (.out, out),
    ]
    for (key, text) in own { settings = settings.with(key, text) }
    return try RunProfile.validate(settings, freshSeed: profile.seed).get()
  }

  private static let ofRollouts: [Settings.Key] =
    Settings.Key.change + [
      .duringRollout, .strategy, .namespace, .context, .kubeconfig, .kubectl, .settle, .recovered, .rolloutTimeout,
      .rollback, .rollouts, .baseline, .detect,
    ]

  /// How long a rollout takes with all that belongs to it, from a change that takes no time to one that takes all it may.
  package var lengthOfRun: ClosedRange<Duration> { PhasePlan(profile).total.length }
}

extension Settings {
  /// The same with another value, which nobody typed.
  fileprivate func with(_ key: Key, _ text: String) -> Settings {
    var settings = self
    settings.set(key, Setting(text, place: "compare: \(key.rawValue)"))
    return settings
  }
}

/// Reading of what was typed for a comparison: problems gather.
private struct Reader {
  private let typed: ComparisonRequest.Typed
  private(set) var problems: [Settings.Problem] = []

  init(_ typed: ComparisonRequest.Typed) { self.typed = typed }

  mutating func add(_ more: [Settings.Problem]) {
    // What is wrong with all settings is told once.
    for problem in more where !problems.contains(problem) { problems.append(problem) }
  }

  /// The settings with where they stand.
  mutating func settings() -> [(place: String, setting: ComparedSetting)] {
    if typed.settings.count < 2 {
      add([
        Settings.Problem(
          "--strategy", "give two settings or more, by --strategy or --variant: \(typed.settings.count) given")
      ])
    }
    if typed.settings.count > 8 {
      add([Settings.Problem("--strategy", "give at most 8 settings: \(typed.settings.count) given")])
    }
    var before: [ComparedSetting] = []
    return typed.settings.compactMap { typed in
      let place = typed.isVariant ? "--variant" : "--strategy"
      let setting = typed.isVariant ? ComparedSetting(variant: typed.text) : ComparedSetting(strategy: typed.text)
      if setting == nil {
        let expected =
          typed.isVariant
          ? ComparedSetting.forms : "maxSurge=N, maxUnavailable=N and minReadySeconds=N, joined by commas"
        add([Settings.Problem(place, "expected \(expected), not '\(typed.text)'")])
      }
      guard let setting else { return nil }
      if let same = before.first(where: setting.sets(sameAs:)) {
        let what = same.label == typed.text ? "" : ", first as '\(same.label)'"
        add([Settings.Problem(place, "'\(typed.text)' is given twice\(what)")])
      }
      before.append(setting)
      return (place, setting)
    }
  }

  /// What makes no sense in a comparison.
  mutating func refuse(_ settings: Settings) {
    let reasons: [(Settings.Key, String)] = [
      (.strategy, "give it to compare as one of its settings, not in a profile"),
      (.rollback, "a comparison rolls forth and back in turn, and puts everything back at its end"),
      (.abortOnFail, "a comparison needs whole rollouts"),
      (.rollouts, "a comparison makes one change at a time"),
      (.setEnv, "a comparison needs --image or --restart"), (.scale, "a comparison needs --image or --restart"),
      (.deletePod, "a comparison needs --image or --restart"), (.trigger, "a comparison needs --image or --restart"),
      (.closed, "a comparison needs the same load in every rollout: use --rate"),
      (.stages, "a comparison needs the same load in every rollout: use --rate"),
    ]
    for (key, reason) in reasons {
      if let setting = settings[key] { add([Settings.Problem(setting.place, reason)]) }
    }
  }

  /// At least so many that a difference can be found at all, and 8; an even number, so that every setting rolls forth as
  /// often as back.
  mutating func repetitions(settings count: Int) -> Int {
    let least = PairedTests.repetitions(settings: max(2, count))
    let standard = max(8, least + least % 2)
    guard let text = typed.repetitions else { return standard }
    if let number = Int(text), (1...200).contains(number), text.allSatisfy(\.isNumber) { return number }
    add([Settings.Problem("--repeat", "expected a whole number, 1 to 200, not '\(text)'")])
    return standard
  }

  mutating func primary() -> ComparisonMetric {
    guard let text = typed.primary else { return .failedVotes }
    if let metric = ComparisonMetric(rawValue: text) { return metric }
    let names = ComparisonMetric.allCases.map(\.rawValue).joined(separator: ", ")
    add([Settings.Problem("--primary", "expected one of \(names), not '\(text)'")])
    return .failedVotes
  }

  mutating func margin() -> Double? {
    guard let text = typed.margin else { return nil }
    if text.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }), let value = Double(text), value > 0 {
      return value
    }
    add([Settings.Problem("--margin", "expected a number above 0, in the unit of the primary metric, not '\(text)'")])
    return nil
  }
}
