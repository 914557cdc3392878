/// Everything that a run does, validated and complete: no optional here means "default".
package struct RunProfile: Sendable, Hashable {
  /// Where votes go.
  package enum Target: Sendable, Hashable {
    /// The voting system on this machine, started for the run and gone afterwards.
    case sandbox
    /// An ingress: `https://host[:port]`.
    case url(String)
  }

  /// The change of the cluster in the middle of the load.
  package struct Rollout: Sendable, Hashable {
    /// The Deployment that changes.
    package var deployment: String
    /// Its namespace.
    package var namespace: String
    /// Kubeconfig context; nil for kubectl's current one.
    package var context: String?
    /// A kubeconfig file; nil for kubectl's own choice.
    package var kubeconfig: String?
    /// Name of kubectl on PATH, or a path.
    package var kubectl: String
    /// The container whose image changes; nil for the only one.
    package var container: String?
    /// The new image; nil on the sandbox for the other of v1 and v2.
    package var image: String?
    /// How long load goes on between the rollout and the rollback.
    package var settle: Duration
    /// How long load goes on after the rollback.
    package var recovered: Duration
    /// How long the rollout may take, and the rollback again.
    package var timeout: Duration
    /// True when the change is undone after `settle`; one that failed, at once.
    package var rollback: Bool
  }

  /// Where votes go.
  package var target: Target
  /// Path of the vote frontend on the target.
  package var votePath: String
  /// Path of the result frontend on the target.
  package var resultPath: String
  /// `HOST:PORT:ADDRESS` in place of a look-up of the target's host; nil to look it up.
  package var resolve: String?
  /// File of certificate authorities, PEM; nil for those of the machine.
  package var caCertificate: String?
  /// True when any certificate of the target will do.
  package var acceptsAnyCertificate: Bool
  /// How many votes are due per unit of time.
  package var rate: ArrivalRate
  /// Load before the baseline that is never counted; may be zero.
  package var warmup: Duration
  /// The baseline; without a rollout the whole measurement.
  package var baseline: Duration
  /// Connections, all opened before the first vote.
  package var connections: Int
  /// How long a vote may wait to be sent after it was due, and how long it may take from then on.
  package var timeout: Duration
  /// Time between two polls of the tally.
  package var pollInterval: Duration
  /// How long the tally may take to converge after the last vote.
  package var drainMaximum: Duration
  /// Nil without `--during-rollout`.
  package var rollout: Rollout?
  /// Nil for one of the run's own.
  package var seed: UInt64?
  /// The run's folder; nil for one below Reports/runs.
  package var out: String?

  /// Reads settings; all problems at once.
  package static func validate(_ settings: Settings) -> Result<RunProfile, ProblemList> {
    var reader = SettingsReader(settings)
    let target = reader.target()
    let during = reader.flag(.duringRollout, default: false)
    let profile = RunProfile(
      target: target, votePath: reader.path(.votePath, default: "/vote"),
      resultPath: reader.path(.resultPath, default: "/result"), resolve: reader.resolve(),
      caCertificate: reader.text(.cacert), acceptsAnyCertificate: reader.flag(.insecure, default: false),
      rate: reader.rate(), warmup: reader.duration(.warmup, default: .seconds(10), mayBeZero: true),
      baseline: reader.baseline(duringRollout: during),
      connections: reader.integer(.connections, default: 64, in: 1...128),
      timeout: reader.duration(.timeout, default: .seconds(10)),
      pollInterval: reader.duration(.pollInterval, default: .milliseconds(500)),
      drainMaximum: reader.duration(.drainMax, default: .seconds(600)),
      rollout: during ? reader.rollout(target: target) : reader.noRollout(), seed: reader.seed(), out: reader.text(.out)
    )
    if let list = reader.problemList { return .failure(list) }
    return .success(profile)
  }
}

/// Reads one setting after the other and keeps what is wrong with each.
private struct SettingsReader {
  private let settings: Settings
  private var problems: [Settings.Problem] = []

  init(_ settings: Settings) {
    self.settings = settings
  }

  var problemList: ProblemList? {
    problems.isEmpty ? nil : ProblemList(problems.sorted { $0.place < $1.place })
  }

  func text(_ key: Settings.Key) -> String? {
    settings[key]?.text
  }

  /// The setting read by `read`, `fallback` when it is absent or wrong; wrong ones are reported.
  private mutating func value<Value>(
    _ key: Settings.Key, default fallback: Value, expected: String, _ read: (String) -> Value?
  ) -> Value {
    guard let setting = settings[key] else { return fallback }
    if let value = read(setting.text) { return value }
    problems.append(Settings.Problem(setting.place, "expected \(expected), not '\(setting.text)'"))
    return fallback
  }

  mutating func target() -> RunProfile.Target {
    let target = readTarget()
    if target == .sandbox { refuse([.resolve, .cacert], "the sandbox has its own; leave it out, or set --target") }
    return target
  }

  private mutating func refuse(_ keys: [Settings.Key], _ expected: String) {
    for key in keys {
      if let setting = settings[key] { problems.append(Settings.Problem(setting.place, expected)) }
    }
  }

  private mutating func readTarget() -> RunProfile.Target {
    value(.target, default: .sandbox, expected: "'sandbox' or a URL such as https://oggy.local:8443") { text in
      if text == "sandbox" { return .sandbox }
      let rest = text.hasPrefix("https://") ? text.dropFirst(8) : text.hasPrefix("http://") ? text.dropFirst(7) : ""
      let host = rest.hasSuffix("/") ? rest.dropLast() : rest
      guard !host.isEmpty, host.allSatisfy({ $0.isLetter || $0.isNumber || ".-:[]".contains($0) }) else { return nil }
      return .url(text.hasSuffix("/") ? String(text.dropLast()) : text)
    }
  }

  mutating func path(_ key: Settings.Key, default fallback: String) -> String {
    value(key, default: fallback, expected: "a path that begins with /") { $0.hasPrefix("/") ? $0 : nil }
  }

  mutating func resolve() -> String? {
    guard settings[.resolve] != nil else { return nil }
    let resolve: String = value(.resolve, default: "", expected: "HOST:PORT:ADDRESS") { text in
      let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      return parts.count == 3 && parts.allSatisfy { !$0.isEmpty } && UInt16(parts[1]) != nil ? text : nil
    }
    return resolve
  }

  mutating func rate() -> ArrivalRate {
    value(
      .rate, default: ArrivalRate(votesPerSecond: 100),
      expected: "a rate above 0 and up to 1000000/s, such as 500, 0.5 or 30/m", ArrivalRate.init)
  }

  mutating func duration(_ key: Settings.Key, default fallback: Duration, mayBeZero: Bool = false) -> Duration {
    let expected =
      mayBeZero ? "a duration such as 250ms, 30s, 5m or 1h" : "a duration above 0 such as 250ms, 30s, 5m or 1h"
    return value(key, default: fallback, expected: expected) { text in
      Duration(spelled: text).flatMap { mayBeZero || $0 > .zero ? $0 : nil }
    }
  }

  mutating func baseline(duringRollout: Bool) -> Duration {
    let unused: Settings.Key = duringRollout ? .duration : .baseline
    if let setting = settings[unused] {
      problems.append(
        Settings.Problem(
          setting.place,
          duringRollout
            ? "a run with --during-rollout lasts as long as its phases: set --baseline, --settle or --recovered"
            : "needs --during-rollout; without it --duration is the length of the run"))
    }
    return duration(duringRollout ? .baseline : .duration, default: .seconds(30))
  }

  mutating func integer(_ key: Settings.Key, default fallback: Int, in range: ClosedRange<Int>) -> Int {
    value(key, default: fallback, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
      Int(text).flatMap { range.contains($0) ? $0 : nil }
    }
  }

  mutating func seed() -> UInt64? {
    guard settings[.seed] != nil else { return nil }
    let seed: UInt64 = value(.seed, default: 0, expected: "a whole number from 0 to 2^64 - 1") { UInt64($0) }
    return seed
  }

  mutating func flag(_ key: Settings.Key, default fallback: Bool) -> Bool {
    value(key, default: fallback, expected: "true or false") { ["true": true, "false": false][$0] }
  }

  private static let rolloutKeys: [Settings.Key] = [
    .deployment, .namespace, .context, .kubeconfig, .kubectl, .container, .image, .settle, .recovered, .rolloutTimeout,
    .rollback,
  ]

  mutating func noRollout() -> RunProfile.Rollout? {
    refuse(Self.rolloutKeys, "needs --during-rollout")
    return nil
  }

  mutating func rollout(target: RunProfile.Target) -> RunProfile.Rollout {
    if target != .sandbox, settings[.image] == nil {
      problems.append(
        Settings.Problem("--during-rollout", "needs --image IMAGE on a target that is not the sandbox"))
    }
    if target == .sandbox {
      refuse([.context, .kubeconfig, .namespace], "the sandbox has its own; leave it out, or set --target")
    }
    return RunProfile.Rollout(
      deployment: text(.deployment) ?? "voting-app", namespace: text(.namespace) ?? "oggy", context: text(.context),
      kubeconfig: text(.kubeconfig), kubectl: text(.kubectl) ?? "kubectl", container: text(.container),
      image: text(.image), settle: duration(.settle, default: .seconds(10)),
      recovered: duration(.recovered, default: .seconds(20)),
      timeout: duration(.rolloutTimeout, default: .seconds(120)), rollback: flag(.rollback, default: true))
  }
}

extension Duration {
  /// Reads `250ms`, `30s`, `1.5m` or `1h`; nil for anything else, negative ones too.
  package init?(spelled text: String) {
    let units: [(suffix: String, nanoseconds: Double)] = [("ms", 1e6), ("s", 1e9), ("m", 6e10), ("h", 3.6e12)]
    guard let unit = units.first(where: { text.hasSuffix($0.suffix) }) else { return nil }
    let number = text.dropLast(unit.suffix.count)
    guard !number.isEmpty, number.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }),
      let value = Double(number), value * unit.nanoseconds < 1e18
    else { return nil }
    self = .nanoseconds(Int64((value * unit.nanoseconds).rounded()))
  }
}
