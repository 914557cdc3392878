internal import Yams

/// A profile as it is read: its settings, and all that is wrong with it.
private struct ProfileFile {
  /// Stands for the file in messages.
  let name: String
  var problems: [Settings.Problem] = []

  mutating func settings(_ yaml: String) -> Settings {
    do {
      guard let root = try Yams.compose(yaml: yaml) else { return Settings() }
      if let mapping = root.mapping { return settings(mapping, of: Settings.Key.allCases) }
      problems.append(Settings.Problem(name, "expected a mapping of keys to values"))
    } catch {
      // What an objective against another phase looks like to YAML.
      let hint = yaml.contains("slo:") ? "\nIn slo, quote an objective that has two colons." : ""
      problems.append(Settings.Problem(name, "is not YAML: \(error)\(hint)"))
    }
    return Settings()
  }

  private mutating func settings(_ mapping: Node.Mapping, of keys: [Settings.Key]) -> Settings {
    var settings = Settings()
    for (keyNode, value) in mapping {
      let spelled = keyNode.scalar?.string ?? "?"
      let place = place(keyNode, spelled)
      guard let key = keys.first(where: { $0.rawValue == spelled }) else {
        problems.append(
          Settings.Problem(place, "is no key; the keys are \(keys.map(\.rawValue).joined(separator: ", "))"))
        continue
      }
      if settings[key] != nil { problems.append(Settings.Problem(place, "is given twice")) }
      for setting in self.values(value, of: key, place) { settings.add(key, setting) }
    }
    return settings
  }

  private func place(_ node: Node, _ spelled: String) -> String {
    (node.mark.map { "\(name):\($0.line)" } ?? name) + ": \(spelled)"
  }

  private mutating func values(_ node: Node, of key: Settings.Key, _ place: String) -> [Settings.Setting] {
    if key == .rollouts { return changes(node, place) }
    if key == .slo, let list = node.sequence { return objectives(list, place) }
    let texts = Self.texts(node, of: key)
    if texts.isEmpty {
      problems.append(
        Settings.Problem(
          place,
          "expected \(key.isList ? "a list of plain values" : "one plain value")"
            + (key == .choices ? ", none with a comma in it" : "")))
    }
    return texts.map { Settings.Setting($0, place: place) }
  }

  /// The objectives of a list, each at its own line.
  ///
  /// `- rollout: p99 < 250ms` without quotes is a mapping to YAML, and an objective to whoever wrote it.
  private mutating func objectives(_ list: Node.Sequence, _ place: String) -> [Settings.Setting] {
    let settings = list.compactMap { item -> Settings.Setting? in
      let pair = item.mapping.flatMap { $0.count == 1 ? $0.first : nil }
      let joined = pair.flatMap { key, value in
        key.scalar.flatMap { key in value.scalar.map { "\(key.string): \($0.string)" } }
      }
      guard let text = item.scalar?.string ?? joined, !text.isEmpty else { return nil }
      return Settings.Setting(text, place: self.place(item, Settings.Key.slo.rawValue))
    }
    if settings.count < list.count || settings.isEmpty {
      problems.append(
        Settings.Problem(place, "expected a list of objectives, each a plain value; quote them if in doubt"))
    }
    return settings
  }

  /// The changes of a list of mappings, each at its own line.
  private mutating func changes(_ node: Node, _ place: String) -> [Settings.Setting] {
    let mappings = node.sequence?.compactMap { item in item.mapping.map { (item, $0) } } ?? []
    guard !mappings.isEmpty, mappings.count == node.sequence?.count else {
      problems.append(Settings.Problem(place, "expected a list of changes, each a mapping of keys to values"))
      return []
    }
    return mappings.map { item, mapping in
      Settings.Setting(
        "", place: self.place(item, Settings.Key.rollouts.rawValue), change: settings(mapping, of: Settings.Key.change))
    }
  }

  /// The plain values of a node: one, or those of a list where the key takes one; none when there is anything else.
  private static func texts(_ node: Node, of key: Settings.Key) -> [String] {
    if let text = node.scalar?.string { return text.isEmpty ? [] : [text] }
    guard key.isList, let list = node.sequence else { return [] }
    let texts = list.compactMap { $0.scalar?.string }.filter { !$0.isEmpty }
    guard texts.count == list.count, !texts.isEmpty else { return [] }
    // They are joined by commas, as the flag has them.
    if key == .choices, texts.contains(where: { $0.contains(",") }) { return [] }
    return key == .stages || key == .choices ? [texts.joined(separator: ",")] : texts
  }
}

extension Settings {
  /// Reads a profile: a YAML mapping of keys to plain values, and of `rollouts` to a list of such mappings.
  ///
  /// `name` stands for the file in messages. Every problem is reported, and then nothing is set.
  package static func read(yaml: String, name: String) -> Result<Settings, ProblemList> {
    var file = ProfileFile(name: name)
    let settings = file.settings(yaml)
    return file.problems.isEmpty ? .success(settings) : .failure(ProblemList(file.problems))
  }
}

extension Settings.Key {
  /// True when a profile may give a list.
  fileprivate var isList: Bool { [.header, .stages, .setEnv, .tally, .choices].contains(self) }
}
