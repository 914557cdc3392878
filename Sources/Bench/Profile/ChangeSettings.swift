/// Reading of the settings of one change: what changes, and how.
extension SettingsReader {
  mutating func change() -> RolloutChange {
    RolloutChange(workload: workload(), container: kubernetesName(.container), trigger: trigger())
  }

  private mutating func workload() -> Workload {
    if has(.deployment) { refuse([.statefulset], "stands against --deployment: give one of them") }
    let deployment = kubernetesName(.deployment, dotted: true)
    guard let set = kubernetesName(.statefulset, dotted: true) else {
      return Workload(.deployment, deployment ?? "voting-app")
    }
    return Workload(.statefulSet, set)
  }

  private mutating func trigger() -> RolloutChange.Trigger {
    let given = Settings.Key.triggers.filter(has)
    refuse(Array(given.dropFirst()), "give one of \(Settings.Key.spelledTriggers)")
    if let first = given.first, !first.meansContainer { refuse([.container], "needs --image or --set-env") }
    switch given.first {
    case .restart: return only(.restart)
    case .deletePod: return only(.deletePod)
    case .setEnv: return .setEnv(environment())
    case .scale: return .scale(integer(.scale, default: 0, in: 0...Int(Int32.max)))
    case .trigger:
      let command = optional(.trigger, expected: "a command") { $0.allSatisfy(\.isWhitespace) ? nil : $0 }
      return .command(command ?? "")
    default: return .image(image())
    }
  }

  private mutating func only(_ key: Settings.Key) -> RolloutChange.Trigger {
    if text(key) != "true" { refuse([key], "expected true; leave it out otherwise") }
    return key == .restart ? .restart : .deletePod
  }

  private mutating func image() -> String? {
    optional(.image, expected: "an image such as registry.example/app:v2") { text in
      let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "=") }
      return isPlain && !text.isEmpty && !text.hasPrefix("-") ? text : nil
    }
  }

  // MARK: Environment

  /// The variables as kubectl takes them; a wrong one is not repeated in the message, since it may be a secret.
  private mutating func environment() -> [String] {
    var names: Set<String> = []
    return all(.setEnv).map { setting in
      if let name = Self.variable(in: setting.text) {
        if !names.insert(name).inserted { report(setting.place, "\(name) is given twice") }
      } else {
        report(
          setting.place,
          "expected NAME=value, or NAME- to take it away; a name has letters, digits, '_', '-' and '.', and begins "
            + "with a letter or '_'")
      }
      return setting.text
    }
  }

  /// The name of `NAME=value` or `NAME-`, nil when it is neither.
  ///
  /// Kubernetes lets names begin with `.` and `-`, too; kubectl would take the latter for a flag.
  private static func variable(in text: String) -> String? {
    let name = text.firstIndex(of: "=").map { text[..<$0] } ?? (text.hasSuffix("-") ? text.dropLast() : "")
    guard let first = name.utf8.first, isLetter(first) || first == UInt8(ascii: "_") else { return nil }
    return name.utf8.allSatisfy { isLetter($0) || isDigit($0) || "_-.".utf8.contains($0) } ? String(name) : nil
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  // MARK: Names

  /// A name as Kubernetes has it (RFC 1123): a label, or where it may be `dotted` labels joined by dots.
  mutating func kubernetesName(_ key: Settings.Key, dotted: Bool = false) -> String? {
    let expected = "a name as Kubernetes has it, of lower-case letters, digits\(dotted ? ", '.'" : "") and '-'"
    return optional(key, expected: expected) { text in
      let labels = dotted ? text.split(separator: ".", omittingEmptySubsequences: false) : [text[...]]
      return text.utf8.count <= (dotted ? 253 : 63) && labels.allSatisfy(Self.isLabel) ? text : nil
    }
  }

  private static func isLabel(_ text: Substring) -> Bool {
    let dash = UInt8(ascii: "-")
    guard let first = text.utf8.first, first != dash, text.utf8.last != dash else { return false }
    return text.utf8.allSatisfy { isDigit($0) || $0 == dash || (isLetter($0) && $0 & 0x20 != 0) }
  }
}

extension Settings.Key {
  /// The ways to change a workload, of which a change has one.
  static let triggers: [Self] = [.image, .restart, .setEnv, .scale, .deletePod, .trigger]
  /// What makes a change.
  static let change: [Self] = [.deployment, .statefulset, .container] + triggers

  static let spelledTriggers = triggers.map { "--\($0.rawValue)" }.joined(separator: ", ")

  /// True for a trigger that changes a container.
  var meansContainer: Bool { self == .image || self == .setEnv }
}
