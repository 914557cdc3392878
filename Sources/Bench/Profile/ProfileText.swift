/// profile.yaml: a run's profile with nothing left open, so that running it again repeats the run.
///
/// What was asked for stands there as it was typed, whether by a flag or in a profile; what was not, with the default
/// that held. The seed is always there. The run's folder is not: another run has its own.
package struct ProfileText: Sendable {
  private let profile: RunProfile
  private let hidesSecrets: Bool

  /// The text of `profile`; without what may be a secret where `hidesSecrets`.
  package init(_ profile: RunProfile, hidesSecrets: Bool) {
    self.profile = profile
    self.hidesSecrets = hidesSecrets
  }

  /// YAML that `Settings.read` reads, with a line break at its end.
  package var text: String {
    Settings.Key.allCases.filter { $0 != .out }.map(lines).joined()
  }

  private func lines(of key: Settings.Key) -> String {
    let given = profile.settings.all(key)
    if key == .rollouts, !given.isEmpty {
      return "rollouts:\n" + given.compactMap(\.change).map(Self.change(hidesSecrets)).joined()
    }
    if key == .seed { return Self.lines(key, ["\(profile.seed)"], indent: "") }
    let texts = given.map { hidesSecrets ? Self.hidden($0.text, of: key) : $0.text }
    return Self.lines(key, texts.isEmpty ? defaults(key) : texts, indent: "")
  }

  private static func change(_ hidesSecrets: Bool) -> (Settings) -> String {
    { settings in
      let lines = Settings.Key.change.flatMap { key -> [String] in
        let texts = settings.all(key).map { hidesSecrets ? hidden($0.text, of: key) : $0.text }
        return texts.isEmpty ? [] : [Self.lines(key, texts, indent: "    ")]
      }
      let text = lines.joined()
      return "  -" + text.dropFirst(3)
    }
  }

  private static func lines(_ key: Settings.Key, _ texts: [String], indent: String) -> String {
    guard let first = texts.first else { return "" }
    if texts.count == 1, !isListed(key) { return "\(indent)\(key.rawValue): \(quoted(first))\n" }
    return "\(indent)\(key.rawValue):\n" + texts.map { "\(indent)  - \(quoted($0))\n" }.joined()
  }

  private static func isListed(_ key: Settings.Key) -> Bool { [.slo, .header, .setEnv, .tally].contains(key) }

  /// A YAML scalar in double quotes: nothing in it means anything to YAML.
  private static func quoted(_ text: String) -> String {
    let isPlain = text.unicodeScalars.allSatisfy {
      $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || "/._-%".unicodeScalars.contains($0))
    }
    if isPlain, text.first.map({ $0.isLetter || $0.isNumber || $0 == "/" }) == true { return text }
    var quoted = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\t": quoted += "\\t"
      case "\r": quoted += "\\r"
      case "\0"..<" ", "\u{7F}": quoted += "\\x" + String(scalar.value + 0x100, radix: 16).dropFirst()
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return "\"\(quoted)\""
  }

  // MARK: Secrets

  private static let notKept = "not-kept"

  /// A value without what only its owner should know, and still one that can be read.
  private static func hidden(_ text: String, of key: Settings.Key) -> String {
    func until(_ mark: Character) -> String {
      text.firstIndex(of: mark).map { "\(text[...$0])\(notKept)" } ?? text
    }
    switch key {
    case .header: return until(":")
    case .export: return notKept
    case .control:
      // https://user:password@host
      guard let at = text.lastIndex(of: "@"), let slashes = text.firstRange(of: "//") else { return text }
      return slashes.upperBound <= at ? "\(text[..<slashes.upperBound])\(notKept)\(text[at...])" : text
    case .tally where text.hasPrefix("command:"):
      let words = text.split(separator: " ", maxSplits: 1)
      return words.count > 1 ? "\(words[0]) \(notKept)" : text
    default: return text
    }
  }

  // MARK: Defaults

  /// What held for a key that was not given; none where nothing did.
  private func defaults(_ key: Settings.Key) -> [String] {
    if let rollout = profile.rollout, let texts = defaults(key, rollout) { return texts }
    switch key {
    case .target: return ["sandbox"]
    case .votePath: return [profile.votePath]
    case .rate: return profile.settings.hasModel ? [] : ["100"]
    case .warmup: return [Self.spelled(profile.warmup)]
    case .duration:
      return profile.rollout == nil && profile.settings[.stages] == nil ? [Self.spelled(profile.baseline)] : []
    case .connections: return ["\(profile.connections)"]
    case .threads: return ["\(profile.threads)"]
    case .http: return [profile.http.rawValue]
    case .lane: return [profile.lane.rawValue]
    case .timeout: return [Self.spelled(profile.timeout)]
    case .pollInterval: return [Self.spelled(profile.pollInterval)]
    case .drainMax: return [Self.spelled(profile.drainMaximum)]
    case .slo: return profile.objectives.isEmpty ? ["none"] : profile.objectives.map(\.expression)
    case .detect: return ["w=100ms,share=1/3"]
    case .errorBudget: return ["99.9%/30d"]
    default: return []
    }
  }

  private func defaults(_ key: Settings.Key, _ rollout: RunProfile.Rollout) -> [String]? {
    switch key {
    case .baseline: [Self.spelled(profile.baseline)]
    case .settle: [Self.spelled(rollout.settle)]
    case .recovered: [Self.spelled(rollout.recovered)]
    case .rolloutTimeout: [Self.spelled(rollout.timeout)]
    case .rollback: ["\(rollout.rollback)"]
    case .namespace: profile.target == .sandbox ? [] : [rollout.namespace]
    case .kubectl: [rollout.kubectl]
    default: nil
    }
  }

  /// As `Duration(spelled:)` reads it, to the nanosecond.
  private static func spelled(_ duration: Duration) -> String {
    let nanoseconds = duration.nanoseconds
    if nanoseconds % 1_000_000_000 == 0 { return "\(nanoseconds / 1_000_000_000)s" }
    return nanoseconds % 1_000_000 == 0 ? "\(nanoseconds / 1_000_000)ms" : "\(Double(nanoseconds) / 1e6)ms"
  }
}

extension Settings {
  /// True when it was said when votes are due.
  fileprivate var hasModel: Bool { self[.rate] != nil || self[.stages] != nil || self[.closed] != nil }
}
