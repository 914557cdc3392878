/// One of the things that a comparison holds against one another: how the workload is set while it rolls.
package struct ComparedSetting: Sendable, Hashable {
  /// What a container does before it is told to end.
  package enum PreStop: Sendable, Hashable {
    /// It sleeps for so many seconds: `exec: sleep N`.
    case sleep(Int)
    /// Nothing.
    case none
  }

  /// As typed: what it is called in every report.
  package let label: String
  /// How the workload rolls; nil to leave it as it is.
  package private(set) var strategy: StrategyChange?
  /// The same as `--strategy` has it.
  package private(set) var strategyText: String?
  /// What containers do before they are told to end; nil to leave it as it is.
  package private(set) var preStop: PreStop?
  /// Whole seconds that a pod has to end; nil to leave it as it is.
  package private(set) var terminationGracePeriodSeconds: Int?
  /// How many pods; nil to leave it as it is.
  package private(set) var replicas: Int?
  /// What is rolled out, in place of `--image`; nil for that.
  package private(set) var image: String?
  /// A strategic merge patch of the workload, a JSON object; nil for none.
  package private(set) var patch: String?

  /// What `--variant` takes.
  package static let forms =
    "maxSurge=, maxUnavailable= or minReadySeconds= (as --strategy has them), preStop=5s or preStop=none, "
    + "terminationGracePeriodSeconds=N, replicas=N, image=IMAGE, joined by commas, and at the end patch={JSON}"

  /// Reads `maxSurge=1,maxUnavailable=0`; nil for what is no strategy.
  package init?(strategy text: String) {
    guard let strategy = StrategyChange(spelled: text) else { return nil }
    (label, self.strategy, strategyText) = (text, strategy, text)
  }

  /// Reads a variant: each key at most once, at least one; nil for anything else.
  package init?(variant text: String) {
    label = text
    var rest = text[...]
    var strategies: [Substring] = []
    var seen: Set<Substring> = []
    while !rest.isEmpty {
      let isPatch = rest.hasPrefix("patch=")
      let part = isPatch ? rest : rest.prefix { $0 != "," }
      rest = rest.dropFirst(part.count)
      // A comma has something after it.
      if rest.popFirst() != nil, rest.isEmpty { return nil }
      let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2, seen.insert(sides[0]).inserted else { return nil }
      if ["maxSurge", "maxUnavailable", "minReadySeconds"].contains(sides[0]) {
        strategies.append(part)
      } else if !set(sides[0], to: String(sides[1])) {
        return nil
      }
    }
    if !strategies.isEmpty {
      let text = strategies.joined(separator: ",")
      guard let strategy = StrategyChange(spelled: text) else { return nil }
      (self.strategy, strategyText) = (strategy, text)
    }
    if seen.isEmpty { return nil }
  }

  private mutating func set(_ key: Substring, to text: String) -> Bool {
    switch key {
    case "preStop":
      preStop = text == "none" ? PreStop.none : Self.wholeSeconds(text).map { .sleep($0) }
      return preStop != nil
    case "terminationGracePeriodSeconds":
      terminationGracePeriodSeconds = Self.count(text)
      return terminationGracePeriodSeconds != nil
    case "replicas":
      replicas = Self.count(text).flatMap { $0 > 0 ? $0 : nil }
      return replicas != nil
    case "image":
      image = text.isEmpty || text.hasPrefix("-") || text.contains { $0.isWhitespace } ? nil : text
      return image != nil
    case "patch":
      if case .object? = try? JSONValue(Array(text.utf8)) { patch = text }
      return patch != nil
    default: return false
    }
  }

  /// True when both are one setting, however they were written.
  package func sets(sameAs other: ComparedSetting) -> Bool {
    (strategy, preStop, terminationGracePeriodSeconds, replicas)
      == (other.strategy, other.preStop, other.terminationGracePeriodSeconds, other.replicas)
      && (image, patch) == (other.image, other.patch)
  }

  /// True when pods are to be made anew, or other ones, before it can roll.
  package var preparesPods: Bool {
    preStop != nil || terminationGracePeriodSeconds != nil || replicas != nil || patch != nil
  }

  private static func count(_ text: String) -> Int? {
    text.allSatisfy { $0.isASCII && $0.isNumber } ? Int32(text).map(Int.init) : nil
  }

  private static func wholeSeconds(_ text: String) -> Int? {
    guard let duration = Duration(spelled: text), duration <= .seconds(3600) else { return nil }
    let (seconds, rest) = duration.components
    return rest == 0 && seconds > 0 ? Int(seconds) : nil
  }
}
